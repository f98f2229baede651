#include "rules/explain.hpp"

#include <array>
#include <ostream>

#include "rules/explain_words.hpp"

namespace menshen::rules {

namespace words {

const KindWords& of_kind(Kind kind) {
    static constexpr std::array<KindWords, kKindCount> all{{
        {"a card reading", "card readings", "读卡"},
        {"a face seen", "faces seen", "人脸出现"},
        {"a comparison of card and face", "comparisons of card and face", "人卡比对"},
        {"a permission to pass", "permissions to pass", "放行"},
        {"a refusal", "refusals", "拒绝通行"},
        {"a passage", "passages", "进出门"},
        {"an opening of the door", "openings of the door", "开门"},
        {"a closing of the door", "closings of the door", "关门"},
        {"a door held open", "doors held open", "门长时间未关"},
        {"a door forced open", "doors forced open", "门被强行打开"},
        {"a press of the exit button", "presses of the exit button", "按出门按钮"},
        {"a sign of life", "signs of life", "生活迹象"},
        {"a tag set", "tags set", "加标签"},
        {"a tag taken away", "tags taken away", "去标签"},
        {"a change of the roster", "changes of the roster", "名册变动"},
        {"a change of the rules", "changes of the rules", "规则变动"},
        {"a device that came back", "devices that came back", "设备上线"},
        {"a device that went away", "devices that went away", "设备离线"},
        {"a step of the clock", "steps of the clock", "时钟跳变"},
        {"a clock set right", "clocks set right", "时钟校准"},
        {"a start of the gate", "starts of the gate", "门岗启动"},
        {"a stop of the gate", "stops of the gate", "门岗停止"},
        {"an alert", "alerts", "提醒"},
        {"a mute", "mutes", "静音"},
        {"a command", "commands", "操作"},
        {"a gap in the records", "gaps in the records", "记录缺失"},
    }};
    return all[static_cast<std::size_t>(kind)];
}

std::string join(const std::vector<std::string>& parts, std::string_view between, std::string_view last) {
    std::string out;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (i > 0) out += i + 1 == parts.size() ? last : between;
        out += parts[i];
    }
    return out;
}

std::string duration(Millis duration, Tongue tongue) {
    if (duration % 1s != 0ms) return to_text(duration);
    return tongue == Tongue::zh ? in_words_zh(duration) : in_words_en(duration);
}

std::string number(double value) { return fmt::format("{:.6g}", value); }

std::string time_of_day(Millis time) {
    const auto minutes = time / 60'000ms;
    return fmt::format("{:02}:{:02}", minutes / 60, minutes % 60);
}

}  // namespace words

std::string explain_firing(const Rule& rule, Tongue tongue) {
    return tongue == Tongue::zh ? words::firing_zh(rule) : words::firing_en(rule);
}

std::string explain(const Rule& rule, Tongue tongue) {
    const bool zh = tongue == Tongue::zh;
    auto out = explain_firing(rule, tongue) + (zh ? "。" : ".");
    for (const auto& sentence : zh ? words::rest_zh(rule) : words::rest_en(rule)) {
        out += zh ? sentence + "。" : " " + sentence + ".";
    }
    return out;
}

int explain_rules(const ExplainOptions& options, std::ostream& out, std::ostream& err) {
    Problems problems;
    const auto rules = load_rules(options.files, options.parse, problems);
    // Warnings are the business of `rules check`.
    if (problems.has_errors()) err << problems.text();
    if (!rules) return 1;
    const auto tell = [&](const Rule& rule) {
        const auto& title = options.tongue == Tongue::zh ? rule.title.zh : rule.title.en;
        out << fmt::format("{}  {}\n    {}\n", rule.id.str(), title, explain(rule, options.tongue));
    };
    if (options.ids.empty()) {
        for (const auto& rule : rules->rules) tell(rule);
        return 0;
    }
    int status = 0;
    std::vector<std::string_view> known;
    for (const auto& rule : rules->rules) known.push_back(rule.id.str());
    for (const auto& id : options.ids) {
        const auto* rule = rules->find(RuleId(id));
        if (rule != nullptr) {
            tell(*rule);
            continue;
        }
        err << fmt::format("no rule has the id \"{}\"{}\n", id, suggestion(id, known));
        status = 1;
    }
    return status;
}

}  // namespace menshen::rules
