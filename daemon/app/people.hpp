#pragma once
/// Faces and strangers between the forms of the store and of the models.

#include <map>
#include <vector>

#include "daemon/app/tag_ends.hpp"
#include "daemon/store/rows.hpp"
#include "models/gallery.hpp"
#include "models/strangers.hpp"

namespace menshen::app {

using FaceTable = std::map<PersonId, std::vector<store::FaceTemplateRow>>;

[[nodiscard]] FaceTable to_table(std::vector<store::FaceTemplateRow> rows);
[[nodiscard]] std::vector<models::Enrolled> to_gallery(const FaceTable& faces);
[[nodiscard]] store::FaceTemplateRow to_row(const PersonId& person, const models::Template& face);
[[nodiscard]] StrangerNote to_note(const store::StrangerRow& row);
/// Without a label: the models know of none.
[[nodiscard]] store::StrangerRow to_row(const models::StrangerIdentity& stranger);
[[nodiscard]] std::vector<models::StrangerIdentity> to_identities(const std::vector<store::StrangerRow>& rows);

}  // namespace menshen::app
