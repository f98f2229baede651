#pragma once
/// Writes small TensorFlow Lite files for tests: a flatbuffer from a tree of fields.

#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <variant>
#include <vector>

namespace menshen::models::test {

struct Field;

/// A table by the numbers of its fields.
using Fields = std::map<unsigned, Field>;

struct Field {
    using Tables = std::vector<Fields>;
    std::variant<std::int8_t, std::int32_t, std::vector<std::int32_t>, std::string, Tables, std::shared_ptr<Fields>> value;
};

/// Lays tables out parents first, so that every offset points forward.
class Flatbuffer {
public:
    explicit Flatbuffer(const Fields& root) {
        bytes_ = std::string("\0\0\0\0TFL3", 8);
        patch(0, table(root));
    }
    [[nodiscard]] const std::string& bytes() const { return bytes_; }

private:
    std::size_t put(const void* data, std::size_t size) {
        while (bytes_.size() % 4 != 0) bytes_.push_back('\0');
        const auto at = bytes_.size();
        bytes_.append(static_cast<const char*>(data), size);
        return at;
    }
    std::size_t put_number(std::int32_t number) { return put(&number, 4); }
    void patch(std::size_t at, std::size_t target) {
        const auto offset = static_cast<std::uint32_t>(target - at);
        std::memcpy(bytes_.data() + at, &offset, 4);
    }

    std::size_t table(const Fields& fields) {
        const unsigned count = fields.empty() ? 0 : fields.rbegin()->first + 1;
        std::vector<std::uint16_t> vtable(2 + count);
        vtable[0] = static_cast<std::uint16_t>(2 * vtable.size());
        vtable[1] = static_cast<std::uint16_t>(4 + 4 * count);
        for (const auto& [field, value] : fields) vtable[2 + field] = static_cast<std::uint16_t>(4 + 4 * field);
        const auto start = put(vtable.data(), 2 * vtable.size());
        const std::vector<std::int32_t> body(1 + count);
        const auto at = put(body.data(), 4 * body.size());
        const auto back = static_cast<std::int32_t>(at - start);
        std::memcpy(bytes_.data() + at, &back, 4);
        for (const auto& [field, value] : fields) fill(at + 4 + 4 * field, value);
        return at;
    }

    void fill(std::size_t at, const Field& field) {
        if (const auto* byte = std::get_if<std::int8_t>(&field.value)) {
            std::memcpy(bytes_.data() + at, byte, 1);
        } else if (const auto* number = std::get_if<std::int32_t>(&field.value)) {
            std::memcpy(bytes_.data() + at, number, 4);
        } else if (const auto* numbers = std::get_if<std::vector<std::int32_t>>(&field.value)) {
            patch(at, put_number(static_cast<std::int32_t>(numbers->size())));
            put(numbers->data(), 4 * numbers->size());
        } else if (const auto* text = std::get_if<std::string>(&field.value)) {
            patch(at, put_number(static_cast<std::int32_t>(text->size())));
            put(text->data(), text->size());
        } else if (const auto* child = std::get_if<std::shared_ptr<Fields>>(&field.value)) {
            patch(at, table(**child));
        } else if (const auto* tables = std::get_if<Field::Tables>(&field.value)) {
            patch(at, put_number(static_cast<std::int32_t>(tables->size())));
            const std::vector<std::int32_t> offsets(tables->size());
            const auto first = put(offsets.data(), 4 * offsets.size());
            for (std::size_t i = 0; i < tables->size(); ++i) patch(first + 4 * i, table((*tables)[i]));
        }
    }

    std::string bytes_;
};

/// A network, operator by operator; weights are random and the same everywhere.
class NetworkMaker {
public:
    enum Code : std::int8_t { add = 0, conv = 3, depthwise = 4, mul = 18, relu = 19, reshape = 22, sub = 41, abs = 101 };

    explicit NetworkMaker(std::vector<std::int32_t> input) : buffers_{Fields{}} { tensor(std::move(input)); }

    struct Size {
        std::int32_t outputs = 1, rows = 1, columns = 1;
        std::int32_t stride = 1;
        bool same = true;
    };
    /// Tensor 0 is the input; every call returns the tensor it makes. Shapes of computed tensors are not needed by the reader.
    int convolve(int input, std::int32_t channels, const Size& size) {
        const auto filter = constant({size.outputs, size.rows, size.columns, channels});
        return op(conv, {input, filter, constant({size.outputs})},
                  {{0, {std::int8_t(size.same ? 0 : 1)}}, {1, {size.stride}}, {2, {size.stride}}});
    }
    int convolve_each(int input, std::int32_t channels, const Size& size) {
        const auto filter = constant({1, size.rows, size.columns, channels});
        return op(depthwise, {input, filter, constant({channels})},
                  {{0, {std::int8_t(size.same ? 0 : 1)}}, {1, {size.stride}}, {2, {size.stride}}, {3, {std::int32_t{1}}}});
    }
    /// relu(x) + m (x - |x|)
    int prelu(int input, std::int32_t channels) {
        const int positive = op(relu, {input}, {}), magnitude = op(abs, {input}, {});
        const int negative = op(sub, {input, magnitude}, {});
        return op(add, {positive, op(mul, {constant({channels}), negative}, {})}, {});
    }
    int op(Code code, const std::vector<std::int32_t>& inputs, Fields options) {
        const int made = tensor({1});
        Fields fields{{0, {code_of(code)}}, {1, {inputs}}, {2, {std::vector<std::int32_t>{made}}}};
        if (!options.empty()) fields[4] = {std::make_shared<Fields>(std::move(options))};
        operators_.push_back(std::move(fields));
        return made;
    }
    int constant(std::vector<std::int32_t> shape) {
        std::size_t count = 1;
        for (const auto side : shape) count *= static_cast<std::size_t>(side);
        std::string bytes;
        for (std::size_t i = 0; i < count; ++i) {
            const float value = static_cast<float>(random_() % 2001) / 1000.0F - 1.0F;
            bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
        }
        buffers_.push_back(Fields{{0, {bytes}}});
        return tensor(std::move(shape), static_cast<std::int32_t>(buffers_.size()) - 1);
    }
    [[nodiscard]] std::string file(int output) const {
        Field::Tables codes;
        for (const auto code : codes_) codes.push_back(Fields{{0, {code}}});
        const Fields graph{
            {0, {tensors_}}, {1, {std::vector<std::int32_t>{0}}}, {2, {std::vector<std::int32_t>{output}}}, {3, {operators_}}};
        return Flatbuffer(
                   Fields{{0, {std::int32_t{3}}}, {1, {codes}}, {2, {Field::Tables{graph}}}, {4, {Field::Tables(buffers_)}}})
            .bytes();
    }

private:
    int tensor(std::vector<std::int32_t> shape, std::int32_t buffer = 0) {
        tensors_.push_back(Fields{{0, {std::move(shape)}}, {1, {std::int8_t{0}}}, {2, {buffer}}});
        return static_cast<int>(tensors_.size()) - 1;
    }
    std::int32_t code_of(Code code) {
        for (std::size_t i = 0; i < codes_.size(); ++i)
            if (codes_[i] == code) return static_cast<std::int32_t>(i);
        codes_.push_back(code);
        return static_cast<std::int32_t>(codes_.size()) - 1;
    }

    std::mt19937 random_{1};
    std::vector<std::int8_t> codes_;
    Field::Tables tensors_, operators_, buffers_;
};

/// One of everything that a face network has: uneven padding, a PReLU, a residual sum, two linear layers in a row, a reshape.
inline std::string small_network() {
    NetworkMaker net({2, 9, 8, 3});
    const int first = net.prelu(net.convolve(0, 3, {4, 3, 3, 2}), 4);                              // 5 x 4 x 4
    const int each = net.prelu(net.convolve_each(first, 4, {4, 3, 3}), 4);                         // 5 x 4 x 4
    const int sum = net.op(NetworkMaker::add, {net.convolve(each, 4, {4}), first}, {});            // 5 x 4 x 4
    const int halved = net.op(NetworkMaker::relu, {net.convolve_each(sum, 4, {4, 3, 3, 2})}, {});  // 3 x 2 x 4
    const int linear = net.convolve(net.convolve(halved, 4, {3}), 3, {8});                         // 3 x 2 x 8
    const int whole = net.convolve_each(linear, 8, {8, 3, 2, 1, false});                           // 1 x 1 x 8
    const int output = net.convolve(whole, 8, {10});
    return net.file(net.op(NetworkMaker::reshape, {output}, {}));
}

}  // namespace menshen::models::test
