#include "models/template.hpp"

#include <bit>
#include <cmath>
#include <cstring>
#include <string_view>

namespace menshen::models {
namespace {

constexpr std::string_view kMagic = "MFT1";  // Menshen face template, version 1
constexpr std::size_t kMaxId = 128;
constexpr std::uint16_t kMaxDim = 960;  // 4 KB with the header; the largest model in sight has 512.

static_assert(std::endian::native == std::endian::little, "templates are stored little-endian");

}  // namespace

std::vector<std::uint8_t> Template::to_bytes() const {
    std::vector<std::uint8_t> out(kMagic.begin(), kMagic.end());
    out.push_back(static_cast<std::uint8_t>(model.metric));
    out.push_back(static_cast<std::uint8_t>(model.dim & 0xFF));
    out.push_back(static_cast<std::uint8_t>(model.dim >> 8));
    const auto id = std::string_view(model.id).substr(0, kMaxId);
    out.push_back(static_cast<std::uint8_t>(id.size()));
    out.insert(out.end(), id.begin(), id.end());
    const auto header = out.size();
    out.resize(header + values.size() * sizeof(float));
    std::memcpy(out.data() + header, values.data(), values.size() * sizeof(float));
    return out;
}

Result<Template> Template::from_bytes(std::span<const std::uint8_t> bytes) {
    constexpr std::size_t kFixed = 8;
    if (bytes.size() < kFixed || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0)
        return fail("not a face template of this version: enrol the face again");
    Template out;
    if (bytes[4] != static_cast<std::uint8_t>(Metric::cosine))
        return fail("a face template with the unknown metric {}", bytes[4]);
    out.model.dim = static_cast<std::uint16_t>(bytes[5] | (bytes[6] << 8));
    const std::size_t id = bytes[7];
    const auto expected = kFixed + id + out.model.dim * sizeof(float);
    if (id > kMaxId || out.model.dim == 0 || out.model.dim > kMaxDim || bytes.size() != expected)
        return fail("a damaged face template: {} bytes for {} numbers", bytes.size(), out.model.dim);
    out.model.id.assign(bytes.begin() + kFixed, bytes.begin() + kFixed + static_cast<std::ptrdiff_t>(id));
    out.values.resize(out.model.dim);
    std::memcpy(out.values.data(), bytes.data() + kFixed + id, out.values.size() * sizeof(float));
    double squares = 0;
    for (const float value : out.values) squares += static_cast<double>(value) * value;
    // Catches values that are not finite, too.
    if (!(std::abs(squares - 1.0) < 1e-3)) return fail("a damaged face template: its length is {}, not 1", std::sqrt(squares));
    return out;
}

float cosine(const Template& a, const Template& b) {
    if (a.model != b.model || a.values.size() != b.values.size()) return -1.0F;
    float sum = 0;
    for (std::size_t i = 0; i < a.values.size(); ++i) sum += a.values[i] * b.values[i];
    return sum;
}

void normalise(std::span<float> values) {
    double squares = 0;
    for (const float value : values) squares += static_cast<double>(value) * value;
    if (squares == 0) return;
    const auto scale = static_cast<float>(1.0 / std::sqrt(squares));
    for (float& value : values) value *= scale;
}

}  // namespace menshen::models
