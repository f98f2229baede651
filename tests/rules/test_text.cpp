#include "rules/text.hpp"

#include "tests/rules/play.hpp"

using namespace menshen;
using namespace menshen::rules;
using namespace menshen::rules::test;

namespace {

Text rendered(const std::string& text, const std::map<std::string, Value>& evidence) {
    Rule rule;
    rule.text = {text, text};
    return render(rule, evidence);
}

}  // namespace

TEST_CASE("templates are filled from the evidence", "[unit]") {
    const std::map<std::string, Value> evidence{{"silence_ms", std::int64_t{Millis{27h}.count()}},
                                                {"count", std::int64_t{31}},
                                                {"door", std::string("front")},
                                                {"last_seen", std::string("2026-11-01T08:00:00.000+08:00")},
                                                {"reason", std::string("{person}")},
                                                {"person", std::string("p1")}};
    CHECK(rendered("{count} x {door}", evidence).en == "31 x front");
    CHECK(rendered("{silence}", evidence).en == in_words_en(27h));
    CHECK(rendered("{silence}", evidence).zh == in_words_zh(27h));
    CHECK(rendered("{last_seen}", evidence).en == "2026-11-01 08:00");
    CHECK(rendered("{card}", evidence).en == "unknown");
    CHECK(rendered("{card}", evidence).zh == "未知");
    CHECK(rendered("{last_seen}", {}).zh == "尚无记录");
    CHECK(rendered("{last_seen}", {}).en == "never");
    CHECK(rendered("{person} of {household}", evidence).en == "{person} of {household}");
    // A value from outside does not become a placeholder for names.
    CHECK(rendered("{reason}", evidence).en == "person");
    CHECK(rendered("no braces", evidence).en == "no braces");
}

TEST_CASE("names are filled in last", "[unit]") {
    CHECK(fill_names("{household} {person} 已一天未出入", "张秀兰", "3号楼201") == "3号楼201 张秀兰 已一天未出入");
    CHECK(fill_names("{household} {person} gone", "p1", "") == "p1 gone");
    CHECK(fill_names("the card of {household} {person} again", "", "") == "the card of again");
    CHECK(fill_names("seen: {person}", "", "") == "seen:");
    CHECK(fill_names("{person} {person}", "{household}", "h") == "{household} {household}");
    CHECK(fill_names("{other} stays", "p", "h") == "{other} stays");
    CHECK(fill_names("", "p", "h").empty());
}

TEST_CASE("placeholders of a text", "[unit]") {
    CHECK(placeholders_of("{a} and {b}{a}").names == std::vector<std::string>{"a", "b", "a"});
    CHECK_FALSE(placeholders_of("{a}").stray_brace);
    for (const std::string text : {"{a", "a}", "{a{b}", "{", "}", "{{a}}"}) {
        INFO(text);
        CHECK(placeholders_of(text).stray_brace);
    }
}

TEST_CASE("lists, moments and days are filled in the manner of the language", "[unit]") {
    const std::map<std::string, Value> evidence{{"values", std::vector<std::string>{"c1", "{c2}", "c3"}},
                                                {"usual_ms", std::int64_t{Millis{27h}.count()}},
                                                {"first_time", std::string("2026-11-01T08:00:00.000+08:00")},
                                                {"since", std::string("2026-11-01T00:00:00.000+08:00")},
                                                {"other", std::string("back")}};
    CHECK(rendered("{values}", evidence).zh == "c1、c2、c3");
    CHECK(rendered("{values}", evidence).en == "c1, c2, c3");
    CHECK(rendered("{usual}", evidence).zh == "一天三小时");
    CHECK(rendered("{usual}", evidence).en == "1 day 3 h");
    CHECK(rendered("{usual}", {{"usual", std::string("3.5")}}).en == "3.5");
    CHECK(rendered("{first_time}", evidence).en == "2026-11-01 08:00");
    CHECK(rendered("{since}", evidence).en == "2026-11-01");
    CHECK(rendered("{since}", {{"since", std::string("2026-11-02")}}).zh == "2026-11-02");
    CHECK(rendered("{other}", evidence).zh == "back");
    CHECK(rendered("{usual}/{other}/{since}", {}).en == "unknown/unknown/unknown");
    CHECK(rendered("{values}", {{"values", std::vector<std::string>{}}}).en.empty());
}

TEST_CASE("durations read as people say them", "[unit]") {
    struct Row {
        Millis duration;
        const char *zh, *en;
    };
    for (const auto& row : {Row{27h, "一天三小时", "1 day 3 h"}, Row{48h, "两天", "2 days"}, Row{50h, "两天两小时", "2 days 2 h"},
                            Row{12h, "十二小时", "12 h"}, Row{90min, "一小时三十分钟", "1 h 30 min"},
                            Row{22min, "二十二分钟", "22 min"}, Row{2s, "两秒", "2 s"}, Row{500ms, "500毫秒", "500 ms"},
                            Row{0ms, "零秒", "0 s"}, Row{24h * 120, "120天", "120 days"}, Row{24h + 5min, "一天", "1 day"}}) {
        INFO(row.en);
        CHECK(in_words_zh(row.duration) == row.zh);
        CHECK(in_words_en(row.duration) == row.en);
    }
}

namespace {

struct WithPlaceholders {
    const char* condition;
    const char* own;  ///< Those beside the ones that every such rule has, sorted.
};

/// Raised by a record, and by a deadline.
const std::vector<WithPlaceholders> kOfRecords{
    {"each: {}", ""},
    {"count: {over: 1h, more_than: 0}", "count over threshold"},
    {"days: {consecutive: 1}", "days threshold"},
    {"days: {at_least: 1, within: 2d}", "days threshold within"},
    {"distinct: {of: card, over: 1h, more_than: 0}", "count over threshold values"},
    {"baseline: {over: 1d, budget: 1 per 30d}", "count over raised_count raised_days raised_usual since usual"},
    {"sequence: {then: {watch: denied}, within: 1m}", "first_time within"},
    {"sequence: {then: {watch: denied, differs: door}, within: 1m}", "first_time other within"},
    {"sequence: {not_before: {watch: denied}, within: 1m}", "within"}};
const std::vector<WithPlaceholders> kOfDeadlines{{"absent: {for: 24h}", "last_seen silence threshold"},
                                                 {"absent: {budget: 1 per 30d}", "last_seen silence threshold usual"},
                                                 {"sequence: {then_not: {watch: denied}, within: 1m}", "first_time within"}};

std::string joined(std::vector<std::string_view> names) {
    std::string out;
    for (const auto name : names) out += (out.empty() ? "" : " ") + std::string(name);
    return out;
}

void check_placeholders(const std::vector<WithPlaceholders>& table, const std::string& per, std::vector<std::string> common) {
    for (const auto& row : table) {
        INFO(row.condition << " per " << per);
        auto expected = common;
        for (std::istringstream in(row.own); in;) {
            std::string name;
            if (in >> name) expected.push_back(name);
        }
        std::sort(expected.begin(), expected.end());
        const auto rules = rules_of(rule("watch: passage\nper: " + per + "\n" + row.condition));
        CHECK(joined(known_placeholders(rules->rules[0])) == joined({expected.begin(), expected.end()}));
    }
}

}  // namespace

TEST_CASE("placeholders of every condition", "[unit]") {
    const std::vector<std::string> all{"gate", "door", "time"};
    auto record = all;
    record.insert(record.end(), {"person", "household", "card", "stranger", "device", "reason"});
    for (const std::string per : {"gate", "person", "household", "card", "door"}) check_placeholders(kOfRecords, per, record);
    check_placeholders(kOfDeadlines, "gate", all);
    check_placeholders(kOfDeadlines, "door", all);
    auto person = all;
    person.insert(person.end(), {"person", "household"});
    check_placeholders(kOfDeadlines, "person", person);
    auto card = all;
    card.emplace_back("card");
    check_placeholders(kOfDeadlines, "card", card);
}

TEST_CASE("the text of a rule without one uses what the rule has", "[unit]") {
    for (const auto* table : {&kOfRecords, &kOfDeadlines}) {
        for (const auto& row : *table) {
            for (const std::string per : {"gate", "person", "household", "card", "door", "stranger"}) {
                const auto rules = rules_of(rule("watch: passage\ntitle: {zh: 甲, en: A}\nper: " + per + "\n" + row.condition));
                const auto& rule = rules->rules[0];
                INFO(row.condition << " per " << per << ": " << rule.text.zh << " / " << rule.text.en);
                const auto known = known_placeholders(rule);
                for (const auto& text : {rule.text.zh, rule.text.en}) {
                    const auto found = placeholders_of(text);
                    CHECK_FALSE(found.stray_brace);
                    CHECK_FALSE(found.names.empty());
                    for (const auto& name : found.names) CHECK(std::find(known.begin(), known.end(), name) != known.end());
                }
                CHECK(rule.text.zh.starts_with("甲:"));
                CHECK(rule.text.en.starts_with("A:"));
            }
        }
    }
}

TEST_CASE("a rule without a text has one that says what happened", "[unit]") {
    for (const std::string condition :
         {"absent: {for: 24h}", "count: {over: 1h, more_than: 0}", "days: {consecutive: 1}", "each: {}"}) {
        for (const std::string per : {"person", "household", "card", "door", "gate"}) {
            const auto text = rule("watch: passage\ntitle: {zh: 甲, en: A}\nper: " + per + "\n" + condition);
            INFO(text);
            Player player(text);
            const auto out = player.play("1 08:00 passage person=p household=h card=c door=d\n2 08:00 time");
            REQUIRE_FALSE(out.empty());
            CHECK(out[0].text_zh.starts_with("甲"));
            CHECK(out[0].text_en.starts_with("A"));
            const auto known = known_placeholders(player.rules->rules[0]);
            for (const auto& name : placeholders_of(player.rules->rules[0].text.en).names) {
                CHECK(std::find(known.begin(), known.end(), name) != known.end());
            }
            CHECK(out[0].text_en.find("unknown") == std::string::npos);
        }
    }
}
