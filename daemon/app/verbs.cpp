#include "daemon/app/verbs.hpp"

#include <cstdlib>

#include "daemon/app/log.hpp"

namespace menshen::app {

void answer(std::vector<control::Verb>& table, std::string_view name, control::Handler handler) {
    if (control::set_handler(table, name, std::move(handler))) return;
    log::error("the control socket has no verb {}", name);
    std::abort();
}

void answer(std::vector<control::Verb>& table, std::string_view name, App& app,
            void (*handler)(App&, const control::Request&, const control::Reply&)) {
    answer(table, name,
           [&app, handler](const control::Request& request, const control::Reply& reply) { handler(app, request, reply); });
}

std::vector<control::Verb> make_verbs(App& app) {
    auto table = control::verb_table();
    add_status_verbs(app, table);
    add_roster_verbs(app, table);
    add_tag_verbs(app, table);
    add_face_verbs(app, table);
    add_camera_verbs(app, table);
    add_model_verbs(app, table);
    add_alert_verbs(app, table);
    return table;
}

}  // namespace menshen::app
