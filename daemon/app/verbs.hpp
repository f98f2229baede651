#pragma once
/// What each verb of the control socket does (docs/control.md).

#include <string_view>
#include <vector>

#include "daemon/control/server.hpp"

namespace menshen::app {

class App;

/// The whole table with its handlers. `app` must outlive the server.
[[nodiscard]] std::vector<control::Verb> make_verbs(App& app);

/// Gives a verb of the table its handler. A name that the table does not have is a mistake of ours: it ends the program at start.
void answer(std::vector<control::Verb>& table, std::string_view name, control::Handler handler);
/// The same for a function that works with the app.
void answer(std::vector<control::Verb>& table, std::string_view name, App& app,
            void (*handler)(App&, const control::Request&, const control::Reply&));

void add_status_verbs(App& app, std::vector<control::Verb>& table);
void add_roster_verbs(App& app, std::vector<control::Verb>& table);
void add_tag_verbs(App& app, std::vector<control::Verb>& table);  ///< Tags, and strangers with their labels.
void add_face_verbs(App& app, std::vector<control::Verb>& table);
void add_camera_verbs(App& app, std::vector<control::Verb>& table);
void add_model_verbs(App& app, std::vector<control::Verb>& table);
void add_alert_verbs(App& app, std::vector<control::Verb>& table);

}  // namespace menshen::app
