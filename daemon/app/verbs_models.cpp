// The face models: which there are, and the acceptance of those whose origin nobody discloses.

#include <filesystem>

#include "daemon/app/app.hpp"
#include "daemon/app/verb_args.hpp"
#include "daemon/app/verbs.hpp"
#include "models/cache.hpp"

namespace menshen::app {

namespace {

using control::Code;
using control::Reply;
using control::Request;
using nlohmann::json;

std::string hash_of(const models::ModelFile& model) { return to_hex(sha256(model.notice)); }

void list_models(App& app, const Request&, const Reply& reply) {
    const auto& faces = app.config().faces;
    const auto dir = faces && !faces->models.empty() ? faces->models : models::models_dir();
    json out = json::array();
    for (const auto& model : models::manifest().models) {
        std::error_code error;
        const bool there = std::filesystem::exists(std::filesystem::path(dir) / model.file, error);
        out.push_back({{"name", model.name},
                       {"role", model.role},
                       {"licence", model.licence},
                       {"source", model.source},
                       {"used_for", model.used_for},
                       {"fetched", there},
                       {"optional", model.optional},
                       {"notice", model.notice},
                       {"notice_hash", model.notice.empty() ? "" : hash_of(model)},
                       {"accepted", model.notice.empty() || app.is_accepted(model)}});
    }
    reply.ok({{"folder", dir}, {"models", out}});
}

void accept_model(App& app, const Request& request, const Reply& reply) {
    const Args args(request);
    const auto name = args.text("name");
    const auto* model = models::manifest().model(name);
    if (model == nullptr)
        return reply.fail(Code::not_found, fmt::format("there is no model \"{}\"; see menshen models list", name));
    if (model->notice.empty())
        return reply.fail(Code::refused, fmt::format("{} has no notice to accept: it may be used as it is", name));
    if (args.text("notice_hash") != hash_of(*model)) {
        return reply.fail(Code::refused,
                          fmt::format("the notice of {} is another one than was read; see menshen models list", name));
    }
    Record record = make_record(Kind::command, app.now());
    record.more["command"] = std::string("accept_model");
    record.more["model"] = name;
    record.more["notice"] = hash_of(*model);
    record.more["by"] = request.peer.text();
    app.change_roster({store::AcceptModel{name, hash_of(*model), request.peer.text()}}, {record},
                      [&app, reply, name](const Result<store::Committed>& committed) {
                          if (!committed) return reply.fail(Code::refused, committed.error().message);
                          app.use_accepted_models();
                          reply.ok({{"name", name}, {"record", committed->records.front().id()}});
                      });
}

}  // namespace

void add_model_verbs(App& app, std::vector<control::Verb>& table) {
    answer(table, "models.list", app, list_models);
    answer(table, "models.accept", app, accept_model);
}

}  // namespace menshen::app
