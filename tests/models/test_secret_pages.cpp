#include "models/secret_pages.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
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

namespace {

/// What is looked for, kept in a form in which it is not found itself.
class Pattern {
public:
    explicit Pattern(std::uint32_t seed) {
        for (std::size_t i = 0; i < mask_.size(); ++i) mask_[i] = (seed = seed * 1664525U + 1013904223U) & 0x00FFFFFFU;
    }

    /// A template of 64 numbers, of unit length; the pattern is its first sixteen.
    [[nodiscard]] Template make(const ModelTag& model) {
        Template out{model, WipedFloats(model.dim)};
        for (std::size_t i = 0; i < out.values.size(); ++i)
            out.values[i] = static_cast<float>(static_cast<std::int32_t>(mask_[i % 16] % 2001) - 1000) + static_cast<float>(i);
        normalise(out.values);
        for (std::size_t i = 0; i < hidden_.size(); ++i) {
            std::uint32_t bits = 0;
            std::memcpy(&bits, &out.values[i], sizeof bits);
            hidden_[i] = bits ^ mask_[i];
        }
        return out;
    }

    [[nodiscard]] bool is_at(const unsigned char* bytes) const {
        for (std::size_t i = 0; i < hidden_.size(); ++i) {
            std::uint32_t word = 0;
            std::memcpy(&word, bytes + 4 * i, sizeof word);
            if ((word ^ mask_[i]) != hidden_[i]) return false;
        }
        return true;
    }
    static constexpr std::size_t kBytes = 64;

private:
    std::array<std::uint32_t, 16> mask_{}, hidden_{};
};

struct Found {
    int in_dump = 0;  ///< In memory that a core dump would hold.
    int outside = 0;  ///< In memory that it leaves out.
};

/// Searches all memory of this process, as one would a core dump. Memory that was never touched is not in one.
Found search(const Pattern& pattern) {
    struct Area {
        std::uintptr_t first = 0, last = 0;
        bool readable = false, left_out = false;
        std::size_t resident = 0;
    };
    std::vector<Area> areas;
    std::ifstream maps("/proc/self/smaps");
    for (std::string line; std::getline(maps, line);) {
        Area area;
        char dash = 0;
        std::string rights;
        std::istringstream range(line);
        if (range >> std::hex >> area.first >> dash >> area.last >> rights && dash == '-') {
            area.readable = rights[0] == 'r' && rights[1] == 'w';
            areas.push_back(area);
        } else if (line.rfind("Rss:", 0) == 0) {
            areas.back().resident = std::stoul(line.substr(4));
        } else if (line.rfind("VmFlags:", 0) == 0) {
            areas.back().left_out = (line + " ").find(" dd ") != std::string::npos;
        }
    }
    Found out;
    // Secret pages cannot be read here by accident of the search itself: it goes through the kernel.
    const int memory = ::open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    constexpr std::size_t kPiece = 1 << 16;
    const auto top_of_stack = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    // Itself in memory that the search leaves out, or it would find its own copies.
    std::vector<unsigned char, SecretAllocator<unsigned char>> piece(kPiece + Pattern::kBytes);
    for (const auto& area : areas) {
        const auto own = reinterpret_cast<std::uintptr_t>(piece.data());
        if (!area.readable || area.resident == 0 || area.last - area.first > (std::size_t{1} << 30)) continue;
        for (auto at = area.first; at < area.last; at += kPiece) {
            const auto got = ::pread(memory, piece.data(), piece.size(), static_cast<off_t>(at));
            for (ssize_t i = 0; i + static_cast<ssize_t>(Pattern::kBytes) <= got && i < static_cast<ssize_t>(kPiece); i += 4) {
                const auto address = at + static_cast<std::uintptr_t>(i);
                if (address + Pattern::kBytes > area.last) break;  // What follows is another area's.
                if (address >= own && address < own + piece.size()) continue;
                // Below the end of the stack lies what calls left behind, among it the vector registers that the dynamic linker
                // saves when a function of a system library is called for the first time. The next calls write over it.
                if (area.first <= top_of_stack && address < top_of_stack && top_of_stack < area.last) continue;
                if (pattern.is_at(piece.data() + i)) ++(area.left_out ? out.outside : out.in_dump);
            }
        }
    }
    ::close(memory);
    return out;
}

const ModelTag kModel{"secret@1", 64, Metric::cosine};
const Calibration kCalibration{"secret", {{100, kDefaultFpir, 0.5F}}, 0, 0.9F, 0.5F, 0.5F};

}  // namespace

TEST_CASE("a template leaves nothing behind, wherever it was copied, moved or outgrown", "[unit]") {
    Pattern pattern(9);
    {
        std::vector<Enrolled> growing;
        for (int i = 0; i < 9; ++i) growing.push_back({PersonId("li"), pattern.make(kModel)});
        auto copy = growing;
        growing.front() = {PersonId("wang"), Template{}};
        auto moved = std::move(copy);
        moved.resize(1);
        auto bigger = moved.front().face.values;
        bigger.resize(5000);
        // The test can fail: what lives is found.
        REQUIRE(search(pattern).in_dump > 0);
    }
    CHECK(search(pattern).in_dump == 0);
}

TEST_CASE("a gallery leaves no template in memory that a core dump would hold", "[unit]") {
    Pattern pattern(7);
    std::vector<Enrolled> enrolled;
    enrolled.push_back({PersonId("li"), pattern.make(kModel)});
    // The test can fail: the template is found while it lies in ordinary memory.
    REQUIRE(search(pattern).in_dump > 0);
    {
        Gallery gallery(kModel, kCalibration);
        REQUIRE(gallery.set(std::move(enrolled)));
        const auto held = search(pattern);
        CHECK(held.in_dump == 0);
        CHECK(held.outside == 1);
        // Replaced: gone.
        REQUIRE(gallery.set({}));
        CHECK(search(pattern).outside == 0);
    }
    CHECK(search(pattern).in_dump == 0);
}

TEST_CASE("strangers leave no centroid in memory that a core dump would hold, and none after a wipe", "[unit]") {
    Pattern pattern(8);
    Strangers strangers(kModel, kCalibration, [next = std::uint64_t{0}]() mutable { return ++next; });
    {
        const std::vector<SightedFace> walk_up = {{pattern.make(kModel), 1, WallTime{}},
                                                  {pattern.make(kModel), 1, WallTime{} + 1s}};
        const auto seen = strangers.see(walk_up, WallTime{} + 1s, [](const Template& /*face*/) { return -1.0F; });
        REQUIRE(seen.changed);
    }
    const auto held = search(pattern);
    CHECK(held.in_dump == 0);
    CHECK(held.outside == 1);
    SECTION("wiped") { CHECK(strangers.wipe().size() == 1); }
    SECTION("expired") { CHECK(strangers.expire(WallTime{} + 24h * 8).size() == 1); }
    SECTION("restored elsewhere") {
        CHECK(strangers.restore(strangers.all()).empty());
        CHECK(search(pattern).in_dump == 0);
        CHECK(strangers.restore({}).empty());
    }
    const auto after = search(pattern);
    CHECK(after.in_dump == 0);
    CHECK(after.outside == 0);
}
