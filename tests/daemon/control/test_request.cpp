#include <fcntl.h>
#include <sys/mman.h>

#include <nlohmann/json.hpp>
#include <set>

#include "daemon/control/request.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::control;
using Catch::Matchers::Contains;

namespace {

std::vector<Verb> table_with_handlers() {
    auto table = verb_table();
    for (auto& verb : table) verb.handler = [](const Request&, Reply) {};
    return table;
}

const Peer kAdmin{.uid = 1000, .name = "li", .may_read = true, .may_change = true};
const Peer kReader{.uid = 1001, .name = "wang", .may_read = true, .may_change = false};
const Peer kNobody{.uid = 1002, .name = "", .may_read = false, .may_change = false};

tl::expected<Call, Refusal> read(std::string_view line, const Peer& peer = kAdmin, std::vector<Descriptor> files = {}) {
    static const auto kTable = table_with_handlers();
    return read_request(line, std::move(files), kTable, peer, Limits{});
}

Refusal refusal(std::string_view line, const Peer& peer = kAdmin) {
    auto call = read(line, peer);
    REQUIRE_FALSE(call);
    return call.error();
}

Descriptor memory(std::string_view content, int seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW) {
    Descriptor fd(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    REQUIRE(fd);
    REQUIRE(::write(fd.get(), content.data(), content.size()) == static_cast<ssize_t>(content.size()));
    REQUIRE(::fcntl(fd.get(), F_ADD_SEALS, seals) == 0);
    return fd;
}

std::vector<Descriptor> one(Descriptor fd) {
    std::vector<Descriptor> files;
    files.push_back(std::move(fd));
    return files;
}

constexpr auto kEnroll = R"({"verb":"face.enroll","args":{"person":"p1","consent":{}},"attachments":["li.jpg"]})";

}  // namespace

TEST_CASE("a request is a verb with its args", "[unit]") {
    const auto call = read(R"({"verb": "door.open", "args": {"door": "front"}})");
    REQUIRE(call);
    CHECK(call->verb->name == "door.open");
    CHECK(call->request.args->at("door") == "front");
    CHECK(call->request.peer.text() == "uid 1000 (li)");
    CHECK(call->request.attachments->empty());
    CHECK(read(R"({"verb": "status"})"));
}

TEST_CASE("what is no request is refused in words", "[unit]") {
    const auto [line, words] = GENERATE(table<std::string, std::string>({
        {"status", "not JSON"},
        {R"({"verb": "status")", "not JSON"},
        {"[1]", "an object"},
        {"{}", "\"verb\" is missing"},
        {R"({"verb": 7})", "\"verb\" is missing or not a text"},
        {R"({"verb": "status", "argz": {}})", "did you mean \"args\""},
        {R"({"verb": "statsu"})", "did you mean \"status\""},
        {R"({"verb": "status", "args": []})", "\"args\" must be an object"},
        {R"({"verb": "status", "args": {"a": 1}})", "it takes nothing"},
        {R"({"verb": "door.open"})", "door.open: \"door\" is missing"},
        {R"({"verb": "door.open", "args": {"door": 1}})", "\"door\" must be a text"},
        {R"({"verb": "door.open", "args": {"door": "f", "dor": "f"}})", "did you mean \"door\""},
        {R"({"verb": "tail", "args": {"lines": -1}})", "\"lines\" must be a whole number"},
        {R"({"verb": "tail", "args": {"lines": 4294967296}})", "\"lines\" must be a whole number"},
        {R"({"verb": "tail", "args": {"lines": 1.5}})", "\"lines\" must be a whole number"},
        {R"({"verb": "tail", "args": {"follow": "yes"}})", "\"follow\" must be true or false"},
        {R"({"verb": "tail", "args": {"kinds": ["granted", 1]}})", "\"kinds\" must be a list of texts"},
        {R"({"verb": "face.enroll", "args": {"person": "p", "consent": "yes"}})", "\"consent\" must be an object"},
    }));
    CAPTURE(line);
    const auto said = refusal(line);
    CHECK(said.code == Code::bad_request);
    CHECK_THAT(said.message, Contains(words));
}

TEST_CASE("deep nesting and broken UTF-8 are refused, not followed", "[unit]") {
    const std::string deep(200'000, '[');
    CHECK(refusal(deep).code == Code::bad_request);
    CHECK(refusal("{\"verb\": \"sta\xFFtus\"}").code == Code::bad_request);
}

TEST_CASE("who may read may not change", "[unit]") {
    CHECK(read(R"({"verb": "status"})", kReader));
    const auto denied = refusal(R"({"verb": "door.open", "args": {"door": "front"}})", kReader);
    CHECK(denied.code == Code::forbidden);
    CHECK_THAT(denied.message, Contains("uid 1001 (wang)") && Contains("usermod -aG menshen-admin wang"));
    const auto outside = refusal(R"({"verb": "status"})", kNobody);
    CHECK(outside.code == Code::forbidden);
    CHECK_THAT(outside.message, Contains("uid 1002") && Contains("group menshen,"));
}

TEST_CASE("every verb of the table that changes something is out of a reader's reach", "[unit]") {
    // The table itself is the specification; this holds that nobody turns a change into a read by a slip.
    const std::set<std::string> reads{"status",       "tail",         "doors",      "persons.list", "cards.list",
                                      "alerts.list",  "audit.verify", "records",    "tag.list",     "stranger.list",
                                      "alerts.mutes", "face.report",  "models.list"};
    for (const auto& verb : verb_table()) {
        CAPTURE(verb.name);
        CHECK((verb.access == Access::read) == reads.contains(verb.name));
    }
}

TEST_CASE("a verb without a handler is unknown", "[unit]") {
    auto table = verb_table();
    REQUIRE(set_handler(table, "status", [](const Request&, Reply) {}));
    CHECK_FALSE(set_handler(table, "statsu", [](const Request&, Reply) {}));
    CHECK(read_request(R"({"verb":"status"})", {}, table, kAdmin, Limits{}));
    const auto doors = read_request(R"({"verb":"doors"})", {}, table, kAdmin, Limits{});
    REQUIRE_FALSE(doors);
    CHECK_THAT(doors.error().message, Contains("there is no verb \"doors\"") && Contains("(one of: status)"));
}

TEST_CASE("a file must be sealed memory within the limit", "[unit]") {
    const auto call = read(kEnroll, kAdmin, one(memory("jpeg bytes")));
    REQUIRE(call);
    const auto& file = call->request.attachments->at(0);
    CHECK(file.name() == "li.jpg");
    CHECK(file.size() == 10);
    const auto bytes = file.read();
    REQUIRE(bytes);
    CHECK(std::string((*bytes)->begin(), (*bytes)->end()) == "jpeg bytes");

    CHECK_THAT(read(kEnroll, kAdmin, one(memory("x", F_SEAL_WRITE))).error().message, Contains("not sealed memory"));
    CHECK_THAT(read(kEnroll, kAdmin, one(memory(""))).error().message, Contains("is empty"));
    CHECK_THAT(read(kEnroll, kAdmin, one(Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)))).error().message,
               Contains("not sealed memory"));
    CHECK_THAT(read(kEnroll).error().message, Contains("1 attachments are named but 0 files came"));
    CHECK_THAT(read(R"({"verb":"status"})", kAdmin, one(memory("x"))).error().message, Contains("0 attachments are named but 1"));
    auto limits = Limits{};
    limits.attachment = 4;
    auto table = table_with_handlers();
    const auto large = read_request(kEnroll, one(memory("12345")), table, kAdmin, limits);
    REQUIRE_FALSE(large);
    CHECK_THAT(large.error().message, Contains("has 5 bytes, the limit is 4"));
}

TEST_CASE("answers are one line whatever is in them", "[unit]") {
    CHECK(ok_line("{\"a\":1}") == R"({"ok":true,"result":{"a":1}})");
    const auto line = fail_line(Code::refused, "two\nlines \xFF");
    CHECK(line.find('\n') == std::string::npos);
    const auto parsed = nlohmann::json::parse(line);
    CHECK(parsed.at("code") == "refused");
    CHECK(parsed.at("ok") == false);
}
