#pragma once
/// The inside of the engine. Inside the room only.

#include <array>

#include "rules/alert_book.hpp"
#include "rules/engine.hpp"
#include "rules/rule_run.hpp"

namespace menshen::rules {

class Engine::State {
public:
    State(std::shared_ptr<const RuleSet> rules, EngineSettings settings);

    using Changes = std::vector<AlertChange>;
    void on_record(const Record& record, Changes& out);
    void on_time(const Moment& now, Changes& out);
    [[nodiscard]] std::optional<Millis> until_next(const Moment& now);
    [[nodiscard]] Result<AlertChange> change_by_person(const AlertId& id, const Said& said, AlertState to, const Now& now);
    [[nodiscard]] Changes open_alerts() const;
    [[nodiscard]] bool awaits_load() const;
    [[nodiscard]] Usage usage() const;
    [[nodiscard]] std::string checkpoint() const;
    [[nodiscard]] Result<void> restore(std::string_view bytes);

    [[nodiscard]] const RuleSet& rules() const { return *rules_; }
    [[nodiscard]] const Position& position() const { return position_; }

private:
    /// What is known while one record is handled.
    struct Context {
        const Record& record;
        Changes& out;
        Point now = 0;
        Tags tags;
        std::array<Index, kPerCount> subjects{};  ///< kNone: not looked up yet; kRefused: there is none.
    };
    static constexpr Index kRefused = kNone - 1;

    /// When and why an alert changes.
    struct Cause {
        Stamp at;
        Point point = 0;
        const Record* record = nullptr;  ///< Nothing for a deadline.
    };

    struct Deadline {
        Point at;
        Index rule;
        Index subject;
    };

    // engine_records.cpp: what a record does
    void run_due(const Record& record, const SpanClock::Reading& reading, Changes& out);
    void fold(Context& context);
    void fold_alert(Context& context);
    void fold_person(Context& context);
    void fold_tag(Context& context);
    void fold_gate_tag(Context& context);
    void fold_rules_changed(Context& context);
    bool fold_roster_changed(Context& context);
    void retag(Context& context, Index person, TagMask before);
    void load(RuleRun& run, Context& context);
    void unload(RuleRun& run, Context& context);
    void match(Context& context);
    [[nodiscard]] Index subject_of(Per per, Context& context);
    [[nodiscard]] SubjectState* state_for(RuleRun& run, Index subject);

    // engine_conditions.cpp: what matches and deadlines do to a state
    void on_match(RuleRun& run, Index subject, Context& context);
    void on_match(const Each& each, RuleRun& run, SubjectState& state, Context& context);
    void on_match(const Absent& absent, RuleRun& run, SubjectState& state, Context& context);
    void on_match(const Count& count, RuleRun& run, SubjectState& state, Context& context);
    void on_match(const Days& days, RuleRun& run, SubjectState& state, Context& context);
    template <class Other>
    void on_match(const Other&, RuleRun&, SubjectState&, Context&) {}
    void on_due(RuleRun& run, SubjectState& state, const Cause& cause, Changes& out);
    void begin_silence(RuleRun& run, SubjectState& state, Context& context);
    void end_watch(RuleRun& run, SubjectState& state, Context& context);
    void excuse(RuleRun& run, SubjectState& state, bool excused, Context& context);
    [[nodiscard]] std::int64_t run_breaks_on(const Days& days, const DayMarks& marks) const;
    [[nodiscard]] Stamp midnight(std::int64_t day) const;

    // engine_alerts.cpp: the alerts themselves
    void raise(RuleRun& run, SubjectState& state, const Cause& cause, const std::string& started_by, Changes& out);
    /// Resolves the open alert if the rule may do so by itself.
    void settle(RuleRun& run, SubjectState& state, const Stamp& at, Changes& out);
    void end_alert(SubjectState& state, const Stamp& at, Changes& out);
    [[nodiscard]] AlertChange change_of(const OpenAlert& alert) const;
    [[nodiscard]] std::map<std::string, Value> evidence(const RuleRun& run, const SubjectState& state, const Cause& cause) const;
    void add_condition_evidence(const RuleRun& run, const SubjectState& state, Point now,
                                std::map<std::string, Value>& out) const;

    // engine_deadlines.cpp
    void set_due(RuleRun& run, SubjectState& state, Point due);
    /// Fires what is due up to `until`; each at its own time, or all `at` one.
    void fire_due(Point until, const std::optional<Stamp>& at, Changes& out);
    /// Takes entries off the front that are no deadline any more; the front is then a real one.
    bool tidy();
    [[nodiscard]] bool comes_after(const Deadline& a, const Deadline& b) const;
    void push(Deadline deadline);
    Deadline pop();
    void rebuild_queue();
    void on_shift(Changes& out);
    [[nodiscard]] Stamp stamp_of(const RuleRun& run, const SubjectState& state, Point due) const;
    [[nodiscard]] Stamp local(Stamp stamp) const;

    // checkpoint.cpp
    template <class Archive>
    void transfer_fixed(Archive& archive);
    void write_persons(class ByteWriter& out) const;
    void write_rule(class ByteWriter& out, const RuleRun& run) const;
    void read_persons(class ByteReader& in);
    void read_rule(class ByteReader& in);
    void read_states(class ByteReader& in, RuleRun* run, const AlertChange& pattern);

    // engine.cpp
    [[nodiscard]] std::size_t bytes() const;
    /// Before each record: when memory is short, forgets what says nothing any more; else new subjects are refused for now.
    void check_room();
    void sweep();

    [[nodiscard]] Index index_of(const RuleRun& run) const { return static_cast<Index>(&run - runs_.data()); }
    [[nodiscard]] Names& names(Per per) { return names_[static_cast<std::size_t>(per)]; }
    [[nodiscard]] const Names& names(Per per) const { return names_[static_cast<std::size_t>(per)]; }
    [[nodiscard]] const std::string& subject_name(const RuleRun& run, const SubjectState& state) const {
        return names(run.rule->per).name(state.subject);
    }

    std::shared_ptr<const RuleSet> rules_;
    EngineSettings settings_;
    TagBits bits_;
    std::vector<RuleRun> runs_;  ///< As the rules, in the order of their ids.
    std::array<std::vector<Index>, kKindCount> by_kind_;
    std::vector<Index> watching_persons_;  ///< absent, per person, with tags in `where` or `unless`.
    std::vector<Index> watching_gate_;     ///< absent, with gate tags in `unless`.
    std::vector<Index> counting_days_;

    SpanClock clock_;
    std::int64_t shift_ = 0;  ///< Of the clock, when the midnights of `days` were last reckoned.
    Position position_;
    std::vector<std::string> loaded_;  ///< The versions in force, by the last `rules_changed`.
    std::array<Names, kPerCount> names_;
    Names epochs_;
    Persons persons_;
    std::vector<std::string> gate_tags_;
    TagMask gate_mask_ = 0;
    AlertBook book_;
    struct Hit {
        Index rule;
        Index subject;
    };
    std::vector<Hit> hits_;        // of one record; kept for its memory
    std::vector<Deadline> queue_;  // a heap, the next one in front

    std::size_t state_bytes_ = 0;
    std::size_t ring_bytes_ = 0;
    std::uint64_t refused_ = 0;
    bool full_ = false;
    std::optional<Point> swept_;
};

}  // namespace menshen::rules
