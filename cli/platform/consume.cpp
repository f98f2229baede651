#include "cli/platform/consume.hpp"

#include <mosquitto.h>
#include <netdb.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <thread>

#include "cli/platform/message.hpp"

namespace menshen::platform {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using Json = nlohmann::ordered_json;

volatile std::sig_atomic_t asked_to_stop = 0;
void on_signal(int) { asked_to_stop = 1; }

std::string why(int rc, int error) {
    if (rc == MOSQ_ERR_EAI) return ::gai_strerror(error);
    if (rc == MOSQ_ERR_ERRNO) return std::strerror(error);
    return mosquitto_strerror(rc);
}

class Consumer {
public:
    Consumer(const ConsumeOptions& options, Ledger& ledger) : options_(options), ledger_(ledger) {}
    ~Consumer() { mosquitto_destroy(client_); }
    Consumer(const Consumer&) = delete;
    Consumer& operator=(const Consumer&) = delete;

    int run() {
        if (!choose_client_id()) return 1;
        auto wait = milliseconds(100);
        while (asked_to_stop == 0 && !broken_) {
            const auto reason = connect_and_serve();
            if (asked_to_stop != 0 || broken_) break;
            say(reason);
            wait = was_up_ ? milliseconds(100) : std::min(wait * 2, options_.retry_max);
            for (const auto until = Clock::now() + wait; asked_to_stop == 0 && Clock::now() < until;)
                std::this_thread::sleep_for(milliseconds(20));
        }
        store_and_confirm();
        if (!broken_) return 0;
        // The totals are to say what is on the disk.
        if (const auto undone = ledger_.rollback(); !undone) give_up(undone.error());
        return 1;
    }

private:
    bool choose_client_id() {
        client_id_ = options_.client_id;
        if (!client_id_.empty()) return true;
        const auto held = ledger_.kept("client_id");
        if (!held) return give_up(held.error()), false;
        client_id_ = *held;
        if (!client_id_.empty()) return true;
        client_id_ = fmt::format("menshen-platform-{:08x}", std::random_device{}());
        const auto kept = ledger_.keep("client_id", client_id_);
        if (!kept) give_up(kept.error());
        return !broken_;
    }

    void say(const std::string& what) {
        if (what == last_said_) return;
        last_said_ = what;
        std::fprintf(stderr, "menshen platform: %s\n", what.c_str());
    }

    void give_up(const Error& error) {
        std::fprintf(stderr, "menshen platform: %s; stopping, nothing more is confirmed\n", error.message.c_str());
        broken_ = true;
    }

    std::string connect() {
        // Not a clean start: while we are away the broker keeps for us what it can.
        client_ = mosquitto_new(client_id_.c_str(), false, this);
        if (client_ == nullptr) return std::strerror(errno);
        if (!options_.username.empty()) {
            std::string password;
            if (std::ifstream in(options_.password_file); !options_.password_file.empty() && !std::getline(in, password))
                return options_.password_file + " cannot be read";
            mosquitto_username_pw_set(client_, options_.username.c_str(), password.empty() ? nullptr : password.c_str());
        }
        if (!options_.ca_file.empty()) {
            const auto or_null = [](const std::string& file) { return file.empty() ? nullptr : file.c_str(); };
            const int rc = mosquitto_tls_set(client_, options_.ca_file.c_str(), nullptr, or_null(options_.certificate_file),
                                             or_null(options_.key_file), nullptr);
            if (rc != MOSQ_ERR_SUCCESS) return std::string("TLS files: ") + mosquitto_strerror(rc);
        }
        mosquitto_connect_callback_set(client_,
                                       [](mosquitto*, void* self, int code) { static_cast<Consumer*>(self)->on_connack(code); });
        mosquitto_message_callback_set(client_, [](mosquitto*, void* self, const mosquitto_message* message) {
            static_cast<Consumer*>(self)->on_message(*message);
        });
        mosquitto_publish_callback_set(client_,
                                       [](mosquitto*, void* self, int) { --static_cast<Consumer*>(self)->confirms_in_flight_; });
        const int rc = mosquitto_connect(client_, options_.host.c_str(), options_.port, 20);
        const int error = errno;
        return rc == MOSQ_ERR_SUCCESS ? "" : why(rc, error);
    }

    std::string connect_and_serve() {
        mosquitto_destroy(client_);
        client_ = nullptr;
        is_up_ = was_up_ = false;
        confirms_in_flight_ = 0;
        auto problem = connect();
        const auto answer_by = Clock::now() + milliseconds(10'000);
        while (problem.empty() && asked_to_stop == 0 && !broken_) {
            const int rc = mosquitto_loop(client_, poll_wait(), 1);
            const int error = errno;
            if (rc != MOSQ_ERR_SUCCESS && refused_.empty()) problem = why(rc, error);
            if (!refused_.empty()) problem = std::exchange(refused_, "");
            if (!is_up_ && Clock::now() >= answer_by) problem = "the broker takes the connection but does not answer";
            if (problem.empty()) confirm_when_due();
        }
        if (problem.empty()) say_goodbye();
        is_up_ = false;
        store_and_confirm();  // the broker may stay away for days
        return fmt::format("{}:{}: {}", options_.host, options_.port, problem);
    }

    void on_connack(int code) {
        if (code != 0) {
            refused_ = mosquitto_connack_string(code);
            return;
        }
        is_up_ = was_up_ = true;
        last_said_.clear();
        const auto root = fmt::format("menshen/v1/{}/{}/", options_.site, options_.gate);
        for (const auto* what : {"state", "records", "alerts/+/+"})
            mosquitto_subscribe(client_, nullptr, (root + what).c_str(), 1);
        if (!options_.quiet) print(Json{{"connected", fmt::format("{}:{}", options_.host, options_.port)}});
    }

    void on_message(const mosquitto_message& message) {
        if (broken_) return;
        if (!in_transaction_) {
            if (const auto begun = ledger_.begin(); !begun) return give_up(begun.error());
            in_transaction_ = true;
        }
        ++waiting_;
        const std::string_view payload(static_cast<const char*>(message.payload), static_cast<std::size_t>(message.payloadlen));
        const auto parsed = parse_message(message.topic, payload, message.retain);
        if (!parsed) return malformed(message.topic, parsed.error().message);
        std::visit([&](const auto& m) { take(message.topic, m); }, *parsed);
    }

    void malformed(const std::string& topic, const std::string& what) {
        std::fprintf(stderr, "menshen platform: %s: %s; not stored\n", topic.substr(0, 200).c_str(), what.c_str());
        if (const auto counted = ledger_.count_malformed(); !counted) give_up(counted.error());
    }

    void take(const std::string& topic, const RecordMessage& record) {
        const auto entry = ledger_.put(record);
        if (!entry) return give_up(entry.error());
        const auto id = fmt::format("{}-{}", record.journal.epoch, record.seq);
        if (*entry == Entry::conflict)
            return malformed(topic, "record " + id + " came again with other bytes; the first ones stay");
        touched_.insert(record.journal);
        if (!options_.quiet && *entry == Entry::first)
            print({{"gate", record.journal.gate}, {"record", id}, {"kind", record.kind}});
    }

    void take(const std::string&, const AlertMessage& alert) {
        const auto entry = ledger_.put(alert);
        if (!entry) return give_up(entry.error());
        touched_.insert(alert.journal);
        if (!options_.quiet && *entry == Entry::first)
            print({{"gate", alert.journal.gate},
                   {"alert", alert.alert},
                   {"change", alert.change},
                   {"to", alert.to},
                   {"state", alert.state}});
    }

    void take(const std::string&, const StateMessage& state) {
        if (const auto put = ledger_.put(state); !put) return give_up(put.error());
        const auto reached = ledger_.advance(state.journal);
        if (!reached) return give_up(reached.error());
        // The gate still holds what we have: it has not heard our confirm.
        if (reached->records >= state.records_from || reached->alerts >= state.alerts_from) touched_.insert(state.journal);
    }

    void take(const std::string&, const OfflineMessage&) {}
    void take(const std::string&, const ClearedMessage&) {}

    void print(const Json& line) {
        if (options_.json) {
            std::printf("%s\n", line.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
        } else {
            std::string words;
            for (const auto& [key, value] : line.items())
                words += (words.empty() ? "" : "  ") + key + " " + (value.is_string() ? value.get<std::string>() : value.dump());
            std::printf("%s\n", words.c_str());
        }
        std::fflush(stdout);
    }

    int poll_wait() const {
        if (waiting_ == 0) return 200;
        const auto left = std::chrono::duration_cast<milliseconds>(confirmed_at_ + options_.confirm_every - Clock::now()).count();
        return static_cast<int>(std::clamp<long long>(left, 0, 200));
    }

    void confirm_when_due() {
        if (waiting_ == 0) return;
        if (waiting_ >= options_.confirm_after || Clock::now() >= confirmed_at_ + options_.confirm_every) store_and_confirm();
    }

    /// First on the disk, then the word.
    void store_and_confirm() {
        if (!in_transaction_ || broken_) return;
        std::vector<std::pair<Journal, Reached>> confirms;
        for (const auto& journal : touched_) {
            const auto current = ledger_.current_epoch(journal.gate);
            const auto reached = ledger_.advance(journal);
            if (!current) return give_up(current.error());
            if (!reached) return give_up(reached.error());
            // A gate refuses a confirm of another epoch; before its state came we do not know which one it is in.
            if (*current == journal.epoch) confirms.emplace_back(journal, *reached);
        }
        if (const auto committed = ledger_.commit(); !committed) return give_up(committed.error());
        in_transaction_ = false;
        waiting_ = 0;
        touched_.clear();
        confirmed_at_ = Clock::now();
        for (const auto& [journal, reached] : confirms) publish_confirm(journal, reached);
    }

    void publish_confirm(const Journal& journal, const Reached& reached) {
        if (!is_up_) return;  // after the reconnect the gate's state or its repeats ask for it again
        const auto topic = fmt::format("menshen/v1/{}/{}/confirm", options_.site, journal.gate);
        const auto payload = Json{{"epoch", journal.epoch}, {"records", reached.records}, {"alerts", reached.alerts}}.dump();
        if (mosquitto_publish(client_, nullptr, topic.c_str(), static_cast<int>(payload.size()), payload.data(), 1, false) == 0)
            ++confirms_in_flight_;
    }

    void say_goodbye() {
        store_and_confirm();
        for (const auto until = Clock::now() + milliseconds(1000); confirms_in_flight_ > 0 && Clock::now() < until;)
            if (mosquitto_loop(client_, 20, 1) != MOSQ_ERR_SUCCESS) break;
        // What came while we waited is kept, and confirmed by the next run.
        is_up_ = false;
        store_and_confirm();
        mosquitto_disconnect(client_);
        mosquitto_loop(client_, 20, 1);
    }

    const ConsumeOptions& options_;
    Ledger& ledger_;
    std::string client_id_;
    mosquitto* client_ = nullptr;
    bool is_up_ = false;
    bool was_up_ = false;
    bool broken_ = false;
    bool in_transaction_ = false;
    std::string refused_;
    std::string last_said_;
    std::size_t waiting_ = 0;
    int confirms_in_flight_ = 0;
    std::set<Journal> touched_;
    Clock::time_point confirmed_at_{};
};

bool check(const ConsumeOptions& options) {
    const auto* problem = options.host.empty()   ? "no host"
                          : options.site.empty() ? "no site"
                          : options.gate.empty() ? "no gate (\"+\" means all)"
                          : options.db.empty()   ? "no database file"
                                                 : nullptr;
    if (problem != nullptr) std::fprintf(stderr, "menshen platform: %s\n", problem);
    return problem == nullptr;
}

void print_totals(const ConsumeOptions& options, const Totals& t) {
    const auto* form = options.json ? R"({{"records":{},"alerts":{},"repeats":{},"malformed":{}}})"
                                    : "{} records, {} alert states, {} repeats, {} malformed";
    std::printf("%s\n", fmt::format(fmt::runtime(form), t.records, t.alerts, t.repeats, t.malformed).c_str());
    std::fflush(stdout);
}

}  // namespace

int platform_consume(const ConsumeOptions& options) {
    if (!check(options)) return 2;
    struct sigaction action {};
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, nullptr);
    sigaction(SIGINT, &action, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    const auto ledger = Ledger::open(options.db);
    if (!ledger) {
        std::fprintf(stderr, "menshen platform: %s\n", ledger.error().message.c_str());
        return 1;
    }
    mosquitto_lib_init();
    const int code = Consumer(options, **ledger).run();
    mosquitto_lib_cleanup();
    if (const auto totals = (*ledger)->totals()) print_totals(options, *totals);
    return code;
}

}  // namespace menshen::platform
