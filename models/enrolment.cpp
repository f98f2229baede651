#include "models/enrolment.hpp"

#include <fmt/format.h>

namespace menshen::models {

namespace {

/// How far apart pictures of different people lie differs from model to model; the distance of the loosest threshold measures it.
float spread_of(const Calibration& calibration) {
    return calibration.one_to_one.empty() ? 0.0F : 1.0F - calibration.one_to_one.front().cosine;
}

/// Below this part of it two pictures are as good as one.
constexpr float kSamePicture = 0.02F;

struct LookAlike {
    PersonId person;
    float score = -1.0F;
};

/// The person whom one of the faces would be taken for, card in hand.
std::optional<LookAlike> look_alike_of(const Enrolment& enrolment, const Gallery& gallery) {
    std::optional<LookAlike> out;
    for (const auto& other : gallery.ids()) {
        if (other == enrolment.person || other == enrolment.despite) continue;
        for (const auto& face : enrolment.faces) {
            const auto match = gallery.verify(other, face);
            if (match.accepted && (!out || match.score > out->score)) out = LookAlike{other, match.score};
        }
    }
    return out;
}

}  // namespace

bool is_same_picture(const Template& a, const Template& b, const Calibration& calibration) {
    return cosine(a, b) > 1.0F - kSamePicture * spread_of(calibration);
}

std::string what_speaks_against(const Enrolment& enrolment, const Gallery& gallery) {
    const auto& faces = enrolment.faces;
    const auto& calibration = gallery.calibration();
    std::size_t varied = 0;
    std::string alike_pair;
    for (std::size_t i = 0; i < faces.size(); ++i) {
        bool is_new = true;
        for (std::size_t k = 0; k < i; ++k) {
            if (is_same_picture(faces[k], faces[i], calibration)) {
                is_new = false;
                alike_pair = fmt::format("; pictures {} and {} are nearly the same", k + 1, i + 1);
            }
            if (!calibration.one_to_one.empty() && cosine(faces[k], faces[i]) < calibration.one_to_one.front().cosine) {
                return fmt::format(
                    "pictures {} and {} do not seem to show the same person (likeness {:.3f}): take one of them again", k + 1,
                    i + 1, cosine(faces[k], faces[i]));
            }
        }
        varied += is_new ? 1 : 0;
    }
    if (varied < kLeastPictures) {
        return fmt::format("{} different pictures at least are needed, and {} {} given{}: turn the head a little each time",
                           kLeastPictures, varied, varied == 1 ? "was" : "were", alike_pair);
    }
    const auto alike = look_alike_of(enrolment, gallery);
    if (!alike) return {};
    return fmt::format(
        "looks like {}, who is enrolled already (likeness {:.3f}): the same person twice? For twins give --despite {}; a face "
        "alone will then open for neither",
        alike->person.str(), alike->score, alike->person.str());
}

}  // namespace menshen::models
