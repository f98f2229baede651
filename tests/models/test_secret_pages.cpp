#include "models/secret_pages.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

#include "models/gallery.hpp"
#include "models/strangers.hpp"
#include "tests/models/vectors.hpp"
#include "tests/support/catch.hpp"

using namespace menshen;
using namespace menshen::models;

namespace {

/// The flags of the mapping that holds `address`, as in /proc/self/smaps: " rd wr mr mw me dd ac wf ".
std::string flags_at(const void* address) {
    const auto wanted = reinterpret_cast<std::uintptr_t>(address);
    std::ifstream maps("/proc/self/smaps");
    bool inside = false;
    for (std::string line; std::getline(maps, line);) {
        std::uintptr_t first = 0, last = 0;
        char dash = 0;
        std::istringstream range(line);
        if (range >> std::hex >> first >> dash >> last && dash == '-') inside = first <= wanted && wanted < last;
        if (inside && line.rfind("VmFlags:", 0) == 0) return line.substr(8) + " ";
    }
    return {};
}

bool has_flag(const void* address, const char* flag) {
    return flags_at(address).find(std::string(" ") + flag + " ") != std::string::npos;
}

}  // namespace

TEST_CASE("secret pages stay out of core dumps and of children", "[unit]") {
    SecretFloats values(5000, 1.0F);
    CHECK(has_flag(values.data(), "dd"));
    CHECK(has_flag(values.data() + 4999, "dd"));
    CHECK(has_flag(values.data(), "wf"));
    // The test can fail: ordinary memory has neither.
    const std::vector<float> plain(5000, 1.0F);
    CHECK_FALSE(has_flag(plain.data(), "dd"));
    // Growing moves the numbers to pages of the same kind.
    values.resize(50'000);
    CHECK(has_flag(values.data(), "dd"));
    CHECK(values[4999] == 1.0F);

    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) ::_exit(values[0] == 0.0F && plain[0] == 1.0F ? 0 : 1);
    int status = 1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}

TEST_CASE("numbers that were wiped are gone", "[unit]") {
    std::vector<float> values(100, 0.25F);
    wipe(values);
    CHECK(values == std::vector<float>(100, 0.0F));
}
