#include "core/face_question.hpp"

#include <algorithm>

namespace menshen {

std::uint64_t FaceQuestions::ask(Record read, Purpose purpose, const Now& now) {
    const auto id = next_++;
    const auto by = pending_.size() < kMost ? now.mono + kAnswerWithin : now.mono;
    pending_.emplace(id, Pending{{std::move(read), purpose, std::nullopt}, by});
    return id;
}

std::optional<FaceQuestions::Answer> FaceQuestions::take_same(const FaceCompared& compared, const Now& now) {
    const auto it = pending_.find(compared.question);
    if (it == pending_.end() || it->second.by < now.mono) return std::nullopt;
    it->second.answer.face = compared;
    if (compared.face != FaceCompared::Face::same) return std::nullopt;
    auto out = std::move(it->second.answer);
    pending_.erase(it);
    return out;
}

std::vector<FaceQuestions::Answer> FaceQuestions::take_due(const Now& now) {
    std::vector<Answer> out;
    for (auto it = pending_.begin(); it != pending_.end();) {
        if (it->second.by > now.mono) {
            ++it;
            continue;
        }
        out.push_back(std::move(it->second.answer));
        it = pending_.erase(it);
    }
    return out;
}

void FaceQuestions::wait_for_name(const Answer& answer, const Now& now) {
    if (unnamed_.size() >= kMost) unnamed_.erase(unnamed_.begin());
    unnamed_.push_back({answer.read, *answer.face, now.mono + kNameWithin});
}

std::vector<FaceQuestions::Named> FaceQuestions::take_named(const FaceSeen& seen) {
    std::vector<Named> out;
    if (seen.walk_up == 0) return out;
    std::erase_if(unnamed_, [&](const Unnamed& unnamed) {
        if (unnamed.face.device != seen.device || unnamed.face.walk_up != seen.walk_up) return false;
        out.push_back({unnamed.read, unnamed.face, seen.stranger});
        if (seen.person) out.back().face.person = seen.person;
        return true;
    });
    return out;
}

std::vector<FaceQuestions::Named> FaceQuestions::take_unnamed(const Now& now) {
    std::vector<Named> out;
    std::erase_if(unnamed_, [&](const Unnamed& unnamed) {
        if (unnamed.by > now.mono) return false;
        out.push_back({unnamed.read, unnamed.face, {}});
        return true;
    });
    return out;
}

std::optional<MonoTime> FaceQuestions::next_deadline() const {
    std::optional<MonoTime> next;
    const auto offer = [&](MonoTime at) {
        if (!next || at < *next) next = at;
    };
    for (const auto& [id, pending] : pending_) offer(pending.by);
    for (const auto& unnamed : unnamed_) offer(unnamed.by);
    return next;
}

}  // namespace menshen
