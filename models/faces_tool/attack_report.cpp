// menshen-faces attack-report: what liveness is worth on a recorded set of attacks. And simulate-attacks, which makes a set to
// try it out with.
#include <turbojpeg.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <memory>

#include "models/attack_report.hpp"
#include "models/attack_simulation.hpp"
#include "models/cache.hpp"
#include "models/faces_tool/commands.hpp"
#include "models/faces_tool/figures.hpp"
#include "models/faces_tool/folder.hpp"
#include "models/pipeline.hpp"

namespace menshen::models::faces_tool {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBonaFide = "bona_fide";
constexpr const char* kSimulatedMark = "SIMULATED";  ///< A file of this name beside the clips says that they are made up.
constexpr std::size_t kMaxClips = 100'000;
constexpr std::size_t kMaxFrames = 1'000;  ///< Of a clip; the rest is left out.

Result<Image> picture_at(const fs::path& path) {
    const auto bytes = read_file(path.string(), kMaxEncodedBytes);
    if (!bytes) return tl::unexpected(bytes.error());
    return decode({reinterpret_cast<const std::uint8_t*>(bytes->data()), bytes->size()});
}

/// Looks at the frames as a walk-up would: the largest face, and only when it is good enough.
Result<LivenessClip> look_at(Pipeline& pipeline, const fs::path& folder, const std::string& type) {
    LivenessClip clip;
    clip.type = type;
    clip.name = folder.filename().string();
    const auto content = content_of(folder);
    if (!content) return tl::unexpected(content.error());
    for (const auto& path : content->pictures) {
        if (++clip.frames > kMaxFrames) break;
        const auto picture = picture_at(path);
        if (!picture) {
            fmt::print(stderr, "left out: {}: {}\n", path.string(), picture.error().message);
            continue;
        }
        const auto faces = pipeline.find(*picture);
        if (!faces) return tl::unexpected(faces.error());
        if (faces->empty() || !advice(faces->front().quality, Purpose::recognise).empty()) continue;
        ++clip.usable;
        clip.parallax.add(faces->front().points, faces->front().quality.nearness);
        const auto live = pipeline.liveness(*picture, faces->front());
        if (!live) return tl::unexpected(live.error());
        if (*live) clip.network.add(**live);
    }
    return clip;
}

struct ReportOptions {
    std::string folder, models;
    std::vector<std::string> accepted;
    bool each = false;
};

void print_figures(const LivenessFigures& one, const std::string& kind, const std::string& more) {
    const auto counts = fmt::format(
        ", \"clips\": {}, \"no_response\": {}, \"live\": {}, \"suspect\": {}, \"unknown\": {}, \"network_spoke\": {}, "
        "\"parallax_spoke\": {}{}",
        one.clips, one.no_response, one.live, one.suspect, one.unknown, one.network_spoke, one.parallax_spoke, more);
    figure(fmt::format("face.liveness.{}.refuse", kind), one.error_refuse, counts);
    figure(fmt::format("face.liveness.{}.require", kind), one.error_require, counts);
}

void print_clip(const LivenessClip& clip) {
    const auto moved = clip.parallax.evidence();
    fmt::print(
        "{{\"clip\": \"{}/{}\", \"frames\": {}, \"usable\": {}, \"network_mean\": {}, \"movement\": {:.3f}, \"slope\": {:.3f}, "
        "\"slope_error\": {:.3f}}}\n",
        clip.type.empty() ? kBonaFide : clip.type, clip.name, clip.frames, clip.usable,
        clip.network.mean() ? fmt::format("{:.3f}", *clip.network.mean()) : "null", moved.movement, moved.slope, moved.error);
}

Result<void> report(const ReportOptions& options) {
    const fs::path root(options.folder);
    const auto types = content_of(root);
    if (!types) return tl::unexpected(types.error());
    if (std::find(types->folders.begin(), types->folders.end(), root / kBonaFide) == types->folders.end())
        return fail("{} has no folder {}: it must hold {}/CLIP/frames and, for each kind of attack, KIND/CLIP/frames",
                    options.folder, kBonaFide, kBonaFide);
    PipelineSettings settings;
    settings.models_dir = options.models;
    settings.accepted = options.accepted;
    auto pipeline = Pipeline::open(settings);
    if (!pipeline) return tl::unexpected(pipeline.error());
    std::vector<LivenessClip> clips;
    for (const auto& type : types->folders) {
        const auto name = type.filename().string();
        const auto content = content_of(type);
        if (!content) return tl::unexpected(content.error());
        for (const auto& folder : content->folders) {
            if (clips.size() == kMaxClips) return fail("{} holds more than {} clips", options.folder, kMaxClips);
            auto clip = look_at(*pipeline, folder, name == kBonaFide ? std::string() : name);
            if (!clip) return tl::unexpected(clip.error());
            if (options.each) print_clip(*clip);
            clips.push_back(std::move(*clip));
        }
    }
    const auto figures = liveness_report(clips);
    const bool is_simulated = fs::exists(root / kSimulatedMark);
    const auto more = fmt::format(", \"simulated\": {}, \"network\": {}", is_simulated, figures.has_network);
    print_figures(figures.bona_fide, "bpcer", more);
    for (const auto& one : figures.attacks) print_figures(one, "apcer." + one.type, more);
    if (is_simulated) fmt::print(stderr, "These clips are SIMULATED: the figures say nothing about real attacks.\n");
    if (!figures.has_network)
        fmt::print(stderr,
                   "No liveness network took part (none is accepted, or none is there): the movement alone was judged.\n");
    fmt::print(stderr, "This is no certificate after ISO/IEC 30107-3; docs/liveness.md says why.\n");
    return {};
}

// ---- simulate-attacks

struct SimulateOptions {
    std::string from, to;
    int clips = 20;
};

Result<void> write_jpeg(const Image& picture, const fs::path& path) {
    tjhandle jpeg = tjInitCompress();
    unsigned char* bytes = nullptr;
    unsigned long size = 0;
    const int failed = jpeg == nullptr ? 1
                                       : tjCompress2(jpeg, picture.rgb.data(), picture.width, 0, picture.height, TJPF_RGB, &bytes,
                                                     &size, TJSAMP_420, 90, 0);
    auto written = failed != 0 ? Result<void>(fail("{}: the picture could not be compressed", path.string()))
                               : write_file(path.string(), {reinterpret_cast<const char*>(bytes), size});
    tjFree(bytes);
    if (jpeg != nullptr) tjDestroy(jpeg);
    return written;
}

Result<void> write_clip(const std::vector<Image>& frames, const fs::path& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) return fail("{}: {}", folder.string(), error.message());
    for (std::size_t i = 0; i < frames.size(); ++i)
        if (auto ok = write_jpeg(frames[i], folder / fmt::format("{:03}.jpg", i)); !ok) return ok;
    return {};
}

Result<std::vector<fs::path>> photographs_below(const fs::path& root) {
    std::vector<fs::path> out, folders = {root};
    for (std::size_t i = 0; i < folders.size() && i < kMaxClips; ++i) {
        auto content = content_of(folders[i]);
        if (!content) return tl::unexpected(content.error());
        out.insert(out.end(), content->pictures.begin(), content->pictures.end());
        // A link may lead back to where it is.
        std::copy_if(content->folders.begin(), content->folders.end(), std::back_inserter(folders),
                     [](const fs::path& folder) { return !fs::is_symlink(folder); });
    }
    std::sort(out.begin(), out.end());
    return out;
}

Result<void> simulate(const SimulateOptions& options) {
    const auto found = photographs_below(options.from);
    if (!found) return tl::unexpected(found.error());
    const auto& photographs = *found;
    if (photographs.empty()) return fail("{} holds no photograph (.jpg, .png)", options.from);
    const fs::path root(options.to);
    std::error_code error;
    fs::create_directories(root, error);
    // The mark comes first: nothing of it is ever without.
    const auto mark =
        write_file((root / kSimulatedMark).string(),
                   "These clips were computed from photographs by menshen-faces simulate-attacks. No one held anything "
                   "before a camera. Figures on them are figures of the simulation.\n");
    if (!mark) return mark;
    const auto wanted = std::min(photographs.size(), static_cast<std::size_t>(options.clips));
    for (std::size_t i = 0; i < wanted; ++i) {
        // Spread over all there are, so that not one person fills the set.
        const auto& path = photographs[i * photographs.size() / wanted];
        const auto photograph = picture_at(path);
        if (!photograph) return fail("{}: {}", path.string(), photograph.error().message);
        for (const auto& [view, name] : {std::pair{SimulatedView::person, kBonaFide},
                                         {SimulatedView::print, "simulated_print"},
                                         {SimulatedView::screen, "simulated_screen"}}) {
            const auto frames = simulate_clip(*photograph, {view, 12, 480, i + 1});
            if (auto ok = write_clip(frames, root / name / fmt::format("{:04}", i)); !ok) return ok;
        }
    }
    fmt::print("{} SIMULATED clips of each kind are in {}\n", wanted, options.to);
    return {};
}

int status_of(const Result<void>& result) { return result ? 0 : complain(result.error()); }

}  // namespace

void add_attack_report(CLI::App& app, int& status) {
    auto options = std::make_shared<ReportOptions>();
    auto* command = app.add_subcommand("attack-report", "Print APCER for each kind of attack and BPCER, one JSON object a line");
    command->add_option("folder", options->folder, "Holds bona_fide/CLIP/frames and KIND/CLIP/frames")->required();
    command->add_option("--models", options->models, "The models' folder; default: $MENSHEN_MODELS or ~/.cache/menshen");
    command->add_option("--accepted", options->accepted, "Use a network whose notice was accepted, by name");
    command->add_flag("--each", options->each, "A line for each clip too, with what the witnesses saw");
    command->callback([options, &status] { status = status_of(report(*options)); });
}

void add_simulate_attacks(CLI::App& app, int& status) {
    auto options = std::make_shared<SimulateOptions>();
    auto* command =
        app.add_subcommand("simulate-attacks", "Make SIMULATED prints and screens of photographs, to try attack-report");
    command->add_option("photographs", options->from, "A folder of photographs with one face each")->required();
    command->add_option("to", options->to, "Where the clips go")->required();
    command->add_option("--clips", options->clips, "Of each kind")->check(CLI::Range(1, 1000))->capture_default_str();
    command->callback([options, &status] { status = status_of(simulate(*options)); });
}

}  // namespace menshen::models::faces_tool
