#include "cli/shell.hpp"

#include <fmt/format.h>

#include <array>
#include <ostream>

#include "cli/table.hpp"
#include "core/time.hpp"

namespace menshen::cli {

namespace {
const char* const kSocketHelp = "The control socket (default $MENSHEN_SOCKET, else /run/menshen/control.sock)";
}

void Shell::add_socket(CLI::App& verb) { verb.add_option("--socket", socket, kSocketHelp)->type_name("PATH"); }

void Shell::add_json(CLI::App& verb) { verb.add_flag("--json", json, "Print JSON for scripts"); }

CLI::App* Shell::verb(CLI::App& parent, const std::string& name, const std::string& about, Output output) {
    auto* verb = parent.add_subcommand(name, about);
    add_socket(*verb);
    if (output == Output::words_or_json) add_json(*verb);
    return verb;
}

int Shell::ask(const std::string& name, const Json& args, const Show& show) {
    return ask_with({.socket = {}, .verb = name, .photos = {}}, args, show);
}

int Shell::ask_with(control::Question question, const Json& args, const Show& show) {
    const auto name = question.verb;
    const auto result = fetch(std::move(question), args);
    if (!result) return result.error();
    try {
        print(*result, show);
    } catch (const Json::exception& error) {
        complain(fmt::format("menshend's answer to {} is not as docs/control.md says ({}); do both come from one release?", name,
                             error.what()));
        return kFailed;
    }
    return kDone;
}

tl::expected<Json, int> Shell::fetch(control::Question question, const Json& args) {
    question.socket = socket;
    const auto answer = control::ask(question, args);
    if (!answer) return tl::unexpected(explain(answer.error()));
    if (!answer->ok) return tl::unexpected(explain(*answer));
    auto result = Json::parse(answer->result, nullptr, false);
    return result.is_object() ? result : Json::object();
}

void Shell::print(const Json& result, const Show& show) const {
    if (json) {
        out << result.dump() << '\n';
    } else {
        show(result);
    }
}

void Shell::complain(std::string_view message) const {
    // A message may hold several lines (every mistake of a config); each is made harmless by itself.
    err << "menshen: ";
    while (!message.empty()) {
        const auto end = std::min(message.find('\n'), message.size());
        err << printable(message.substr(0, end)) << '\n';
        message.remove_prefix(std::min(end + 1, message.size()));
    }
}

int Shell::explain(const control::Failure& failure) const {
    complain(failure.message);
    switch (failure.why) {
        case control::Failure::Why::unreachable:
            return kUnreachable;
        case control::Failure::Why::not_permitted:
            return kNotPermitted;
        case control::Failure::Why::local:
            break;
    }
    return kFailed;
}

int Shell::explain(const control::Answer& answer) const {
    complain(answer.message);
    return answer.code == "forbidden" ? kNotPermitted : kFailed;
}

std::string cell(const Json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) return {};
    if (found->is_string()) return found->get<std::string>();
    if (found->is_boolean()) return found->get<bool>() ? "yes" : "no";
    if (!found->is_array()) return found->dump();
    std::string joined;
    for (const auto& item : *found) {
        if (!joined.empty()) joined += ", ";
        joined += item.is_string() ? item.get<std::string>() : item.dump();
    }
    return joined;
}

std::string minutes(const Json& object, const char* key) {
    const auto text = cell(object, key);
    const auto stamp = parse_stamp(text);
    return stamp ? to_minutes(*stamp) : text;
}

std::string in_language(const Json& object, const char* key, const std::string& language) {
    const auto texts = part_of(object, key);
    auto text = cell(texts, language.c_str());
    return text.empty() ? cell(texts, language == "zh" ? "en" : "zh") : text;
}

std::string in_bytes(const Json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_number()) return {};
    auto value = found->get<double>();
    constexpr std::array<const char*, 4> kUnits{"B", "KB", "MB", "GB"};
    std::size_t unit = 0;
    for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
    return unit == 0 ? fmt::format("{:.0f} B", value) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

Json list_of(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_array() ? *found : Json::array();
}

Json part_of(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_object() ? *found : Json::object();
}

}  // namespace menshen::cli
