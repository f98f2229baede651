#include "models/onnx_writer.hpp"

#include <bit>
#include <cstring>

#include "models/convert.hpp"

namespace menshen::models {
namespace {

static_assert(std::endian::native == std::endian::little, "ONNX raw_data is little-endian");

void put_varint(std::string& out, std::uint64_t value) {
    while (value >= 0x80) {
        out.push_back(static_cast<char>(value | 0x80));
        value >>= 7;
    }
    out.push_back(static_cast<char>(value));
}

// Wire types of protobuf: 0 is a varint, 2 is length and bytes.
void put_int(std::string& out, unsigned field, std::int64_t value) {
    put_varint(out, field << 3);
    put_varint(out, static_cast<std::uint64_t>(value));
}

void put_bytes(std::string& out, unsigned field, std::string_view bytes) {
    put_varint(out, (field << 3) | 2);
    put_varint(out, bytes.size());
    out.append(bytes);
}

std::string attribute(const OnnxWriter::Ints& ints) {
    std::string out;
    put_bytes(out, 1, ints.name);
    for (const auto value : ints.values) put_int(out, 8, value);
    put_int(out, 20, 7);  // AttributeProto.type = INTS
    return out;
}

std::string tensor_value(std::string_view name, OnnxWriter::Shape shape) {
    std::string dims;
    for (const int dim : {1, shape.channels, shape.height, shape.width}) {
        std::string one;
        put_int(one, 1, dim);
        put_bytes(dims, 1, one);
    }
    std::string tensor;
    put_int(tensor, 1, 1);  // elem_type = FLOAT
    put_bytes(tensor, 2, dims);
    std::string type;
    put_bytes(type, 1, tensor);
    std::string out;
    put_bytes(out, 1, name);
    put_bytes(out, 2, type);
    return out;
}

}  // namespace

std::string OnnxWriter::node(std::string_view op, std::span<const std::string> inputs, std::span<const Ints> attributes) {
    const auto output = "t" + std::to_string(next_++);
    std::string node;
    for (const auto& input : inputs) put_bytes(node, 1, input);
    put_bytes(node, 2, output);
    put_bytes(node, 3, "n_" + output);
    put_bytes(node, 4, op);
    for (const auto& ints : attributes) put_bytes(node, 5, attribute(ints));
    put_bytes(nodes_, 1, node);
    return output;
}

std::string OnnxWriter::constant(std::span<const std::int64_t> dims, std::span<const float> values) {
    auto name = "w" + std::to_string(next_++);
    std::string tensor;
    for (const auto dim : dims) put_int(tensor, 1, dim);
    put_int(tensor, 2, 1);  // data_type = FLOAT
    put_bytes(tensor, 8, name);
    std::string raw(values.size() * sizeof(float), '\0');
    std::memcpy(raw.data(), values.data(), raw.size());
    put_bytes(tensor, 9, raw);
    put_bytes(constants_, 5, tensor);
    return name;
}

void OnnxWriter::output(const std::string& from, std::string_view name) {
    std::string node;
    put_bytes(node, 1, from);
    put_bytes(node, 2, name);
    put_bytes(node, 4, "Identity");
    put_bytes(nodes_, 1, node);
}

std::string OnnxWriter::file(std::string_view input, Shape input_shape, std::string_view output_name, Shape output_shape) const {
    std::string graph = nodes_;
    put_bytes(graph, 2, "menshen");
    graph += constants_;
    put_bytes(graph, 11, tensor_value(input, input_shape));
    put_bytes(graph, 12, tensor_value(output_name, output_shape));

    std::string operators;
    put_int(operators, 2, 9);  // Operator set 9: the last whose Pad takes its widths as an attribute is 10.
    std::string model;
    put_int(model, 1, 7);
    put_bytes(model, 2, "menshen");
    put_bytes(model, 3, std::to_string(kConverterVersion));
    put_bytes(model, 7, graph);
    put_bytes(model, 8, operators);
    return model;
}

}  // namespace menshen::models
