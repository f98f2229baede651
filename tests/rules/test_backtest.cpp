// `rules backtest` and the reading of records files.

#include "rules/backtest.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "rules/record_lines.hpp"
#include "tests/rules/play.hpp"

using namespace menshen;
using namespace menshen::rules;
using namespace menshen::rules::test;

namespace {

/// A folder of its own for each test, gone at its end.
class Folder {
public:
    Folder() : path(std::filesystem::temp_directory_path() / fmt::format("menshen-backtest-{}", getpid())) {
        std::filesystem::create_directories(path);
    }
    ~Folder() { std::filesystem::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    [[nodiscard]] std::filesystem::path write(const std::string& name, const std::string& text) const {
        std::ofstream(path / name, std::ios::binary) << text;
        return path / name;
    }
    std::filesystem::path path;
};

struct Run {
    Result<BacktestReport> report;
    std::string out;
    std::string err;
};

Run run(const std::string& records, const char* until = nullptr, bool json = true) {
    const Folder folder;
    BacktestOptions options;
    options.rules = {folder.write("r.yaml", rule("watch: passage\nper: person\nabsent: {for: 24h}"))};
    options.records = folder.write("r.jsonl", records);
    options.json = json;
    if (until != nullptr) options.until = parse_stamp(until).value();
    std::ostringstream out, err;
    auto report = backtest(options, out, err);
    return {std::move(report), out.str(), err.str()};
}

std::string passage(const std::string& at, const std::string& more = "") {
    return R"({"at": ")" + at + R"(", "kind": "passage", "person": "p1")" + more + "}\n";
}

const auto kDay1 = passage("2026-11-01T08:00:00+08:00");
const auto kDay2 = passage("2026-11-02T08:30:00+08:00");

}  // namespace

TEST_CASE("backtest prints each change as a line of JSON", "[unit]") {
    const auto done = run(kDay1 + "\n" + kDay2);
    REQUIRE(done.report.has_value());
    CHECK(done.report->records == 2);
    CHECK(done.report->fired == 1);
    CHECK(done.report->resolved == 1);
    CHECK(done.out.starts_with(R"({"rule":"r","subject":"p1","state":"firing","at":"2026-11-02T08:00:00.000+08:00",)"));
    CHECK(done.out.find(R"("state":"resolved","at":"2026-11-02T08:30:00.000+08:00")") != std::string::npos);
    CHECK(std::count(done.out.begin(), done.out.end(), '\n') == 2);
}

TEST_CASE("until is inclusive, and event time runs on to it", "[unit]") {
    CHECK(run(kDay1).out.empty());
    CHECK(run(kDay1, "2026-11-02T07:59:59.999+08:00").out.empty());
    CHECK(run(kDay1, "2026-11-02T08:00:00+08:00").report->fired == 1);
    CHECK(run(kDay1, "2026-11-02T00:00:00Z").report->fired == 1);
    const auto cut = run(kDay1 + kDay2, "2026-11-02T08:10:00+08:00");
    CHECK(cut.report->records == 1);
    CHECK(cut.report->fired == 1);
    CHECK(cut.report->resolved == 0);
    CHECK(run(kDay1 + kDay2, "2026-11-02T08:30:00+08:00").report->resolved == 1);
    // What comes after it may be anything.
    CHECK(run(kDay1 + kDay2 + "not JSON\n", "2026-11-02T08:10:00+08:00").report.has_value());
}

TEST_CASE("a bad line is named", "[unit]") {
    const auto error = [](const std::string& records) {
        const auto done = run(records);
        REQUIRE_FALSE(done.report.has_value());
        const auto& message = done.report.error().message;
        const auto at = message.find("r.jsonl:");
        return at == std::string::npos ? message : message.substr(at);
    };
    CHECK(error(kDay1 + "hello\n").starts_with("r.jsonl:2: not a JSON object"));
    CHECK(error(kDay1 + kDay2.substr(0, 40)).starts_with("r.jsonl:2: not a JSON object"));
    CHECK(error("{\"kind\": \"passage\"}\n").starts_with("r.jsonl:1: \"at\" is missing"));
    CHECK(error("{\"at\": \"2026-11-01T08:00:00+08:00\"}").starts_with("r.jsonl:1: \"kind\" is missing"));
    CHECK(error(passage("2026-11-31T08:00:00+08:00")).starts_with("r.jsonl:1: \"at\" cannot be"));
    CHECK(error(passage("2026-11-01T08:00:00")).starts_with("r.jsonl:1: \"at\" cannot be"));
    CHECK(error("{\"at\": \"2026-11-01T08:00:00Z\", \"kind\": \"pasage\"}").starts_with("r.jsonl:1: \"kind\" cannot be"));
    CHECK(error(kDay2 + "\n\n" + kDay1).starts_with("r.jsonl:4: 2026-11-01T08:00:00.000+08:00 lies before"));
    CHECK(error(kDay1 + std::string(3 << 20, 'x')).starts_with("r.jsonl:2: the line is longer than 1 MiB"));
    // What was right before it has been told.
    CHECK(run(kDay1 + kDay2 + "x").out.find("firing") != std::string::npos);
}

TEST_CASE("rules or records that are not there", "[unit]") {
    const Folder folder;
    std::ostringstream out, err;
    BacktestOptions options;
    options.rules = {folder.write("r.yaml", "rules: [{id: a}]")};
    options.records = folder.path / "none.jsonl";
    CHECK_FALSE(backtest(options, out, err).has_value());
    CHECK(err.str().find("r.yaml:1:9: a.watch is missing") != std::string::npos);
    options.rules = {folder.write("r.yaml", "rules: []")};
    const auto missing = backtest(options, out, err);
    REQUIRE_FALSE(missing.has_value());
    CHECK(missing.error().message.find("none.jsonl: cannot be opened") != std::string::npos);
}

TEST_CASE("for people there are lines and a sum", "[unit]") {
    const auto done = run(kDay1 + kDay2, nullptr, false);
    CHECK(done.out.find("2026-11-02 08:00  firing    r  p1\n") != std::string::npos);
    CHECK(done.out.find("p1 not seen for " + in_words_en(24h)) != std::string::npos);
    CHECK(done.out.ends_with("\nr: would have fired 1 time, for 1 subject\n"));
    CHECK(run(kDay1, nullptr, false).out.ends_with("r: would not have fired\n"));
}

TEST_CASE("unknown keys are ignored, whatever they hold", "[unit]") {
    for (const std::string more : {", \"x\": 1", ", \"x\": 1.5", ", \"x\": null", ", \"x\": {\"y\": [1, {}]}", ", \"x\": [1, 2]",
                                   ", \"x\": \"\\u95e8\"", ", \"x\": \"门\"", ", \"x\": true", ", \"x\": -1e9"}) {
        INFO(more);
        CHECK(run(passage("2026-11-01T08:00:00+08:00", more), "2026-11-03T08:00:00+08:00").report->fired == 1);
    }
}

TEST_CASE("the quick reader and core's agree", "[unit]") {
    const std::vector<std::string> lines{
        R"({"epoch":"0a1b2c3d","seq":7,"at":"2026-11-01T08:00:00.123+08:00","wall_is_trusted":false,"mono":12,"boot":3,"kind":"passage","card":"c1","certainty":"strong","device":"d1","door":"front","household":"h1","household_size":4,"late":true,"method":"face","origin":"b","person":"p1","person_tags":["z","a"],"reason":"r","side":"out","stranger":"s1","tag":"t"})",
        R"({"at": "2026-11-01T08:00:00+08:00", "kind": "started", "alive": "2026-11-01T07:59:00.000+08:00", "n": -5, "b": false, "l": []})",
        R"( { "at" : "2026-02-28T23:59:59.999-03:30" , "kind" : "activity" } )",
        R"({"at": "2026-11-01T08:00:00+08:00", "kind": "alert", "rules": ["a@1", "b@2"]})",
    };
    for (const auto& line : lines) {
        INFO(line);
        Record quick;
        REQUIRE(parse_plain_record(line, quick));
        CHECK(to_json(quick) == to_json(parse_record(line).value()));
    }
    // What it takes, core takes in the same way, however the line was damaged.
    std::mt19937 random(7);
    int taken = 0;
    for (int i = 0; i < 200'000; ++i) {
        auto line = lines[static_cast<std::size_t>(random() % lines.size())];
        for (auto n = 1 + random() % 2; n > 0; --n) {
            constexpr std::string_view bytes = "\"{}[],: 0123456789-+.eTZatfn\\\x01\x80";
            auto& c = line[random() % line.size()];
            c = bytes[random() % bytes.size()];
        }
        Record quick;
        if (!parse_plain_record(line, quick)) continue;
        ++taken;
        const auto slow = parse_record(line);
        INFO(line);
        REQUIRE(slow.has_value());
        REQUIRE(to_json(quick) == to_json(*slow));
    }
    CHECK(taken > 1000);
}

TEST_CASE("lines in pieces, without an end, with carriage returns", "[unit]") {
    std::string text;
    for (int i = 0; i < 5000; ++i)
        text += "{\"at\":\"2026-11-01T08:00:00Z\",\"kind\":\"activity\",\"seq\":" + std::to_string(i + 1) + "}\r\n";
    text += R"({"at":"2026-11-01T08:00:00Z","kind":"stopped"})";
    std::istringstream in(text);
    RecordLines lines(in, "x");
    Record record;
    for (std::uint64_t i = 1; i <= 5000; ++i) {
        REQUIRE(lines.next(record).value());
        REQUIRE(record.seq == i);
    }
    REQUIRE(lines.next(record).value());
    CHECK(record.kind == Kind::stopped);
    CHECK_FALSE(lines.next(record).value());
    CHECK_FALSE(lines.next(record).value());
}
