#pragma once
/// The enrolled faces, and who among them a face belongs to. Pure; one thread at a time.

#include <cstdint>
#include <string>
#include <vector>

#include "core/id.hpp"
#include "models/calibration.hpp"
#include "models/template.hpp"

namespace menshen::models {

/// One enrolment picture of one person.
struct Enrolled {
    PersonId person;
    Template face;
};

/// How a face compares with the gallery.
struct Comparison {
    PersonId best;               ///< Empty when nobody is enrolled with this model.
    float best_score = -1.0F;    ///< Cosine to the best person's nearest template.
    float second_score = -1.0F;  ///< The same for the second-best person; -1 when there is none.
    bool accepted = false;       ///< best_score reaches the threshold and leads second_score by the margin.
};

/// Persons and their templates of one model. Limit: kMaxTemplates; the rest is refused.
class Gallery {
public:
    static constexpr std::size_t kMaxTemplates = 50'000;

    Gallery(ModelTag model, Calibration calibration);

    /// Replaces everything. A template of another model is never compared: its person is returned, once, as one who has to be
    /// enrolled again. Fails, changing nothing, when there are too many templates or one does not have the model's dimension.
    [[nodiscard]] Result<std::vector<PersonId>> set(std::vector<Enrolled> enrolled);

    /// A face of another model compares with nobody.
    [[nodiscard]] Comparison compare(const Template& face) const;

    [[nodiscard]] std::size_t persons() const { return persons_.size(); }
    [[nodiscard]] std::size_t templates() const { return owners_.size(); }
    /// The cosine that a match needs with as many persons as are enrolled now.
    [[nodiscard]] float threshold() const { return threshold_; }
    [[nodiscard]] const Calibration& calibration() const { return calibration_; }
    [[nodiscard]] const ModelTag& model() const { return model_; }

private:
    ModelTag model_;
    Calibration calibration_;
    float threshold_ = 1.0F;
    std::vector<PersonId> persons_;
    std::vector<std::uint32_t> owners_;  ///< Of each template, an index into persons_.
    std::vector<float> values_;          ///< All templates behind each other, so that a comparison is one pass over memory.
};

}  // namespace menshen::models
