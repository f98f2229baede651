// recipients.yaml, and who is on duty.

#include "rules/recipients.hpp"

#include "rules/recipients_file.hpp"
#include "tests/rules/play.hpp"

using namespace menshen;
using namespace menshen::rules;
using namespace menshen::rules::test;

namespace {

constexpr const char* kPeople = R"(
recipients:
  - {id: grid-3, role: cadre, name: 王姐, duty: {weekdays: workdays, time: "08:00-18:00"}, fallback: street-duty}
  - {id: street-duty, role: police-liaison, duty: night, fallback: doctor}
  - {id: doctor, role: doctor, duty: "06:00-22:00"}
  - {id: son, role: family}
)";

Schedules schedules() { return {{"night", Schedule{{{{}, During{18h, 6h}}}}}}; }

std::string said_of(const std::string& text) {
    Problems problems;
    const auto read = parse_recipients("people.yaml", text, schedules(), problems);
    CHECK(read.has_value() == !problems.has_errors());
    return problems.text();
}

Recipients people() {
    Problems problems;
    const auto read = parse_recipients("people.yaml", kPeople, schedules(), problems);
    INFO(problems.text());
    REQUIRE(read.has_value());
    return *read;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// "a,b" on duty of "a,b" at this time.
std::string asked(const std::string& to, int day, const std::string& time) {
    std::vector<RecipientId> ids;
    for (const auto& id : list_of(to)) ids.emplace_back(id);
    std::string out;
    for (const auto& id : on_duty(ids, people(), stamp_of(day, time), {})) out += (out.empty() ? "" : ",") + id.str();
    return out;
}

}  // namespace

TEST_CASE("recipients with all there is", "[unit]") {
    const auto read = people();
    REQUIRE(read.size() == 4);
    CHECK(read[0].id == RecipientId("grid-3"));
    CHECK(read[0].role == Role::cadre);
    CHECK(read[0].name == "王姐");
    CHECK(read[0].duty->spans.at(0).days.workdays);
    CHECK(read[0].fallback == RecipientId("street-duty"));
    CHECK(read[1].role == Role::police_liaison);
    CHECK(read[1].duty->spans.at(0).time == During{18h, 6h});
    CHECK(read[2].role == Role::doctor);
    CHECK(read[3].role == Role::family);
    CHECK_FALSE(read[3].duty.has_value());
    CHECK(read[3].fallback.empty());
    CHECK(find(read, RecipientId("son")) == &read[3]);
    CHECK(find(read, RecipientId("nobody")) == nullptr);
}

TEST_CASE("outside duty hours the line of fallbacks is asked", "[unit]") {
    CHECK(asked("grid-3", 2, "09:00") == "grid-3");
    CHECK(asked("grid-3", 2, "19:00") == "street-duty");
    CHECK(asked("grid-3", 1, "09:00") == "doctor");  // a Sunday: neither the cadre nor the night's desk
    CHECK(asked("doctor", 2, "23:00") == "doctor");  // nobody of the line is on duty: an alert is never for nobody
    CHECK(asked("son", 2, "03:00") == "son");
    CHECK(asked("grid-3,street-duty", 2, "19:00") == "street-duty");  // no one twice
    CHECK(asked("stranger,grid-3", 2, "19:00") == "stranger,street-duty");
    CHECK(asked("", 2, "19:00").empty());
}

TEST_CASE("mistakes in recipients", "[unit]") {
    struct Row {
        const char* items;
        const char* said;
    };
    for (const auto& row :
         {Row{"{role: cadre}", "people.yaml:1:14: recipients[0].id is missing"}, Row{"{id: a}", "recipients[0].role is missing"},
          Row{"{id: A, role: cadre}", "recipients[0].id cannot be \"A\": ids have 1 to 32"},
          Row{"{id: a, role: cader}", "did you mean \"cadre\"? (one of: cadre, police-liaison, doctor, family)"},
          Row{"{id: a, role: cadre, dutty: night}", "did you mean \"duty\""},
          Row{"{id: a, role: cadre, duty: nihgt}", "got \"nihgt\"; did you mean \"night\"?"},
          Row{"{id: a, role: cadre, duty: {weekdays: workday}}", "did you mean \"workdays\""},
          Row{"{id: a, role: cadre, duty: {}}", "needs weekdays, time or both"},
          Row{"{id: a, role: cadre, name: }", "has no value"},
          Row{"{id: a, role: cadre}, {id: a, role: doctor}", "1:41: recipients[1].id \"a\" is taken"},
          Row{"{id: ab, role: cadre, duty: night, fallback: ac}, {id: abc, role: doctor}",
              "names \"ac\", who is not in the list; did you mean \"ab\"?"},
          Row{"{id: a, role: cadre, duty: night, fallback: a}", "leads back to a"},
          Row{"{id: a, role: cadre, duty: night, fallback: b}, {id: b, role: cadre, duty: night, fallback: c}, {id: c, role: "
              "cadre, duty: "
              "night, fallback: b}",
              "recipients[1].fallback leads back to b: a line of fallbacks must have an end"},
          Row{"null", "recipients[0] must be a map"}, Row{"7", "recipients[0] must be a map"}}) {
        const auto said = said_of(fmt::format("recipients: [{}]", row.items));
        INFO(row.items << "\n" << said);
        CHECK(has(said, row.said));
    }
    CHECK(has(said_of(""), "recipients is missing"));
    CHECK(has(said_of("recipients: {}"), "must be a list"));
    CHECK(has(said_of("recipents: []"), "did you mean \"recipients\""));
    CHECK(has(said_of("recipients: [{id: a, role: cadre, fallback: b}, {id: b, role: family}]"), "warning: a is always on duty"));
    Problems problems;
    CHECK_FALSE(load_recipients("/nonexistent/people.yaml", {}, problems).has_value());
    CHECK(has(problems.text(), "cannot be read"));
}

TEST_CASE("all mistakes in a list of recipients at once", "[unit]") {
    Problems problems;
    const auto read =
        parse_recipients("people.yaml", "recipients: [{id: A, role: x}, {role: cadre, fallback: zz}, 7]", {}, problems);
    CHECK_FALSE(read.has_value());
    CHECK(problems.errors() == 5);
}
