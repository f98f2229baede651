#include "rules/rule_run.hpp"

#include <algorithm>

namespace menshen::rules {

RuleRun::RuleRun(const Rule& r, const TagBits& bits, const Calendar& calendar) : rule(&r), matcher(r, bits, calendar) {
    if (const auto* sequence = std::get_if<Sequence>(&r.condition)) second.emplace(sequence->where, bits);
}

bool RuleRun::learns_silence() const {
    const auto* absent = std::get_if<Absent>(&rule->condition);
    return absent != nullptr && absent->budget.has_value();
}

SubjectState& RuleRun::add(Index subject) {
    if (subject >= slots_.size()) slots_.resize(subject + 1, kNone);
    slots_[subject] = static_cast<Index>(states.size());
    if (std::holds_alternative<Count>(rule->condition)) recent_.emplace_back();
    if (std::holds_alternative<Days>(rule->condition)) days_.emplace_back();
    if (std::holds_alternative<Distinct>(rule->condition)) distinct_.emplace_back();
    if (std::holds_alternative<Sequence>(rule->condition)) marks_.emplace_back();
    if (learns_silence()) learned_.emplace_back();
    if (std::holds_alternative<Baseline>(rule->condition)) frequency_.emplace_back();
    auto& state = states.emplace_back();
    state.subject = subject;
    return state;
}

void RuleRun::remove_at(Index slot) {
    if (states[slot].member) --members;
    if (!frequency_.empty()) frequency_[slot].withdraw(population);
    slots_[states[slot].subject] = kNone;
    const auto take_last = [&](auto& list) {
        if (list.empty()) return;
        if (slot + 1 != list.size()) list[slot] = std::move(list.back());
        list.pop_back();
    };
    take_last(states);
    take_last(recent_);
    take_last(days_);
    take_last(distinct_);
    take_last(marks_);
    take_last(learned_);
    take_last(frequency_);
    if (slot < states.size()) slots_[states[slot].subject] = slot;
}

void RuleRun::clear() {
    states.clear();
    slots_.clear();
    recent_.clear();
    days_.clear();
    distinct_.clear();
    marks_.clear();
    learned_.clear();
    frequency_.clear();
    members = 0;
    blind_since = kNever;
    blind = false;
    population = {};
    storm_began = kNever;
    storm_count = bundled_open = bundled_told = 0;
    summary = kNone;
}

std::vector<Index> RuleRun::by_name(const Names& names) const {
    std::vector<Index> out(states.size());
    for (Index i = 0; i < out.size(); ++i) out[i] = i;
    std::sort(out.begin(), out.end(),
              [&](Index a, Index b) { return names.name(states[a].subject) < names.name(states[b].subject); });
    return out;
}

bool RuleRun::is_idle(const SubjectState& state, const SpanClock& clock) const {
    if (state.alert != kNone || state.latched || state.member) return false;
    return std::visit(Match{
                          [&](const Each&) { return clock.now() >= state.since; },
                          [&](const Absent&) { return !learns_silence(); },
                          [&](const Count& count) {
                              return recent(state).size() == 0 || clock.now() - recent(state).newest() >= count.over.count();
                          },
                          [&](const Days&) { return clock.last().at.local_day() - days(state).latest >= 64; },
                          [&](const Distinct& d) {
                              const auto& entries = distinct(state).entries();
                              return entries.empty() || clock.now() - entries.back().at >= d.over.count();
                          },
                          [](const Baseline&) { return false; },
                          [&](const Sequence& sequence) {
                              const auto& latest = marks(state).latest;
                              return state.due == kNever &&
                                     (latest.at == kNever || clock.now() - latest.at >= sequence.within.count());
                          },
                      },
                      rule->condition);
}

std::size_t RuleRun::bytes_each() const {
    const auto own = sizeof(SubjectState);
    return own + std::visit(Match{
                                [](const Each&) { return std::size_t{0}; },
                                [&](const Absent&) { return learns_silence() ? sizeof(LearnedSilence) : 0; },
                                [](const Count&) { return sizeof(RecentPoints); },
                                [](const Days&) { return sizeof(DayMarks); },
                                [](const Distinct&) { return sizeof(DistinctWindow); },
                                [](const Baseline&) { return sizeof(FrequencyModel); },
                                [](const Sequence&) { return sizeof(SequenceMarks); },
                            },
                            rule->condition);
}

std::size_t RuleRun::ring_bytes() const {
    std::size_t out = 0;
    for (const auto& points : recent_) out += points.bytes();
    for (const auto& window : distinct_) out += window.bytes();
    return out;
}

}  // namespace menshen::rules
