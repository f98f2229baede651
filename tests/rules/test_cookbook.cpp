// The recipes of docs/cookbook do what their test files say, and each is told of in docs/cookbook.md.

#include <filesystem>
#include <fstream>
#include <sstream>

#include "rules/check.hpp"
#include "rules/rule_test.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::rules;

namespace {

namespace fs = std::filesystem;

const fs::path kCookbook = fs::path(MENSHEN_SOURCE_DIR) / "docs" / "cookbook";

std::vector<fs::path> recipes() {
    std::vector<fs::path> out;
    for (const auto& entry : fs::directory_iterator(kCookbook)) {
        const auto& path = entry.path();
        if (path.extension() == ".yaml" && path.stem().extension() != ".test") out.push_back(path);
    }
    std::sort(out.begin(), out.end());
    return out;
}

std::string text_of(const fs::path& path) {
    std::ifstream in(path);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

}  // namespace

TEST_CASE("every recipe passes its tests, and has some", "[unit]") {
    REQUIRE(recipes().size() == 12);
    for (const auto& recipe : recipes()) {
        const auto test = kCookbook / (recipe.stem().string() + ".test.yaml");
        INFO(test.string());
        std::ostringstream out, err;
        CHECK(test_rules({.files = {test}}, out, err) == 0);
        INFO(out.str());
        // Something must fire in each: silence alone proves nothing.
        CHECK(text_of(test).find("state: firing") != std::string::npos);
        CHECK(out.str().find(" 0 failed") != std::string::npos);
    }
}

TEST_CASE("the cookbook passes the check, and none of its rules is useless", "[unit]") {
    std::ostringstream out, err;
    const CheckOptions options{.files = {kCookbook},
                               .parse = {},
                               .references = {.calendar = kCookbook / "site" / "calendar.yaml",
                                              .recipients = kCookbook / "site" / "recipients.yaml",
                                              .recipient_ids = {}}};
    CHECK(check(options, out, err) == 0);
    // Only that strangers need a legal basis.
    std::istringstream lines(err.str());
    for (std::string line; std::getline(lines, line);) CHECK(line.find("legal_basis") != std::string::npos);
}

TEST_CASE("every recipe is told of, in both languages", "[unit]") {
    const auto book = text_of(fs::path(MENSHEN_SOURCE_DIR) / "docs" / "cookbook.md");
    for (const auto& recipe : recipes()) {
        const auto name = recipe.filename().string();
        INFO(name);
        CHECK(book.find("cookbook/" + name) != std::string::npos);
        const auto text = text_of(recipe);
        CHECK(text.starts_with("# "));
        CHECK(static_cast<unsigned char>(text[2]) >= 0x80);  // Chinese first, as the people who use it read it
    }
}
