#include "daemon/stage/stage.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <nlohmann/json.hpp>

namespace menshen::stage {

namespace {

namespace asio = boost::asio;
using Json = nlohmann::json;
using Socket = asio::local::stream_protocol::socket;
using boost::system::error_code;

constexpr std::size_t kLineLimit = 64 * 1024;
constexpr Millis kPoll{1};
/// Real time for one moment of event time to settle; a disk and a broker on one machine need far less.
constexpr Millis kSettleLimit{60'000};

Json refusal(std::string_view why) { return {{"ok", false}, {"error", why}}; }

}  // namespace

class Server::Body : public std::enable_shared_from_this<Body> {
public:
    Body(asio::io_context& loop, std::string path, Scene& scene)
        : loop_(loop), path_(std::move(path)), scene_(scene), acceptor_(loop), socket_(loop), timer_(loop), input_(kLineLimit) {}

    Result<void> open() {
        error_code error;
        ::unlink(path_.c_str());
        const asio::local::stream_protocol::endpoint endpoint(path_);
        acceptor_.open(endpoint.protocol(), error);
        const auto old_mask = ::umask(0177);
        if (!error) acceptor_.bind(endpoint, error);
        ::umask(old_mask);
        if (!error) acceptor_.listen(1, error);
        if (error) return fail("stage socket {}: {}", path_, error.message());
        accept();
        return {};
    }

    void close() {
        closed_ = true;
        error_code ignored;
        acceptor_.close(ignored);
        socket_.close(ignored);
        timer_.cancel();
        ::unlink(path_.c_str());
    }

private:
    void accept() {
        if (closed_) return;
        acceptor_.async_accept([self = shared_from_this()](const error_code& error, Socket socket) {
            if (error) return;
            self->socket_ = std::move(socket);
            self->input_.consume(self->input_.size());
            self->read();
        });
    }

    void read() {
        asio::async_read_until(socket_, input_, '\n', [self = shared_from_this()](const error_code& error, std::size_t length) {
            if (error) {
                error_code ignored;
                self->socket_.close(ignored);
                return self->accept();
            }
            std::string line(length, '\0');
            self->input_.sgetn(line.data(), static_cast<std::streamsize>(length));
            self->run(line);
        });
    }

    void answer(const Json& reply) {
        auto text = std::make_shared<std::string>(reply.dump() + "\n");
        asio::async_write(socket_, asio::buffer(*text), [self = shared_from_this(), text](const error_code& error, std::size_t) {
            if (!error) return self->read();
            error_code ignored;
            self->socket_.close(ignored);
            self->accept();
        });
    }

    void run(const std::string& line) {
        const auto request = Json::parse(line, nullptr, false);
        if (!request.is_object() || !request.contains("verb") || !request["verb"].is_string()) {
            return answer(refusal("write one JSON object a line, with \"verb\""));
        }
        const auto verb = request["verb"].get<std::string>();
        if (verb == "hello") return hello();
        if (verb == "advance") return advance(request);
        if (verb == "input") return input(request);
        if (verb == "outputs") return answer({{"ok", true}, {"outputs", Json::parse(scene_.outputs())}});
        answer(refusal("\"" + verb + "\" is not known here (one of: hello, advance, input, outputs)"));
    }

    void hello() {
        settle([this] { answer(moment()); });
    }

    Json moment() const {
        const auto now = scene_.now();
        return {{"ok", true},
                {"now", to_text(now.wall)},
                {"mono_ms", now.mono.since_boot.count()},
                {"boot", now.boot},
                {"ready", true},
                {"settled", {{"store", true}, {"vision", true}, {"outbox", scene_.outbox()}}}};
    }

    void advance(const Json& request) {
        const auto to = request.contains("to") && request["to"].is_string() ? parse_stamp(request["to"].get<std::string>())
                                                                            : Result<Stamp>(fail("\"to\" is missing"));
        if (!to) return answer(refusal(to.error().message));
        const auto target = scene_.mono_at(to->time);
        if (target < scene_.now().mono) return answer(refusal("\"to\" lies in the past; event time never goes back"));
        step(target);
    }

    /// From one deadline to the next, each settled before the clock moves on.
    void step(MonoTime target) {
        settle([this, target] {
            const auto next = scene_.next_deadline();
            const bool last = !next || *next > target;
            scene_.move_to(last ? target : std::max(*next, scene_.now().mono));
            scene_.run_due();
            if (!last) return step(target);
            settle([this, target] {
                // What came last may have set a deadline that is due already.
                const auto more = scene_.next_deadline();
                if (more && *more <= target) return step(target);
                answer(moment());
            });
        });
    }

    void input(const Json& request) {
        auto injection = read_injection(request);
        if (!injection) return answer(refusal(injection.error().message));
        const auto done = scene_.inject(*injection);
        if (!done) return answer(refusal(done.error().message));
        settle([this] { answer(moment()); });
    }

    Result<drivers::Injection> read_injection(const Json& request) const {
        if (!request.contains("device") || !request["device"].is_string()) return fail("\"device\" is missing");
        const DeviceId device(request["device"].get<std::string>());
        const auto text = [&](const char* key) {
            return request.contains(key) && request[key].is_string() ? request[key].get<std::string>() : std::string();
        };
        if (request.contains("wiegand")) return drivers::parse_injection(device, "bits", text("wiegand"));
        if (request.contains("picture")) return drivers::parse_injection(device, "picture", text("picture"));
        if (request.contains("fault")) return drivers::parse_injection(device, "fail", text("fault"));
        if (request.contains("mend")) return drivers::parse_injection(device, "mend", "");
        if (!request.contains("active") || !request["active"].is_boolean()) {
            return fail("say what happened: wiegand, active, picture, fault or mend");
        }
        const auto line = scene_.line_of(device);
        if (!line) return fail("{} is no input", device.str());
        return drivers::Injection{device, drivers::InjectLine{*line, request["active"].get<bool>()}};
    }

    /// Runs `then` once nothing is on its way any more.
    void settle(std::function<void()> then) {
        settle_deadline_ = std::chrono::steady_clock::now() + kSettleLimit;
        look(std::move(then), 0);
    }

    void look(std::function<void()> then, int quiet_looks) {
        if (closed_) return;
        const auto busy = scene_.unsettled();
        if (busy.empty() && quiet_looks == 2) return then();
        if (busy.empty()) {
            // What another thread posted just now stands behind this function in the loop's queue: look again behind it.
            asio::post(loop_, [self = shared_from_this(), then = std::move(then), quiet_looks]() mutable {
                self->look(std::move(then), quiet_looks + 1);
            });
            return;
        }
        if (std::chrono::steady_clock::now() > settle_deadline_) {
            return answer(refusal(fmt::format("{} has not settled in {} s", busy, kSettleLimit.count() / 1000)));
        }
        timer_.expires_after(kPoll);
        timer_.async_wait([self = shared_from_this(), then = std::move(then)](const error_code& error) mutable {
            if (!error) self->look(std::move(then), 0);
        });
    }

    asio::io_context& loop_;
    std::string path_;
    Scene& scene_;
    asio::local::stream_protocol::acceptor acceptor_;
    Socket socket_;
    asio::steady_timer timer_;
    asio::streambuf input_;
    std::chrono::steady_clock::time_point settle_deadline_;
    bool closed_ = false;
};

Result<std::unique_ptr<Server>> Server::listen(asio::io_context& loop, const std::string& path, Scene& scene) {
    auto body = std::make_shared<Body>(loop, path, scene);
    if (auto opened = body->open(); !opened) return tl::unexpected(opened.error());
    return std::unique_ptr<Server>(new Server(std::move(body)));
}

Server::Server(std::shared_ptr<Body> body) : body_(std::move(body)) {}
Server::~Server() { body_->close(); }

}  // namespace menshen::stage
