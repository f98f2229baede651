#include "models/faces_tool/template_cache.hpp"

#include <cstring>
#include <filesystem>
#include <fstream>

#include "models/cache.hpp"

namespace menshen::models::faces_tool {
namespace {

constexpr std::string_view kMagic = "menshen-faces templates 1\n";
constexpr std::size_t kMaxBytes = std::size_t{2} << 30;
constexpr std::uint32_t kMaxDim = 4096;

template <class T>
void put(std::string& out, const T& value) {
    out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
bool take(std::string_view& in, T& value) {
    if (in.size() < sizeof value) return false;
    std::memcpy(&value, in.data(), sizeof value);
    in.remove_prefix(sizeof value);
    return true;
}

}  // namespace

TemplateCache TemplateCache::read(const std::string& path, std::string pipeline) {
    TemplateCache out;
    out.pipeline_ = std::move(pipeline);
    const auto content = read_file(path, kMaxBytes);
    if (!content) return out;
    std::string_view in = *content;
    const auto head = std::string(kMagic) + out.pipeline_ + "\n";
    if (in.substr(0, head.size()) != head) return out;
    in.remove_prefix(head.size());
    std::uint64_t key = 0;
    while (take(in, key)) {
        PictureFace face;
        std::uint32_t dim = 0;
        if (!take(in, face.quality) || !take(in, dim) || dim > kMaxDim || in.size() < dim * sizeof(float)) break;
        face.values.resize(dim);
        if (dim > 0) std::memcpy(face.values.data(), in.data(), dim * sizeof(float));
        in.remove_prefix(dim * sizeof(float));
        out.faces_.insert_or_assign(key, std::move(face));
    }
    return out;
}

std::uint64_t TemplateCache::key_of(std::string_view picture) {
    // Not against forgers: against a picture that was exchanged.
    std::uint64_t hash = 0xCBF29CE484222325ULL;
    for (const char c : picture) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
    return hash;
}

const PictureFace* TemplateCache::find(std::uint64_t key) const {
    const auto found = faces_.find(key);
    return found == faces_.end() ? nullptr : &found->second;
}

Result<void> TemplateCache::write(const std::string& path) const {
    std::string out = std::string(kMagic) + pipeline_ + "\n";
    for (const auto& [key, face] : faces_) {
        put(out, key);
        put(out, face.quality);
        put(out, static_cast<std::uint32_t>(face.values.size()));
        out.append(reinterpret_cast<const char*>(face.values.data()), face.values.size() * sizeof(float));
    }
    // Closed to others before anything is in it.
    std::ofstream(path, std::ios::app).flush();
    std::error_code failed;
    const auto owner = std::filesystem::perms::owner_read | std::filesystem::perms::owner_write;
    std::filesystem::permissions(path, owner, failed);
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(out.data(), static_cast<std::streamsize>(out.size()));
    file.close();
    if (!file || failed) return fail("{}: cannot be written; give --cache a file in a folder that is yours", path);
    return {};
}

}  // namespace menshen::models::faces_tool
