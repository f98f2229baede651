#include "models/attack_report.hpp"

#include <algorithm>
#include <map>

#include "models/intervals.hpp"

namespace menshen::models {
namespace {

void count(const LivenessClip& clip, LivenessFigures& into) {
    ++into.clips;
    if (clip.usable == 0) {
        ++into.no_response;
        return;
    }
    const auto network = clip.network.finding(), parallax = clip.parallax.finding();
    into.network_spoke += network != LivenessFinding::unknown ? 1 : 0;
    into.parallax_spoke += parallax != LivenessFinding::unknown ? 1 : 0;
    switch (both(network, parallax)) {
        case LivenessFinding::live:
            ++into.live;
            break;
        case LivenessFinding::suspect:
            ++into.suspect;
            break;
        case LivenessFinding::unknown:
            ++into.unknown;
            break;
    }
}

}  // namespace

LivenessReport liveness_report(const std::vector<LivenessClip>& clips) {
    LivenessReport out;
    std::map<std::string, LivenessFigures> attacks;
    for (const auto& clip : clips) {
        count(clip, clip.type.empty() ? out.bona_fide : attacks[clip.type]);
        out.has_network = out.has_network || clip.network.count() > 0;
    }
    const auto& people = out.bona_fide;
    const std::size_t answered = people.clips - people.no_response;
    out.bona_fide.error_refuse = clopper_pearson(people.suspect, answered);
    out.bona_fide.error_require = clopper_pearson(answered - people.live, answered);
    for (auto& [type, one] : attacks) {
        one.type = type;
        const std::size_t shown = one.clips - one.no_response;
        one.error_refuse = clopper_pearson(shown - one.suspect, shown);
        one.error_require = clopper_pearson(one.live, shown);
        out.attacks.push_back(one);
    }
    return out;
}

}  // namespace menshen::models
