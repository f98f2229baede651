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
