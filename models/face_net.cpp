#include "models/face_net.hpp"

#include <algorithm>
#include <functional>

#include "models/conv_graph.hpp"
#include "models/tflite_file.hpp"

namespace menshen::models {
namespace {

Result<std::unique_ptr<EmbedNet>> from_tflite(const std::string& bytes, const Preprocessing& how, const NetOptions& options) {
    const auto file = read_tflite(bytes);
    if (!file) return tl::unexpected(file.error());
    auto graph = conv_graph(*file);
    if (!graph) return tl::unexpected(graph.error());
    if (graph->output() != ConvShape{how.numbers, 1, 1} || graph->input != ConvShape{3, how.align.side, how.align.side})
        return fail("the network has an input or an output of another size than the manifest says");
    merge_linear(*graph);
    if (how.keep < how.numbers)
        if (auto ok = project_output(*graph, how.keep); !ok) return tl::unexpected(ok.error());
    return options.backend == NetBackend::fastest && has_dnnl() ? make_dnnl_net(*graph, options.threads) : make_cv_net(*graph);
}

}  // namespace

std::vector<float> input_of(const Image& square, const Preprocessing& how) {
    const auto area = static_cast<std::size_t>(square.width) * static_cast<std::size_t>(square.height);
    std::vector<float> out(3 * area);
    for (std::size_t c = 0; c < 3; ++c) {
        const std::size_t from = how.channels == Preprocessing::Channels::rgb ? c : 2 - c;
        float* to = out.data() + c * area;
        for (std::size_t i = 0; i < area; ++i) to[i] = (static_cast<float>(square.rgb[3 * i + from]) - how.mean[c]) * how.scale;
    }
    return out;
}

std::vector<float> run_on(EmbedNet& net, const Image& square, const Preprocessing& how) {
    auto input = input_of(square, how);
    auto out = net.run(input);
    if (how.views == Preprocessing::Views::one) return out;
    const auto side = static_cast<std::ptrdiff_t>(square.width);
    for (auto row = input.begin(); row != input.end(); row += side) std::reverse(row, row + side);
    const auto mirrored = net.run(input);
    std::transform(out.begin(), out.end(), mirrored.begin(), out.begin(), std::plus<>());
    return out;
}

Similarity similarity_for(const Box& box, const Image& picture, const Preprocessing& how) {
    const auto width = static_cast<float>(picture.width), height = static_cast<float>(picture.height);
    const auto face = static_cast<float>(std::max(box.width, 1));
    const float side = std::min({face * how.surroundings, width, height});
    const float x = std::clamp(static_cast<float>(box.x) + face / 2 - side / 2, 0.0F, width - side);
    const float y = std::clamp(static_cast<float>(box.y) + static_cast<float>(box.height) / 2 - side / 2, 0.0F, height - side);
    const float scale = static_cast<float>(how.align.side) / side;
    // Pixels are squares: the corner of the first one is half a pixel from its middle.
    return {scale, 0, (0.5F - x) * scale - 0.5F, (0.5F - y) * scale - 0.5F};
}

Result<std::unique_ptr<EmbedNet>> open_net(const std::string& bytes, const ModelFile& model, const NetOptions& options) {
    if (!model.input) return fail("{} is no network that gives numbers for a face", model.name);
    const auto& how = *model.input;
    try {
        const auto& file = model.converted.file.empty() ? model.file : model.converted.file;
        std::unique_ptr<EmbedNet> net;
        if (file.ends_with(".tflite")) {
            auto made = from_tflite(bytes, how, options);
            if (!made) return fail("{}: {}", file, made.error().message);
            net = std::move(*made);
        } else {
            if (how.keep != how.numbers) return fail("{}: only a .tflite file's output can be projected", file);
            net = make_cv_net(bytes, {3, how.align.side, how.align.side});
        }
        const std::vector<float> nothing(3 * static_cast<std::size_t>(how.align.side) * static_cast<std::size_t>(how.align.side));
        if (const auto count = net->run(nothing).size(); count != static_cast<std::size_t>(how.keep))
            return fail("{} gives {} numbers, and the manifest says {}", file, count, how.keep);
        return net;
    } catch (const std::exception& error) {
        return fail("{} cannot be used: {}", model.file, error.what());
    }
}

}  // namespace menshen::models
