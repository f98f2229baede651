#include "models/faces_tool/options.hpp"

#include "models/calibration.hpp"
#include "models/faces_tool/folder.hpp"
#include "models/manifest.hpp"

namespace menshen::models::faces_tool {

void Options::add_to(CLI::App& command, const std::vector<std::string>& fusions) {
    command.add_option("--images", request.images, "Folder with one folder a person, pictures (.jpg, .png) in it")->required();
    command.add_option("--model", request.pipeline.embedder, "Embedder by the manifest's name; default: the manifest's first");
    command.add_option("--accept", request.pipeline.accepted, "A model whose notice you accept (menshen-models list shows it)");
    command.add_option("--models", request.pipeline.models_dir, "Folder of the model files; default as for menshen-models");
    command.add_option("--cache", request.cache, "Keep the templates in this file (0600) and reuse them");
    command.add_option("--workers", request.workers, "Pictures embedded side by side")
        ->check(CLI::Range(1, 16))
        ->capture_default_str();
    command.add_flag("--hog", hog, "Find faces with dlib's detector");
    command
        .add_option("--fusion", fusion, "How a person's enrolment pictures are compared; default: the model's table, else mean")
        ->check(CLI::IsMember(fusions));
    command.add_option("--margin", margin, "By which the best person must lead the second; default: the model's table")
        ->check(CLI::Range(0.0F, 1.0F));
    command.add_option("--seed", seed, "Of every random choice")->capture_default_str();
    command.add_option("--rounds", rounds, "Galleries drawn of each size")->check(CLI::Range(1, 1000))->capture_default_str();
}

Result<ModelTag> Options::check() const {
    const auto& name = request.pipeline.embedder;
    const ModelFile* model = name.empty() ? manifest().with_role("embed") : manifest().model(name);
    if (model == nullptr || model->role != "embed")
        return fail("--model {}: there is no such embedder; menshen-models list shows them", name);
    if (!request.cache.empty())
        if (auto ok = can_write(request.cache, "--cache"); !ok) return tl::unexpected(ok.error());
    return tag_of(*model);
}

EmbedRequest Options::embed_request() const {
    auto out = request;
    if (hog) out.pipeline.detector = DetectorChoice::hog;
    return out;
}

Fusion Options::fusion_for(const ModelTag& model) const {
    if (const auto told = fusion_of(fusion)) return *told;
    const auto table = calibration_of(model.id);
    return table ? table->fusion : Fusion::mean;
}

float Options::margin_for(const ModelTag& model) const {
    if (margin) return *margin;
    const auto table = calibration_of(model.id);
    return table ? table->margin : 0.0F;
}

}  // namespace menshen::models::faces_tool
