#include "models/gallery.hpp"

#include <algorithm>
#include <map>
#include <new>
#include <set>

namespace menshen::models {
namespace {

/// Wipes what was handed in, on every way out.
class WipeAtEnd {
public:
    explicit WipeAtEnd(std::vector<Enrolled>& enrolled) : enrolled_(enrolled) {}
    WipeAtEnd(const WipeAtEnd&) = delete;
    WipeAtEnd(WipeAtEnd&&) = delete;
    WipeAtEnd& operator=(const WipeAtEnd&) = delete;
    WipeAtEnd& operator=(WipeAtEnd&&) = delete;
    ~WipeAtEnd() {
        for (auto& one : enrolled_) wipe(one.face.values);
    }

private:
    std::vector<Enrolled>& enrolled_;
};

/// One person's rows: as fused() of models/fusion.hpp has it, without a copy in ordinary memory.
void add_rows(SecretFloats& values, const std::vector<const Template*>& faces, Fusion fusion) {
    const std::size_t dim = faces.front()->values.size(), row = row_floats(dim);
    const bool each = faces.size() == 1 || fusion != Fusion::mean;
    for (std::size_t face = 0; each && face < faces.size(); ++face) {
        const std::size_t end = values.size() + row;
        values.insert(values.end(), faces[face]->values.begin(), faces[face]->values.end());
        values.resize(end);
    }
    if (faces.size() == 1 || fusion == Fusion::best) return;
    values.resize(values.size() + row);
    float* mean = values.data() + values.size() - row;
    for (const auto* face : faces)
        for (std::size_t i = 0; i < dim; ++i) mean[i] += face->values[i];
    normalise({mean, dim});
}

/// The numbers as a row: in place when the dimension needs no padding, as it is with every model in sight.
class Probe {
public:
    explicit Probe(const Template& face) : row_(face.values.data()) {
        if (face.values.size() == row_floats(face.values.size())) return;
        padded_.resize(row_floats(face.values.size()));
        std::copy(face.values.begin(), face.values.end(), padded_.begin());
        row_ = padded_.data();
    }
    [[nodiscard]] const float* row() const { return row_; }

private:
    SecretFloats padded_;
    const float* row_;
};

}  // namespace

Gallery::Gallery(ModelTag model, Calibration calibration, GallerySettings settings)
    : model_(std::move(model)),
      calibration_(std::move(calibration)),
      settings_(settings),
      identify_(calibration_.identify(0, settings.target_fpir)),
      verify_(calibration_.verify(settings.target_fmr)) {}

Result<std::vector<PersonId>> Gallery::set(std::vector<Enrolled> enrolled) try {
    const WipeAtEnd wipe_at_end(enrolled);
    std::set<PersonId> again;
    // In the order of their ids, so that neither the order of enrolment nor of the database decides a tie.
    std::map<PersonId, std::vector<const Template*>> by_person;
    std::size_t kept = 0;
    for (const auto& one : enrolled) {
        if (one.face.model != model_) {
            again.insert(one.person);
            continue;
        }
        if (one.face.values.size() != model_.dim)
            return fail("person {} has a template of {} numbers, the model {} makes {}", one.person.str(), one.face.values.size(),
                        model_.id, model_.dim);
        by_person[one.person].push_back(&one.face);
        ++kept;
    }
    if (kept > kMaxTemplates) return fail("{} face templates; a gate holds at most {}", kept, kMaxTemplates);

    const std::size_t row = row_floats(model_.dim);
    SecretFloats values;
    values.reserve((kept + by_person.size()) * row);
    std::vector<PersonId> persons;
    std::vector<std::size_t> first_row;
    std::vector<std::uint32_t> owners;
    for (const auto& [person, faces] : by_person) {
        first_row.push_back(owners.size());
        add_rows(values, faces, calibration_.fusion);
        owners.resize(values.size() / row, static_cast<std::uint32_t>(persons.size()));
        persons.push_back(person);
    }
    first_row.push_back(owners.size());
    identify_ = calibration_.identify(persons.size(), settings_.target_fpir);
    values_.swap(values);
    persons_.swap(persons);
    first_row_.swap(first_row);
    owners_.swap(owners);
    templates_ = kept;
    return std::vector<PersonId>(again.begin(), again.end());
} catch (const std::bad_alloc&) {
    return fail("no memory for the face templates of the gate");
}

Comparison Gallery::compare(const Template& face) const {
    Comparison out;
    if (face.model != model_ || face.values.size() != model_.dim || owners_.empty()) return out;
    const Probe probe(face);
    const auto top = best_two(best_kernel(), {values_.data(), row_floats(model_.dim), owners_}, probe.row());
    out.best = persons_[top.best];
    out.best_score = top.best_score;
    out.second_score = top.second_score;
    out.accepted = top.best_score >= identify_.cosine && top.best_score - top.second_score >= calibration_.margin;
    out.extrapolated = identify_.extrapolated;
    return out;
}

Verification Gallery::verify(const PersonId& person, const Template& face) const {
    Verification out;
    const auto found = std::lower_bound(persons_.begin(), persons_.end(), person);
    if (found == persons_.end() || *found != person) return out;
    out.enrolled = true;
    if (face.model != model_ || face.values.size() != model_.dim) return out;
    const auto index = static_cast<std::size_t>(found - persons_.begin());
    const std::size_t row = row_floats(model_.dim);
    const Probe probe(face);
    for (std::size_t i = first_row_[index]; i < first_row_[index + 1]; ++i)
        out.score = std::max(out.score, row_product(values_.data() + i * row, probe.row(), row));
    out.accepted = out.score >= verify_.cosine;
    out.extrapolated = verify_.extrapolated;
    return out;
}

}  // namespace menshen::models
