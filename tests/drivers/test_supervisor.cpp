#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>
#include <stdexcept>

#include "drivers/off_loop.hpp"
#include "drivers/simulated/simulated_device.hpp"
#include "tests/drivers/stage.hpp"

using namespace menshen;
using namespace menshen::drivers;
namespace asio = boost::asio;

namespace {

/// Does what its script says, one word for each run: "up", "error", "throw", "throw at once", "up error", "up throw".
struct Scripted final : Device {
    std::vector<std::string> script;
    std::size_t runs = 0;
    std::vector<Command> commands;
    bool throws_on_apply = false;
    DeviceHost* host = nullptr;

    explicit Scripted(std::vector<std::string> words) : script(std::move(words)) {}

    asio::awaitable<Error> run(DeviceHost& the_host) override {
        const auto word = runs < script.size() ? script[runs] : script.back();
        ++runs;
        if (word == "throw at once") throw std::runtime_error("thrown at once");
        return follow(word, the_host);
    }
    asio::awaitable<Error> follow(std::string word, DeviceHost& the_host) {
        host = &the_host;
        if (word.starts_with("up")) the_host.online();
        if (word == "up") co_await simulated::until_cancelled();
        if (word.ends_with("throw")) throw std::runtime_error("thrown");
        if (word.ends_with("odd")) throw 7;
        co_return Error{word.ends_with("silent") ? "" : "no answer"};
    }
    void apply(const Command& command) override {
        if (throws_on_apply) throw std::runtime_error("the relay board is gone");
        commands.push_back(command);
    }
};

Scripted* add(Stage& stage, std::vector<std::string> script, const std::string& id = "device") {
    auto device = std::make_unique<Scripted>(std::move(script));
    auto* raw = device.get();
    DeviceSettings settings;
    settings.id = DeviceId(id);
    settings.driver = "scripted";
    REQUIRE(stage.supervisor.add(settings, std::move(device)));
    return raw;
}

}  // namespace

TEST_CASE("a device that fails is offline with its reason, restarted, and online again", "[unit]") {
    Stage stage;
    add(stage, {"up error", "error", "throw", "up"});
    stage.supervisor.start();
    REQUIRE(stage.until([&] { return stage.status().online && stage.status().restarts == 3; }));
    const auto changes = stage.sink.all<DeviceChanged>();
    // Three failures are one going offline: the core hears of each change once.
    REQUIRE(changes.size() == 3);
    CHECK(changes[0].online);
    CHECK_FALSE(changes[1].online);
    CHECK(changes[1].reason == "no answer");
    CHECK(changes[2].online);
    CHECK(stage.status().failures == 3);
    CHECK(stage.status().why.empty());
}

TEST_CASE("whatever a device throws stays with the device", "[unit]") {
    const auto word = GENERATE("throw", "up throw", "throw at once", "odd", "silent");
    CAPTURE(word);
    Stage stage;
    add(stage, {word});
    auto* other = add(stage, {"up"}, "other");
    stage.supervisor.start();
    REQUIRE(stage.until([&] { return stage.status().failures >= 3; }));
    CHECK_FALSE(stage.status().why.empty());
    CHECK(stage.status(1).online);
    CHECK(other->runs == 1);
}

TEST_CASE("a device that throws on a command is restarted", "[unit]") {
    Stage stage;
    auto* device = add(stage, {"up"});
    stage.supervisor.start();
    REQUIRE(stage.until_online());
    device->throws_on_apply = true;
    stage.supervisor.apply(Signal{DeviceId("device"), Signal::Meaning::granted});
    REQUIRE(stage.until([&] { return !stage.status().online; }));
    CHECK(stage.status().why == "the relay board is gone");
    device->throws_on_apply = false;
    REQUIRE(stage.until_online());
}

TEST_CASE("the lock state asked for is given again after a restart, a signal is not", "[unit]") {
    Stage stage;
    auto* device = add(stage, {"up", "error", "up"});
    stage.supervisor.start();
    REQUIRE(stage.until_online());
    stage.supervisor.apply(SetLock{DeviceId("device"), false});
    device->host->fail(Error{"unplugged"});
    REQUIRE(stage.until([&] { return !stage.status().online; }));
    CHECK(stage.status().why == "unplugged");
    device->commands.clear();
    // The fire alarm comes while the relay board is away.
    stage.supervisor.apply(SetLock{DeviceId("device"), true});
    stage.supervisor.apply(Signal{DeviceId("device"), Signal::Meaning::granted});
    CHECK(device->commands.empty());
    REQUIRE(stage.until_online());
    REQUIRE(device->commands.size() == 1);
    CHECK(std::get<SetLock>(device->commands[0]).unlocked);
    CHECK(stage.status().counters.at("signals_dropped") == 1);
}

TEST_CASE("the delay doubles up to its limit", "[unit]") {
    Stage stage;
    auto* device = add(stage, {"error"});
    const auto begin = std::chrono::steady_clock::now();
    stage.supervisor.start();
    // 2 + 4 + 8 + 16 + 16 + 16 ms lie before the seventh attempt.
    REQUIRE(stage.until([&] { return device->runs == 7; }));
    CHECK(std::chrono::steady_clock::now() - begin >= 62ms);
}

TEST_CASE("a broken simulated device stays offline until it is mended", "[unit]") {
    Stage stage;
    REQUIRE(stage.add("door", "{driver: simulated, lock: true}"));
    stage.supervisor.start();
    REQUIRE(stage.until_online());
    stage.time += 5s;
    REQUIRE(stage.inject("door", "fail", "cable cut"));
    CHECK_FALSE(stage.status().online);
    CHECK(stage.sink.all<DeviceChanged>().size() == 2);
    REQUIRE(stage.until([&] { return stage.status().failures >= 3; }));
    CHECK(stage.status().why == "cable cut");
    CHECK(stage.status().since.time.since_epoch == stage.time);
    CHECK(stage.inject("door", "contact", "on").error().message == "door: this device is offline: cable cut");
    REQUIRE(stage.inject("door", "mend"));
    REQUIRE(stage.until_online());
    const auto changes = stage.sink.all<DeviceChanged>();
    REQUIRE(changes.size() == 3);
    CHECK(changes[1].reason == "cable cut");
}

TEST_CASE("what cannot be injected says why", "[unit]") {
    Stage stage;
    add(stage, {"up"}, "real");
    stage.supervisor.start();
    CHECK(stage.inject("real", "fail").error().message == "real: this device is real; nothing can be injected");
    CHECK(stage.inject("rael", "fail").error().message == "there is no device \"rael\"; did you mean \"real\"? (one of: real)");
}

TEST_CASE("devices have names of their own and drivers that exist", "[unit]") {
    Stage stage;
    REQUIRE(stage.add("door", "{driver: simulated, lock: true}"));
    CHECK(stage.add("door", "{driver: simulated, lock: true}").error().message == "door: there is already a device of this name");
    DeviceSettings settings;
    settings.id = DeviceId("other");
    settings.driver = "simulatd";
    CHECK_THAT(stage.supervisor.add(settings).error().message, Catch::Contains("did you mean \"simulated\"?"));
    settings.driver = "wiegand";
    CHECK(stage.supervisor.add(settings).error().message == "other: these are no settings of wiegand");
}

TEST_CASE("stop ends every device, and no event follows", "[unit]") {
    Stage stage;
    add(stage, {"up"}, "one");
    add(stage, {"error"}, "two");
    REQUIRE(stage.add("three", "{driver: simulated, lines: [fire]}"));
    stage.supervisor.start();
    REQUIRE(stage.until_online(2));
    stage.supervisor.stop();
    const auto events = stage.sink.events.size();
    REQUIRE(stage.until([&] { return stage.supervisor.idle(); }));
    CHECK(stage.sink.events.size() == events);
    CHECK_FALSE(stage.inject("three", "fire", "on"));
}

TEST_CASE("a loop that is never run again may be destroyed with devices in it", "[unit]") {
    RememberingSink sink;
    asio::io_context loop;
    Supervisor supervisor(loop, sink, [] { return Now{}; });
    DeviceSettings settings;
    settings.id = DeviceId("device");
    REQUIRE(supervisor.add(settings, std::make_unique<Scripted>(std::vector<std::string>{"up"})));
    supervisor.start();
    loop.poll();
    CHECK(supervisor.status().at(0).online);
}

TEST_CASE("work off the loop answers, fails, and does not hold up the loop", "[unit]") {
    asio::io_context loop;
    OffLoop off_loop;
    std::vector<std::string> said;
    std::promise<void> release;
    const auto may_return = release.get_future().share();
    const auto ask = [&](std::function<Result<int>()> work, Millis limit) {
        auto task = [](OffLoop& worker, std::function<Result<int>()> what, Millis within,
                       std::vector<std::string>& words) -> asio::awaitable<void> {
            auto asked = worker.run(std::move(what), within, "camera");
            const auto answer = co_await std::move(asked);
            words.push_back(answer ? std::to_string(*answer) : answer.error().message);
        };
        auto running = task(off_loop, std::move(work), limit, said);
        asio::co_spawn(loop, std::move(running), asio::detached);
        loop.restart();
        loop.run_for(5s);
    };
    ask([]() -> Result<int> { return 42; }, 5000ms);
    REQUIRE(said.size() == 1);
    CHECK(said.back() == "42");
    ask([]() -> Result<int> { return fail("no such file"); }, 5000ms);
    CHECK(said.back() == "no such file");
    ask([]() -> Result<int> { throw std::runtime_error("thrown"); }, 5000ms);
    CHECK(said.back() == "thrown");
    // A read that never returns costs its limit, and then nothing: no second thread is spent on it.
    ask(
        [may_return]() -> Result<int> {
            may_return.wait();
            return 1;
        },
        20ms);
    CHECK(said.back() == "camera: no answer in 20ms");
    ask([]() -> Result<int> { return 2; }, 5000ms);
    CHECK(said.back() == "camera: an earlier read has still not come back");
    release.set_value();
    for (int i = 0; i < 500 && said.back() != "3"; ++i) {
        std::this_thread::sleep_for(2ms);
        ask([]() -> Result<int> { return 3; }, 5000ms);
    }
    CHECK(said.back() == "3");
}
