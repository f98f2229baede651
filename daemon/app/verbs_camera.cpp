// What a camera sees, for whoever aims it.

#include <openssl/evp.h>

#include "daemon/app/app.hpp"
#include "daemon/app/verb_args.hpp"
#include "daemon/app/verbs.hpp"

namespace menshen::app {

namespace {

using control::Code;
using control::Reply;
using control::Request;

std::string in_base64(const std::vector<std::uint8_t>& bytes) {
    std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
    const int length =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes.data(), static_cast<int>(bytes.size()));
    out.resize(static_cast<std::size_t>(length));
    return out;
}

/// A picture shows whoever stands there: only who may change something gets one, and a record says who did.
void snapshot(App& app, const Request& request, const Reply& reply) {
    const DeviceId camera(Args(request).text("camera"));
    if (app.vision() == nullptr || !app.config().gate.cameras.contains(camera)) {
        return reply.fail(Code::not_found, fmt::format("\"{}\" is no camera of a door; see menshen doors", camera.str()));
    }
    const auto last = app.last_frames().find(camera);
    if (last == app.last_frames().end()) {
        return reply.fail(Code::unavailable, fmt::format("{} has given no picture lately; see menshen status", camera.str()));
    }
    const auto age = app.now().mono - last->second.at;
    app.vision()->snapshot(last->second.frame, [&app, reply, camera, age, by = request.peer.text()](const auto& picture) {
        if (!picture) return reply.fail(Code::unavailable, picture.error().message);
        Record record = make_record(Kind::command, app.now());
        record.device = camera;
        record.more["command"] = std::string("snapshot");
        record.more["by"] = by;
        store::Batch batch;
        batch.records.push_back(std::move(record));
        const nlohmann::json result{{"camera", camera.str()},    {"age_ms", age.count()},
                                    {"faces", picture->faces},   {"quality_permille", picture->quality_permille},
                                    {"advice", picture->advice}, {"jpeg", in_base64(picture->jpeg)}};
        const bool taken = app.flow().commit(std::move(batch), [reply, result](const store::Committed&) { reply.ok(result); });
        if (!taken) reply.fail(Code::unavailable, "the disk takes no records now; see menshen status");
    });
}

}  // namespace

void add_camera_verbs(App& app, std::vector<control::Verb>& table) { answer(table, "camera.snapshot", app, snapshot); }

}  // namespace menshen::app
