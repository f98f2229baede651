#include "rules/report.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace menshen::rules {

namespace {

std::string text_of(const Record& record, const char* key) {
    const auto it = record.more.find(key);
    const auto* text = it == record.more.end() ? nullptr : std::get_if<std::string>(&it->second);
    return text == nullptr ? std::string() : *text;
}

template <class T>
bool read(std::string_view text, T& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc{} && end == text.data() + text.size();
}

void merge(const ReportRow& from, ReportRow& into) {
    into.fired += from.fired;
    into.by_itself += from.by_itself;
    into.closed_true += from.closed_true;
    into.closed_false += from.closed_false;
    into.closed_well += from.closed_well;
    into.closed_duplicate += from.closed_duplicate;
    into.ended_by_mute += from.ended_by_mute;
    into.still_open += from.still_open;
    into.acknowledged += from.acknowledged;
    into.escalated += from.escalated;
    into.repeats += from.repeats;
    into.mutes += from.mutes;
    into.ms_to_acknowledge.insert(into.ms_to_acknowledge.end(), from.ms_to_acknowledge.begin(), from.ms_to_acknowledge.end());
}

}  // namespace

Result<Month> parse_month(std::string_view text) {
    Month out;
    const bool sound = text.size() == 7 && text[4] == '-' && read(text.substr(0, 4), out.year) &&
                       read(text.substr(5), out.month) && out.year >= 1970 && out.month >= 1 && out.month <= 12;
    if (!sound) return fail("\"{}\" is no month; write 2026-11", text);
    return out;
}

std::string to_text(const Month& month) { return fmt::format("{:04}-{:02}", month.year, month.month); }

Month month_of(const Stamp& stamp) {
    const std::chrono::year_month_day ymd{std::chrono::sys_days{std::chrono::days{stamp.local_day()}}};
    return {int{ymd.year()}, unsigned{ymd.month()}};
}

std::optional<double> ReportRow::true_share() const {
    const auto judged = closed_true + closed_false + closed_well;
    if (judged == 0) return std::nullopt;
    return static_cast<double>(closed_true) / static_cast<double>(judged);
}

std::optional<std::int64_t> ReportRow::time_to_acknowledge(double share) const {
    if (ms_to_acknowledge.empty()) return std::nullopt;
    // Nearest rank: ceil(share * n), from 1.
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(ms_to_acknowledge.size())));
    return ms_to_acknowledge[std::clamp<std::size_t>(rank, 1, ms_to_acknowledge.size()) - 1];
}

Result<void> ReportFold::add(const Record& record) {
    if (record.kind == Kind::mute) add_mute(record);
    if (record.kind != Kind::alert) return {};
    const auto change = parse_alert(record);
    if (!change) return tl::unexpected(change.error());
    if (month_of(change->fired_at) != month_) return {};
    const auto known = alerts_.find(change->id);
    if (known == alerts_.end() && change->change != 1) return {};
    auto& alert = alerts_[change->id];
    if (change->change <= alert.change) return {};
    alert.change = change->change;
    alert.rule = change->rule.str();
    for (const auto& id : change->to) alert.to.insert(id.str());
    if (change->reason == "note") return {};
    alert.state = change->state;
    const auto now = change->at.time.since_epoch.count();
    if (change->state == AlertState::firing && !alert.told_ms) alert.told_ms = now;
    if (change->reason == "escalated") alert.escalated = true;
    if (change->reason == "repeat") ++alert.repeats;
    const bool by_person = !change->by.empty();
    if (by_person && !alert.acknowledged_ms) alert.acknowledged_ms = now;
    if (change->state == AlertState::resolved) {
        alert.ended = change->reason;
        alert.by_person = by_person;
    }
    return {};
}

/// One that lifts an earlier one is no mute.
void ReportFold::add_mute(const Record& record) {
    if (month_of(record.at) != month_) return;
    const auto until = parse_stamp(text_of(record, "until"));
    const auto rule = text_of(record, "rule");
    if (!rule.empty() && until && until->time > record.at.time) ++mutes_[rule];
}

void ReportFold::count(const Alert& alert, ReportRow& row) {
    ++row.fired;
    if (alert.state != AlertState::resolved) {
        ++row.still_open;
    } else if (alert.ended == "true") {
        ++row.closed_true;
    } else if (alert.ended == "false") {
        ++row.closed_false;
    } else if (alert.ended == "well") {
        ++row.closed_well;
    } else if (alert.ended == "duplicate") {
        ++row.closed_duplicate;
    } else if (alert.ended == "muted") {
        ++row.ended_by_mute;
    } else {
        ++row.by_itself;
    }
    if (alert.escalated) ++row.escalated;
    row.repeats += alert.repeats;
    if (!alert.acknowledged_ms) return;
    ++row.acknowledged;
    // Closed while it waited for the hours in which it may be told: nobody was made to wait.
    row.ms_to_acknowledge.push_back(
        std::max<std::int64_t>(0, *alert.acknowledged_ms - alert.told_ms.value_or(*alert.acknowledged_ms)));
}

Report ReportFold::report() const {
    Report out;
    out.month = month_;
    std::map<std::string, ReportRow> rows;
    for (const auto& [id, alert] : alerts_) {
        count(alert, rows[alert.rule]);
        for (const auto& to : alert.to) ++out.by_recipient[to];
    }
    for (const auto& [rule, mutes] : mutes_) rows[rule].mutes = mutes;
    for (auto& [rule, row] : rows) {
        row.rule = rule;
        std::sort(row.ms_to_acknowledge.begin(), row.ms_to_acknowledge.end());
        merge(row, out.total);
        out.rules.push_back(std::move(row));
    }
    std::sort(out.total.ms_to_acknowledge.begin(), out.total.ms_to_acknowledge.end());
    return out;
}

std::vector<std::string> report_head(Tongue tongue) {
    if (tongue == Tongue::zh) {
        return {"规则",   "触发",   "自行解除",     "属实",         "误报",   "平安", "重复", "静音结束",
                "未结束", "属实率", "确认时间中位", "确认时间九成", "已确认", "升级", "重发", "静音次数"};
    }
    return {"RULE", "FIRED",      "BY ITSELF",  "TRUE",     "FALSE",        "WELL",      "DUPLICATE", "BY MUTE",
            "OPEN", "TRUE SHARE", "ACK MEDIAN", "ACK 90 %", "ACKNOWLEDGED", "ESCALATED", "REPEATS",   "MUTES"};
}

namespace {

enum class Form : std::uint8_t { words, numbers };

std::vector<std::string> cells_of(const ReportRow& row, const std::string& name, Tongue tongue, Form form) {
    const auto share = [&](std::optional<double> value) {
        if (!value) return std::string();
        return form == Form::words ? fmt::format("{:.0f} %", *value * 100) : fmt::format("{:.4f}", *value);
    };
    const auto time = [&](std::optional<std::int64_t> ms) {
        if (!ms) return std::string();
        if (form == Form::numbers) return fmt::format("{}", *ms / 1000);
        return tongue == Tongue::zh ? in_words_zh(Millis{*ms}) : in_words_en(Millis{*ms});
    };
    std::vector<std::string> out{name};
    for (const auto count : {row.fired, row.by_itself, row.closed_true, row.closed_false, row.closed_well, row.closed_duplicate,
                             row.ended_by_mute, row.still_open}) {
        out.push_back(fmt::format("{}", count));
    }
    out.push_back(share(row.true_share()));
    out.push_back(time(row.time_to_acknowledge(0.5)));
    out.push_back(time(row.time_to_acknowledge(0.9)));
    for (const auto count : {row.acknowledged, row.escalated, row.repeats, row.mutes}) out.push_back(fmt::format("{}", count));
    return out;
}

std::vector<std::vector<std::string>> rows_of(const Report& report, Tongue tongue, Form form) {
    std::vector<std::vector<std::string>> out;
    for (const auto& row : report.rules) out.push_back(cells_of(row, row.rule, tongue, form));
    out.push_back(cells_of(report.total, tongue == Tongue::zh ? "合计" : "total", tongue, form));
    return out;
}

/// RFC 4180; what a spreadsheet would take for a formula is led by an apostrophe.
std::string csv_cell(std::string text) {
    if (!text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos) text.insert(0, "'");
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string out = "\"";
    for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
    return out + "\"";
}

}  // namespace

std::vector<std::vector<std::string>> report_rows(const Report& report, Tongue tongue) {
    return rows_of(report, tongue, Form::words);
}

std::string report_csv(const Report& report, Tongue tongue) {
    std::string out = "\xEF\xBB\xBF";
    const auto put = [&](const std::vector<std::string>& cells) {
        for (std::size_t i = 0; i < cells.size(); ++i) out += (i == 0 ? "" : ",") + csv_cell(cells[i]);
        out += "\r\n";
    };
    auto head = report_head(tongue);
    for (const std::size_t times : {10u, 11u}) head[times] += tongue == Tongue::zh ? "(秒)" : " (s)";
    put(head);
    for (const auto& row : rows_of(report, tongue, Form::numbers)) put(row);
    return out;
}

}  // namespace menshen::rules
