#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <ostream>

#include "cli/shell.hpp"
#include "cli/table.hpp"

namespace menshen::cli {

namespace {

/// Base64 (RFC 4648); nothing when a character does not belong.
std::optional<std::string> from_base64(std::string_view text) {
    std::string out;
    std::uint32_t held = 0;
    int bits = 0;
    while (!text.empty() && text.back() == '=') text.remove_suffix(1);
    for (const char c : text) {
        const bool lower = c >= 'a' && c <= 'z', upper = c >= 'A' && c <= 'Z', digit = c >= '0' && c <= '9';
        if (!lower && !upper && !digit && c != '+' && c != '/') return std::nullopt;
        const int value = upper ? c - 'A' : lower ? c - 'a' + 26 : digit ? c - '0' + 52 : c == '+' ? 62 : 63;
        held = held << 6 | static_cast<std::uint32_t>(value);
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        out += static_cast<char>(held >> bits & 0xff);
    }
    return out;
}

/// A picture of people is for whoever asked for it alone, also where the file was there before.
bool write_private(const std::string& path, const std::string& bytes) {
    std::error_code error;
    std::filesystem::remove(path, error);
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) return false;
    const bool is_whole = ::write(file, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
    return ::close(file) == 0 && is_whole;
}

int snapshot(Shell& shell, const std::string& camera, const std::string& path) {
    const auto result = shell.fetch({.socket = {}, .verb = "camera.snapshot", .photos = {}}, {{"camera", camera}});
    if (!result) return result.error();
    const auto picture = from_base64(result->value("jpeg", ""));
    if (!picture || !write_private(path, *picture)) {
        shell.complain(
            fmt::format("{}: the picture cannot be written; name a file in a folder you may write to with --output", path));
        return kFailed;
    }
    shell.print(*result, [&](const Json& told) {
        const auto advice = cell(told, "advice");
        shell.out << printable(fmt::format("{}: {} face{} {} ms ago, quality {} of 1000{}", path, cell(told, "faces"),
                                           cell(told, "faces") == "1" ? "" : "s", cell(told, "age_ms"),
                                           cell(told, "quality_permille"), advice.empty() ? "" : "; " + advice))
                  << '\n';
    });
    return kDone;
}

}  // namespace

void add_camera_verbs(CLI::App& app, Shell& shell) {
    auto* camera = app.add_subcommand("camera", "Aim a camera: what it sees now");
    camera->require_subcommand(1);
    auto* verb = shell.verb(*camera, "snapshot", "Write what the camera sees as a JPEG, faces framed; a record says who did",
                            Shell::Output::words_or_json);
    const auto name = std::make_shared<std::string>();
    const auto path = std::make_shared<std::string>("snapshot.jpg");
    verb->add_option("CAMERA,--camera", *name, "As the config names it")->required();
    verb->add_option("-o,--output", *path, "The file (default: snapshot.jpg)");
    verb->callback([&shell, name, path] { shell.action = [&shell, name, path] { return snapshot(shell, *name, *path); }; });
}

}  // namespace menshen::cli
