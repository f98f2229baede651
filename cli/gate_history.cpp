#include "cli/gate_history.hpp"

#include "rules/record_lines.hpp"

namespace menshen::cli {

tl::expected<GateClock, int> ask_gate_clock(Shell& shell) {
    const control::Question question{.socket = shell.socket, .verb = "status", .photos = {}};
    const auto status = shell.fetch(question, Json::object());
    if (!status) return tl::unexpected(status.error());
    const auto now = parse_stamp(cell(*status, "now"));
    if (now) return GateClock{cell(*status, "gate"), *now};
    shell.complain("the gate did not say what time it is");
    return tl::unexpected(static_cast<int>(kFailed));
}

int for_each_parsed(const Shell& shell, const JournalQuery& query, const std::function<bool(Record&)>& take) {
    bool broken = false;
    const auto code = for_each_record(shell, query, [&](std::string_view line) {
        Record record;
        if (!rules::parse_plain_record(line, record)) {
            auto parsed = parse_record(line);
            if (!parsed) {
                shell.complain("the gate sent a record that cannot be read: " + parsed.error().message);
                broken = true;
                return false;
            }
            record = std::move(*parsed);
        }
        return take(record);
    });
    return broken ? static_cast<int>(kFailed) : code;
}

}  // namespace menshen::cli
