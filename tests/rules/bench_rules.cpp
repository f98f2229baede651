// Figures of the rule engine, one JSON object a line.

#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <random>
#include <sstream>

#include "rules/backtest.hpp"
#include "rules/engine.hpp"
#include "rules/frequency_model.hpp"
#include "rules/parse.hpp"
#include "rules/silence_model.hpp"

namespace {

using namespace menshen;
using namespace menshen::rules;

/// Time of the processor that this thread used: what other programs do at the same time is not measured.
struct Clock {
    using duration = std::chrono::nanoseconds;
    using time_point = std::chrono::time_point<Clock, duration>;
    static time_point now() {
        timespec t{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return time_point(std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec));
    }
};

constexpr std::size_t kSubjects = 10'000;
constexpr WallTime kStart{Millis{1'793'462'400'000}};

void print(const char* figure, double value, const char* unit) {
    std::printf("{\"figure\": \"%s\", \"value\": %.4g, \"unit\": \"%s\"}\n", figure, value, unit);
}

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

enum class Learning : std::uint8_t { none, two_rules };

/// Twenty rules of every condition; all but one of them look at each passage. Two of them may learn each of their subjects.
std::shared_ptr<const RuleSet> twenty_rules(Learning learning) {
    std::string text = "rules:\n";
    const auto add = [&](int i, const std::string& rest) { text += fmt::format("  - {{id: rule-{}, {}}}\n", i, rest); };
    const bool learns = learning == Learning::two_rules;
    for (int i = 0; i < 3; ++i) {
        add(i,
            fmt::format("watch: [passage, activity], per: person, absent: {{for: {}h}}, unless: {{person.tags: away}}", 24 + i));
        add(3 + i, fmt::format("watch: [passage, granted], per: card, count: {{over: 1d, more_than: {}}}", 20 + i));
        add(6 + i,
            fmt::format(
                "watch: [passage, granted], where: {{side: in, not: {{door: back}}}}, per: person, days: {{consecutive: {}}}",
                40 + i));
        add(9 + i, fmt::format("watch: passage, where: {{person.tags: vip-{}}}, per: household, each: {{cooldown: 1h}}", i));
    }
    add(12, learns ? "watch: [passage, activity], per: person, absent: {budget: 1 per 30d, at_least: 4h, at_most: 48h}"
                   : "watch: [passage, activity], per: person, absent: {for: 48h}");
    add(13, learns ? "watch: [passage, granted], per: card, baseline: {over: 1d, budget: 0.1 per 30d, per_subject: true}"
                   : "watch: [passage, granted], per: card, count: {over: 7d, more_than: 100}");
    add(14, "watch: passage, per: card, distinct: {of: person, over: 7d, more_than: 2}");
    add(15, "watch: passage, per: household, distinct: {of: card, over: 7d, more_than: {household.size: +2, unknown: 6}}");
    add(16,
        "watch: passage, where: {side: out}, per: person, sequence: {then_not: {watch: passage, where: {side: in}}, within: "
        "20d}");
    add(17, "watch: passage, per: card, sequence: {then: {watch: passage, differs: door}, within: 1s}");
    add(18, "watch: door_opened, per: door, sequence: {not_before: {watch: passage}, within: 8s}");
    add(19, "watch: passage, weekdays: workdays, during: \"00:00-00:01\", per: door, each: {}");
    Problems problems;
    const std::vector<RuleFile> files{{"bench.yaml", text}};
    auto rules = parse_rules(files, {}, problems);
    if (!rules) std::fputs(problems.text().c_str(), stderr);
    return rules ? std::make_shared<const RuleSet>(std::move(*rules)) : nullptr;
}

/// A month of passages, one of so many persons at a time.
class Month {
public:
    Month(std::size_t count, std::size_t persons, std::uint64_t seed) : count_(count), persons_(persons), random_(seed) {}

    [[nodiscard]] std::vector<Record> next(std::size_t most) {
        std::vector<Record> out;
        for (; out.size() < most && made_ < count_; ++made_) out.push_back(record());
        return out;
    }

private:
    Record record() {
        Record r;
        const auto who = std::to_string(random_() % persons_);
        const auto ms = static_cast<std::int64_t>(made_ * (30ull * 86'400'000 / count_));
        r.epoch = "0a1b2c3d";
        r.seq = made_ + 1;
        r.at = {kStart + Millis{ms}, std::chrono::minutes{480}};
        r.mono = MonoTime{Millis{ms}};
        r.boot = 1;
        r.kind = Kind::passage;
        r.person = PersonId("person-" + who);
        r.household = HouseholdId("flat-" + who);
        r.card = CardId("card-" + who);
        r.door = DoorId(random_() % 2 == 0 ? "front" : "back");
        r.side = random_() % 2 == 0 ? Side::in : Side::out;
        r.method = Method::card;
        r.certainty = Certainty::strong;
        return r;
    }

    std::size_t count_;
    std::size_t persons_;
    std::mt19937_64 random_;
    std::size_t made_ = 0;
};

void bench_engine(Learning learning) {
    const auto rules = twenty_rules(learning);
    if (!rules) return;
    const std::string after = learning == Learning::none ? "" : ".two_learn";
    const auto print_figure = [&](const char* figure, double value, const char* unit) {
        print((figure + after).c_str(), value, unit);
    };
    constexpr std::size_t count = 2'000'000;
    Month month(count, kSubjects, 1);
    // The limit is the one of a gate: what does not fit is refused and counted.
    EngineSettings settings{.in_force = InForce::from_start, .bundle_after = 12};
    Engine engine(rules, settings);
    std::size_t changes = 0;
    double seconds = 0;
    // A record comes to the engine fresh from the hands of the store, so few at a time are made and then folded.
    for (auto some = month.next(500); !some.empty(); some = month.next(500)) {
        const auto begin = Clock::now();
        for (const auto& record : some) changes += engine.on_record(record).size();
        seconds += seconds_since(begin);
    }
    const auto usage = engine.usage();
    print_figure("rules.records_per_s", static_cast<double>(count) / seconds, "1/s");
    print_figure("rules.bytes_per_state", static_cast<double>(usage.bytes) / static_cast<double>(usage.states), "B");
    print_figure("rules.state", static_cast<double>(usage.bytes) / (1 << 20), "MiB");
    print_figure("rules.state_of_memory_limit", static_cast<double>(usage.bytes) / static_cast<double>(settings.memory_limit),
                 "x");
    print_figure("rules.subjects_refused", static_cast<double>(usage.refused), "");
    std::fprintf(stderr, "%zu changes, %zu states\n", changes, usage.states);
    const auto write = Clock::now();
    const auto bytes = engine.checkpoint();
    print_figure("rules.checkpoint.write", seconds_since(write) * 1000, "ms");
    print_figure("rules.checkpoint.size", static_cast<double>(bytes.size()) / (1 << 20), "MiB");
    const auto read = Clock::now();
    if (!Engine::restore(rules, settings, bytes)) std::fputs("the checkpoint is not read back\n", stderr);
    print_figure("rules.checkpoint.read", seconds_since(read) * 1000, "ms");
}

/// What a gate does at a start without a checkpoint: 60,000 stored records of 500 residents, read and folded.
void bench_start(const std::shared_ptr<const RuleSet>& rules) {
    std::vector<std::string> stored;
    for (const auto& record : Month(60'000, 500, 2).next(60'000)) stored.push_back(to_json(record));
    Engine engine(rules, {.in_force = InForce::from_start});
    const auto begin = Clock::now();
    for (const auto& bytes : stored) {
        const auto record = parse_record(bytes);
        if (record) static_cast<void>(engine.on_record(*record));
    }
    print("rules.start_of_a_month", seconds_since(begin) * 1000, "ms");
}

void bench_backtest() {
    const auto folder = std::filesystem::temp_directory_path() / fmt::format("menshen-bench-{}", getpid());
    std::filesystem::create_directory(folder);
    BacktestOptions options;
    options.rules = {folder / "rules.yaml"};
    options.records = folder / "records.jsonl";
    options.json = true;
    constexpr std::size_t count = 500'000;
    std::ofstream(options.rules[0]) << "rules:\n  - {id: silence, watch: passage, per: person, absent: {for: 100d}}\n";
    {
        std::ofstream out(options.records);
        for (const auto& record : Month(count, kSubjects, 3).next(count)) out << to_json(record) << "\n";
    }
    std::ostringstream out, err;
    const auto begin = Clock::now();
    const auto report = backtest(options, out, err);
    if (report) print("rules.backtest_records_per_s", static_cast<double>(count) / seconds_since(begin), "1/s");
    std::filesystem::remove_all(folder);
}

/// Bytes of one state of one rule, without and with what a condition learns or keeps.
void bench_sizes() {
    const auto bytes_of = [](const std::string& condition) {
        Problems problems;
        const std::vector<RuleFile> files{
            {"bench.yaml", "rules:\n  - {id: r, watch: passage, per: person, " + condition + "}\n"}};
        const auto set = std::make_shared<const RuleSet>(*parse_rules(files, {}, problems));
        Engine engine(set, {.in_force = InForce::from_start});
        for (const auto& record : Month(50'000, 5'000, 4).next(50'000)) static_cast<void>(engine.on_record(record));
        return static_cast<double>(engine.usage().bytes) / static_cast<double>(engine.usage().states);
    };
    // Names of persons and their facts, paid once for all rules, are in each of them.
    print("rules.bytes.absent", bytes_of("absent: {for: 100d}"), "B");
    print("rules.bytes.count_of_20", bytes_of("count: {over: 30d, more_than: 20}"), "B");
    print("rules.bytes.distinct", bytes_of("distinct: {of: door, over: 30d, more_than: 5}"), "B");
    print("rules.bytes.sequence", bytes_of("sequence: {then: {watch: passage, differs: door}, within: 1s}"), "B");
    print("rules.bytes.silence_model", static_cast<double>(sizeof(SilenceModel)), "B");
    print("rules.bytes.frequency_model", static_cast<double>(sizeof(FrequencyModel)), "B");
}

/// One count rule alone, for the peer of tests/bench/json_rules: records a second, bare.
void bench_count_rule() {
    Problems problems;
    const std::vector<RuleFile> files{
        {"bench.yaml", "rules:\n  - {id: r, watch: granted, per: card, count: {over: 1d, more_than: 20}}\n"}};
    const auto set = std::make_shared<const RuleSet>(*parse_rules(files, {}, problems));
    Engine engine(set, {.in_force = InForce::from_start});
    constexpr std::size_t count = 200'000;
    auto records = Month(count, kSubjects, 5).next(count);
    for (auto& record : records) record.kind = Kind::granted;
    const auto begin = Clock::now();
    for (const auto& record : records) static_cast<void>(engine.on_record(record));
    std::printf("%.0f\n", static_cast<double>(count) / seconds_since(begin));
}

}  // namespace

int main(int argc, char** argv) {
    if (argc > 1 && std::string_view(argv[1]) == "--count-rule") {
        bench_count_rule();
        return 0;
    }
    if (argc > 1 && std::string_view(argv[1]) == "--two-learn") {  // alone, for a profiler
        bench_engine(Learning::two_rules);
        return 0;
    }
    const auto rules = twenty_rules(Learning::two_rules);
    if (!rules) return 1;
    bench_engine(Learning::none);
    bench_engine(Learning::two_rules);
    bench_sizes();
    bench_start(rules);
    bench_backtest();
    return 0;
}
