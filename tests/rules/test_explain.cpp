// `rules explain`: every form of every key comes to words, in both languages.

#include "rules/explain.hpp"

#include <algorithm>
#include <set>
#include <sstream>

#include "tests/rules/play.hpp"

using namespace menshen;
using namespace menshen::rules;
using namespace menshen::rules::test;

namespace {

std::string said(const std::string& lines, Tongue tongue = Tongue::en) {
    return explain(rules_of(rule(lines))->rules.front(), tongue);
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

struct Form {
    const char* lines;
    const char* en;
    const char* zh;
};

}  // namespace

TEST_CASE("the conditions in words", "[unit]") {
    const std::vector<Form> forms{
        {"watch: door_held\nper: door\neach: {cooldown: 2h}\nopen_for: 30m",
         "Sends a warning to nobody when there is a door held open at one door. The alert ends by itself after 30 min, and no "
         "other is "
         "raised for 2 h after it fired.",
         "某扇门出现“门长时间未关”时,发出警告,但不通知任何人。提醒在三十分钟后自动结束,触发后两小时内不再触发。"},
        {"watch: [passage, activity]\nwhere: {person.tags: lives-alone, not: {certainty: weak}}\nper: person\nabsent: {for: "
         "24h}\n"
         "unless: {person.tags: away}\nalert: {to: [grid-1, grid-2], text: x}",
         "Sends a warning to grid-1 and grid-2 when there has been no passage or sign of life of one person (only where the "
         "person is "
         "tagged lives-alone; not where the certainty is weak) for 1 day. While the person is tagged away it does not apply, and "
         "the "
         "silence counts anew afterwards. The alert ends by itself when one comes.",
         "某个人连续一天没有“进出门”或“生活迹象”(限:人员有标签 lives-alone;不含:可信度为 weak)时,向 grid-1、grid-2 发出警告。"
         "人员有标签 away 期间不计时,结束后重新计时。一旦出现,提醒自动结束。"},
        {"watch: passage\nper: person\nabsent: {budget: 0.5 per 30d, per_subject: true, at_least: 4h, at_most: 36h}",
         "for unusually long at that time of day, judged by that person's own rhythm: never before 4 h, always after 1 day 12 h; "
         "about "
         "0.5 false alerts in 30 days are accepted for each person.",
         "没有“进出门”的时间异常地长(按其平日同一时段的规律判断,不短于四小时,最长一天十二小时;可接受的误报:每个人每 30 天约 0.5 "
         "次)时"},
        {"watch: passage\nper: person\nabsent: {budget: 2 per 60d}", "about 1 false alert in 30 days are accepted in all",
         "整条规则每 30 天约 1 次"},
        {"watch: granted\nper: card\ncount: {over: 1d, more_than: 20}\nresolve: manual",
         "when there are more than 20 permissions to pass of one card within 1 day. Only a person ends the alert.",
         "某张卡在一天内的“放行”超过 20 次时,发出警告,但不通知任何人。提醒只能由人结束。"},
        {"watch: granted\nper: household\ncount: {over: 1d, more_than: {household.size: +2, unknown: 6}}",
         "more than the number of the household's members plus 2 permissions to pass of one household within 1 day (6 when the "
         "household's "
         "size is not known)",
         "某户在一天内的“放行”超过该户登记人数加 2 次(人数未知时按 6 计)时"},
        {"watch: granted\nper: household\ncount: {over: 1d, more_than: {household.size: -1}}", "members less 1 permissions",
         "登记人数减 1 次(人数未知的户不判断)"},
        {"watch: granted\nper: household\ndistinct: {of: card, over: 7d, more_than: 3}",
         "more than 3 different cards stand behind the permissions to pass of one household within 7 days",
         "七天内的“放行”中,不同的卡超过 3 个"},
        {"watch: card_face\nper: card\ndistinct: {of: who, over: 7d, more_than: 2}\nlegal_basis: x",
         "more than 2 different people, registered or not, stand behind the comparisons of card and face of one card",
         "不同的人(含陌生人)超过"},
        {"watch: face_seen\nper: stranger\ndays: {consecutive: 3}",
         "Does nothing until a legal_basis stands in it; then sends a warning to nobody when there is a face seen of one "
         "stranger on 3 days "
         "running. The alert ends by itself at midnight when too few such days are left.",
         "写明 legal_basis(法律依据)之前本规则不起作用;之后:某个陌生人连续 3 天出现“人脸出现”时"},
        {"watch: passage\nper: person\ndays: {at_least: 3, within: 7d}", "of one person on at least 3 of the last 7 days",
         "在最近 7 天中至少 3 天出现“进出门”"},
        {"watch: granted\nper: card\nbaseline: {over: 1d, budget: 0.1 per 30d, per_subject: true}",
         "there are unusually many permissions to pass of one card within 1 day, judged by what that card and all of them are "
         "used to; about "
         "0.1 false alerts in 30 days are accepted for each card. The alert ends by itself when the number is back at the limit.",
         "某张卡在一天内的“放行”次数明显多于平时(按其自身和全体的历史判断;可接受的误报:每个卡每 30 天约 0.1 次)时"},
        {"watch: card_read\nper: card\nsequence: {then: {watch: card_read, differs: door}, within: 10s}",
         "a card reading of one card is followed within 10 s by a card reading with another door. The alert ends by itself after "
         "1 h.",
         "某张卡出现“读卡”后,十秒内又出现“读卡”,且门不同时"},
        {"watch: door_opened\nper: door\nsequence: {then_not: {watch: door_closed}, within: 30s}",
         "an opening of the door at one door is not followed within 30 s by a closing of the door. The alert ends by itself when "
         "the other one "
         "comes after all.",
         "某扇门出现“开门”后,三十秒内没有“关门”时,发出警告,但不通知任何人。等待的记录出现后,提醒自动结束。"},
        {"watch: door_opened\nper: door\nsequence: {not_before: {watch: [granted, exit_request], where: {method: card}}, within: "
         "8s}",
         "there is an opening of the door at one door without a permission to pass or a press of the exit button (only where the "
         "method is "
         "card) in the 8 s before",
         "某扇门出现“开门”,而之前八秒内没有“放行”或“按出门按钮”(限:方式为 card)时"},
    };
    for (const auto& form : forms) {
        INFO(form.lines);
        const auto en = said(form.lines);
        const auto zh = said(form.lines, Tongue::zh);
        CAPTURE(en, zh);
        CHECK(has(en, form.en));
        CHECK(has(zh, form.zh));
        CHECK(en.back() == '.');
        CHECK(zh.ends_with("。"));
    }
}

TEST_CASE("times, and an alert's life, in words", "[unit]") {
    const std::string base = "watch: passage\nper: person\ncount: {over: 1h, more_than: 3}\n";
    const auto with = [&](const std::string& lines, Tongue tongue = Tongue::en) { return said(base + lines, tongue); };
    CHECK(has(with("during: \"22:00-06:00\""), ", looking only at 22:00 to 06:00."));
    CHECK(has(with("during: [\"08:00-12:00\", \"13:00-17:00\"]\nweekdays: workdays"),
              "looking only at 08:00 to 12:00 on workdays and 13:00 to 17:00 on workdays."));
    CHECK(has(with("weekdays: [sat, sun, holidays]"), "looking only at Saturdays, Sundays and public holidays."));
    CHECK(has(with("weekdays: [mon, tue, wed, thu, fri]"), "looking only at Mondays to Fridays."));
    CHECK(has(with("weekdays: days_off"), "looking only at days off."));
    CHECK(
        has(with("weekdays: [sat, holidays]\nduring: \"00:00-06:00\"", Tongue::zh), "只看 周六、法定节假日 00:00-06:00 的记录:"));

    CHECK(has(with("notify_between: \"07:00-21:00\""), "; outside 07:00 to 21:00 it waits until then."));
    CHECK(has(with("notify_between: \"07:00-21:00\"\nalert: {severity: critical}"), "unless it is critical, as it is here"));
    const std::string life =
        "alert:\n  severity: info\n  to: [a]\n  text: x\n  repeat_every: 12h\n  escalate:\n    - {after: 2h, severity: warning}\n"
        "    - {after: 4h, severity: critical, to: [b, c]}";
    CHECK(has(with(life), "Sends an info alert to a"));
    CHECK(has(with(life),
              "; it is sent again every 12 h until somebody acknowledges it; when nobody has acknowledged it after 2 h it "
              "becomes warning; when "
              "nobody has acknowledged it after 4 h it becomes critical and goes to b and c as well."));
    CHECK(has(with(life, Tongue::zh),
              "无人确认时每十二小时重发一次;两小时后仍无人确认则升为警告;四小时后仍无人确认则升为紧急警报,同时通知 b、c。"));
    CHECK(has(with("unless: {gate.tags: rain, person.tags: [a, b]}"),
              "While the gate is tagged rain or the person is tagged a or b nothing counts."));
    CHECK(has(with("where: {household.size: [1, 2], more.raw: x}"), "\"raw\" is x"));
}

TEST_CASE("every kind of record has words of its own", "[unit]") {
    std::set<std::string> en, zh;
    for (const auto name : kind_names()) {
        if (name == "alert") continue;  // no rule watches these
        const auto lines = fmt::format("watch: {}\neach: {{}}\nlegal_basis: x", name);
        en.insert(said(lines));
        zh.insert(said(lines, Tongue::zh));
    }
    CHECK(en.size() == kKindCount - 1);
    CHECK(zh.size() == kKindCount - 1);
}
