// `rules check`: what can never fire, what looks back too far, and how many alerts to expect.

#include "rules/check.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/rules/play.hpp"

using namespace menshen;
using namespace menshen::rules;
using namespace menshen::rules::test;

namespace {

std::string warnings_of(const std::string& lines, Millis keep = std::chrono::hours(24 * 180)) {
    Problems problems;
    warn_of_useless_rules(*rules_of(rule(lines + "\nlegal_basis: x")), keep, problems);
    CHECK_FALSE(problems.has_errors());
    return problems.text();
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("rules that can never fire are told of", "[unit]") {
    const std::vector<std::pair<const char*, const char*>> useless{
        {"watch: passage\nwhere: {method: card, not: {method: [card, face]}}\neach: {}", "`not` throws out everything"},
        {"watch: passage\nper: person\nwhere: {person.tags: a, not: {person.tags: a}}\neach: {}", "`not` throws out everything"},
        {"watch: passage\nwhere: {tag: rain}\neach: {}", "records of passage never have the field tag"},
        {"watch: door_held\nwhere: {method: card}\neach: {}", "records of door_held never have the field method"},
        {"watch: door_held\nper: card\neach: {}", "records of door_held are never of a card"},
        {"watch: passage\nweekdays: holidays\neach: {}", "no day is a holiday"},
        {"watch: passage\nper: person\nweekdays: [sat, sun]\ndays: {consecutive: 3}", "it counts on at most 2 days running"},
        {"watch: passage\nper: person\nweekdays: mon\ndays: {at_least: 2, within: 7d}", "it counts on at most 1 of 7 days"},
        {"watch: passage\nper: person\nwhere: {person.tags: away}\nunless: {person.tags: [away, ill]}\nabsent: {for: 1d}",
         "`unless` excuses whoever `where` asks for"},
        {"watch: passage\nper: person\ndistinct: {of: person, over: 1d, more_than: 1}", "there is at most 1 different person"},
        {"watch: passage\nper: card\nwhere: {door: [a, b]}\ndistinct: {of: door, over: 1d, more_than: 2}",
         "there are at most 2 different doors"},
        {"watch: door_opened\nper: door\ndistinct: {of: card, over: 1d, more_than: 2}",
         "records of door_opened never have a card"},
        {"watch: card_read\nper: card\nsequence: {then: {watch: card_read, differs: card}, within: 1s}",
         "it asks for another card"},
        {"watch: granted\nper: card\nsequence: {then: {watch: door_opened}, within: 1s}", "records of door_opened have none"},
        {"watch: granted\nsequence: {then: {watch: granted, where: {side: in, not: {side: in}}}, within: 1s}",
         "the other record never comes"},
    };
    for (const auto& [lines, why] : useless) {
        INFO(lines);
        const auto text = warnings_of(lines);
        INFO(text);
        CHECK(has(text, "rules.yaml:2:5: warning: r can never fire: "));
        CHECK(has(text, why));
    }
    CHECK(has(warnings_of("watch: door_opened\nper: door\nsequence: {not_before: {watch: granted, where: {side: in, not: {side: "
                          "in}}}, within: 1s}"),
              "fires whenever its first record comes"));
    CHECK(
        has(warnings_of("watch: passage\nwhere: {side: in, not: {side: in}}\nabsent: {for: 1d}"), "waits for what never comes"));
}

TEST_CASE("rules that can fire are not told of", "[unit]") {
    for (const char* lines : {
             "watch: passage\nwhere: {method: [card, face], not: {method: card}}\neach: {}",
             "watch: passage\nwhere: {method: card, not: {method: card, side: in}}\neach: {}",
             "watch: [passage, tag_added]\nwhere: {tag: rain}\neach: {}",
             "watch: passage\nper: person\nweekdays: [sat, sun]\ndays: {consecutive: 2}",
             "watch: passage\nper: person\nweekdays: fri\nduring: \"22:00-06:00\"\ndays: {consecutive: 2}",
             "watch: passage\nper: person\nweekdays: workdays\ndays: {consecutive: 6}",
             "watch: passage\nper: person\nwhere: {person.tags: [a, b]}\nunless: {person.tags: a}\nabsent: {for: 1d}",
             "watch: passage\nper: card\nwhere: {door: [a, b]}\ndistinct: {of: door, over: 1d, more_than: 1}",
             "watch: card_read\nper: card\nsequence: {then: {watch: card_read, differs: door}, within: 1s}",
             "watch: device_offline\nper: door\nsequence: {then_not: {watch: device_online}, within: 10m}",
             "watch: card_face\nper: card\ndistinct: {of: who, over: 7d, more_than: {household.size: +1}}",
         }) {
        INFO(lines);
        CHECK(warnings_of(lines).empty());
    }
}

TEST_CASE("rules that look back further than records are kept", "[unit]") {
    constexpr Millis kDay{86'400'000};
    for (const char* lines : {
             "watch: passage\nper: person\nabsent: {for: 5d}",
             "watch: passage\nper: person\nabsent: {budget: 1 per 30d, at_most: 5d}",
             "watch: passage\nper: person\ncount: {over: 5d, more_than: 3}",
             "watch: passage\nper: person\ndays: {consecutive: 5}",
             "watch: passage\nper: person\ndays: {at_least: 2, within: 5d}",
             "watch: passage\nper: person\nbaseline: {over: 5d, budget: 1 per 30d}",
             "watch: passage\nper: person\nsequence: {then_not: {watch: passage}, within: 5d}",
         }) {
        INFO(lines);
        CHECK(has(warnings_of(lines, kDay * 4), "looks back 5d, and records are kept for 4d only"));
        CHECK(warnings_of(lines, kDay * 5).empty());
    }
}

TEST_CASE("alerts to expect", "[unit]") {
    const auto folder = std::filesystem::temp_directory_path() / fmt::format("menshen-check-{}", getpid());
    std::filesystem::create_directories(folder);
    const auto write = [&](const char* name, const std::string& text) { std::ofstream(folder / name) << text; };
    const auto run = [&](const std::string& lines, bool with_history) {
        write("r.yaml", rule(lines));
        CheckOptions options{.files = {folder / "r.yaml"}};
        if (with_history) options.history = history_of_file(folder / "r.jsonl");
        std::ostringstream out, err;
        const int status = check(options, out, err);
        return std::to_string(status) + "\n" + out.str() + err.str();
    };
    std::string records;
    for (int day = 1; day <= 11; ++day) {
        for (const char* person : {"p1", "p2", "p3"}) {
            records += fmt::format(R"({{"at":"2026-11-{:02}T08:00:00+08:00","kind":"passage","person":"{}"}})"
                                   "\n",
                                   day, person);
        }
    }
    write("r.jsonl", records);

    const std::string daily = "watch: passage\nper: person\neach: {}";
    CHECK(has(run(daily, false), "Alerts to expect: no history: unknown.\n"));
    CHECK(has(
        run(daily, true),
        "Alerts to expect: about 3.3 a day: it would have fired 33 times in 10.0 days.\nHistory: 33 records over 10.0 days\n"));
    const std::string learned = "watch: passage\nper: person\nabsent: {budget: 3 per 30d";
    CHECK(has(run(learned + "}", false), "Alerts to expect: about 0.1 false ones a day, by its budget.\n"));
    CHECK(has(run(learned + ", per_subject: true}", false), "about 0.1 false ones a day for each person, by its budget.\n"));
    CHECK(has(run(learned + ", per_subject: true}", true),
              "about 0.1 false ones a day for each person, 0.3 in all with 3 of them, by its budget; it would"));
    CHECK(has(run("watch: face_seen\neach: {}", true), "Alerts to expect: none: does nothing without a legal_basis.\n"));

    write("r.jsonl", records + "{\"at\": 5");
    const auto broken = run(daily, true);
    CHECK(broken.starts_with("1\n"));
    CHECK(has(broken, "r.jsonl:34: "));
    write("r.jsonl", records.substr(0, records.find('\n', records.find("p3")) + 1));
    CHECK(has(run(daily, true), "History: 3 records, less than a day: too little to tell from\n"));
    write("r.jsonl", "");
    CHECK(has(run(daily, true), "no history: unknown"));
    std::filesystem::remove(folder / "r.jsonl");
    CHECK(has(run(daily, true), "cannot be opened"));
    std::filesystem::remove_all(folder);
}
