#include "daemon/control/request.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/problems.hpp"

namespace menshen::control {

using nlohmann::json;

std::string_view to_text(Code code) {
    constexpr std::array<std::string_view, 5> kNames{"bad_request", "not_found", "forbidden", "refused", "unavailable"};
    return kNames.at(static_cast<std::size_t>(code));
}

std::string to_line(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

std::string ok_line(std::string_view result_json) { return fmt::format(R"({{"ok":true,"result":{}}})", result_json); }

std::string item_line(std::string_view item_json) { return fmt::format(R"({{"item":{}}})", item_json); }

std::string fail_line(Code code, std::string_view message) {
    json line{{"ok", false}};
    line["code"] = std::string(to_text(code));
    line["error"] = std::string(message);
    return to_line(line);
}

namespace {

template <class... Args>
tl::unexpected<Refusal> refuse(Code code, fmt::format_string<Args...> format, Args&&... args) {
    return tl::unexpected<Refusal>(Refusal{code, fmt::format(format, std::forward<Args>(args)...)});
}

tl::expected<json, Refusal> read_object(std::string_view line) {
    auto object = json::parse(line, nullptr, false);
    if (object.is_discarded()) return refuse(Code::bad_request, "the line is not JSON");
    if (!object.is_object()) return refuse(Code::bad_request, "a request is an object: {{\"verb\": ..., \"args\": {{...}}}}");
    for (const auto& [key, value] : object.items()) {
        constexpr std::array<std::string_view, 3> kKeys{"verb", "args", "attachments"};
        if (std::find(kKeys.begin(), kKeys.end(), key) == kKeys.end()) {
            return refuse(Code::bad_request, "\"{}\" is not known in a request{}", key, suggestion(key, kKeys));
        }
    }
    return object;
}

tl::expected<const Verb*, Refusal> find_verb(const json& object, const std::vector<Verb>& verbs) {
    const auto name = object.find("verb");
    if (name == object.end() || !name->is_string()) return refuse(Code::bad_request, "\"verb\" is missing or not a text");
    const auto& wanted = name->get_ref<const std::string&>();
    std::vector<std::string_view> known;
    for (const auto& verb : verbs) {
        if (!verb.handler) continue;
        if (verb.name == wanted) return &verb;
        known.push_back(verb.name);
    }
    return refuse(Code::bad_request, "there is no verb \"{}\"{}", wanted, suggestion(wanted, known));
}

std::optional<Refusal> check_permission(const Verb& verb, const Peer& peer) {
    const bool may = verb.access == Access::read ? peer.may_read : peer.may_change;
    if (may) return std::nullopt;
    const std::string_view group = verb.access == Access::read ? "menshen" : "menshen-admin";
    const auto user = peer.name.empty() ? "USER" : peer.name;
    return Refusal{Code::forbidden, fmt::format("{} is not in group {}, which \"{}\" asks for; remedy: usermod -aG {} {}",
                                                peer.text(), group, verb.name, group, user)};
}

bool is_of(Arg::Type type, const json& value) {
    switch (type) {
        case Arg::Type::text:
            return value.is_string();
        case Arg::Type::boolean:
            return value.is_boolean();
        case Arg::Type::object:
            return value.is_object();
        case Arg::Type::count:
            return value.is_number_unsigned() && value.get<std::uint64_t>() <= 0xFFFFFFFFu;
        case Arg::Type::texts:
            return value.is_array() && std::all_of(value.begin(), value.end(), [](const json& v) { return v.is_string(); });
    }
    return false;
}

std::string_view in_words(Arg::Type type) {
    constexpr std::array<std::string_view, 5> kWords{"a text", "a whole number", "true or false", "a list of texts", "an object"};
    return kWords.at(static_cast<std::size_t>(type));
}

std::optional<Refusal> check_args(const Verb& verb, const json& args) {
    std::vector<std::string_view> known;
    for (const auto& arg : verb.args) {
        known.push_back(arg.name);
        const auto value = args.find(arg.name);
        if (value == args.end()) {
            if (arg.need == Arg::Need::optional) continue;
            return Refusal{Code::bad_request, fmt::format("{}: \"{}\" is missing", verb.name, arg.name)};
        }
        if (!is_of(arg.type, *value)) {
            return Refusal{Code::bad_request, fmt::format("{}: \"{}\" must be {}", verb.name, arg.name, in_words(arg.type))};
        }
    }
    for (const auto& [key, value] : args.items()) {
        if (std::find(known.begin(), known.end(), key) != known.end()) continue;
        return Refusal{Code::bad_request, fmt::format("{}: \"{}\" is not known here{}", verb.name, key,
                                                      known.empty() ? "; it takes nothing" : suggestion(key, known))};
    }
    return std::nullopt;
}

tl::expected<std::vector<Attachment>, Refusal> take_attachments(const json& object, std::vector<Descriptor> descriptors,
                                                                const Limits& limits) {
    const auto names = object.find("attachments");
    const bool named = names != object.end();
    if (named && !is_of(Arg::Type::texts, *names)) return refuse(Code::bad_request, "\"attachments\" must be a list of texts");
    const std::size_t count = named ? names->size() : 0;
    if (count > limits.attachments) return refuse(Code::bad_request, "at most {} attachments", limits.attachments);
    if (count != descriptors.size()) {
        return refuse(Code::bad_request, "{} attachments are named but {} files came with the request", count,
                      descriptors.size());
    }
    std::vector<Attachment> attachments;
    for (std::size_t i = 0; i < count; ++i) {
        auto taken = accept_attachment((*names)[i].get<std::string>(), std::move(descriptors[i]), limits.attachment);
        if (!taken) return refuse(Code::bad_request, "{}", taken.error().message);
        attachments.push_back(std::move(*taken));
    }
    return attachments;
}

}  // namespace

tl::expected<Call, Refusal> read_request(std::string_view line, std::vector<Descriptor> descriptors,
                                         const std::vector<Verb>& verbs, const Peer& peer, const Limits& limits) {
    auto object = read_object(line);
    if (!object) return tl::unexpected(std::move(object.error()));
    const auto verb = find_verb(*object, verbs);
    if (!verb) return tl::unexpected(verb.error());
    if (auto refusal = check_permission(**verb, peer)) return tl::unexpected(std::move(*refusal));
    auto args = std::make_shared<json>(json::object());
    if (const auto found = object->find("args"); found != object->end()) {
        if (!found->is_object()) return refuse(Code::bad_request, "\"args\" must be an object");
        *args = std::move(*found);
    }
    if (auto refusal = check_args(**verb, *args)) return tl::unexpected(std::move(*refusal));
    auto attachments = take_attachments(*object, std::move(descriptors), limits);
    if (!attachments) return tl::unexpected(std::move(attachments.error()));
    Call call{.verb = *verb, .request = {}};
    call.request.peer = peer;
    call.request.args = std::move(args);
    call.request.attachments = std::make_shared<std::vector<Attachment>>(std::move(*attachments));
    return call;
}

}  // namespace menshen::control
