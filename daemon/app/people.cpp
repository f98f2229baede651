#include "daemon/app/people.hpp"

namespace menshen::app {

namespace {

models::Template to_template(const std::string& model, const WipedFloats& values) {
    return {.model = {.id = model, .dim = static_cast<std::uint16_t>(values.size()), .metric = models::Metric::cosine},
            .values = values};
}

}  // namespace

FaceTable to_table(std::vector<store::FaceTemplateRow> rows) {
    FaceTable table;
    for (auto& row : rows) {
        auto& of_person = table[row.person];
        of_person.push_back(std::move(row));
    }
    return table;
}

std::vector<models::Enrolled> to_gallery(const FaceTable& faces) {
    std::vector<models::Enrolled> gallery;
    for (const auto& [person, rows] : faces) {
        for (const auto& row : rows) gallery.push_back({person, to_template(row.model, row.values)});
    }
    return gallery;
}

store::FaceTemplateRow to_row(const PersonId& person, const models::Template& face) {
    return {.person = person, .model = face.model.id, .values = face.values};
}

StrangerNote to_note(const store::StrangerRow& row) {
    return {.label = row.label,
            .until = row.label_until,
            .first_seen = row.first_seen,
            .last_seen = row.last_seen,
            .sightings = row.sightings};
}

store::StrangerRow to_row(const models::StrangerIdentity& stranger) {
    return {.id = stranger.id,
            .model = stranger.centroid.model.id,
            .centroid = stranger.centroid.values,
            .sightings = stranger.sightings,
            .first_seen = stranger.first_seen,
            .last_seen = stranger.last_seen,
            .label = {},
            .label_until = {}};
}

std::vector<models::StrangerIdentity> to_identities(const std::vector<store::StrangerRow>& rows) {
    std::vector<models::StrangerIdentity> out;
    for (const auto& row : rows) {
        out.push_back({.id = row.id,
                       .centroid = to_template(row.model, row.centroid),
                       .sightings = row.sightings,
                       .first_seen = row.first_seen,
                       .last_seen = row.last_seen});
    }
    return out;
}

}  // namespace menshen::app
