#include "tests/daemon/control/fixture.hpp"

using namespace menshen;
using namespace menshen::control;
using Catch::Matchers::Contains;

namespace {

Setting short_of(void (*change)(Limits&)) {
    Setting setting;
    change(setting.limits);
    setting.verbs = {echo()};
    return setting;
}

constexpr auto kEcho = "{\"verb\":\"echo\"}\n";

}  // namespace

TEST_CASE("a line over the limit is answered and the connection ends", "[unit]") {
    Stand stand(short_of([](Limits& l) { l.line = 1000; }));
    RawClient client(stand.path());
    client.send(std::string(5000, ' '));
    const auto line = client.line();
    REQUIRE(line);
    CHECK(line->at("code") == "bad_request");
    CHECK_THAT(line->at("error").get<std::string>(), Contains("1000 bytes"));
    CHECK(client.is_closed());
    CHECK(stand.wait_for_clients(0));
    // The limit counts a line, not what comes together.
    RawClient other(stand.path());
    std::string many;
    for (int i = 0; i < 200; ++i) many += kEcho;
    other.send(many);
    for (int i = 0; i < 200; ++i) REQUIRE(other.line().value().at("ok") == true);
}

TEST_CASE("whoever sends megabytes without an end is cut off", "[unit]") {
    Stand stand(short_of([](Limits&) {}));
    RawClient client(stand.path());
    CHECK(client.send(std::string(16 * 1024 * 1024, 'x')) < 4 * 1024 * 1024);
}

TEST_CASE("a client that does not read its stream is dropped, others are not", "[unit]") {
    Setting setting;
    setting.limits.unread = 100'000;
    std::vector<Reply> watchers;
    setting.verbs = {echo(), verb(
                                 "watch", Access::read, [&](const Request&, Reply reply) { watchers.push_back(reply); },
                                 Verb::Answer::stream)};
    Stand stand(std::move(setting));
    RawClient slow(stand.path());
    RawClient quick(stand.path());
    slow.send("{\"verb\":\"watch\"}\n");
    quick.send("{\"verb\":\"watch\"}\n");
    for (std::size_t count = 0; count < 2;) stand.on_loop([&] { count = watchers.size(); });
    const std::string item = "\"" + std::string(1000, 'i') + "\"";
    std::size_t open = 2;
    int received = 0;
    for (int sent = 0; sent < 2000 && open == 2; ++sent) {
        stand.on_loop([&] {
            open = 0;
            for (const auto& watcher : watchers) open += watcher.item(item) ? 1 : 0;
        });
        if (quick.line()) ++received;
    }
    CHECK(open == 1);
    CHECK(received > 100);
    CHECK(stand.wait_for_clients(1));
    stand.on_loop([&] { watchers.clear(); });
}

TEST_CASE("a client that takes no answer is dropped after the write limit", "[unit]") {
    Setting setting;
    setting.limits.write = Millis{100};
    setting.verbs = {verb("big", Access::read, [](const Request&, const Reply& reply) {
        reply.ok({{"x", std::string(8 * 1024 * 1024, 'x')}});
    })};
    Stand stand(std::move(setting));
    RawClient client(stand.path());
    client.send("{\"verb\":\"big\"}\n");
    CHECK(stand.wait_for_clients(1));
    CHECK(stand.wait_for_clients(0));
}

TEST_CASE("a connection without a request ends after the idle limit, half a request too", "[unit]") {
    Stand stand(short_of([](Limits& l) { l.idle = Millis{100}; }));
    RawClient silent(stand.path());
    RawClient half(stand.path());
    half.send("{\"verb\":");
    CHECK(silent.is_closed());
    CHECK(half.is_closed());
}

TEST_CASE("an answer that does not come in time is told, and the late one is no answer to the next question", "[unit]") {
    Setting setting;
    setting.limits.answer = Millis{100};
    std::optional<Reply> kept;
    setting.verbs = {echo(), verb("later", Access::read, [&](const Request&, Reply reply) { kept = reply; })};
    Stand stand(std::move(setting));
    RawClient client(stand.path());
    client.send("{\"verb\":\"later\"}\n");
    const auto line = client.line();
    REQUIRE(line);
    CHECK(line->at("code") == "unavailable");
    CHECK_THAT(line->at("error").get<std::string>(), Contains("no answer in 100ms"));
    client.send(kEcho);
    stand.on_loop([&] { kept->ok(json{{"late", true}}); });
    CHECK(client.line().value().at("result").contains("by"));
    stand.on_loop([&] { kept.reset(); });
}

TEST_CASE("more clients than the limit are turned away, and room is given back", "[unit]") {
    Stand stand(short_of([](Limits& l) { l.clients = 2; }));
    auto first = std::make_unique<RawClient>(stand.path());
    RawClient second(stand.path());
    first->send(kEcho);
    CHECK(first->line().value().at("ok") == true);
    CHECK(stand.wait_for_clients(2));
    RawClient third(stand.path());
    const auto line = third.line();
    REQUIRE(line);
    CHECK(line->at("code") == "unavailable");
    CHECK(third.is_closed());
    first.reset();
    CHECK(stand.wait_for_clients(1));
    RawClient fourth(stand.path());
    fourth.send(kEcho);
    CHECK(fourth.line().value().at("ok") == true);
}

TEST_CASE("a slow user database holds up its own client only", "[unit]") {
    // Not through Stand: its look-up is quick.
    Folder folder;
    boost::asio::io_context loop;
    std::promise<void> release;
    auto gate = release.get_future().share();
    std::atomic<int> asked = 0;
    Settings settings{.path = folder.file("s"), .limits = {}, .lookup = [&, gate](int) -> Result<Peer> {
                          ++asked;
                          gate.wait();
                          return Peer{.uid = 7, .name = "", .may_read = true, .may_change = false};
                      }};
    auto server = Server::listen(loop, std::move(settings), {echo()});
    REQUIRE(server);
    RawClient client(folder.file("s"));
    client.send(kEcho);
    while (asked == 0) loop.run_for(std::chrono::milliseconds(10));
    bool ran = false;
    boost::asio::post(loop, [&] { ran = true; });
    loop.run_for(std::chrono::milliseconds(50));
    CHECK(ran);  // the loop turns while the look-up hangs
    release.set_value();
    loop.run_for(std::chrono::milliseconds(200));
    CHECK(client.line().value().at("result").at("by") == "uid 7");
    server->reset();
    loop.run_for(std::chrono::milliseconds(10));
}

TEST_CASE("a stream far longer than what may be unread comes whole when it waits for the client", "[unit]") {
    struct Long {
        Reply reply;
        int sent = 0;
        static void go_on(const std::shared_ptr<Long>& self) {
            const std::string item = "\"" + std::string(1000, 'i') + "\"";
            for (int i = 0; i < 50; ++i) {
                if (!self->reply.item(item)) return;
            }
            self->sent += 50;
            if (self->sent == 2000) return self->reply.ok({{"sent", self->sent}});
            self->reply.when_taken([self] { go_on(self); });
        }
    };
    Setting setting;
    setting.limits.unread = 100'000;
    setting.verbs = {verb(
        "long", Access::read, [](const Request&, Reply reply) { Long::go_on(std::make_shared<Long>(Long{std::move(reply)})); },
        Verb::Answer::stream)};
    Stand stand(std::move(setting));
    std::size_t items = 0;
    const auto answer =
        ask_stream({.socket = stand.path(), .verb = "long", .photos = {}}, json::object(), [&](std::string_view item) {
            ++items;
            return item.size() == 1002;
        });
    REQUIRE(answer);
    CHECK(answer->ok);
    CHECK(items == 2000);
    // One that reads nothing holds no more than the limit, and a goodbye in the middle leaves nothing behind.
    RawClient slow(stand.path());
    slow.send("{\"verb\":\"long\"}\n");
    REQUIRE(slow.line());
    { const RawClient closing = std::move(slow); }
    CHECK(stand.wait_for_clients(0));
}

TEST_CASE("an item reaches the command with the bytes that the gate sent", "[unit]") {
    Setting setting;
    setting.verbs = {verb(
        "bytes", Access::read,
        [](const Request&, const Reply& reply) {
            (void)reply.item(R"({"z":1,"a":{"y":2.50}})");
            reply.ok(json::object());
        },
        Verb::Answer::stream)};
    Stand stand(std::move(setting));
    std::string got;
    const auto answer =
        ask_stream({.socket = stand.path(), .verb = "bytes", .photos = {}}, json::object(), [&](std::string_view item) {
            got = item;
            return true;
        });
    REQUIRE(answer);
    CHECK(got == R"({"z":1,"a":{"y":2.50}})");
}
