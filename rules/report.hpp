#pragma once
/// What came of the alerts of a month: a fold over `alert` and `mute` records. Pure.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/alert.hpp"
#include "core/record.hpp"
#include "core/result.hpp"
#include "rules/explain.hpp"

namespace menshen::rules {

struct Month {
    int year = 0;
    unsigned month = 0;
    bool operator==(const Month&) const = default;
};
/// "2026-11"; years 1970 to 9999.
[[nodiscard]] Result<Month> parse_month(std::string_view text);
[[nodiscard]] std::string to_text(const Month& month);
/// The local month of a stamp.
[[nodiscard]] Month month_of(const Stamp& stamp);

/// Alerts of one rule, or of all.
struct ReportRow {
    std::string rule;
    std::uint64_t fired = 0;
    std::uint64_t by_itself = 0;  ///< Resolved by the rule.
    std::uint64_t closed_true = 0, closed_false = 0, closed_well = 0, closed_duplicate = 0;
    std::uint64_t ended_by_mute = 0;
    std::uint64_t still_open = 0;
    std::uint64_t acknowledged = 0;  ///< By a person, or closed by one at once.
    std::uint64_t escalated = 0;     ///< Alerts that were, however often.
    std::uint64_t repeats = 0;
    std::uint64_t mutes = 0;                      ///< Times that somebody muted the rule or a subject of it.
    std::vector<std::int64_t> ms_to_acknowledge;  ///< Sorted; from the moment at which recipients were told first.

    /// Of the alerts that a person judged (true, false, well), how many were true; nothing without any.
    [[nodiscard]] std::optional<double> true_share() const;
    /// The smallest that `share` (0 to 1) of them do not exceed; nothing without any.
    [[nodiscard]] std::optional<std::int64_t> time_to_acknowledge(double share) const;
};

struct Report {
    Month month;
    std::vector<ReportRow> rules;                       ///< By id.
    ReportRow total;                                    ///< `rule` is empty.
    std::map<std::string, std::uint64_t> by_recipient;  ///< Alerts that each was told of.
};

/// An alert belongs to the local month in which it fired; what came of it counts there, whenever it came. Changes of alerts whose
/// beginning is not among the records are left out.
class ReportFold {
public:
    explicit ReportFold(Month month) : month_(month) {}
    /// In the order of the journal; kinds but `alert` and `mute` are passed over, as is a change that came before. Fails for an
    /// `alert` record that is none.
    [[nodiscard]] Result<void> add(const Record& record);
    [[nodiscard]] Report report() const;

private:
    struct Alert {
        std::string rule;
        AlertState state = AlertState::pending;
        std::uint32_t change = 0;
        std::optional<std::int64_t> told_ms;
        std::optional<std::int64_t> acknowledged_ms;
        std::string ended;  ///< Reason of the last change when resolved.
        bool by_person = false;
        bool escalated = false;
        std::uint64_t repeats = 0;
        std::set<std::string> to;
    };
    void add_mute(const Record& record);
    static void count(const Alert& alert, ReportRow& row);

    Month month_;
    std::map<AlertId, Alert> alerts_;
    std::map<std::string, std::uint64_t> mutes_;
};

/// The heads of the columns, and a row of cells for each rule with the total as the last one.
[[nodiscard]] std::vector<std::string> report_head(Tongue tongue);
[[nodiscard]] std::vector<std::vector<std::string>> report_rows(const Report& report, Tongue tongue);
/// UTF-8 with a byte order mark, lines ended by CR LF (RFC 4180): so that spreadsheets read Chinese. Numbers are plain: seconds,
/// shares from 0 to 1.
[[nodiscard]] std::string report_csv(const Report& report, Tongue tongue);

}  // namespace menshen::rules
