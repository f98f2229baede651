#include "models/faces_tool/embed_folder.hpp"

#include <algorithm>
#include <cmath>
#include <new>

#include "models/faces_tool/embed_work.hpp"
#include "models/faces_tool/folder.hpp"
#include "models/preparation.hpp"

namespace menshen::models::faces_tool {
namespace {

struct Listed {
    FaceSet set;  ///< Every picture as one without a face.
    std::vector<PictureTask> tasks;
};

Result<Listed> list(const std::string& folder) {
    const auto persons = content_of(folder);
    if (!persons) return tl::unexpected(persons.error());
    Listed out;
    for (const auto& person : persons->folders) {
        const auto content = content_of(person);
        if (!content) return tl::unexpected(content.error());
        PersonFaces faces{person.filename().string(), {}};
        for (const auto& path : content->pictures) {
            out.tasks.push_back({path.string(), out.set.persons.size(), faces.pictures.size()});
            faces.pictures.emplace_back();
        }
        if (!faces.pictures.empty()) out.set.persons.push_back(std::move(faces));
    }
    if (out.tasks.empty()) return fail("{}: no folder in it holds a .jpg or .png; it has to hold one folder a person", folder);
    return out;
}

/// Of bystanders no picture is.
const FoundFace& nearest_the_middle(const Image& picture, const std::vector<FoundFace>& faces) {
    const auto from_middle = [&](const FoundFace& face) {
        return std::hypot(face.box.x + face.box.width / 2 - picture.width / 2,
                          face.box.y + face.box.height / 2 - picture.height / 2);
    };
    return *std::min_element(faces.begin(), faces.end(),
                             [&](const FoundFace& a, const FoundFace& b) { return from_middle(a) < from_middle(b); });
}

Result<PictureFace> embed(Pipeline& pipeline, std::string_view file) {
    const auto picture = decode({reinterpret_cast<const std::uint8_t*>(file.data()), file.size()});
    if (!picture) return tl::unexpected(picture.error());
    const auto faces = pipeline.find(*picture);
    if (!faces) return tl::unexpected(faces.error());
    if (faces->empty()) return PictureFace{};
    const auto& face = nearest_the_middle(*picture, *faces);
    const auto made = pipeline.embed(*picture, face);
    if (!made) return tl::unexpected(made.error());
    return PictureFace{{made->values.begin(), made->values.end()}, score(face.quality)};
}

Result<std::vector<Pipeline>> open_pipelines(const EmbedRequest& request) {
    std::vector<Pipeline> out;
    auto settings = request.pipeline;
    settings.threads = 1;
    for (std::size_t i = 0; i < std::clamp<std::size_t>(request.workers, 1, 16); ++i) {
        auto one = Pipeline::open(settings);
        if (!one) return tl::unexpected(one.error());
        out.push_back(std::move(*one));
    }
    return out;
}

}  // namespace

Result<FaceSet> list_folder(const std::string& images) {
    auto listed = list(images);
    if (!listed) return tl::unexpected(listed.error());
    return std::move(listed->set);
}

Result<EmbeddedFolder> embed_folder(const EmbedRequest& request) try {
    auto listed = list(request.images);
    if (!listed) return tl::unexpected(listed.error());
    auto pipelines = open_pipelines(request);
    if (!pipelines) return tl::unexpected(pipelines.error());
    EmbeddedFolder out{
        .set = std::move(listed->set), .model = pipelines->front().model(), .pipeline = pipelines->front().describe()};
    const auto key = out.pipeline + "; " + preparation_of(out.model.id);
    EmbedWork work(std::move(listed->tasks), request.cache.empty() ? TemplateCache() : TemplateCache::read(request.cache, key),
                   out.set);
    std::vector<EmbedPicture> workers;
    for (auto& pipeline : *pipelines) workers.emplace_back([&pipeline](std::string_view file) { return embed(pipeline, file); });
    const auto done = work.run(std::move(workers));
    // Also when it ended early: what was embedded need not be embedded again.
    if (!request.cache.empty())
        if (auto ok = work.cache().write(request.cache); done && !ok) return tl::unexpected(ok.error());
    if (!done) return tl::unexpected(done.error());
    out.unreadable = work.unreadable();
    out.from_cache = work.from_cache();
    return out;
} catch (const std::bad_alloc&) {
    return fail("{}: memory ran out; ask for fewer --workers, or measure fewer pictures at a time", request.images);
}

}  // namespace menshen::models::faces_tool
