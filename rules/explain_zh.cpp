// Rules in Chinese sentences.

#include <array>

#include "rules/explain_words.hpp"

namespace menshen::rules::words {

namespace {

constexpr auto kZh = Tongue::zh;

std::string field_name(const std::string& field) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 12> names{{
        {"person", "人员"},
        {"household", "户"},
        {"card", "卡"},
        {"stranger", "陌生人"},
        {"door", "门"},
        {"device", "设备"},
        {"side", "方向"},
        {"method", "方式"},
        {"certainty", "可信度"},
        {"reason", "原因"},
        {"tag", "标签"},
        {"late", "补记"},
    }};
    for (const auto& [name, zh] : names) {
        if (name == field) return std::string(zh);
    }
    return field.starts_with("more.") ? field.substr(5) : field;
}

std::string in_zh(const FieldTest& test) {
    const auto values = join(test.values, "、", "或");
    if (test.field == "person.tags") return "人员有标签 " + values;
    if (test.field == "gate.tags") return "门岗有标签 " + values;
    if (test.field == "household.size") return "该户人数为 " + values;
    if (test.field == "stranger.label") return "陌生人已标为 " + values;
    return fmt::format("{}为 {}", field_name(test.field), values);
}

std::string in_zh(const std::vector<FieldTest>& tests) {
    std::vector<std::string> parts;
    parts.reserve(tests.size());
    for (const auto& test : tests) parts.push_back(in_zh(test));
    return join(parts, ",", ",");
}

/// "(限:方式为 card;不含:可信度为 weak)"
std::string in_zh(const Where& where) {
    std::string out;
    if (!where.all.empty()) out = "限:" + in_zh(where.all);
    std::vector<std::string> parts;
    for (const auto& tests : where.none) parts.push_back(in_zh(tests));
    if (!parts.empty()) out += (out.empty() ? "不含:" : ";不含:") + join(parts, ";或", ";或");
    return out.empty() ? out : "(" + out + ")";
}

std::string kinds(const std::vector<Kind>& watch) {
    std::vector<std::string> parts;
    parts.reserve(watch.size());
    for (const auto kind : watch) parts.emplace_back(of_kind(kind).zh);
    return "“" + join(parts, "”、“", "”或“") + "”";
}

std::string_view noun(Per per) {
    static constexpr std::array<std::string_view, kPerCount> names{"门岗", "人", "户", "卡", "陌生人", "门"};
    return names[static_cast<std::size_t>(per)];
}
std::string_view some(Per per) {
    static constexpr std::array<std::string_view, kPerCount> names{"本门岗", "某个人", "某户", "某张卡", "某个陌生人", "某扇门"};
    return names[static_cast<std::size_t>(per)];
}

std::string limit(const Limit& limit) {
    if (!limit.by_household) return fmt::format(" {} ", limit.more_than);
    if (limit.plus == 0) return "该户登记人数";
    return fmt::format("该户登记人数{} {} ", limit.plus > 0 ? "加" : "减", std::abs(limit.plus));
}
std::string limit_note(const Limit& limit) {
    if (!limit.by_household) return "";
    return limit.when_unknown ? fmt::format("(人数未知时按 {} 计)", *limit.when_unknown) : "(人数未知的户不判断)";
}

std::string budget(const Budget& budget, Per per) {
    return fmt::format("可接受的误报:{}每 30 天约 {} 次",
                       budget.per_subject ? fmt::format("每个{}", noun(per)) : std::string("整条规则"),
                       number(budget.alerts_per_30d));
}

std::string_view different(Of of) {
    static constexpr std::array<std::string_view, 9> names{"值",     "人员", "人(含陌生人)", "卡",  "门",
                                                           "陌生人", "户",   "设备",         "方向"};
    return names[static_cast<std::size_t>(of)];
}

std::string sequence(const Sequence& s, const std::string& a, const Rule& rule) {
    const auto b = kinds(s.watch) + in_zh(s.where);
    const auto within = duration(s.within, kZh);
    const auto who = some(rule.per);
    switch (s.form) {
        case Sequence::Form::then:
            return fmt::format("{}出现{}后,{}内又出现{}{}", who, a, within, b,
                               s.differs == Of::none ? "" : fmt::format(",且{}不同", different(s.differs)));
        case Sequence::Form::then_not:
            return fmt::format("{}出现{}后,{}内没有{}", who, a, within, b);
        case Sequence::Form::not_before:
            break;
    }
    return fmt::format("{}出现{},而之前{}内没有{}", who, a, within, b);
}

std::string condition(const Rule& rule) {
    const auto what = kinds(rule.watch) + in_zh(rule.where);
    const auto who = some(rule.per);
    return std::visit(Match{
                          [&](const Each&) { return fmt::format("{}出现{}", who, what); },
                          [&](const Absent& absent) {
                              if (!absent.budget) return fmt::format("{}连续{}没有{}", who, duration(absent.duration, kZh), what);
                              return fmt::format("{}没有{}的时间异常地长(按其平日同一时段的规律判断,不短于{},最长{};{})", who,
                                                 what, duration(absent.at_least, kZh), duration(absent.at_most, kZh),
                                                 budget(*absent.budget, rule.per));
                          },
                          [&](const Count& count) {
                              return fmt::format("{}在{}内的{}超过{}次{}", who, duration(count.over, kZh), what,
                                                 limit(count.limit), limit_note(count.limit));
                          },
                          [&](const Days& days) {
                              if (days.consecutive > 0) return fmt::format("{}连续 {} 天出现{}", who, days.consecutive, what);
                              return fmt::format("{}在最近 {} 天中至少 {} 天出现{}", who, days.within, days.at_least, what);
                          },
                          [&](const Distinct& distinct) {
                              return fmt::format("{}在{}内的{}中,不同的{}超过{}个{}", who, duration(distinct.over, kZh), what,
                                                 different(distinct.of), limit(distinct.limit), limit_note(distinct.limit));
                          },
                          [&](const Baseline& baseline) {
                              return fmt::format("{}在{}内的{}次数明显多于平时(按其自身和全体的历史判断;{})", who,
                                                 duration(baseline.over, kZh), what, budget(baseline.budget, rule.per));
                          },
                          [&](const Sequence& s) { return sequence(s, what, rule); },
                      },
                      rule.condition);
}

std::string ending(const Rule& rule) {
    if (rule.resolve == Resolve::manual) return "提醒只能由人结束";
    const auto after = [&] { return fmt::format("提醒在{}后自动结束", duration(rule.open_for, kZh)); };
    return std::visit(
        Match{
            [&](const Each& each) {
                if (each.cooldown == 0ms) return after();
                return fmt::format("{},触发后{}内不再触发", after(), duration(each.cooldown, kZh));
            },
            [](const Absent&) { return std::string("一旦出现,提醒自动结束"); },
            [](const Days&) { return std::string("到午夜天数不足时,提醒自动结束"); },
            [&](const Sequence& s) { return s.form == Sequence::Form::then_not ? "等待的记录出现后,提醒自动结束" : after(); },
            [](const auto&) { return std::string("回落到限度以内时,提醒自动结束"); },
        },
        rule.condition);
}

std::string ids(const std::vector<RecipientId>& to) {
    std::vector<std::string> parts;
    parts.reserve(to.size());
    for (const auto& id : to) parts.push_back(id.str());
    return join(parts, "、", "、");
}

constexpr std::array<std::string_view, 3> kAlerts{"提示", "警告", "紧急警报"};

std::string life(const Rule& rule) {
    auto out = ending(rule);
    if (rule.notify_between) {
        out += fmt::format(";{} 以外的时间先不通知,到时再发{}", in_words(*rule.notify_between, kZh),
                           rule.severity == AlertSeverity::critical ? "(紧急警报除外,本规则即是)" : "");
    }
    if (rule.repeat_every) out += fmt::format(";无人确认时每{}重发一次", duration(*rule.repeat_every, kZh));
    for (const auto& step : rule.escalate) {
        std::vector<std::string> then;
        if (step.severity) then.push_back(fmt::format("升为{}", kAlerts[static_cast<std::size_t>(*step.severity)]));
        if (!step.to.empty()) then.push_back("同时通知 " + ids(step.to));
        out += fmt::format(";{}后仍无人确认则{}", duration(step.after, kZh), join(then, ",", ","));
    }
    return out;
}

}  // namespace

std::string firing_zh(const Rule& rule) {
    auto out = rule.active() ? std::string() : std::string("写明 legal_basis(法律依据)之前本规则不起作用;之后:");
    if (rule.during) out += "只看 " + in_words(*rule.during, kZh) + " 的记录:";
    const auto alert = kAlerts[static_cast<std::size_t>(rule.severity)];
    out += condition(rule) + "时," +
           (rule.to.empty() ? fmt::format("发出{},但不通知任何人", alert) : fmt::format("向 {} 发出{}", ids(rule.to), alert));
    return out;
}

std::vector<std::string> rest_zh(const Rule& rule) {
    std::vector<std::string> out;
    if (!rule.unless.empty()) {
        std::vector<std::string> parts;
        for (const auto& test : rule.unless) parts.push_back(in_zh(test));
        const bool absent = std::holds_alternative<Absent>(rule.condition);
        out.push_back(fmt::format("{} 期间{}", join(parts, "或", "或"), absent ? "不计时,结束后重新计时" : "不计"));
    }
    out.push_back(life(rule));
    return out;
}

}  // namespace menshen::rules::words
