#include "models/tflite_file.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <stdexcept>

namespace menshen::models {
namespace {

static_assert(std::endian::native == std::endian::little, "flatbuffers are little-endian");

/// Why the bytes are no network; caught in read_tflite().
struct Refused : std::runtime_error {
    using std::runtime_error::runtime_error;
};

template <class... Args>
[[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) {
    throw Refused(fmt::format(format, std::forward<Args>(args)...));
}

/// The file's bytes; every access is checked.
class Bytes {
public:
    explicit Bytes(std::string_view bytes) : bytes_(bytes) {}

    template <class T>
    [[nodiscard]] T read(std::size_t at) const {
        T value{};
        const auto from = part(at, sizeof(T));
        std::memcpy(&value, from.data(), sizeof(T));
        return value;
    }
    [[nodiscard]] std::span<const std::uint8_t> part(std::size_t at, std::size_t size) const {
        if (at > bytes_.size() || size > bytes_.size() - at) refuse("it ends inside a value at byte {}", at);
        return {reinterpret_cast<const std::uint8_t*>(bytes_.data()) + at, size};
    }
    /// Follows the offset that stands at `at`.
    [[nodiscard]] std::size_t follow(std::size_t at) const {
        const auto offset = read<std::uint32_t>(at);
        // An offset of 0 would point at itself, and a chain of them would never end.
        if (offset == 0 || offset > bytes_.size() - at) refuse("the offset at byte {} leads outside", at);
        return at + offset;
    }

private:
    std::string_view bytes_;
};

/// A vector of a table: where its first element is and how many there are.
struct Elements {
    std::size_t at = 0;
    std::size_t count = 0;
};

/// A table of a flatbuffer: its fields are found through a table of their positions (vtable).
class Table {
public:
    Table(const Bytes& bytes, std::size_t at) : bytes_(&bytes), at_(at) {
        const auto back = bytes.read<std::int32_t>(at);
        const auto vtable = static_cast<std::int64_t>(at) - back;
        if (vtable < 0) refuse("the table at byte {} has no fields", at);
        vtable_ = static_cast<std::size_t>(vtable);
        vtable_size_ = bytes.read<std::uint16_t>(vtable_);
    }

    template <class T>
    [[nodiscard]] T value(unsigned field, T absent) const {
        const auto at = position(field);
        return at ? bytes_->read<T>(*at) : absent;
    }
    [[nodiscard]] std::optional<Table> table(unsigned field) const {
        const auto at = position(field);
        return at ? std::optional(Table(*bytes_, bytes_->follow(*at))) : std::nullopt;
    }
    /// At most `limit` elements of `size` bytes; no element when the field is absent.
    [[nodiscard]] Elements elements(unsigned field, std::size_t size, std::size_t limit) const {
        const auto at = position(field);
        if (!at) return {};
        const auto vector = bytes_->follow(*at);
        const auto count = bytes_->read<std::uint32_t>(vector);
        if (count > limit) refuse("a list has {} elements; at most {} are read", count, limit);
        (void)bytes_->part(vector + 4, count * size);
        return {vector + 4, count};
    }
    [[nodiscard]] std::vector<Table> tables(unsigned field, std::size_t limit) const {
        const auto found = elements(field, 4, limit);
        std::vector<Table> out;
        for (std::size_t i = 0; i < found.count; ++i) out.emplace_back(*bytes_, bytes_->follow(found.at + 4 * i));
        return out;
    }
    [[nodiscard]] std::vector<int> integers(unsigned field, std::size_t limit) const {
        const auto found = elements(field, 4, limit);
        std::vector<int> out;
        for (std::size_t i = 0; i < found.count; ++i) out.push_back(bytes_->read<std::int32_t>(found.at + 4 * i));
        return out;
    }
    [[nodiscard]] std::span<const std::uint8_t> raw(unsigned field, std::size_t limit) const {
        const auto found = elements(field, 1, limit);
        return found.count == 0 ? std::span<const std::uint8_t>() : bytes_->part(found.at, found.count);
    }

private:
    [[nodiscard]] std::optional<std::size_t> position(unsigned field) const {
        const std::size_t slot = 4 + 2 * std::size_t{field};
        if (slot + 2 > vtable_size_) return std::nullopt;
        const auto offset = bytes_->read<std::uint16_t>(vtable_ + slot);
        return offset == 0 ? std::nullopt : std::optional(at_ + offset);
    }

    const Bytes* bytes_;
    std::size_t at_;
    std::size_t vtable_ = 0;
    std::size_t vtable_size_ = 0;
};

// The numbers of the fields, from schema.fbs.
namespace model_field {
constexpr unsigned version = 0, operator_codes = 1, subgraphs = 2, buffers = 4;
}
namespace graph_field {
constexpr unsigned tensors = 0, inputs = 1, outputs = 2, operators = 3;
}
namespace tensor_field {
constexpr unsigned shape = 0, type = 1, buffer = 2;
}
namespace operator_field {
constexpr unsigned code = 0, inputs = 1, outputs = 2, options = 4;
}

using Kind = TfliteOperator::Kind;

Kind kind_of(const Table& code) {
    // Writers since 2020 keep the code in field 3 and leave field 0 for small codes; older ones know only field 0.
    const int number = std::max<int>(code.value<std::int8_t>(0, 0), code.value<std::int32_t>(3, 0));
    switch (number) {
        case 0:
            return Kind::add;
        case 3:
            return Kind::conv_2d;
        case 4:
            return Kind::depthwise_conv_2d;
        case 18:
            return Kind::mul;
        case 19:
            return Kind::relu;
        case 22:
            return Kind::reshape;
        case 41:
            return Kind::sub;
        case 101:
            return Kind::abs;
        default:
            refuse(
                "it has an operator of kind {}, and only ADD, CONV_2D, DEPTHWISE_CONV_2D, MUL, RELU, RESHAPE, SUB and ABS are "
                "read",
                number);
    }
}

TfliteTensor tensor_of(const Table& table, const std::vector<Table>& buffers) {
    TfliteTensor out;
    out.shape = table.integers(tensor_field::shape, TfliteTensor::kMaxDims);
    std::size_t elements = 1;
    for (const int side : out.shape) {
        if (side < 1 || side > (1 << 20)) refuse("a tensor has a side of {}", side);
        elements *= static_cast<std::size_t>(side);
        if (elements > TfliteTensor::kMaxElements) refuse("a tensor has more than {} elements", TfliteTensor::kMaxElements);
    }
    switch (table.value<std::int8_t>(tensor_field::type, 0)) {
        case 0:
            out.type = TfliteTensor::Type::float32;
            break;
        case 2:
            out.type = TfliteTensor::Type::int32;
            break;
        default:
            break;
    }
    const auto buffer = table.value<std::uint32_t>(tensor_field::buffer, 0);
    if (buffer >= buffers.size()) refuse("a tensor names buffer {} of {}", buffer, buffers.size());
    out.data = buffers[buffer].raw(0, std::size_t{1} << 30);
    if (out.is_constant() && out.type != TfliteTensor::Type::other && out.data.size() != 4 * elements)
        refuse("a tensor of {} elements has {} bytes", elements, out.data.size());
    return out;
}

void read_options(const Table& options, TfliteOperator& out) {
    const bool depthwise = out.kind == Kind::depthwise_conv_2d;
    if (!depthwise && out.kind != Kind::conv_2d) {
        const bool has_activation = out.kind == Kind::add || out.kind == Kind::sub || out.kind == Kind::mul;
        if (has_activation && options.value<std::int8_t>(0, 0) != 0) refuse("a sum or product has an activation of its own");
        return;
    }
    const auto padding = options.value<std::int8_t>(0, 0);
    if (padding != 0 && padding != 1) refuse("a convolution has padding of kind {}", padding);
    out.padding = padding == 0 ? TfliteOperator::Padding::same : TfliteOperator::Padding::valid;
    out.stride_x = options.value<std::int32_t>(1, 0);
    out.stride_y = options.value<std::int32_t>(2, 0);
    for (const int stride : {out.stride_x, out.stride_y})
        if (stride < 1 || stride > 64) refuse("a convolution has a stride of {}", stride);
    if (depthwise && options.value<std::int32_t>(3, 0) != 1)
        refuse("a depthwise convolution makes more than one output a channel");
    const unsigned after = depthwise ? 4 : 3;
    const auto activation = options.value<std::int8_t>(after, 0);
    if (activation != 0 && activation != 1) refuse("a convolution has an activation of kind {}", activation);
    out.activation = activation == 0 ? TfliteOperator::Activation::none : TfliteOperator::Activation::relu;
    for (const unsigned dilation : {after + 1, after + 2})
        if (options.value<std::int32_t>(dilation, 1) != 1) refuse("a convolution is dilated");
}

TfliteOperator operator_of(const Table& table, const std::vector<Kind>& kinds) {
    TfliteOperator out;
    const auto code = table.value<std::uint32_t>(operator_field::code, 0);
    if (code >= kinds.size()) refuse("an operator is of kind {} of {}", code, kinds.size());
    out.kind = kinds[code];
    out.inputs = table.integers(operator_field::inputs, 8);
    const auto outputs = table.integers(operator_field::outputs, 1);
    if (outputs.size() != 1) refuse("an operator has no output");
    out.output = outputs.front();
    const auto options = table.table(operator_field::options);
    const bool convolves = out.kind == Kind::conv_2d || out.kind == Kind::depthwise_conv_2d;
    if (convolves && !options) refuse("a convolution has no options");
    if (options) read_options(*options, out);
    const bool one = out.kind == Kind::relu || out.kind == Kind::abs;
    const std::size_t least = convolves ? 3 : one || out.kind == Kind::reshape ? 1 : 2;
    const std::size_t most = convolves ? 3 : one ? 1 : 2;
    if (out.inputs.size() < least || out.inputs.size() > most) refuse("an operator has {} inputs", out.inputs.size());
    return out;
}

/// Every tensor that is read has to be there by then, and none is made twice.
void check_order(const TfliteFile& file) {
    std::vector<bool> ready(file.tensors.size());
    for (std::size_t i = 0; i < ready.size(); ++i) ready[i] = file.tensors[i].is_constant();
    const auto index = [&](int tensor) {
        if (tensor < 0 || static_cast<std::size_t>(tensor) >= ready.size())
            refuse("tensor {} of {} is used", tensor, ready.size());
        return static_cast<std::size_t>(tensor);
    };
    if (ready[index(file.input)]) refuse("its input is a constant");
    ready[index(file.input)] = true;
    for (const auto& op : file.operators) {
        for (const int input : op.inputs)
            if (!ready[index(input)]) refuse("tensor {} is used before it is made", input);
        if (ready[index(op.output)]) refuse("tensor {} is made twice", op.output);
        ready[index(op.output)] = true;
    }
    if (!ready[index(file.output)] || file.output == file.input) refuse("its output is not made");
}

TfliteFile read(std::string_view content) {
    const Bytes bytes(content);
    const auto mark = bytes.part(4, 4);
    if (!std::equal(mark.begin(), mark.end(), "TFL3")) refuse("it is not a TensorFlow Lite file");
    const Table model(bytes, bytes.follow(0));
    if (const auto version = model.value<std::uint32_t>(model_field::version, 0); version != 3)
        refuse("its format has version {}, and 3 is read", version);
    std::vector<Kind> kinds;
    for (const auto& code : model.tables(model_field::operator_codes, 256)) kinds.push_back(kind_of(code));
    const auto buffers = model.tables(model_field::buffers, 2 * kMaxTfliteTensors);
    const auto graphs = model.tables(model_field::subgraphs, 64);
    if (graphs.size() != 1) refuse("it holds {} networks, and one is read", graphs.size());
    const Table& graph = graphs.front();
    TfliteFile out;
    for (const auto& tensor : graph.tables(graph_field::tensors, kMaxTfliteTensors))
        out.tensors.push_back(tensor_of(tensor, buffers));
    for (const auto& op : graph.tables(graph_field::operators, kMaxTfliteOperators))
        out.operators.push_back(operator_of(op, kinds));
    const auto inputs = graph.integers(graph_field::inputs, 64), outputs = graph.integers(graph_field::outputs, 64);
    if (inputs.size() != 1 || outputs.size() != 1) refuse("it has {} inputs and {} outputs", inputs.size(), outputs.size());
    out.input = inputs.front();
    out.output = outputs.front();
    check_order(out);
    return out;
}

}  // namespace

std::size_t TfliteTensor::elements() const {
    std::size_t out = 1;
    for (const int side : shape) out *= static_cast<std::size_t>(side);
    return out;
}

std::vector<float> TfliteTensor::floats() const {
    std::vector<float> out(data.size() / sizeof(float));
    if (!out.empty()) std::memcpy(out.data(), data.data(), out.size() * sizeof(float));
    return out;
}

Result<TfliteFile> read_tflite(std::string_view bytes) {
    try {
        return read(bytes);
    } catch (const Refused& refused) {
        return fail("the network cannot be read: {}", refused.what());
    }
}

}  // namespace menshen::models
