// The rules' part of the app: reading them, folding the journal at start, reading them again.

#include "daemon/app/app.hpp"
#include "daemon/app/log.hpp"
#include "daemon/app/version.hpp"
#include "daemon/config/rule_options.hpp"
#include "rules/ledger.hpp"
#include "rules/parse.hpp"

namespace menshen::app {

namespace {

/// Of a (rule, subject); docs/rules.md, "Memory".
constexpr std::size_t kStateBytes = 300;
constexpr std::size_t kKeptRecordBytes = 8;
constexpr std::size_t kLearnedBytes = 2048;

std::size_t kept_bytes(const rules::Limit& limit) {
    constexpr std::uint32_t kUsualHousehold = 4;
    return kKeptRecordBytes * (limit.of(kUsualHousehold).value_or(limit.more_than) + 1);
}

std::size_t bytes_of_subject(const rules::Rule& rule) {
    return kStateBytes +
           std::visit(Match{
                          [](const rules::Absent& absent) { return absent.budget ? kLearnedBytes : std::size_t{0}; },
                          [](const rules::Baseline&) { return kLearnedBytes; },
                          [](const rules::Count& count) { return kept_bytes(count.limit); },
                          [](const rules::Distinct& distinct) { return kept_bytes(distinct.limit); },
                          [](const auto&) { return std::size_t{0}; },
                      },
                      rule.condition);
}

std::size_t subjects_of(const rules::Rule& rule, const Roster& roster, std::size_t doors) {
    switch (rule.per) {
        case rules::Per::person:
            return roster.persons().size();
        case rules::Per::household:
            return roster.households().size();
        case rules::Per::card:
            return roster.cards().size();
        case rules::Per::door:
            return doors;
        case rules::Per::stranger:
        case rules::Per::gate:
            break;
    }
    return 1;  // strangers come and go; nobody knows how many
}

}  // namespace

/// Everybody of the roster under every rule: when that does not fit somebody will not be watched.
void App::warn_of_memory(const rules::RuleSet& set) {
    std::size_t bytes = 0;
    for (const auto& rule : set.rules) {
        if (rule.active()) bytes += bytes_of_subject(rule) * subjects_of(rule, gate_->roster(), config_.gate.doors.size());
    }
    if (bytes <= config_.rules_memory) return;
    log::warning(
        "the rules may need {} KB for everybody of the roster, and rules.memory is {} KB: some would not be watched; set "
        "rules.memory "
        "higher",
        bytes / 1024, config_.rules_memory / 1024);
}

void App::open_rules() {
    Problems problems;
    auto rules = config::load_rules(config_, problems);
    for (const auto& problem : problems.all()) {
        log::write(problem.severity == Severity::error ? log::Level::error : log::Level::warning, problem.text());
    }
    if (!rules || problems.has_errors()) {
        // People must get in and out whatever an integrator wrote: the gate starts, and says that nobody is watched over.
        health_.rules = "no rules run: " + problems.text();
        rules.emplace();
    }
    warn_of_memory(*rules);
    std::vector<AlertChange> unsaid;
    auto engine = fold_journal(std::make_shared<const rules::RuleSet>(std::move(*rules)), unsaid);
    open_flow(std::move(engine));
    // What the rules knew stays in the last checkpoint until there are rules again: a typo must not make anybody forgotten.
    if (!health_.rules.empty()) flow_->hold_checkpoints();
    say_started(unsaid);
}

rules::EngineSettings App::engine_settings() const {
    return {.gate = config_.gate.gate.str(),
            .zone = config_.zone,
            .id_key = opened_.store->keys().alert_ids(),
            .memory_limit = config_.rules_memory,
            .bundle_after = rules::kStorm};
}

rules::Engine App::fold_journal(std::shared_ptr<const rules::RuleSet> rules, std::vector<AlertChange>& unsaid) const {
    auto engine = std::make_unique<rules::Engine>(rules, engine_settings());
    if (opened_.checkpoint) {
        auto restored = rules::Engine::restore(rules, engine_settings(), opened_.checkpoint->bytes);
        if (restored) {
            *engine = std::move(*restored);
        } else {
            log::warning("rule state cannot be read ({}); it is made anew from the whole journal", restored.error().message);
        }
    }
    rules::AlertLedger ledger;
    std::vector<AlertChange> changes;
    const auto read = opened_.store->records_after(engine->last_record().seq, [&](const store::StoredRecord& stored) {
        const auto record = parse_record(stored.payload);
        if (!record) return true;  // audit verify tells of it; the rules go on without
        if (record->kind == Kind::alert) (void)ledger.note(*record);
        for (auto& change : engine->on_record(*record)) changes.push_back(std::move(change));
        return true;
    });
    if (!read) log::error("the journal cannot be read for the rules: {}", read.error().message);
    for (auto& change : changes) {
        if (auto fresh = ledger.fresh(std::move(change))) unsaid.push_back(std::move(*fresh));
    }
    return std::move(*engine);
}

void App::open_flow(rules::Engine engine) {
    flow_ = std::make_unique<Flow>(Flow::Parts{
        .loop = loop_,
        .clock = *clock_,
        .gate = *gate_,
        .store = *opened_.store,
        .side = side_,
        .engine = std::move(engine),
        .run_command = [this](const Command& command) { supervisor_->apply(command); },
        .ask_face =
            [this](const FaceQuestion& question) {
                if (vision_) vision_->ask(question, now());
            },
        .alert_payload = [this](const AlertChange& change) { return mqtt::alert_body(change, names_for_platform(change)); },
        .on_committed = [this](const Record& record) { on_committed(record); },
        .told = opened_.open_alerts,
    });
    if (stage_clock_ == nullptr) flow_->on_deadline_changed = [this] { arm_deadline(); };
}

void App::say_started(const std::vector<AlertChange>& unsaid) {
    Record started = make_record(Kind::started, now());
    started.more["version"] = std::string(kVersion);
    if (simulated()) started.more["simulated"] = true;
    if (opened_.last_alive) started.more["alive"] = to_text(opened_.last_alive->at);
    if (!opened_.set_aside.empty()) started.more["set_aside"] = std::filesystem::path(opened_.set_aside).filename().string();
    if (!opened_.roster_from.empty()) started.more["roster_from"] = opened_.roster_from;
    if (!health_.rules.empty()) started.more["rules_problem"] = true;
    store::Batch batch;
    batch.records.push_back(std::move(started));
    if (health_.rules.empty() && flow_->engine().awaits_load()) {
        Record changed = make_record(Kind::rules_changed, now());
        changed.more["rules"] = flow_->engine().rules().versions();
        batch.records.push_back(std::move(changed));
    }
    flow_->commit(std::move(batch));
    if (!unsaid.empty()) flow_->commit_alerts(unsaid);
}

/// What a reload brings, on its way from step to step.
struct App::NewRules {
    Problems problems;
    std::optional<config::Config> config;
    std::shared_ptr<const rules::RuleSet> set;
    Result<rules::Engine> engine = fail("not made yet");
    std::vector<AlertChange> unsaid;
};

void App::reload(Reloaded done) {
    reloads_.push_back(std::move(done));
    if (reloads_.size() == 1) read_rules_again();
}

void App::end_reload(const Result<std::size_t>& outcome) {
    const auto done = std::move(reloads_.front());
    reloads_.erase(reloads_.begin());
    done(outcome);
    if (!reloads_.empty()) read_rules_again();
}

/// First the files: while they are read, the rules of before work on.
void App::read_rules_again() {
    side_.run([this, file = config_.file]() -> SideThread::Then {
        auto fresh = std::make_shared<NewRules>();
        fresh->config = config::read_config(file, fresh->problems);
        if (fresh->config) {
            auto rules = config::load_rules(*fresh->config, fresh->problems);
            if (rules && !fresh->problems.has_errors()) fresh->set = std::make_shared<const rules::RuleSet>(std::move(*rules));
        }
        return [this, fresh] { take_over(fresh); };
    });
}

/// Then what the rules know is handed on, while they stand aside.
void App::take_over(const std::shared_ptr<NewRules>& fresh) {
    health_.config = fresh->config ? "" : fresh->problems.text();
    if (!fresh->set) {
        const bool none_run = flow_->engine().rules().rules.empty();
        if (fresh->config) {
            health_.rules = (none_run ? "no rules run: " : "the rules of before run on: ") + fresh->problems.text();
        }
        return end_reload(fail("{}", fresh->problems.text()));
    }
    // What is held may always grow; what a smaller limit would cost is refused from now on.
    config_.rules_memory = fresh->config->rules_memory;
    const bool from_journal = flow_->holds_checkpoints();
    flow_->with_engine_aside([this, fresh, from_journal, settings = engine_settings()](const rules::Engine& old) {
        fresh->engine = from_journal ? Result<rules::Engine>(fold_journal(fresh->set, fresh->unsaid))
                                     : rules::Engine::restore(fresh->set, settings, old.checkpoint());
        return [this, fresh] { put_in_force(*fresh); };
    });
}

void App::put_in_force(NewRules& fresh) {
    if (!fresh.engine) return end_reload(fail("the new rules cannot take over: {}", fresh.engine.error().message));
    health_.rules.clear();
    config_.recipients = fresh.config->recipients;
    config_.recipients_file = fresh.config->recipients_file;
    config_.calendar_file = fresh.config->calendar_file;
    config_.rule_paths = fresh.config->rule_paths;
    config_.privacy = fresh.config->privacy;
    flow_->set_engine(std::move(*fresh.engine));
    if (!fresh.unsaid.empty()) flow_->commit_alerts(fresh.unsaid);
    update_strangers_wanted();
    warn_of_memory(flow_->engine().rules());
    say_state();
    const auto count = fresh.set->rules.size();
    log::info("reloaded: {} rules. Devices, doors, MQTT and the store keep their settings until a restart", count);
    end_reload(count);
}

}  // namespace menshen::app
