// Rule files with mistakes: every one is found, at its place, with what would be right.

#include <filesystem>
#include <fstream>

#include "tests/rules/play.hpp"

using namespace menshen;
using namespace menshen::rules;
using namespace menshen::rules::test;

namespace {

Problems problems_of(const std::string& text, const ParseOptions& options = {}) {
    Problems problems;
    const std::vector<RuleFile> files{{"r.yaml", text}};
    const auto rules = parse_rules(files, options, problems);
    CHECK(rules.has_value() == !problems.has_errors());
    return problems;
}

/// The one problem of a rule with these lines.
std::string problem_of(const std::string& lines) {
    const auto problems = problems_of(rule(lines));
    INFO(problems.text());
    CHECK(problems.all().size() == 1);
    return problems.all().empty() ? "" : problems.all()[0].text();
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("a rule with all that this version knows", "[unit]") {
    const auto rules = rules_of(R"(
rules:
  - id: second
    watch: denied
    each:
  - id: first
    title: {zh: 标题, en: title}
    watch: [passage, granted]
    where: {person.tags: [b, a], not: {door: back}}
    per: person
    absent: {for: 1d12h}
    unless: {person.tags: away, gate.tags: rain}
    during: "22:00-06:00"
    resolve: manual
    alert: {severity: critical, to: [grid-1, police], text: {zh: "{person}", en: "{silence}"}}
    legal_basis: none needed
)");
    REQUIRE(rules->rules.size() == 2);
    const auto& first = rules->rules[0];
    CHECK(first.id == RuleId("first"));
    CHECK(first.watch == std::vector{Kind::granted, Kind::passage});
    CHECK(first.where.all.at(0).values == std::vector<std::string>{"a", "b"});
    CHECK(first.where.none.at(0).at(0).field == "door");
    CHECK(std::get<Absent>(first.condition).duration == 36h);
    CHECK(first.unless.size() == 2);
    CHECK(first.during->spans.at(0).time.from == 22h);
    CHECK(first.resolve == Resolve::manual);
    CHECK(first.severity == AlertSeverity::critical);
    CHECK(first.to.size() == 2);
    const auto& second = rules->rules[1];
    CHECK(second.title.en == "second");
    CHECK(second.per == Per::gate);
    CHECK(std::holds_alternative<Each>(second.condition));
    CHECK(second.open_for == 1h);
    CHECK_FALSE(second.text.zh.empty());
    CHECK(rules->find(RuleId("second")) == &second);
    CHECK(rules->find(RuleId("third")) == nullptr);
}

TEST_CASE("five mistakes show five", "[unit]") {
    const auto problems = problems_of(R"(rules:
  - id: one
    wach: passage
    per: persn
    absent: {for: 24x}
  - id: two
    watch: [passage, pasage]
    where: {certanty: strong}
    count: {over: 1d, more_than: 3}
)");
    CHECK(problems.errors() == 5);
    const auto text = problems.text();
    INFO(text);
    CHECK(has(text, "r.yaml:3:5: one.wach is not known here; did you mean \"watch\"?"));
    CHECK(has(text, "r.yaml:4:10: one.per cannot be \"persn\"; did you mean \"person\"?"));
    CHECK(has(text, "r.yaml:5:19: one.absent.for must be from 1s to 400d, got \"24x\""));
    CHECK(has(text, "r.yaml:7:22: two.watch cannot be \"pasage\"; did you mean \"passage\"?"));
    CHECK(has(text, "r.yaml:8:13: two.where.certanty is not known here; did you mean \"certainty\"?"));
}

TEST_CASE("single mistakes", "[unit]") {
    const std::string begin = "watch: passage\nper: person\n";
    const std::string silence = begin + "absent: {for: 24h}\n";
    CHECK(has(problem_of("per: person\nabsent: {for: 24h}"), "r.yaml:2:5: r.watch is missing"));
    CHECK(has(problem_of(begin), "r needs a condition (one of: each, absent, count, distinct, days, baseline, sequence)"));
    CHECK(has(problem_of(begin + "abscent: {for: 24h}"), "did you mean \"absent\""));
    CHECK(has(problem_of(silence + "each: {}"), "cannot stand beside"));
    CHECK(has(problem_of(begin + "absent: {}"), "r.absent needs {for: 24h} or {budget: 1 per 30d}"));
    CHECK(has(problem_of(begin + "absent: 24h"), "must be a map"));
    CHECK(has(problem_of(begin + "count: {over: 1d}"), "r.count.more_than is missing"));
    CHECK(has(problem_of(begin + "count: {over: 1d, more_than: many}"), "must be a whole number"));
    CHECK(has(problem_of(begin + "count: {over: 99d, more_than: 1}"), "must be from 1s to 62d"));
    CHECK(has(problem_of(begin + "days: {}"), "needs {consecutive: 3} or {at_least: 3, within: 7d}"));
    CHECK(has(problem_of(begin + "days: {at_least: 3}"), "r.days.within is missing"));
    CHECK(has(problem_of(begin + "days: {at_least: 9, within: 7d}"), "must not be shorter than at_least"));
    CHECK(has(problem_of(begin + "days: {at_least: 1, within: 36h}"), "whole days"));
    CHECK(has(problem_of(begin + "days: {consecutive: 3, at_least: 1, within: 7d}"), "keep one of the two"));
    CHECK(has(problem_of(silence + "cooldown: 1h"), "belongs to `each` only"));
    CHECK(has(problem_of(silence + "open_for: 1h"), "belongs to `each`, and to"));
    CHECK(has(problem_of(begin + "each: {cooldown: 1h}\ncooldown: 1h"), "is given twice"));
    CHECK(has(problem_of(silence + "during: \"25:00-26:00\""), "must be a time of day"));
    CHECK(has(problem_of(silence + "during: night"), "got \"night\"; there is no schedule in it"));
    CHECK(has(problem_of(silence + "during: \"08:00-08:00\""), "is empty"));
    CHECK(has(problem_of(silence + "resolve: never"), "cannot be \"never\""));
    CHECK(has(problem_of(silence + "where: passage"), "must be a map of fields"));
    CHECK(has(problem_of(silence + "where: {side: inn}"), "did you mean \"in\""));
    CHECK(has(problem_of(silence + "where: {door: []}"), "needs a value or a list"));
    CHECK(has(problem_of(silence + "where: {not: door}"), "must be a map of fields"));
    CHECK(has(problem_of(silence + "unless: {person.tag: away}"), "did you mean \"person.tags\""));
    CHECK(has(problem_of("watch: passage\nper: door\nabsent: {for: 1h}\nunless: {person.tags: away}"), "needs `per: person`"));
    CHECK(has(problem_of("watch: alert\neach: {}"), "would raise itself"));
    CHECK(has(problem_of(silence + "alert: {severity: high}"), "cannot be \"high\""));
    CHECK(has(problem_of(silence + "alert: {to: Li}"), "a-z, 0-9"));
    CHECK(has(problem_of(silence + "alert: {txt: {en: gone}}"), "did you mean \"text\""));
    CHECK(has(problem_of(silence + "watch: passage"), "is given twice"));
}

TEST_CASE("placeholders are checked against the condition", "[unit]") {
    const std::string silence = "watch: passage\nper: person\nabsent: {for: 24h}\n";
    CHECK(has(problem_of(silence + "alert: {text: {zh: \"{persn}\", en: \"{person}\"}}"),
              "r.alert.text.zh uses {persn}, which this rule does not have; did you mean \"person\"? (one of: door, gate, "
              "household, last_seen, "
              "person, silence, threshold, time)"));
    CHECK(has(problem_of(silence + "alert: {text: \"{count}\"}"), "uses {count}"));
    CHECK(has(problem_of(silence + "alert: {text: \"{person\"}"), "has a brace that is no {placeholder}"));
    CHECK(
        has(problem_of("watch: granted\nper: card\ncount: {over: 1d, more_than: 3}\nalert: {text: \"{count} {over} {silence}\"}"),
            "uses {silence}"));
}

TEST_CASE("what the language will have later is said to be missing, not ignored", "[unit]") {
    const std::string silence = "watch: passage\nper: person\nabsent: {for: 24h}\n";
    for (const std::string lines : {"scope: site", "where: {origin: gate-2}"}) {
        INFO(lines);
        CHECK(has(problem_of(silence + lines), "not supported by this version of Menshen"));
    }
}

TEST_CASE("strangers need a legal basis", "[unit]") {
    for (const std::string lines :
         {"watch: face_seen\nper: stranger\ndays: {consecutive: 3}", "watch: face_seen\neach: {}",
          "watch: granted\nwhere: {stranger: s1}\neach: {}", "watch: granted\neach: {}\nalert: {text: \"{stranger}\"}"}) {
        INFO(lines);
        const auto problems = problems_of(rule(lines));
        REQUIRE(problems.all().size() == 1);
        CHECK(problems.all()[0].severity == Severity::warning);
        CHECK(has(problems.text(), "legal_basis"));
        Player without(rule(lines));
        CHECK(without.rules->versions().empty());
        CHECK(without
                  .play("1 08:00 face_seen stranger=s1\n2 08:00 face_seen stranger=s1\n3 08:00 face_seen stranger=s1\n3 08:00 "
                        "granted stranger=s1")
                  .empty());
        Player with(rule(lines + "\nlegal_basis: filing 17"));
        CHECK_FALSE(with.play("1 08:00 face_seen stranger=s1\n2 08:00 face_seen stranger=s1\n3 08:00 face_seen stranger=s1\n3 "
                              "08:00 granted stranger=s1")
                        .empty());
    }
}

TEST_CASE("recipients are checked when they are known", "[unit]") {
    ParseOptions options;
    options.recipients = recipients_named({RecipientId("grid-1"), RecipientId("street-duty")});
    const std::string silence = "watch: passage\nper: person\nabsent: {for: 24h}\n";
    CHECK(problems_of(rule(silence + "alert: {to: [grid-1, street-duty]}"), options).all().empty());
    const auto unknown = problems_of(rule(silence + "alert: {to: [grid-1, street-dutty]}"), options);
    CHECK(unknown.errors() == 1);
    CHECK(has(unknown.text(), "names \"street-dutty\", who is no recipient; did you mean \"street-duty\"?"));
    const auto nobody = problems_of(rule(silence), options);
    CHECK(nobody.errors() == 0);
    CHECK(has(nobody.text(), "warning: r tells nobody"));
}

TEST_CASE("files are checked as a whole", "[unit]") {
    const auto one = rule("watch: passage\nper: person\nabsent: {for: 24h}", "same");
    Problems problems;
    const std::vector<RuleFile> files{
        {"a.yaml", one}, {"b.yaml", one}, {"c.yaml", "rules: 7"}, {"d.yaml", ""}, {"e.yaml", "rulez: []"}};
    CHECK_FALSE(parse_rules(files, {}, problems).has_value());
    INFO(problems.text());
    CHECK(problems.errors() >= 4);
    CHECK(has(problems.text(), "b.yaml:2:5: the id same is taken by a.yaml:2"));
    CHECK(has(problems.text(), "c.yaml:1:8: rules must be a list"));
    CHECK(has(problems.text(), "d.yaml:1:1: the file is empty"));
    CHECK(has(problems.text(), "e.yaml:1:1: rulez is not known here; did you mean \"rules\"?"));
}

TEST_CASE("hostile files are refused in bounded memory", "[unit]") {
    SECTION("aliases") {
        const auto problems = problems_of("a: &a [x, x]\nb: &b [*a, *a]\nrules: [*b, *b]\n");
        CHECK(has(problems.text(), "aliases"));
    }
    SECTION("deep nesting") {
        const auto problems = problems_of("rules: " + std::string(100'000, '[') + std::string(100'000, ']'));
        CHECK(has(problems.text(), "nested deeper"));
    }
    SECTION("ten megabytes, in memory and on disk") {
        const std::string big(10 << 20, ' ');
        CHECK(has(problems_of(big).text(), "larger than 1 MiB"));
        const auto path = std::filesystem::temp_directory_path() / "menshen-test-big.yaml";
        std::ofstream(path) << big;
        Problems problems;
        const std::vector<std::filesystem::path> paths{path};
        CHECK_FALSE(load_rules(paths, {}, problems).has_value());
        CHECK(has(problems.text(), "larger than 1 MiB"));
        std::filesystem::remove(path);
    }
    SECTION("zero bytes and bytes that are not UTF-8") {
        CHECK(has(problems_of(std::string("rules: [\0]", 10)).text(), "r.yaml:1:9: holds a zero byte"));
        CHECK(has(problems_of("rules:\n  - {id: \xff}\n").text(), "r.yaml:2:10: not UTF-8 text"));
    }
    SECTION("a map of ninety thousand keys") {
        std::string text = "rules: [{";
        for (int i = 0; i < 90'000; ++i) text += "k" + std::to_string(i) + ": 1,";
        CHECK(has(problems_of(text + "}]").text(), "more than 5000 keys in one map"));
    }
    SECTION("a second document") {
        CHECK(has(problems_of("rules: []\n---\nrules: []\n").text(), "r.yaml:2:1: a second document begins here"));
    }
    SECTION("a folder of twenty megabytes") {
        const auto folder = std::filesystem::temp_directory_path() / "menshen-test-many";
        std::filesystem::create_directories(folder);
        for (int i = 0; i < 20; ++i) {
            std::ofstream(folder / ("f" + std::to_string(100 + i) + ".yaml")) << "rules: []\n"
                                                                              << std::string((1 << 20) - 10, '#');
        }
        Problems problems;
        const std::vector<std::filesystem::path> paths{folder};
        CHECK_FALSE(load_rules(paths, {}, problems).has_value());
        CHECK(has(problems.text(), "f116.yaml: with this file the rule files are larger than 16 MiB together"));
        std::filesystem::remove_all(folder);
    }
    SECTION("too many rules") {
        std::string text = "rules:\n";
        for (int i = 0; i < 501; ++i) text += "  - {id: r" + std::to_string(i) + ", watch: denied, each: {}}\n";
        CHECK(has(problems_of(text).text(), "more than 500 rules"));
    }
    SECTION("too many tags") {
        std::string tags;
        for (int i = 0; i < 65; ++i) tags += (i > 0 ? "," : "") + std::string("t") + std::to_string(i);
        CHECK(has(problems_of(rule("watch: denied\neach: {}\nwhere: {person.tags: [" + tags + "]}")).text(),
                  "more than 64 different tags"));
    }
    SECTION("no text at all") {
        CHECK(problems_of(std::string("rules: \xff\xfe")).has_errors());
        CHECK(problems_of("rules: [{id: a, watch: {x: [}").has_errors());
    }
    SECTION("every file cut short is read or refused, not crashed on") {
        const std::string whole = rule(
            "title: {zh: 标题, en: t}\nwatch: [passage]\nwhere: {door: a, not: {side: in}}\nper: person\nabsent: {for: 24h}\n"
            "alert: {to: [a], text: {zh: \"{person}\"}}");
        for (std::size_t i = 0; i < whole.size(); ++i) {
            Problems problems;
            const std::vector<RuleFile> files{{"r.yaml", whole.substr(0, i)}};
            const auto rules = parse_rules(files, {}, problems);
            REQUIRE(rules.has_value() == !problems.has_errors());
        }
    }
}

TEST_CASE("a file that is not there", "[unit]") {
    Problems problems;
    const std::vector<std::filesystem::path> paths{"/nonexistent/rules.yaml"};
    CHECK_FALSE(load_rules(paths, {}, problems).has_value());
    CHECK(has(problems.text(), "/nonexistent/rules.yaml: cannot be read"));
}

TEST_CASE("the hash of a rule is of when it fires, not of its words", "[unit]") {
    const std::string silence = "watch: passage\nper: person\n";
    const auto hash = [&](const std::string& lines) { return rules_of(rule(silence + lines))->rules[0].hash; };
    const auto plain = hash("absent: {for: 24h}");
    CHECK(plain == hash("absent: {for: 1d}\nalert: {severity: critical, to: [a], text: words}\ntitle: other"));
    CHECK(plain != hash("absent: {for: 25h}"));
    CHECK(plain != hash("absent: {for: 24h}\nduring: \"08:00-09:00\""));
    CHECK(plain != hash("absent: {for: 24h}\nunless: {person.tags: away}"));
    CHECK(plain != hash("absent: {for: 24h}\nwhere: {door: front}"));
    CHECK(plain != hash("absent: {for: 24h}\nwhere: {not: {door: front}}"));
    CHECK(plain != hash("absent: {for: 24h}\nresolve: manual"));
}
