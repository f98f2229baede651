// Enrolment of faces, with consent, and its withdrawal.

#include <array>
#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "daemon/app/app.hpp"
#include "daemon/app/verb_args.hpp"
#include "daemon/app/verbs.hpp"

namespace menshen::app {

namespace {

using control::Code;
using control::Reply;
using control::Request;
using nlohmann::json;

/// Every part of a consent has to be there: a template without one would be unlawful (PIPL art. 14 and 29, GDPR art. 9).
Result<FaceConsent> read_consent(const PersonId& person, const json& object) {
    FaceConsent consent;
    consent.person = person;
    const std::array<std::pair<const char*, std::string*>, 6> parts{{{"purpose", &consent.purpose},
                                                                     {"form", &consent.form},
                                                                     {"date", &consent.date},
                                                                     {"by", &consent.by},
                                                                     {"text_version", &consent.text_version},
                                                                     {"until", &consent.until}}};
    for (const auto& [key, part] : parts) {
        if (!object.contains(key) || !object[key].is_string() || object[key].get_ref<const std::string&>().empty()) {
            return fail("consent.{} is missing; a face is only enrolled with purpose, form, date, by, text_version and until",
                        key);
        }
        *part = object[key].get<std::string>();
    }
    if (consent.by != "self" && consent.by != "guardian")
        return fail("consent.by must be self or guardian, got \"{}\"", consent.by);
    for (const auto& [key, day] : {std::pair{"date", consent.date}, std::pair{"until", consent.until}}) {
        if (!parse_stamp(day + "T00:00:00Z")) return fail("consent.{} must be a day such as 2026-11-01, got \"{}\"", key, day);
    }
    if (consent.until < consent.date) return fail("consent.until lies before consent.date");
    return consent;
}

using Templates = std::vector<Result<models::Template>>;

json photo_list(const std::vector<std::string>& names, const Templates& templates) {
    json out = json::array();
    for (std::size_t i = 0; i < templates.size(); ++i) {
        out.push_back({{"photo", names[i]},
                       {"ok", templates[i].has_value()},
                       {"message", templates[i] ? "" : templates[i].error().message}});
    }
    return out;
}

json photo_list_of(std::size_t pictures) {
    json out = json::array();
    for (std::size_t i = 0; i < pictures; ++i) {
        out.push_back({{"photo", fmt::format("picture {}", i + 1)}, {"ok", true}, {"message", ""}});
    }
    return out;
}

/// A consent and the templates made under it.
struct Kept {
    std::string by;
    FaceConsent consent;
    json photos;
    std::vector<models::Template> templates;
};

void store_templates(App& app, const Kept& kept, const Reply& reply) {
    store::PutFace put;
    put.consent = kept.consent;
    for (const auto& face : kept.templates) put.templates.push_back(to_row(kept.consent.person, face));
    put.consent.templates = static_cast<std::uint32_t>(put.templates.size());
    Record record = make_record(Kind::roster_changed, app.now());
    record.person = kept.consent.person;
    record.more["change"] = std::string("face_enrolled");
    record.more["by"] = kept.by;
    record.more["templates"] = static_cast<std::int64_t>(kept.templates.size());
    app.change_roster({std::move(put)}, {record},
                      [reply, photos = kept.photos, person = kept.consent.person](const Result<store::Committed>& committed) {
                          if (!committed) return reply.fail(Code::refused, committed.error().message);
                          reply.ok({{"person", person.str()}, {"templates", photos.size()}, {"photos", photos}});
                      });
}

/// What every enrolment needs; answers when something is missing.
std::optional<FaceConsent> may_enroll(App& app, const Request& request, const Reply& reply) {
    const Args args(request);
    const PersonId person(args.text("person"));
    if (app.vision() == nullptr) {
        reply.fail(Code::unavailable, "no camera is configured, so faces are not recognised here; add one to the config");
        return std::nullopt;
    }
    if (app.gate().roster().person(person) == nullptr) {
        reply.fail(Code::not_found, fmt::format("there is no person \"{}\"; see menshen persons", person.str()));
        return std::nullopt;
    }
    auto consent = read_consent(person, args.object("consent"));
    if (consent) return std::move(*consent);
    reply.fail(Code::bad_request, consent.error().message);
    return std::nullopt;
}

/// Photographs are kept in memory until they are embedded. All that wait may take so much and no more.
class PhotoRoom {
public:
    static constexpr std::size_t kBytes = 96u << 20;

    /// Room for as long as the result is kept; null: there is not so much left.
    [[nodiscard]] std::shared_ptr<void> take(std::size_t bytes) {
        if (bytes > kBytes - *taken_) return nullptr;
        *taken_ += bytes;
        return {taken_.get(), [taken = taken_, bytes](void*) { *taken -= bytes; }};
    }

private:
    std::shared_ptr<std::size_t> taken_ = std::make_shared<std::size_t>(0);
};

void enroll(App& app, const Request& request, const Reply& reply, PhotoRoom& room) {
    const auto consent = may_enroll(app, request, reply);
    if (!consent) return;
    if (request.attachments->empty()) {
        return reply.fail(Code::bad_request, "give three photographs at least, or use the camera: menshen face capture");
    }
    std::size_t together = 0;
    for (const auto& attachment : *request.attachments) together += attachment.size();
    auto taken = room.take(together);
    if (taken == nullptr) {
        return reply.fail(
            Code::refused,
            fmt::format("the photographs are {} MB together, and {} MB may wait at a time: send smaller ones (2,000 "
                        "pixels a side are plenty), or try again when other enrolments are done. Nothing was stored",
                        together >> 20, PhotoRoom::kBytes >> 20));
    }
    VisionWorker::Photos photos;
    std::vector<std::string> names;
    for (const auto& attachment : *request.attachments) {
        auto bytes = attachment.read();
        if (!bytes) return reply.fail(Code::refused, bytes.error().message);
        photos.push_back(std::move(*bytes));
        names.push_back(attachment.name());
    }
    VisionWorker::Enrolment enrolment{consent->person, PersonId(Args(request).text("despite")), std::move(photos)};
    app.vision()->enroll(std::move(enrolment), [&app, reply, names, taken = std::move(taken), by = request.peer.text(),
                                                consent = *consent](const Result<VisionWorker::Enrolled>& enrolled) {
        if (!enrolled) return reply.fail(Code::unavailable, enrolled.error().message);
        const auto& templates = enrolled->templates;
        Kept kept{by, consent, photo_list(names, templates), {}};
        std::string refusals;
        for (std::size_t i = 0; i < templates.size(); ++i) {
            if (templates[i]) {
                kept.templates.push_back(*templates[i]);
            } else {
                refusals += fmt::format("{}{}: {}", refusals.empty() ? "" : "; ", names[i], templates[i].error().message);
            }
        }
        if (refusals.empty()) refusals = enrolled->against;
        if (!refusals.empty()) return reply.fail(Code::refused, refusals + ". Nothing was stored");
        store_templates(app, kept, reply);
    });
}

/// An enrolment at the camera, as long as it goes on. Kept by what reports to it.
struct Session {
    Reply reply;
    std::string by;
    FaceConsent consent;
    PersonId despite;
    boost::asio::steady_timer limit;
    std::string told;          ///< The last item that was sent.
    bool has_picture = false;  ///< The camera gives pictures.
};

constexpr std::chrono::seconds kCaptureLimit{90};
constexpr std::chrono::seconds kFirstPictureWithin{10};

/// From now on; then the enrolment ends with these words.
void give_time(App& app, const std::shared_ptr<Session>& session, std::chrono::seconds time, std::string words) {
    session->limit.expires_after(time);
    session->limit.async_wait([&app, session, words = std::move(words)](const boost::system::error_code& error) {
        if (error) return;
        app.end_capture();
        session->reply.fail(Code::unavailable, words + ". Nothing was stored");
    });
}

/// False when it is over.
bool on_capture(App& app, const std::shared_ptr<Session>& session, const App::Capture& capture) {
    if (!std::exchange(session->has_picture, true)) {
        give_time(app, session, kCaptureLimit, fmt::format("no {} good pictures in {} s", capture.wanted, kCaptureLimit.count()));
    }
    const auto item = json{{"advice", capture.advice}, {"taken", capture.taken}, {"wanted", capture.wanted}}.dump();
    const bool is_read = session->reply.is_open() && (item == session->told || session->reply.item(item));
    session->told = item;
    if (is_read && capture.faces.empty()) return true;
    session->limit.cancel();  // else it would end the next one's
    if (!is_read) return false;
    app.vision()->judge(
        session->consent.person, session->despite, capture.faces,
        [&app, session, faces = capture.faces](const std::string& against) {
            if (!against.empty()) return session->reply.fail(Code::refused, against + ". Nothing was stored");
            store_templates(app, {session->by, session->consent, photo_list_of(faces.size()), faces}, session->reply);
        });
    return false;
}

void capture(App& app, const Request& request, const Reply& reply) {
    const Args args(request);
    const auto consent = may_enroll(app, request, reply);
    if (!consent) return;
    const DeviceId camera(args.text("camera"));
    if (!app.config().gate.cameras.contains(camera)) {
        return reply.fail(Code::not_found, fmt::format("\"{}\" is no camera of a door; see menshen doors", camera.str()));
    }
    if (app.captures())
        return reply.fail(Code::refused, "somebody is being enrolled at a camera just now; try again in a minute");
    auto session = std::make_shared<Session>(
        Session{reply, request.peer.text(), *consent, PersonId(args.text("despite")), boost::asio::steady_timer(app.loop()), {}});
    give_time(app, session, kFirstPictureWithin,
              fmt::format("{} gives no picture: see menshen status whether it is connected", camera.str()));
    app.begin_capture(camera, [&app, session](const App::Capture& state) { return on_capture(app, session, state); });
}

void withdraw(App& app, const Request& request, const Reply& reply) {
    const PersonId person(Args(request).text("person"));
    const auto* face = app.gate().roster().face(person);
    if (face == nullptr) return reply.fail(Code::not_found, fmt::format("\"{}\" has no face enrolled", person.str()));
    Record record = make_record(Kind::roster_changed, app.now());
    record.person = person;
    record.more["change"] = std::string("face_consent_withdrawn");
    record.more["by"] = request.peer.text();
    app.change_roster({store::RemoveFace{person}}, {record}, [reply, person, templates = face->templates](const auto& committed) {
        if (!committed) return reply.fail(Code::refused, committed.error().message);
        reply.ok({{"person", person.str()}, {"templates", templates}});
    });
}

json to_json(const std::optional<models::Rate>& rate) {
    if (!rate) return nullptr;
    return {{"value", rate->value}, {"low", rate->low}, {"high", rate->high}};
}

void report(App& app, const Request&, const Reply& reply) {
    constexpr std::array<const char*, 4> kAlone{"may_open", "extrapolated", "beyond_table", "nobody"};
    const auto& held = app.health().face_report;
    if (!held) {
        return reply.fail(Code::unavailable, app.vision() == nullptr ? "no camera is configured, so faces are not recognised here"
                                                                     : "the face models are not loaded; see menshen status");
    }
    json outdated = json::array();
    for (const auto& person : app.health().enrol_again) outdated.push_back(person.str());
    reply.ok({{"model", held->model},
              {"persons", held->asked.persons},
              {"target_fpir", held->asked.target_fpir},
              {"target_fmr", held->asked.target_fmr},
              {"face_alone", kAlone.at(static_cast<std::size_t>(held->alone))},
              {"strangers_per_1000", to_json(held->strangers_per_1000)},
              {"refused_per_1000", to_json(held->refused_per_1000)},
              {"others_per_million", to_json(held->others_per_million)},
              {"owners_refused_per_1000", to_json(held->owners_refused_per_1000)},
              {"behind", held->behind},
              {"enrol_again", outdated},
              {"words", {{"zh", held->zh}, {"en", held->en}}}});
}

}  // namespace

void add_face_verbs(App& app, std::vector<control::Verb>& table) {
    answer(table, "face.enroll",
           [&app, room = PhotoRoom()](const Request& request, const Reply& reply) mutable { enroll(app, request, reply, room); });
    answer(table, "face.capture", app, capture);
    answer(table, "face.report", app, report);
    answer(table, "face.remove", [&app](const Request& request, const Reply& reply) { withdraw(app, request, reply); });
}

}  // namespace menshen::app
