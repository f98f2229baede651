#pragma once
/// The inside of the engine. Inside the room only.

#include <array>
#include <set>

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
    /// What a person may say to an alert.
    enum class Saying : std::uint8_t { acknowledge, snooze, note, close };
    [[nodiscard]] Result<AlertChange> change_by_person(const AlertId& id, const Said& said, Saying what, const Now& now);
    [[nodiscard]] Changes open_alerts() const;
    [[nodiscard]] std::vector<Mute> mutes() const;
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

    /// When and why something changes: a record, or a deadline.
    struct Cause {
        Stamp at;
        Point point = 0;
        const Record* record = nullptr;       ///< Nothing for a deadline.
        const SequenceMark* first = nullptr;  ///< A, when the record is B.
    };
    [[nodiscard]] static Cause cause_of(const Context& context) { return {context.record.at, context.now, &context.record}; }

    struct Deadline {
        Point at;
        Index rule;
        Index subject;
    };

    /// A tag that ends by itself; checked against what is held when its time comes.
    struct TagEnd {
        std::int64_t until;
        enum class Owner : std::uint8_t { gate, person, stranger } owner;
        std::string name;  ///< Of the person or stranger.
        std::string tag;
        auto operator<=>(const TagEnd&) const = default;
    };

    // engine_records.cpp: what a record does
    static constexpr std::array kHashed{Per::person, Per::card, Per::household};
    using Hashes = std::array<std::uint32_t, kHashed.size()>;
    [[nodiscard]] Hashes prefetch_slots(const Record& record) const;
    void prefetch_names(const Hashes& hashes) const;
    void fold(Context& context);
    void fold_alert(Context& context);
    void fold_rules_changed(Context& context);
    void end_orphans(Context& context);
    bool fold_roster_changed(Context& context);
    bool merge_strangers(Context& context);
    void load(RuleRun& run, const Cause& cause);
    void unload(RuleRun& run, Context& context);
    void drop(RuleRun& run, SubjectState& state);
    void match(Context& context);
    [[nodiscard]] Index subject_of(Per per, Context& context);
    [[nodiscard]] SubjectState* state_for(RuleRun& run, Index subject);
    [[nodiscard]] std::uint32_t household_size(Context& context);

    // engine_tags.cpp: persons, their tags, the gate's, labels of strangers
    void fold_person(Context& context);
    void fold_tag(Context& context);
    void fold_person_tag(Context& context, const Tag& tag);
    void fold_gate_tag(const Tag& tag, const Cause& cause, Kind kind, Changes& out);
    void fold_label(Context& context, const Tag& tag);
    void retag(Index person, TagMask before, const Cause& cause, Changes& out);
    void unwatch_end(TagEnd::Owner owner, const std::string& name, const Tag* tag);
    void watch_end(TagEnd::Owner owner, const std::string& name, const Tag& tag);
    void end_tag(const TagEnd& end, const Cause& cause, Changes& out);
    void rebuild_tag_ends();

    // engine_conditions.cpp: what matches and deadlines do to a state
    void on_match(RuleRun& run, Index subject, Context& context);
    void on_match(const Each& each, RuleRun& run, SubjectState& state, Context& context);
    void on_match(const Absent& absent, RuleRun& run, SubjectState& state, Context& context);
    void on_match(const Count& count, RuleRun& run, SubjectState& state, Context& context);
    void on_match(const Days& days, RuleRun& run, SubjectState& state, Context& context);
    void on_match(const Distinct& distinct, RuleRun& run, SubjectState& state, Context& context);
    void on_match(const Baseline& baseline, RuleRun& run, SubjectState& state, Context& context);
    void on_match(const Sequence& sequence, RuleRun& run, SubjectState& state, Context& context);
    void on_due(RuleRun& run, SubjectState& state, const Cause& cause, Changes& out);
    void on_due_absent(RuleRun& run, SubjectState& state, const Cause& cause, Changes& out);
    void on_due_baseline(const Baseline& baseline, RuleRun& run, SubjectState& state, const Cause& cause, Changes& out);
    void begin_silence(RuleRun& run, SubjectState& state, const Cause& cause);
    void end_watch(RuleRun& run, SubjectState& state, const Cause& cause, Changes& out);
    void excuse(RuleRun& run, SubjectState& state, bool excused, const Cause& cause, Changes& out);
    void mark_start(SubjectState& state, const Cause& cause);
    /// When the silence that is on becomes an alert, unless it is suspended, blind or told already.
    [[nodiscard]] bool ask_model(RuleRun& run, SubjectState& state);
    [[nodiscard]] Point silence_due(RuleRun& run, const SubjectState& state) const;
    void learn_silence(const Absent& absent, RuleRun& run, SubjectState& state, const Record& record);
    [[nodiscard]] FrequencyLimits limits_of(const Baseline& baseline, const RuleRun& run) const;
    [[nodiscard]] std::int64_t run_breaks_on(const Days& days, const DayMarks& marks) const;
    [[nodiscard]] std::int64_t day_due(const RuleRun& run, const SubjectState& state) const;
    [[nodiscard]] Stamp local_at(std::int64_t day, Millis time_of_day) const;
    [[nodiscard]] Index value_of(Of of, Context& context);

    // engine_sequences.cpp
    void on_second(RuleRun& run, Index subject, Context& context);
    [[nodiscard]] SequenceMark mark_of(const Sequence& sequence, Context& context);

    // engine_blind.cpp: when nothing that could match works
    struct Source {
        std::uint32_t kinds = 0;  ///< Bits of Kind: what it can cause.
        bool online = true;
    };
    void fold_device(Context& context);
    void look_around(const Cause& cause, Changes& out);
    [[nodiscard]] bool sees(const RuleRun& run) const;
    [[nodiscard]] Point blind_limit(const RuleRun& run) const;
    void plan_blindness();
    void go_blind(RuleRun& run, const Cause& cause, Changes& out);
    void see_again(RuleRun& run, const Cause& cause);
    /// The silences of the run did not count between the two.
    void stop_count(RuleRun& run, Point from, Point to);
    struct TimeOff {
        Point from;
        Point to;
        Point known;  ///< Now.
    };
    void count_time_off(TimeOff off, const Record& record, Changes& out);

    // engine_alignment.cpp
    void put_in_time_off(std::int64_t off);
    void put_off(RuleRun& run, SubjectState& state, std::int64_t by);
    void tell_of_blindness(const std::vector<Index>& runs, Point from, const Cause& cause, Changes& out);
    void end_blindness(const Cause& cause, Changes& out);
    [[nodiscard]] std::vector<std::string> dead_sources(const RuleRun& run) const;

    // engine_alerts.cpp: raising and ending
    /// False when a mute holds it back.
    bool raise(RuleRun& run, SubjectState& state, const Cause& cause, const std::string& started_by, Changes& out);
    /// Resolves the open alert if the rule may do so by itself.
    void settle(RuleRun& run, SubjectState& state, const Stamp& at, Changes& out);
    void end_alert(SubjectState& state, const Stamp& at, Changes& out);
    void end_in_book(Index index, const Stamp& at, const char* reason, Changes& out);
    void forget_value(const std::string& name);
    void rename_value(const std::string& name, const std::string& to);
    [[nodiscard]] const Rule& rule_of(const OpenAlert& alert) const;
    [[nodiscard]] AlertChange change_of(const OpenAlert& alert) const;
    /// One more change of an alert that no person makes.
    void tell(OpenAlert& alert, const Stamp& at, const char* reason, Changes& out);
    [[nodiscard]] std::map<std::string, Value> evidence(const RuleRun& run, const SubjectState& state, const Cause& cause) const;
    void add_record_evidence(const RuleRun& run, const SubjectState& state, const Cause& cause,
                             std::map<std::string, Value>& out) const;
    void add_condition_evidence(const RuleRun& run, const SubjectState& state, const Cause& cause,
                                std::map<std::string, Value>& out) const;
    void add_silence_evidence(const Absent& absent, const RuleRun& run, const SubjectState& state, const Cause& cause,
                              std::map<std::string, Value>& out) const;

    // engine_life.cpp: what becomes of an open alert in time; mutes; storms
    void begin_life(OpenAlert& alert, const Rule& rule, const Cause& cause);
    void begin_to_fire(OpenAlert& alert, const Rule& rule, Point now);
    void plan(Index index);
    [[nodiscard]] Point next_change(const OpenAlert& alert) const;
    void on_timer(Index index, const Cause& cause, Changes& out);
    void make_noise(OpenAlert& alert, const Rule& rule, const Cause& cause, Changes& out);
    [[nodiscard]] std::optional<Stamp> next_notify(const Rule& rule, const Stamp& at) const;
    [[nodiscard]] bool may_notify(const Rule& rule, AlertSeverity severity, const Stamp& at) const;
    void add_recipients(OpenAlert& alert, const std::vector<RecipientId>& to, const Stamp& at) const;
    void refresh(OpenAlert& alert, Point now) const;
    struct Closed {
        bool swallowed = false;
        std::string reason;
    };
    void after_close(RuleRun& run, SubjectState& state, const Closed& closed, const Context& context);
    void apply_saying(Index index, const AlertChange& change, const Context& context);
    void fold_mute(Context& context);
    /// The point until which a mute holds, if one does.
    [[nodiscard]] std::optional<Point> muted_until(const RuleRun& run, Index subject, Point now) const;
    /// A silence that is on is told at `at` at the earliest.
    enum class Holder : std::uint8_t { close, mute };
    struct HeldBack {
        Point at = 0;
        Holder by = Holder::close;
    };
    void hold_back(RuleRun& run, SubjectState& state, HeldBack held);
    void close_bundled(RuleRun& run, const AlertChange& change, const Context& context);
    /// Whether a storm is on; then the alert is counted and told by its summary.
    [[nodiscard]] bool count_storm(RuleRun& run, Point now);
    void tell_storm(RuleRun& run, const OpenAlert& alert, const Cause& cause, Changes& out);
    void leave_storm(RuleRun& run, const Stamp& at, Changes& out);

    // engine_deadlines.cpp
    void set_due(RuleRun& run, SubjectState& state, Point due);
    /// Fires what is due up to `until`; each at its own time, or all `at` one.
    void fire_due(Point until, const std::optional<Stamp>& at, Changes& out);
    void fire_rule(Point until, const std::optional<Stamp>& at, Changes& out);
    /// Takes entries off the front that are no deadline any more; the front is then a real one.
    bool tidy();
    /// The next thing that time alone brings, and of which sort it is. At one moment they come in this order.
    enum class Sort : std::uint8_t { tag_end, blindness, rule, alert };
    struct Next {
        Point at = kNever;
        Sort sort = Sort::rule;
    };
    [[nodiscard]] Next next();
    [[nodiscard]] bool comes_after(const Deadline& a, const Deadline& b) const;
    static constexpr std::size_t kChildren = 4;  ///< Of the heap.
    void push(Deadline deadline);
    void sink(std::size_t at, Deadline deadline);
    void prefetch_front() const;
    Deadline pop();
    void rebuild_queue();
    void on_shift(Changes& out);
    [[nodiscard]] Stamp stamp_of(const RuleRun& run, const SubjectState& state, Point due) const;
    [[nodiscard]] Stamp local(Stamp stamp) const;
    [[nodiscard]] Point point_of(std::int64_t wall_ms) const { return clock_.point_at(WallTime{Millis{wall_ms}}); }

    // checkpoint_write.cpp, checkpoint_read.cpp
    template <class Archive>
    void transfer_fixed(Archive& archive);
    void write_people(class ByteWriter& out) const;
    void write_rule(class ByteWriter& out, const RuleRun& run) const;
    void write_state(class ByteWriter& out, const RuleRun& run, const SubjectState& state) const;
    void write_loose_alerts(class ByteWriter& out) const;
    void read_people(class ByteReader& in);
    void read_rule(class ByteReader& in);
    void read_states(class ByteReader& in, RuleRun* run, const AlertChange& pattern);
    void read_loose_alerts(class ByteReader& in);
    void keep(RuleRun& run, const SubjectState& state, struct ReadState& read);

    // engine.cpp
    [[nodiscard]] std::size_t bytes() const;
    /// Before each record: when memory is short, forgets what says nothing any more; else new subjects are refused for now.
    void check_room();
    void sweep();
    void sweep_values();

    [[nodiscard]] Index index_of(const RuleRun& run) const { return static_cast<Index>(&run - runs_.data()); }
    [[nodiscard]] Names& names(Per per) { return names_[static_cast<std::size_t>(per)]; }
    [[nodiscard]] const Names& names(Per per) const { return names_[static_cast<std::size_t>(per)]; }
    [[nodiscard]] const std::string& subject_name(const RuleRun& run, const SubjectState& state) const {
        return names(run.rule->per).name(state.subject);
    }

    std::shared_ptr<const RuleSet> rules_;
    EngineSettings settings_;
    TagBits bits_;
    Rule blind_rule_;
    std::vector<RuleRun> runs_;  ///< As the rules, in the order of their ids.
    std::array<std::vector<Index>, kKindCount> by_kind_;
    std::array<std::vector<Index>, kKindCount> by_second_kind_;  ///< Sequences, by the kinds of B.
    std::vector<Index> watching_;                                ///< absent.
    std::vector<Index> watching_persons_;                        ///< absent, per person, with tags in `where` or `unless`.
    std::vector<Index> watching_gate_;                           ///< absent, with gate tags in `unless`.
    std::vector<Index> on_days_;                                 ///< Rules whose deadlines are midnights.
    bool wants_sizes_ = false;                                   ///< A limit asks for the size of the household.

    SpanClock clock_;
    std::int64_t shift_ = 0;  ///< Of the clock, when what hangs on the wall clock was last reckoned.
    Position position_;
    std::vector<std::string> loaded_;  ///< The versions in force, by the last `rules_changed`.
    std::array<Names, kPerCount> names_;
    Names epochs_;
    Names values_;  ///< Of `distinct` and `differs`.
    Persons persons_;
    std::vector<std::uint32_t> sizes_;  ///< Of households, by their index.
    std::map<Index, Tag> labels_;       ///< Of strangers.
    TagList gate_tags_;
    TagMask gate_mask_ = 0;
    std::set<TagEnd> tag_ends_;
    std::map<std::pair<std::string, std::string>, std::int64_t> mutes_;  ///< Rule and subject ("": all); until, wall ms.
    std::map<std::pair<Index, Index>, HeldBack> held_back_;  ///< Rule and subject: silences that wait after a close or a mute.
    std::map<std::string, Source> sources_;                  ///< By device.
    Point next_blind_ = kNever;
    Index blind_alert_ = kNone;
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
    std::size_t slot_bytes_ = 0;
    bool wall_is_trusted_ = true;  ///< Of the record that is handled, or was handled last.
    bool full_ = false;
    std::optional<Point> swept_;
};

}  // namespace menshen::rules
