// Any bytes as a TensorFlow Lite file: read without a fault and with bounded memory, or refused with a reason. What is read can
// be used as its header says it can: every index leads somewhere, every constant fits its shape.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "models/conv_graph.hpp"
#include "models/tflite_file.hpp"

namespace {

using namespace menshen::models;

void promise(bool holds) {
    if (!holds) std::abort();
}

void check_file(const TfliteFile& file) {
    const auto is_tensor = [&](int index) { return index >= 0 && static_cast<std::size_t>(index) < file.tensors.size(); };
    promise(is_tensor(file.input) && is_tensor(file.output));
    promise(file.tensors.size() <= kMaxTfliteTensors && file.operators.size() <= kMaxTfliteOperators);
    for (const auto& tensor : file.tensors) {
        promise(tensor.shape.size() <= TfliteTensor::kMaxDims && tensor.elements() <= TfliteTensor::kMaxElements);
        if (tensor.is_constant() && tensor.type == TfliteTensor::Type::float32)
            promise(tensor.floats().size() == tensor.elements());
    }
    for (const auto& op : file.operators) {
        promise(is_tensor(op.output) && op.stride_x > 0 && op.stride_y > 0);
        for (const int input : op.inputs) promise(is_tensor(input));
    }
}

void check_graph(const ConvGraph& graph) {
    std::size_t weights = 0;
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        const auto& node = graph.nodes[i];
        const int made = static_cast<int>(i) + 1;
        promise(node.input >= 0 && node.input < made && node.other >= 0 && node.other < made && node.out.elements() > 0);
        weights += node.weights.size();
        if (node.kind != ConvNode::Kind::convolve) continue;
        const auto& in = graph.shape(node.input);
        const auto area = static_cast<std::size_t>(node.size_x) * static_cast<std::size_t>(node.size_y);
        const auto inputs = node.depthwise ? std::size_t{1} : static_cast<std::size_t>(in.channels);
        promise(node.weights.size() == area * inputs * static_cast<std::size_t>(node.out.channels));
        promise(node.biases.size() == static_cast<std::size_t>(node.out.channels));
        promise((in.height + node.top + node.bottom - node.size_y) / node.stride_y + 1 == node.out.height);
        promise((in.width + node.left + node.right - node.size_x) / node.stride_x + 1 == node.out.width);
    }
    promise(weights <= kMaxGraphWeights);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto file = read_tflite(bytes);
    if (!file) {
        promise(!file.error().message.empty());
        return 0;
    }
    check_file(*file);
    auto graph = conv_graph(*file);
    if (!graph) {
        promise(!graph.error().message.empty());
        return 0;
    }
    check_graph(*graph);
    const auto output = graph->output();
    merge_linear(*graph);
    check_graph(*graph);
    promise(graph->output() == output);
    if (output.channels > 1 && output.channels < 64 && project_output(*graph, 1)) check_graph(*graph);
    return 0;
}
