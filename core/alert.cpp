#include "core/alert.hpp"

#include <algorithm>
#include <array>

namespace menshen {

namespace {

constexpr std::array<std::string_view, 4> kStates{"pending", "firing", "acknowledged", "resolved"};
constexpr std::array<std::string_view, 3> kSeverities{"info", "warning", "critical"};

std::string text_of(const Record& record, const char* key) {
    const auto it = record.more.find(key);
    const auto* text = it == record.more.end() ? nullptr : std::get_if<std::string>(&it->second);
    return text == nullptr ? std::string() : *text;
}

std::vector<RecipientId> recipients_of(const Record& record) {
    std::vector<RecipientId> out;
    const auto it = record.more.find("to");
    if (it == record.more.end()) return out;
    if (const auto* list = std::get_if<std::vector<std::string>>(&it->second)) {
        for (const auto& id : *list) out.emplace_back(id);
    }
    return out;
}

/// The subject also stands in the field of its own kind, so that records can be searched by it.
void set_subject(Record& record, const AlertChange& change) {
    if (change.per == "person") record.person = PersonId(change.subject);
    if (change.per == "household") record.household = HouseholdId(change.subject);
    if (change.per == "card") record.card = CardId(change.subject);
    if (change.per == "stranger") record.stranger = StrangerId(change.subject);
    if (change.per == "door") record.door = DoorId(change.subject);
}

}  // namespace

std::string_view to_text(AlertState state) { return kStates[static_cast<std::size_t>(state)]; }
std::string_view to_text(AlertSeverity severity) { return kSeverities[static_cast<std::size_t>(severity)]; }

std::optional<AlertState> parse_alert_state(std::string_view text) {
    const auto it = std::find(kStates.begin(), kStates.end(), text);
    if (it == kStates.end()) return std::nullopt;
    return static_cast<AlertState>(it - kStates.begin());
}

std::optional<AlertSeverity> parse_alert_severity(std::string_view text) {
    const auto it = std::find(kSeverities.begin(), kSeverities.end(), text);
    if (it == kSeverities.end()) return std::nullopt;
    return static_cast<AlertSeverity>(it - kSeverities.begin());
}

Record to_record(const AlertChange& change, const Now& now) {
    Record record = make_record(Kind::alert, now);
    set_subject(record, change);
    record.reason = change.reason;
    auto& more = record.more;
    more["alert"] = change.id.str();
    more["change"] = std::int64_t{change.change};
    more["rule"] = change.rule.str();
    more["per"] = change.per;
    more["subject"] = change.subject;
    more["state"] = std::string(to_text(change.state));
    more["severity"] = std::string(to_text(change.severity));
    more["changed_at"] = to_text(change.at);
    more["fired_at"] = to_text(change.fired_at);
    std::vector<std::string> to;
    for (const auto& recipient : change.to) to.push_back(recipient.str());
    if (!to.empty()) more["to"] = std::move(to);
    if (!change.by.empty()) more["by"] = change.by;
    if (!change.note.empty()) more["note"] = change.note;
    if (change.until) more["until"] = to_text(*change.until);
    return record;
}

Result<AlertChange> parse_alert(const Record& record) {
    AlertChange change;
    change.id = AlertId(text_of(record, "alert"));
    change.rule = RuleId(text_of(record, "rule"));
    change.per = text_of(record, "per");
    change.subject = text_of(record, "subject");
    const auto number = record.more.find("change");
    const auto* count = number == record.more.end() ? nullptr : std::get_if<std::int64_t>(&number->second);
    const auto state = parse_alert_state(text_of(record, "state"));
    const auto severity = parse_alert_severity(text_of(record, "severity"));
    const auto at = parse_stamp(text_of(record, "changed_at"));
    const auto fired_at = parse_stamp(text_of(record, "fired_at"));
    if (record.kind != Kind::alert || !change.id || !change.rule || count == nullptr || !state || !severity || !at || !fired_at) {
        return fail("record {} is no alert change", record.id());
    }
    change.change = static_cast<std::uint32_t>(*count);
    change.state = *state;
    change.severity = *severity;
    change.at = *at;
    change.fired_at = *fired_at;
    change.to = recipients_of(record);
    change.by = text_of(record, "by");
    change.note = text_of(record, "note");
    change.reason = record.reason;
    if (const auto until = parse_stamp(text_of(record, "until"))) change.until = *until;
    return change;
}

}  // namespace menshen
