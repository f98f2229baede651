#include "models/motion_gate.hpp"

#include <algorithm>
#include <cmath>

namespace menshen::models {
namespace {

/// Added before dividing: of dark pixels only the noise would be left.
constexpr float kDark = 16.0F;
/// What an exposure that adjusts itself does from one moment to the next; more is a change worth a look.
constexpr float kMostGain = 4.0F;
/// What a lamp's flicker makes of a row beside the others. A person who fills the row is more than that, or has an outline.
constexpr float kMostFlicker = 1.15F;
/// Of the mean of three by three cells: in times the noise of a cell, that is six times its own; and in grey levels, below which
/// a compressed picture changes all by itself, and above which noise is none.
constexpr float kTimesNoise = 2.0F;
constexpr float kLeast = 4.0F, kMost = 10.0F;
/// Overlapping windows that must agree: noise makes no neighbours. A patch of three by three cells, 24 pixels of 1,280, brings
/// five when it differs by six grey levels.
constexpr std::size_t kWindows = 4;

float median(std::vector<float>& values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

}  // namespace

MotionGate::Answer MotionGate::see(const GreyPicture& picture, MonoTime now) {
    const bool is_new = picture.width != width_ || picture.height != height_ || now < seen_ || now - seen_ > settings_.pause;
    if (is_new) begin(picture);
    if (is_new || has_moved(picture)) awake_until_ = now + settings_.awake_after;
    follow(picture, now - seen_);
    seen_ = now;
    if (!is_new && now >= awake_until_ && now - looked_ < settings_.look_every) return Answer::pass;
    looked_ = now;
    return Answer::look;
}

void MotionGate::look_anyway(MonoTime now) {
    width_ = height_ = 0;
    seen_ = looked_ = now;
}

void MotionGate::begin(const GreyPicture& picture) {
    width_ = picture.width;
    height_ = picture.height;
    background_.assign(picture.levels.begin(), picture.levels.end());
}

bool MotionGate::has_moved(const GreyPicture& picture) {
    measure_rows(picture);
    subtract(picture);
    return windows_above(std::clamp(kTimesNoise * noise(), kLeast, kMost)) >= kWindows;
}

/// The median of a row's quotients is that of its unmoved cells as long as these are more than half of it.
void MotionGate::measure_rows(const GreyPicture& picture) {
    gains_.clear();
    const auto width = static_cast<std::size_t>(width_);
    for (std::size_t from = 0; from < background_.size(); from += width) {
        scratch_.clear();
        for (std::size_t i = from; i < from + width; ++i)
            scratch_.push_back((static_cast<float>(picture.levels[i]) + kDark) / (background_[i] + kDark));
        gains_.push_back(median(scratch_));
    }
    scratch_ = gains_;
    const float exposure = std::clamp(median(scratch_), 1 / kMostGain, kMostGain);
    for (auto& gain : gains_) gain = std::clamp(gain, exposure / kMostFlicker, exposure * kMostFlicker);
}

void MotionGate::subtract(const GreyPicture& picture) {
    changes_.clear();
    const auto width = static_cast<std::size_t>(width_);
    for (std::size_t i = 0; i < background_.size(); ++i) {
        const float expected = std::clamp((background_[i] + kDark) * gains_[i / width] - kDark, 0.0F, 255.0F);
        changes_.push_back(static_cast<float>(picture.levels[i]) - expected);
    }
}

/// Of a cell, in grey levels: the standard deviation that a normal distribution has with this median.
float MotionGate::noise() {
    scratch_.clear();
    for (const float change : changes_) scratch_.push_back(std::abs(change));
    return median(scratch_) / 0.6745F;
}

/// Three by three cells whose mean changed by more than this.
std::size_t MotionGate::windows_above(float limit) const {
    std::size_t count = 0;
    const auto width = static_cast<std::size_t>(width_), height = static_cast<std::size_t>(height_);
    for (std::size_t y = 0; y + 2 < height; ++y) {
        const float* const row = changes_.data() + y * width;
        const auto column = [&](std::size_t x) { return row[x] + row[x + width] + row[x + 2 * width]; };
        for (std::size_t x = 0; x + 2 < width; ++x)
            if (std::abs(column(x) + column(x + 1) + column(x + 2)) > 9 * limit) ++count;
    }
    return count;
}

void MotionGate::follow(const GreyPicture& picture, Millis passed) {
    const float share = std::min(1.0F, static_cast<float>(passed.count()) / static_cast<float>(settings_.follow.count()));
    for (std::size_t i = 0; i < background_.size(); ++i)
        background_[i] += share * (static_cast<float>(picture.levels[i]) - background_[i]);
}

}  // namespace menshen::models
