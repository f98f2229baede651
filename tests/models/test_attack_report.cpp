// The figures of a recorded attack set, and clips that are made up for it.
#include "models/attack_report.hpp"

#include <algorithm>

#include "models/attack_simulation.hpp"
#include "tests/models/pictures.hpp"
#include "tests/support/catch.hpp"

using namespace menshen::models;

namespace {

LivenessClip clip(const std::string& type, float network, std::size_t usable = 8) {
    LivenessClip out;
    out.type = type;
    out.frames = 10;
    out.usable = usable;
    for (std::size_t i = 0; i < usable; ++i) out.network.add(network);
    return out;
}

}  // namespace

TEST_CASE("errors are counted for each kind of attack by itself", "[unit]") {
    std::vector<LivenessClip> clips;
    for (int i = 0; i < 18; ++i) clips.push_back(clip("", 0.9F));
    clips.push_back(clip("", 0.1F));     // A person refused.
    clips.push_back(clip("", 0.5F));     // Unknown: refused only when liveness is required.
    clips.push_back(clip("", 0.9F, 0));  // Never seen well.
    for (int i = 0; i < 10; ++i) clips.push_back(clip("screen", i < 3 ? 0.9F : 0.1F));
    for (int i = 0; i < 5; ++i) clips.push_back(clip("print", i < 1 ? 0.5F : 0.1F));
    const auto report = liveness_report(clips);
    CHECK(report.has_network);
    CHECK(report.bona_fide.clips == 21);
    CHECK(report.bona_fide.no_response == 1);
    CHECK(report.bona_fide.error_refuse.value == Approx(1.0 / 20));
    CHECK(report.bona_fide.error_require.value == Approx(2.0 / 20));
    REQUIRE(report.attacks.size() == 2);
    CHECK(report.attacks[0].type == "print");
    CHECK(report.attacks[0].error_refuse.value == Approx(1.0 / 5));
    CHECK(report.attacks[0].error_require.value == 0);
    CHECK(report.attacks[0].error_require.high == Approx(0.5218).margin(0.001));  // Clopper-Pearson, 0 of 5.
    CHECK(report.attacks[1].error_refuse.value == Approx(3.0 / 10));
    CHECK(report.attacks[1].network_spoke == 10);
    CHECK(report.attacks[1].parallax_spoke == 0);
}

TEST_CASE("without a network every clip stays unknown: nothing is refused, nothing passes where liveness is required", "[unit]") {
    std::vector<LivenessClip> clips(4);
    clips[0].usable = clips[1].usable = clips[2].usable = 8;
    clips[2].type = clips[3].type = "print";
    const auto report = liveness_report(clips);
    CHECK_FALSE(report.has_network);
    CHECK(report.bona_fide.error_refuse.value == 0);
    CHECK(report.bona_fide.error_require.value == 1);
    CHECK(report.attacks[0].error_refuse.value == 1);
    CHECK(report.attacks[0].error_require.value == 0);
    CHECK(report.attacks[0].no_response == 1);
    CHECK(liveness_report({}).bona_fide.error_refuse.high == 1);
}

TEST_CASE("simulated clips are what they say", "[unit]") {
    const auto photograph = test::gradient(200, 240);
    Simulation how{SimulatedView::print, 5, 96, 7};
    const auto once = simulate_clip(photograph, how), again = simulate_clip(photograph, how);
    REQUIRE(once.size() == 5);
    for (std::size_t i = 0; i < once.size(); ++i) {
        CHECK(once[i].rgb.size() == 3u * 96 * 96);
        CHECK(once[i].rgb == again[i].rgb);
    }
    CHECK(once[0].rgb != once[4].rgb);
    const auto first_of = [&](SimulatedView view) {
        how.view = view;
        return simulate_clip(photograph, how)[0].rgb;
    };
    const auto person = first_of(SimulatedView::person), on_paper = first_of(SimulatedView::print),
               on_glass = first_of(SimulatedView::screen);
    CHECK(person != on_paper);
    CHECK(person != on_glass);
    CHECK(on_paper != on_glass);
    // Paper has no black, a screen's rim is dark.
    how.view = SimulatedView::print;
    const auto print = simulate_clip(Image{2, 2, std::vector<std::uint8_t>(12, 0)}, how)[0];
    CHECK(static_cast<int>(*std::min_element(print.rgb.begin(), print.rgb.end())) > 25);
    how.view = SimulatedView::screen;
    const auto screen = simulate_clip(Image{2, 2, std::vector<std::uint8_t>(12, 255)}, how)[0];
    CHECK(static_cast<int>(*std::min_element(screen.rgb.begin(), screen.rgb.end())) < 25);
    CHECK(simulate_clip({}, how).empty());
}
