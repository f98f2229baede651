#include "tests/cli/fake_gate.hpp"

using namespace menshen;
using namespace menshen::cli;
using Catch::Matchers::Contains;

namespace {

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("every verb explains itself", "[unit]") {
    const auto words = GENERATE(values<Words>({{},
                                               {"status"},
                                               {"doors"},
                                               {"door"},
                                               {"door", "open"},
                                               {"door", "lock"},
                                               {"reload"},
                                               {"audit"},
                                               {"audit", "verify"},
                                               {"tail"},
                                               {"alerts"},
                                               {"alerts", "ack"},
                                               {"persons"},
                                               {"persons", "add"},
                                               {"persons", "remove"},
                                               {"cards"},
                                               {"cards", "add"},
                                               {"cards", "suspend"},
                                               {"cards", "activate"},
                                               {"cards", "lost"},
                                               {"cards", "remove"},
                                               {"tag"},
                                               {"tag", "add"},
                                               {"tag", "remove"},
                                               {"face"},
                                               {"face", "enroll"},
                                               {"face", "remove"},
                                               {"rules"},
                                               {"rules", "check"},
                                               {"rules", "backtest"},
                                               {"config"},
                                               {"config", "check"},
                                               {"platform"},
                                               {"platform", "consume"}}));
    auto arguments = words;
    arguments.emplace_back("--help");
    CAPTURE(arguments);
    const auto ran = run_menshen(arguments);
    CHECK(ran.code == kDone);
    CHECK(ran.err.empty());
    std::string path = "Usage: menshen";
    for (const auto& word : words) path += " " + word;
    CHECK_THAT(ran.out, Contains(path + " "));
    CHECK_THAT(ran.out, Contains("Exit codes: 0 done; 1 "));
}

TEST_CASE("a wrong word or option is told with the nearest right one", "[unit]") {
    const auto [arguments, complaint, hint] = GENERATE(table<Words, std::string, std::string>({
        {{"stauts"}, "menshen has no verb \"stauts\"; did you mean \"status\"?", "Try: menshen --help"},
        {{"door", "opne", "front"}, "menshen door has no verb \"opne\"; did you mean \"open\"?", "Try: menshen door --help"},
        {{"status", "--jsn"}, "menshen status has no option --jsn; did you mean \"--json\"?", "Try: menshen status --help"},
        {{"--sokcet", "x", "status"}, "menshen has no option --sokcet; did you mean \"--socket\"?", "Try: menshen --help"},
        {{"tail", "-n", "5", "-z"}, "menshen tail has no option -z", "Try: menshen tail --help"},
        {{"persons", "add", "--id", "p1", "--nmae", "x"},
         "has no option --nmae; did you mean \"--name\"?",
         "Try: menshen persons add --help"},
        {{"persons", "add", "--id", "p1"}, "--name is required", "Try: menshen persons add --help"},
        {{"door", "open"}, "--door is required", "Try: menshen door open --help"},
        {{"door", "open", "a", "b"}, "b", "Try: menshen door open --help"},
        {{}, "subcommand is required", "Try: menshen --help"},
        {{"tail", "--kind", "grantd"}, "did you mean \"granted\"", "Try: menshen tail --help"},
        {{"tail", "-n", "many"}, "many", "Try: menshen tail --help"},
        {{"tail", "-n", "-1"}, "-1", "Try: menshen tail --help"},
        {{"--lang", "fr", "status"}, "fr", "Try: menshen"},
        {{"--lang", "en", "models"}, "must be the first word", "menshen models"},
        {{"cards", "add", "--id", "c", "--person", "p", "--number", "26:2F623A"}, "26 bits are 7 hex digits", "cards add --help"},
        {{"cards", "add", "--id", "c", "--person", "p", "--number", "26:FF623AE"}, "more than 26 bits", "cards add --help"},
        {{"cards", "add", "--id", "c", "--person", "p", "--number", "12345"}, "BITS:HEX", "cards add --help"},
        {{"cards", "add", "--id", "c", "--person", "p", "--number", "0:"}, "BITS:HEX", "cards add --help"},
        {{"cards", "add", "--id", "a b", "--person", "p", "--number", "26:2F623AE"}, "letters, digits", "cards add --help"},
        {{"cards", "add", "--id", "c", "--person", "p", "--number", "26:2F623AE", "--until", "tomorrow"},
         "is no time",
         "cards add --help"},
    }));
    CAPTURE(arguments);
    const auto ran = run_menshen(arguments);
    CHECK(ran.code == kUsage);
    CHECK(ran.out.empty());
    CHECK_THAT(ran.err, Contains(complaint) && Contains(hint));
}

TEST_CASE("hostile words cannot move the reader's cursor", "[unit]") {
    const auto ran = run_menshen({"\x1B[2Jdoor"});
    CHECK(ran.code == kUsage);
    CHECK(ran.err.find('\x1B') == std::string::npos);
}

TEST_CASE("without a daemon: which socket, and what to do", "[unit]") {
    Folder folder;
    const auto ran = run_menshen({"status", "--socket", folder.path("control.sock")});
    CHECK(ran.code == kUnreachable);
    CHECK_THAT(ran.err, Contains(folder.path("control.sock")) && Contains("systemctl status menshend"));
    // The socket may come from the environment, and before the verb.
    REQUIRE(::setenv("MENSHEN_SOCKET", folder.path("other.sock").c_str(), 1) == 0);
    CHECK_THAT(run_menshen({"status"}).err, Contains(folder.path("other.sock")));
    REQUIRE(::unsetenv("MENSHEN_SOCKET") == 0);
    CHECK_THAT(run_menshen({"--socket", folder.path("third.sock"), "doors"}).err, Contains(folder.path("third.sock")));
}

TEST_CASE("exit codes tell a refusal from a prohibition", "[unit]") {
    FakeGate gate;
    gate.failures["door.open"] = {control::Code::not_found, "there is no door \"frnt\"; did you mean \"front\"?"};
    const auto missing = gate.run({"door", "open", "frnt"});
    CHECK(missing.code == kFailed);
    CHECK(missing.out.empty());
    CHECK(missing.err == "menshen: there is no door \"frnt\"; did you mean \"front\"?\n");

    FakeGate guarded({.uid = 1001, .name = "wang", .may_read = true, .may_change = false});
    const auto forbidden = guarded.run({"door", "open", "front"});
    CHECK(forbidden.code == kNotPermitted);
    CHECK_THAT(forbidden.err, Contains("usermod -aG menshen-admin wang"));
    CHECK(guarded.questions() == 0);
    CHECK(guarded.run({"doors"}).code == kDone);
}

TEST_CASE("several lines of a refusal stay several lines", "[unit]") {
    FakeGate gate;
    gate.failures["reload"] = {control::Code::refused, "gate.yaml:1:1: one\ngate.yaml:2:1: two\x1B[2J"};
    const auto ran = gate.run({"reload"});
    CHECK(ran.code == kFailed);
    CHECK(ran.err == "menshen: gate.yaml:1:1: one\ngate.yaml:2:1: two?[2J\n");
}

TEST_CASE("an answer of another release is no crash", "[unit]") {
    FakeGate gate;
    gate.results["status"] = {{"simulated", "perhaps"}, {"doors", 7}};
    const auto ran = gate.run({"status"});
    CHECK(ran.code == kFailed);
    CHECK_THAT(ran.err, Contains("not as docs/control.md says"));
    gate.results["doors"] = {{"doors", "none"}};
    CHECK(gate.run({"doors"}).out == "no doors\n");
}
