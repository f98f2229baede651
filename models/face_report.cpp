#include "models/face_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace menshen::models {
namespace {

Rate times(const Rate& rate, double factor) { return {rate.value * factor, rate.low * factor, rate.high * factor}; }
Rate opposite(const Rate& rate) { return {1 - rate.value, 1 - rate.high, 1 - rate.low}; }

/// As many digits as the number is worth: 0.03, 4.2, 57.
std::string number(double value) {
    if (value == 0) return "0";
    if (value < 0.001) return "<0.001";
    const int digits = value >= 10 ? 0 : std::max(0, 1 - static_cast<int>(std::floor(std::log10(value))));
    return fmt::format("{:.{}f}", value, digits);
}
std::string range(const Rate& rate) { return fmt::format("{}-{}", number(rate.low), number(rate.high)); }
std::string percent(double share) { return number(share * 100) + " %"; }

FaceAlone alone_of(const Calibration::OneToMany* entry, std::size_t persons) {
    if (persons == 0) return FaceAlone::nobody;
    if (entry == nullptr) return FaceAlone::beyond_table;
    return entry->measured ? FaceAlone::may_open : FaceAlone::extrapolated;
}

void add_identification(const Calibration& table, FaceReport& out) {
    const auto* entry = table.entry_for(std::max<std::size_t>(out.asked.persons, 1), out.asked.target_fpir);
    out.alone = alone_of(entry, out.asked.persons);
    if (entry != nullptr) {
        out.cosine = entry->cosine;
        out.for_persons = entry->persons;
        out.strangers_per_1000 = times(entry->rate, 1000);
        if (entry->tpir) out.refused_per_1000 = times(opposite(*entry->tpir), 1000);
        out.behind = entry->behind;
    }
    for (const auto& one : table.one_to_many) {
        if (!one.measured) continue;
        const auto* for_persons = table.entry_for(out.asked.persons, one.fpir);
        if (for_persons != nullptr && for_persons->measured)
            out.strictest_measured_fpir = std::min(out.strictest_measured_fpir.value_or(1), for_persons->fpir);
        if (table.entry_for(one.persons, out.asked.target_fpir) == &one)
            out.largest_measured_gallery = std::max(out.largest_measured_gallery, one.persons);
    }
}

void add_verification(const Calibration& table, FaceReport& out) {
    const auto* entry = table.entry_for(out.asked.target_fmr);
    if (entry == nullptr) return;
    out.card_cosine = entry->cosine;
    out.card_extrapolated = !entry->measured;
    out.others_per_million = times(entry->rate, 1e6);
    if (entry->fnmr) out.owners_refused_per_1000 = times(*entry->fnmr, 1000);
}

void say_whether_it_opens(FaceReport& out) {
    const auto persons = out.asked.persons;
    const auto target = percent(out.asked.target_fpir);
    switch (out.alone) {
        case FaceAlone::nobody:
            out.zh.push_back("尚未录入任何人脸。");
            out.en.push_back("No face is enrolled.");
            return;
        case FaceAlone::may_open:
            out.zh.push_back(
                fmt::format("已录入 {} 人,允许仅凭人脸开门:目标误识率 {} 已对不少于此人数的人脸库实测。", persons, target));
            out.en.push_back(
                fmt::format("{} persons are enrolled. A face alone may open: the target of {} strangers taken for somebody was "
                            "measured for a gallery at least as large.",
                            persons, target));
            return;
        case FaceAlone::extrapolated:
            out.zh.push_back(fmt::format(
                "已录入 {} 人,仅凭人脸不开门,只作识别问候;开门须刷卡加人脸。目标误识率 {} 对此人数未经实测,仅为外推。", persons,
                target));
            out.en.push_back(fmt::format(
                "{} persons are enrolled. A face alone does not open, it only greets; card and face opens. The target of "
                "{} strangers taken for somebody was not measured for so many persons, only extrapolated.",
                persons, target));
            return;
        case FaceAlone::beyond_table:
            out.zh.push_back(fmt::format("已录入 {} 人,超出阈值表的范围(目标误识率 {}):仅凭人脸不识别任何人;开门须刷卡加人脸。",
                                         persons, target));
            out.en.push_back(
                fmt::format("{} persons are enrolled, beyond the table of thresholds at a target of {}: a face alone recognises "
                            "nobody; card and face opens.",
                            persons, target));
            return;
    }
}

void say_how_often_it_errs(FaceReport& out) {
    if (out.asked.persons == 0 || !out.strangers_per_1000) return;
    const bool measured = out.alone == FaceAlone::may_open;
    const auto& strangers = *out.strangers_per_1000;
    out.zh.push_back(fmt::format("每 1000 名陌生人中约 {} 人被误认为住户(95 % 区间 {},{},依据 {} 人)。", number(strangers.value),
                                 range(strangers), measured ? "实测" : "外推", out.behind));
    out.en.push_back(
        fmt::format("Of 1,000 strangers about {} are taken for somebody (95 % interval {}, {}, {} persons behind it).",
                    number(strangers.value), range(strangers), measured ? "measured" : "extrapolated", out.behind));
    if (out.refused_per_1000) {
        out.zh.push_back(fmt::format("每 1000 次住户单张照片中约 {} 次未被认出(95 % 区间 {})。",
                                     number(out.refused_per_1000->value), range(*out.refused_per_1000)));
        out.en.push_back(fmt::format("Of 1,000 single pictures of residents about {} are not recognised (95 % interval {}).",
                                     number(out.refused_per_1000->value), range(*out.refused_per_1000)));
    } else {
        out.zh.push_back("此人数下住户被拒的比例未经实测。");
        out.en.push_back("How many residents are refused was not measured for so many persons.");
    }
}

void say_what_would_do(FaceReport& out) {
    if (out.alone == FaceAlone::may_open || out.alone == FaceAlone::nobody) return;
    if (out.strictest_measured_fpir) {
        out.zh.push_back(fmt::format("对此人数实测过的最严目标误识率是 {}。", percent(*out.strictest_measured_fpir)));
        out.en.push_back(fmt::format("The strictest target that was measured for so many persons is {}.",
                                     percent(*out.strictest_measured_fpir)));
    }
    if (out.largest_measured_gallery > 0) {
        out.zh.push_back(fmt::format("该目标实测过的最大人脸库为 {} 人。", out.largest_measured_gallery));
        out.en.push_back(
            fmt::format("The largest gallery for which this target was measured has {} persons.", out.largest_measured_gallery));
    }
    out.zh.push_back("如需仅凭人脸开门,请用更多人的照片运行 menshen face calibrate,或减少录入人数,或放宽目标。");
    out.en.push_back(
        "To let a face alone open: run menshen face calibrate with pictures of more persons, enrol fewer, or state a looser "
        "target.");
}

void say_card_and_face(FaceReport& out) {
    if (!out.others_per_million) {
        out.zh.push_back("刷卡加人脸:目标超出阈值表,人脸核验不通过任何人。");
        out.en.push_back("Card and face: the target is beyond the table; no face passes.");
        return;
    }
    out.zh.push_back(fmt::format("刷卡加人脸:每百万张他人面孔中约 {} 张可用此卡通过(95 % 区间 {},{})。",
                                 number(out.others_per_million->value), range(*out.others_per_million),
                                 out.card_extrapolated ? "外推" : "实测"));
    out.en.push_back(
        fmt::format("Card and face: of a million faces of other people about {} would pass with a card (95 % interval {}, {}).",
                    number(out.others_per_million->value), range(*out.others_per_million),
                    out.card_extrapolated ? "extrapolated" : "measured"));
    if (!out.owners_refused_per_1000) return;
    out.zh.push_back(fmt::format("每 1000 次持卡人单张照片中约 {} 次被拒(95 % 区间 {})。",
                                 number(out.owners_refused_per_1000->value), range(*out.owners_refused_per_1000)));
    out.en.push_back(fmt::format("Of 1,000 single pictures of the card's owner about {} are refused (95 % interval {}).",
                                 number(out.owners_refused_per_1000->value), range(*out.owners_refused_per_1000)));
}

}  // namespace

FaceReport face_report(const Calibration& calibration, const FaceReportRequest& request) {
    FaceReport out;
    out.model = calibration.model;
    out.asked = request;
    add_identification(calibration, out);
    add_verification(calibration, out);
    say_whether_it_opens(out);
    say_how_often_it_errs(out);
    say_what_would_do(out);
    say_card_and_face(out);
    out.zh.push_back(fmt::format("模型 {};阈值由 {} 人的 {} 张照片拟合({})。门口光线差时结果会更差。", calibration.model,
                                 calibration.persons, calibration.pictures, calibration.source));
    out.en.push_back(
        fmt::format("Model {}; thresholds fitted to {} pictures of {} persons ({}). At a badly lit door expect worse.",
                    calibration.model, calibration.pictures, calibration.persons, calibration.source));
    return out;
}

}  // namespace menshen::models
