// The rules that are shipped do what their words say.

#include <filesystem>
#include <fstream>
#include <sstream>

#include "rules/check.hpp"
#include "rules/text.hpp"
#include "tests/rules/play.hpp"

using namespace menshen;
using namespace menshen::rules;
using namespace menshen::rules::test;

namespace {

const std::filesystem::path kLibrary = std::filesystem::path(MENSHEN_SOURCE_DIR) / "rules" / "library";

std::string shipped(const std::string& name) {
    std::ifstream in(kLibrary / (name + ".yaml"));
    std::ostringstream out;
    out << in.rdbuf();
    REQUIRE_FALSE(out.str().empty());
    return out.str();
}

}  // namespace

TEST_CASE("the shipped rules pass the check", "[unit]") {
    CheckOptions options{.files = {kLibrary}, .parse = {.recipients = recipients_named({RecipientId("grid-1")})}};
    std::ostringstream out, err;
    CHECK(check(options, out, err) == 0);
    CHECK(out.str().find("4 rules, no errors") != std::string::npos);
    CHECK(out.str().find("elderly-silence") != std::string::npos);
    // One warning: the stranger rule has no legal basis.
    CHECK(err.str().find("repeated-stranger") != std::string::npos);
    CHECK(std::count(std::istreambuf_iterator<char>(*std::make_unique<std::istringstream>(err.str())), {}, '\n') == 1);

    options.parse.recipients = recipients_named({RecipientId("somebody-else")});
    std::ostringstream none, errors;
    CHECK(check(options, none, errors) == 1);
    CHECK(none.str().empty());
    CHECK(errors.str().find("grid-1") != std::string::npos);
}

TEST_CASE("elderly-silence", "[unit]") {
    Player player(shipped("elderly-silence"));
    const auto out = player.play(
        "1 07:00 tag_added person=p1 household=h1 tag=lives-alone\n1 09:30 passage person=p1 household=h1 certainty=strong "
        "door=front\n"
        "1 20:00 passage person=p1 certainty=weak\n2 10:00 passage person=p1 certainty=strong\n"
        "2 12:00 tag_added person=p1 tag=away\n6 12:00 tag_removed person=p1 tag=away\n7 11:00 time");
    REQUIRE(in_short(out) == "p1 firing 2 09:30; p1 resolved 2 10:00");
    CHECK(fill_names(out[0].text_zh, "张秀兰", "3号楼201") ==
          "3号楼201 张秀兰 已" + in_words_zh(24h) + "没有出入记录(最后一次:2026-11-01 09:30),请上门看望。");
    CHECK(fill_names(out[0].text_en, "Zhang Xiulan", "3-201") ==
          "3-201 Zhang Xiulan has not been seen for " + in_words_en(24h) + " (last: 2026-11-01 09:30). Please visit.");
}

TEST_CASE("card-overuse", "[unit]") {
    Player player(shipped("card-overuse"));
    std::string steps;
    for (int i = 0; i < 21; ++i) steps += "1 08:" + two_digits(i) + " granted card=c1 person=p1 household=h1 method=card\n";
    const auto out = player.play(steps + "1 08:30 granted card=c2 method=face\n3 00:00 time");
    REQUIRE(in_short(out) == "c1 firing 1 08:20; c1 resolved 2 08:00");
    CHECK(out[0].text_zh.find("使用了 21 次,超过 20 次") != std::string::npos);
}

TEST_CASE("repeated-stranger", "[unit]") {
    const std::string steps =
        "1 08:00 face_seen stranger=s1 door=front\n1 09:00 face_seen stranger=s1 door=front\n2 08:00 face_seen stranger=s1 "
        "door=front\n"
        "2 08:00 face_seen person=p1 door=front\n3 22:00 face_seen stranger=s1 door=front\n6 00:00 time";
    Player as_shipped(shipped("repeated-stranger"));
    CHECK(as_shipped.play(steps).empty());
    auto text = shipped("repeated-stranger");
    const auto comment = text.find("# legal_basis");
    REQUIRE(comment != std::string::npos);
    text.erase(comment, 2);
    Player player(text);
    const auto out = player.play(steps);
    REQUIRE(in_short(out) == "s1 firing 3 22:00; s1 resolved 5 00:00");
    CHECK(out[0].text_en == "Stranger s1 has come to front on 3 days running. Please look.");
}

TEST_CASE("door-held-open", "[unit]") {
    Player player(shipped("door-held-open"));
    const auto out = player.play("1 08:00 door_held door=front\n1 08:05 door_held door=front\n1 12:00 time");
    REQUIRE(in_short(out) == "front firing 1 08:00; front resolved 1 09:00");
    CHECK(out[0].text_en == "The door front is held open (2026-11-01 08:00). Please close it, or see to its closer.");
}
