#include "models/faces_tool/folder.hpp"

#include <unistd.h>

#include <algorithm>
#include <cctype>

namespace menshen::models::faces_tool {
namespace {

namespace fs = std::filesystem;

bool is_picture(const fs::path& path) {
    auto end = path.extension().string();
    std::transform(end.begin(), end.end(), end.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return end == ".jpg" || end == ".jpeg" || end == ".png";
}

}  // namespace

Result<FolderContent> content_of(const fs::path& folder) {
    FolderContent out;
    std::error_code failed;
    for (fs::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed)) {
        std::error_code unknown;
        const bool is_folder = it->is_directory(unknown);
        if (unknown && !is_picture(it->path()))
            return fail("{}: cannot be looked at: {}; give it to this user, or take it away", it->path().string(),
                        unknown.message());
        if (is_folder)
            out.folders.push_back(it->path());
        else if (is_picture(it->path()))
            out.pictures.push_back(it->path());
    }
    if (failed)
        return fail("{}: the folder cannot be read: {}; give it to this user, or name another", folder.string(),
                    failed.message());
    std::sort(out.folders.begin(), out.folders.end());
    std::sort(out.pictures.begin(), out.pictures.end());
    return out;
}

Result<void> can_write(const std::string& path, const std::string& option) {
    auto parent = fs::path(path).parent_path();
    if (parent.empty()) parent = ".";
    std::error_code ignored;
    if (fs::is_directory(path, ignored)) return fail("{} {}: is a folder; name a file in it", option, path);
    if (!fs::is_directory(parent, ignored))
        return fail("{} {}: there is no folder {}; make it, or name another place", option, path, parent.string());
    if (::access(parent.c_str(), W_OK | X_OK) != 0)
        return fail("{} {}: nothing can be written to {}; name a folder that is yours", option, path, parent.string());
    return {};
}

}  // namespace menshen::models::faces_tool
