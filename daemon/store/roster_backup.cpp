#include "daemon/store/roster_backup.hpp"

#include <fstream>
#include <iterator>

#include "daemon/store/file_descriptor.hpp"
#include "daemon/store/roster_form.hpp"

namespace menshen::store {

namespace {
constexpr std::string_view kPlace = "roster.backup";
constexpr int kForm = 1;
}  // namespace

std::filesystem::path backup_path(const std::filesystem::path& database) { return database.parent_path() / "roster.backup"; }

Result<void> write_backup(const std::filesystem::path& path, const KeyRing& keys, const RosterImage& image) {
    Json form{{"form", kForm}, {"version", image.version}, {"changes", Json::array()}};
    for (const auto& change : image.changes) form["changes"].push_back(to_form(change));
    return replace_file(path, keys.seal(to_bytes(form), kPlace));
}

Result<RosterImage> read_backup(const std::filesystem::path& path, const KeyRing& keys) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail("{}: there is no backup of the roster", path.native());
    const std::string sealed{std::istreambuf_iterator<char>(file), {}};
    auto plain = keys.unseal(sealed, kPlace);
    if (!plain) return fail("{}: {}", path.native(), plain.error().message);
    try {
        const Json form = from_bytes(*plain);
        if (form.at("form").get<int>() != kForm) return fail("{}: made by a newer Menshen", path.native());
        RosterImage image;
        image.version = form.at("version").get<std::uint64_t>();
        for (const auto& change : form.at("changes")) image.changes.push_back(change_from(change));
        return image;
    } catch (const std::exception& error) {
        return fail("{}: {}", path.native(), error.what());
    }
}

}  // namespace menshen::store
