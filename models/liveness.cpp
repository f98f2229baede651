#include "models/liveness.hpp"

namespace menshen::models {

void LivenessVotes::add(float live) {
    if (!(live >= 0 && live <= 1)) return;
    ++count_;
    sum_ += static_cast<double>(live);
}

std::optional<float> LivenessVotes::mean() const {
    if (count_ == 0) return std::nullopt;
    return static_cast<float>(sum_ / count_);
}

LivenessFinding LivenessVotes::finding() const {
    if (count_ < kLeast) return LivenessFinding::unknown;
    if (*mean() < kSuspect) return LivenessFinding::suspect;
    return *mean() >= kLive ? LivenessFinding::live : LivenessFinding::unknown;
}

LivenessFinding both(LivenessFinding one, LivenessFinding other) {
    if (one == LivenessFinding::suspect || other == LivenessFinding::suspect) return LivenessFinding::suspect;
    if (one == LivenessFinding::live || other == LivenessFinding::live) return LivenessFinding::live;
    return LivenessFinding::unknown;
}

std::string_view reason_to_refuse(LivenessFinding finding, Liveness rule) {
    if (rule == Liveness::off) return {};
    if (finding == LivenessFinding::suspect) return "liveness_suspect";
    if (finding == LivenessFinding::unknown && rule == Liveness::require) return "liveness_unknown";
    return {};
}

}  // namespace menshen::models
