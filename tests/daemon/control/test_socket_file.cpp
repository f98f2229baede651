#include <sys/stat.h>

#include "daemon/control/socket_file.hpp"
#include "tests/daemon/control/fixture.hpp"

using namespace menshen;
using namespace menshen::control;
using Catch::Matchers::Contains;

TEST_CASE("the socket is for its group alone", "[unit]") {
    Folder folder;
    const auto socket = listen_at(folder.file("s"));
    REQUIRE(socket);
    struct stat info {};
    REQUIRE(::stat(folder.file("s").c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0660);
}

TEST_CASE("a stale socket is replaced, a living one and another file are not", "[unit]") {
    Folder folder;
    const auto path = folder.file("s");
    {
        const auto killed = listen_at(path);  // closing does not unlink: as after kill -9
        REQUIRE(killed);
    }
    REQUIRE(std::filesystem::exists(path));
    const auto living = listen_at(path);
    REQUIRE(living);
    const auto second = listen_at(path);
    REQUIRE_FALSE(second);
    CHECK_THAT(second.error().message, Contains("in use by another menshend"));

    const auto file = folder.file("precious");
    Descriptor made(::open(file.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    const auto onto_file = listen_at(file);
    REQUIRE_FALSE(onto_file);
    CHECK_THAT(onto_file.error().message, Contains("is no socket"));
    CHECK(std::filesystem::exists(file));
}

TEST_CASE("a path that cannot be is refused in words", "[unit]") {
    Folder folder;
    CHECK_THAT(listen_at(folder.file(std::string(200, 'x'))).error().message, Contains("1 to 107 bytes"));
    CHECK_THAT(listen_at(folder.file("no/such/folder")).error().message, Contains("its folder must exist"));
}

TEST_CASE("the server takes its file away, but not another server's", "[unit]") {
    Folder folder;
    boost::asio::io_context loop;
    const auto path = folder.file("s");
    auto server = Server::listen(loop, {.path = path, .limits = {}, .lookup = system_credentials()}, {echo()});
    REQUIRE(server);
    CHECK(std::filesystem::exists(path));
    server->reset();
    CHECK_FALSE(std::filesystem::exists(path));

    auto old = Server::listen(loop, {.path = path, .limits = {}, .lookup = system_credentials()}, {echo()});
    REQUIRE(old);
    std::filesystem::rename(path, folder.file("moved"));
    const auto fresh = listen_at(path);
    REQUIRE(fresh);
    old->reset();
    CHECK(std::filesystem::exists(path));
    loop.poll();
}

TEST_CASE("the system's own look-up knows this process", "[unit]") {
    int pair[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    const Descriptor a(pair[0]);
    const Descriptor b(pair[1]);
    const auto peer = system_credentials()(a.get());
    REQUIRE(peer);
    CHECK(peer->uid == ::getuid());
    CHECK(peer->may_change);  // the daemon's own user
    CHECK(peer->may_read);
    CHECK_FALSE(system_credentials()(-1));
}

TEST_CASE("a client says which socket, why and what to do", "[unit]") {
    Folder folder;
    const auto none = ask({.socket = folder.file("s"), .verb = "status", .photos = {}}, json::object());
    REQUIRE_FALSE(none);
    CHECK(none.error().why == Failure::Why::unreachable);
    CHECK_THAT(none.error().message, Contains(folder.file("s")) && Contains("systemctl status menshend"));
    {
        const auto killed = listen_at(folder.file("s"));
        REQUIRE(killed);
    }
    const auto stale = ask({.socket = folder.file("s"), .verb = "status", .photos = {}}, json::object());
    REQUIRE_FALSE(stale);
    CHECK(stale.error().why == Failure::Why::unreachable);

    const auto mute = listen_at(folder.file("s"));
    REQUIRE(mute);
    const auto silent =
        ask({.socket = folder.file("s"), .verb = "status", .photos = {}, .patience = Millis{100}}, json::object());
    REQUIRE_FALSE(silent);
    CHECK_THAT(silent.error().message, Contains("no answer in 100ms"));
}
