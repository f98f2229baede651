#include "tests/daemon/control/fixture.hpp"

using namespace menshen;
using namespace menshen::control;
using Catch::Matchers::Contains;

namespace {

constexpr auto kEcho = "{\"verb\":\"echo\"}\n";

Setting with(Verb added) {
    Setting setting;
    setting.verbs = {echo(), std::move(added)};
    return setting;
}

}  // namespace

TEST_CASE("the client gets its answer, and the handler knows who asks", "[unit]") {
    Stand stand(with(verb("sum", Access::change, [](const Request&, const Reply& reply) { reply.ok_text(R"({"n":3})"); })));
    const auto answer = ask({.socket = stand.path(), .verb = "echo", .photos = {}}, json::object());
    REQUIRE(answer);
    CHECK(answer->ok);
    CHECK(json::parse(answer->result) == json{{"by", "uid 1000 (li)"}});
    CHECK(ask({.socket = stand.path(), .verb = "sum", .photos = {}}, json::object())->result == R"({"n":3})");
}

TEST_CASE("malformed lines are answered and the connection goes on", "[unit]") {
    Stand stand(Setting{.peer = {}, .limits = {}, .verbs = {echo()}});
    RawClient client(stand.path());
    client.send("no json\n\r\n{\"verb\":1}\n\xFF\xFE\n");
    for (int i = 0; i < 3; ++i) {
        const auto line = client.line();
        REQUIRE(line);
        CHECK(line->at("ok") == false);
        CHECK(line->at("code") == "bad_request");
    }
    client.send(kEcho);
    CHECK(client.line().value().at("code") == "forbidden");  // this Setting's peer is nobody
}

TEST_CASE("requests that come together are answered in order", "[unit]") {
    Stand stand(Setting{.peer = {.uid = 1, .name = "", .may_read = true, .may_change = false}, .limits = {}, .verbs = {echo()}});
    RawClient client(stand.path());
    std::string many;
    for (int i = 0; i < 2000; ++i) many += i % 2 == 0 ? kEcho : "{}\n";
    client.send(many);
    for (int i = 0; i < 2000; ++i) {
        const auto line = client.line();
        REQUIRE(line);
        REQUIRE(line->at("ok") == (i % 2 == 0));
    }
}

TEST_CASE("a question, the sending side shut: the answer still comes, then the connection ends", "[unit]") {
    std::optional<Reply> kept;
    Stand stand(with(verb("later", Access::read, [&](const Request&, Reply reply) { kept = reply; })));
    RawClient client(stand.path());
    client.send("{\"verb\":\"later\"}\n{\"verb\":\"echo\"}\n");
    client.shut_writing();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stand.on_loop([&] { kept->ok(json::object()); });
    CHECK(client.line().value().at("result") == json::object());
    CHECK(client.line().value().at("result").at("by") == "uid 1000 (li)");
    CHECK(client.is_closed());
    stand.on_loop([&] { kept.reset(); });
}

TEST_CASE("an answer counts once, and a reply that is dropped answers for itself", "[unit]") {
    Stand stand(with(verb("twice", Access::read, [](const Request&, const Reply& reply) {
        reply.fail(Code::not_found, "first");
        reply.ok(json::object());
        CHECK_FALSE(reply.is_open());
        CHECK_FALSE(reply.item("{}"));
    })));
    RawClient client(stand.path());
    client.send("{\"verb\":\"twice\"}\n");
    CHECK(client.line().value().at("error") == "first");
    client.send(kEcho);
    CHECK(client.line().value().at("ok") == true);
}

TEST_CASE("a handler that drops its reply or throws leaves nobody waiting", "[unit]") {
    Setting setting;
    setting.verbs = {verb("drop", Access::read, [](const Request&, const Reply&) {}),
                     verb("throw", Access::read, [](const Request&, const Reply&) { throw std::runtime_error("oh"); })};
    Stand stand(std::move(setting));
    const auto dropped = ask({.socket = stand.path(), .verb = "drop", .photos = {}}, json::object());
    REQUIRE(dropped);
    CHECK(dropped->code == "unavailable");
    const auto thrown = ask({.socket = stand.path(), .verb = "throw", .photos = {}}, json::object());
    REQUIRE(thrown);
    CHECK(thrown->code == "unavailable");
    CHECK_THAT(thrown->message, Contains("oh"));
}

TEST_CASE("a reply kept beyond the client's and the server's end is harmless", "[unit]") {
    std::optional<Reply> kept;
    {
        Stand stand(with(verb("later", Access::read, [&](const Request&, Reply reply) { kept = reply; })));
        {
            RawClient client(stand.path());
            client.send("{\"verb\":\"later\"}\n");
            CHECK(stand.wait_for_clients(1));
            for (bool there = false; !there;) stand.on_loop([&] { there = kept.has_value(); });
        }
        // One-answer requests outlive half a goodbye, and a whole one is noticed when the answer cannot be written.
        stand.on_loop([&] { kept->ok(json::object()); });
        CHECK(stand.wait_for_clients(0));
    }
    CHECK_FALSE(kept->is_open());
    CHECK_FALSE(kept->item("{}"));
    kept->fail(Code::unavailable, "too late");
    kept.reset();
}

TEST_CASE("a stream sends items until its end, and is told when its client has gone", "[unit]") {
    std::optional<Reply> kept;
    Stand stand(with(verb(
        "watch", Access::read,
        [&](const Request&, Reply reply) {
            CHECK(reply.item(R"({"n":1})"));
            kept = reply;
        },
        Verb::Answer::stream)));
    {
        RawClient client(stand.path());
        client.send("{\"verb\":\"watch\"}\n");
        CHECK(client.line().value() == json{{"item", {{"n", 1}}}});
        stand.on_loop([&] { CHECK(kept->item(R"({"n":2})")); });
        CHECK(client.line().value() == json{{"item", {{"n", 2}}}});
    }
    CHECK(stand.wait_for_clients(0));
    stand.on_loop([&] {
        CHECK_FALSE(kept->is_open());
        CHECK_FALSE(kept->item("{}"));
    });

    std::vector<std::string> seen;
    auto asked = std::async(std::launch::async, [&] {
        return ask_stream({.socket = stand.path(), .verb = "watch", .photos = {}}, json::object(), [&](std::string_view item) {
            seen.emplace_back(item);
            return true;
        });
    });
    for (bool open = false; !open;) stand.on_loop([&] { open = kept->is_open(); });
    stand.on_loop([&] {
        CHECK(kept->item(R"({"n":2})"));
        kept->ok(json::object());
    });
    const auto answer = asked.get();
    REQUIRE(answer);
    CHECK(answer->ok);
    CHECK(seen == std::vector<std::string>{R"({"n":1})", R"({"n":2})"});
    stand.on_loop([&] { kept.reset(); });
}

TEST_CASE("photographs arrive whole, as sealed memory", "[unit]") {
    std::string got;
    std::string name;
    Stand stand(with(verb("take", Access::change, [&](const Request& request, const Reply& reply) {
        const auto bytes = request.attachments->at(1).read();
        got.assign((*bytes)->begin(), (*bytes)->end());
        name = request.attachments->at(1).name();
        reply.ok(json::object());
    })));
    Folder folder;
    const std::string photo(300'000, 'p');
    const auto write_to = [](const std::string& path, const std::string& text) {
        const Descriptor file(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
        REQUIRE(::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    };
    write_to(folder.file("a.jpg"), "a");
    write_to(folder.file("b.jpg"), photo);
    const auto answer =
        ask({.socket = stand.path(), .verb = "take", .photos = {{folder.file("a.jpg")}, {folder.file("b.jpg")}}}, json::object());
    REQUIRE(answer);
    CHECK(answer->ok);
    CHECK(got == photo);
    CHECK(name == "b.jpg");

    const auto missing = ask({.socket = stand.path(), .verb = "take", .photos = {{folder.file("none.jpg")}}}, json::object());
    REQUIRE_FALSE(missing);
    CHECK(missing.error().why == Failure::Why::local);
    CHECK_THAT(missing.error().message, Contains("none.jpg"));
}

TEST_CASE("files that are not named, or too many, are refused and closed", "[unit]") {
    Stand stand(
        Setting{.peer = {.uid = 0, .name = "root", .may_read = true, .may_change = true}, .limits = {}, .verbs = {echo()}});
    const auto send_files = [](const RawClient& client, std::string_view text, std::size_t count) {
        std::vector<int> fds(count, STDIN_FILENO);
        std::vector<char> extra(CMSG_SPACE(sizeof(int) * count));
        iovec piece{.iov_base = const_cast<char*>(text.data()), .iov_len = text.size()};
        msghdr message{};
        message.msg_iov = &piece;
        message.msg_iovlen = 1;
        message.msg_control = extra.data();
        message.msg_controllen = extra.size();
        auto* part = CMSG_FIRSTHDR(&message);
        part->cmsg_level = SOL_SOCKET;
        part->cmsg_type = SCM_RIGHTS;
        part->cmsg_len = CMSG_LEN(sizeof(int) * count);
        std::memcpy(CMSG_DATA(part), fds.data(), sizeof(int) * count);
        REQUIRE(::sendmsg(client.fd(), &message, MSG_NOSIGNAL) > 0);
    };
    const auto open_files = [] {
        return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
    };
    RawClient client(stand.path());
    CHECK(stand.wait_for_clients(1));
    const auto before = open_files();
    send_files(client, kEcho, 3);
    CHECK_THAT(client.line().value().at("error").get<std::string>(), Contains("0 attachments are named but 3"));
    CHECK(open_files() == before);
    send_files(client, kEcho, 40);
    CHECK_THAT(client.line().value().at("error").get<std::string>(), Contains("at most 16"));
    CHECK(client.is_closed());
}
