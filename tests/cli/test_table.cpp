#include <sstream>

#include "cli/table.hpp"
#include "tests/support/catch.hpp"

using namespace menshen::cli;

TEST_CASE("wide characters take two cells", "[unit]") {
    CHECK(display_width("") == 0);
    CHECK(display_width("front") == 5);
    CHECK(display_width("大门") == 4);
    CHECK(display_width("3号楼201") == 8);
    CHECK(display_width("ﬀ１") == 3);      // a ligature is narrow, a full-width digit is wide
    CHECK(display_width("e\u0301") == 1);  // e and a combining acute
    CHECK(display_width("한글") == 4);
    CHECK(display_width("😀") == 2);
    CHECK(display_width("\xFF\xFE") == 2);
    CHECK(display_width("大\xE9") == 3);  // cut in the middle of a character
}

TEST_CASE("what could move the cursor is shown as a question mark", "[unit]") {
    CHECK(printable("李秀英 3-201") == "李秀英 3-201");
    CHECK(printable("a\x1B[2Jb\n\tc\x7F") == "a?[2Jb??c?");
    CHECK(printable("a\u202Eb\u0085") == "a?b?");
    CHECK(printable("\xC3") == "?");
    CHECK(printable("\xE5\xA4") == "??");
}

TEST_CASE("columns line up by what the terminal shows", "[unit]") {
    Table table({"DOOR", "NAME", "STATE"});
    table.add({"front", "大门", "locked"});
    table.add({"b", "Back door", "open"});
    table.add({"c"});
    std::ostringstream out;
    table.print(out, "no doors");
    CHECK(out.str() ==
          "DOOR   NAME       STATE\n"
          "front  大门       locked\n"
          "b      Back door  open\n"
          "c\n");
    // The third column begins at the same cell in every row.
    std::istringstream lines(out.str());
    std::string line;
    for (const auto* state : {"STATE", "locked", "open"}) {
        std::getline(lines, line);
        CHECK(display_width(line.substr(0, line.find(state))) == 18);
    }
}

TEST_CASE("a table without rows says so", "[unit]") {
    std::ostringstream out;
    Table({"DOOR"}).print(out, "no doors");
    CHECK(out.str() == "no doors\n");
}
