#include "rules/rule_test.hpp"

#include <algorithm>

#include "rules/engine.hpp"
#include "rules/local_time.hpp"
#include "rules/text.hpp"

namespace menshen::rules {

namespace {

std::string text_of(const Value& value) {
    return std::visit(Match{
                          [](bool flag) { return std::string(flag ? "true" : "false"); },
                          [](std::int64_t number) { return fmt::format("{}", number); },
                          [](const std::string& text) { return text; },
                          [](const std::vector<std::string>& texts) { return fmt::format("{}", fmt::join(texts, ", ")); },
                      },
                      value);
}

/// Local time, as exact as it is.
std::string in_short(const Stamp& stamp) {
    auto text = to_text(stamp).substr(0, 23);  // 2026-11-02T08:00:00.000
    text[10] = ' ';
    if (text.ends_with(".000")) text.resize(19);
    if (text.size() == 19 && text.ends_with(":00")) text.resize(16);
    return text;
}

std::string head_of(const Stamp& at, const RuleId& rule, const std::string& subject, AlertState state) {
    return fmt::format("{}  {}  {}  {}", in_short(at), rule.str(), subject, to_text(state));
}
std::string head_of(const ExpectedChange& change) { return head_of(change.at, change.rule, change.subject, change.state); }
std::string head_of(const AlertChange& change) { return head_of(change.at, change.rule, change.subject, change.state); }

bool same_change(const ExpectedChange& expected, const AlertChange& got) {
    return expected.at.time == got.at.time && expected.rule == got.rule && expected.subject == got.subject &&
           expected.state == got.state;
}

const std::string& evidence_text(const AlertChange& change, const char* key) {
    static const std::string none;
    const auto it = change.evidence.find(key);
    const auto* text = it == change.evidence.end() ? nullptr : std::get_if<std::string>(&it->second);
    return text == nullptr ? none : *text;
}

/// Names are not known here: ids stand in their place.
std::string with_ids(const AlertChange& change, const std::string& text) {
    return fill_names(text, evidence_text(change, "person"), evidence_text(change, "household"));
}

/// Plays the steps and keeps what came of them.
class Stage {
public:
    Stage(const RuleTestFile& file, const RuleTest& test, const RuleSet& rules) : file_(file), test_(test) {
        EngineSettings settings;
        settings.gate = file.gate;
        settings.zone = file.zone;
        settings.in_force = InForce::from_start;
        engine_.emplace(std::make_shared<const RuleSet>(rules), settings);
    }

    void play() {
        for (const auto& step : test_.steps) {
            std::visit(Match{
                           [&](const Record& record) { add(record); },
                           [&](const PersonSays& says) { hear(says, step); },
                       },
                       step.what);
        }
        if (test_.until) keep(engine_->on_time(*test_.until));
    }

    std::vector<AlertChange> got;
    std::vector<std::string> complaints;

private:
    void add(Record record) {
        record.seq = ++seq_;
        keep(engine_->on_record(record));
    }

    /// As live: what fell due before comes first, then the change takes effect with its record.
    void hear(const PersonSays& says, const TestStep& step) {
        keep(engine_->on_time(step.at));
        const auto open = engine_->open_alerts();
        const auto it = std::find_if(open.begin(), open.end(), [&](const AlertChange& alert) {
            return alert.rule == says.rule && alert.subject == says.subject;
        });
        if (it == open.end()) {
            complaints.push_back(fmt::format("! {}:{}: {} has no open alert of {} at {}", file_.file, step.place.line,
                                             says.subject, says.rule.str(), in_short(step.at)));
            return;
        }
        const Now now{MonoTime{}, step.at, true, 0};
        const auto change = change_by(says, it->id, now);
        if (!change) {
            complaints.push_back(fmt::format("! {}:{}: {}", file_.file, step.place.line, change.error().message));
            return;
        }
        keep({*change});
        auto record = to_record(*change, now);
        record.mono.reset();  // a file's durations follow `at`
        add(std::move(record));
    }

    Result<AlertChange> change_by(const PersonSays& says, const AlertId& id, const Now& now) {
        const Said said{.by = says.by, .note = says.note, .reason = says.reason, .until = says.until};
        switch (says.what) {
            case PersonSays::What::acknowledge:
                return engine_->acknowledge(id, said, now);
            case PersonSays::What::snooze:
                return engine_->snooze(id, said, now);
            case PersonSays::What::close:
                return engine_->close(id, said, now);
            case PersonSays::What::note:
                break;
        }
        return engine_->note(id, said, now);
    }

    void keep(const std::vector<AlertChange>& changes) {
        for (const auto& change : changes) {
            const auto& only = test_.rules;
            if (only.empty() || std::find(only.begin(), only.end(), change.rule.str()) != only.end()) got.push_back(change);
        }
    }

    const RuleTestFile& file_;
    const RuleTest& test_;
    std::optional<Engine> engine_;
    std::uint64_t seq_ = 0;
};

/// Which expected change is which that came: the longest common run of the two lists, -1 for one that did not come.
std::vector<int> pair_up(const std::vector<ExpectedChange>& expected, const std::vector<AlertChange>& got) {
    const auto rows = expected.size();
    const auto columns = got.size();
    std::vector<int> out(rows, -1);
    constexpr std::size_t kMostCells = 16'000'000;
    if ((rows + 1) * (columns + 1) > kMostCells) {  // too long for a fine picture: up to the first that differs
        for (std::size_t i = 0; i < std::min(rows, columns) && same_change(expected[i], got[i]); ++i)
            out[i] = static_cast<int>(i);
        return out;
    }
    std::vector<std::uint32_t> length((rows + 1) * (columns + 1), 0);
    const auto at = [&](std::size_t row, std::size_t column) -> std::uint32_t& { return length[row * (columns + 1) + column]; };
    for (auto i = rows; i-- > 0;) {
        for (auto j = columns; j-- > 0;) {
            at(i, j) = same_change(expected[i], got[j]) ? at(i + 1, j + 1) + 1 : std::max(at(i + 1, j), at(i, j + 1));
        }
    }
    for (std::size_t i = 0, j = 0; i < rows && j < columns;) {
        if (same_change(expected[i], got[j])) {
            out[i++] = static_cast<int>(j++);
        } else if (at(i + 1, j) >= at(i, j + 1)) {
            ++i;
        } else {
            ++j;
        }
    }
    return out;
}

/// What differs of two changes that are the same in time, rule, subject and state.
class Differences {
public:
    Differences(const ExpectedChange& expected, const AlertChange& got, const Zone& zone)
        : expected_(expected), got_(got), zone_(zone) {}

    std::vector<std::string> all() {
        if (expected_.severity && *expected_.severity != got_.severity) {
            differ("severity", std::string(to_text(*expected_.severity)), std::string(to_text(got_.severity)));
        }
        if (expected_.to) {
            std::vector<std::string> to;
            for (const auto& id : got_.to) to.push_back(id.str());
            std::sort(to.begin(), to.end());
            compare("to", fmt::format("[{}]", fmt::join(*expected_.to, ", ")), fmt::format("[{}]", fmt::join(to, ", ")));
        }
        for (const auto& [key, text] : expected_.texts) compare(key, text, said(key));
        if (expected_.until && (!got_.until || got_.until->time != expected_.until->time)) {
            differ("until", in_short(*expected_.until), got_.until ? in_short(*got_.until) : "nothing");
        }
        for (const auto& [key, value] : expected_.evidence) compare_evidence(key, value);
        return std::move(out_);
    }

private:
    void differ(std::string_view what, std::string_view expected, std::string_view got) {
        out_.push_back(fmt::format("      {}: expected \"{}\", got \"{}\"", what, expected, got));
    }
    void compare(std::string_view what, std::string_view expected, std::string_view got) {
        if (expected != got) differ(what, expected, got);
    }
    std::string said(const std::string& key) const {
        if (key == "text_zh") return with_ids(got_, got_.text_zh);
        if (key == "text_en") return with_ids(got_, got_.text_en);
        if (key == "reason") return got_.reason;
        if (key == "by") return got_.by;
        return key == "note" ? got_.note : got_.per;
    }

    /// Durations may be written as such ("silence: 24h"), and times as in the rest of the file.
    void compare_evidence(const std::string& key, const std::optional<std::string>& expected) {
        auto it = got_.evidence.find(key);
        std::string got;
        if (const auto ms = got_.evidence.find(key + "_ms"); it == got_.evidence.end() && ms != got_.evidence.end()) {
            const auto* count = std::get_if<std::int64_t>(&ms->second);
            got = count == nullptr ? text_of(ms->second) : to_text(Millis{*count});
            if (const auto wanted = parse_duration(expected.value_or(""));
                wanted && count != nullptr && wanted->count() == *count)
                return;
        } else if (it != got_.evidence.end()) {
            got = text_of(it->second);
            const auto wanted = parse_local_time(expected.value_or(""), zone_);
            const auto stamp = parse_stamp(got);
            if (wanted && stamp && wanted->time == stamp->time) return;
        } else {
            if (expected) differ("evidence." + key, *expected, "nothing");
            return;
        }
        if (!expected) return differ("evidence." + key, "nothing", got);
        compare("evidence." + key, *expected, got);
    }

    const ExpectedChange& expected_;
    const AlertChange& got_;
    const Zone& zone_;
    std::vector<std::string> out_;
};

}  // namespace

RuleTestResult run_rule_test(const RuleTestFile& file, const RuleTest& test, const RuleSet& rules) {
    Stage stage(file, test, rules);
    stage.play();
    RuleTestResult out{stage.complaints.empty(), {}};
    const auto pairs = pair_up(test.alerts, stage.got);
    std::size_t next = 0;
    const auto unexpected_up_to = [&](std::size_t end) {
        for (; next < end; ++next) {
            out.passed = false;
            out.lines.push_back("+ " + head_of(stage.got[next]));
        }
    };
    for (std::size_t i = 0; i < test.alerts.size(); ++i) {
        const auto& expected = test.alerts[i];
        if (pairs[i] < 0) {
            out.passed = false;
            out.lines.push_back(fmt::format("- {}  (line {})", head_of(expected), expected.place.line));
            continue;
        }
        const auto index = static_cast<std::size_t>(pairs[i]);
        unexpected_up_to(index);
        auto differences = Differences(expected, stage.got[index], file.zone).all();
        out.lines.push_back(differences.empty() ? "  " + head_of(expected)
                                                : fmt::format("! {}  (line {})", head_of(expected), expected.place.line));
        if (!differences.empty()) out.passed = false;
        for (auto& line : differences) out.lines.push_back(std::move(line));
        next = index + 1;
    }
    unexpected_up_to(stage.got.size());
    out.lines.insert(out.lines.begin(), stage.complaints.begin(), stage.complaints.end());
    if (out.passed) out.lines.clear();
    return out;
}

}  // namespace menshen::rules
