#include "models/apt_sources.hpp"

#include <algorithm>
#include <cctype>
#include <sstream>
#include <vector>

namespace menshen::models {
namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

/// One stanza of a .sources file: fields with their continuation lines, comments left out.
struct Stanza {
    std::string other;  ///< Every field but Types and Enabled, as written.
    bool any = false;
    bool enabled = true;
};

void add_line(Stanza& stanza, bool& skipping, const std::string& line) {
    if (line[0] == '#') return;
    if (line[0] == ' ' || line[0] == '\t') {  // Goes on with the field before, a key block for instance.
        if (!skipping) stanza.other += line + "\n";
        return;
    }
    stanza.any = true;
    const auto colon = line.find(':');
    const auto field = lower(line.substr(0, colon));
    skipping = field == "types" || field == "enabled";
    if (field == "enabled") {
        const auto value = lower(line.substr(std::min(colon + 1, line.size())));
        stanza.enabled = value.find("no") == std::string::npos && value.find("false") == std::string::npos;
    }
    if (!skipping) stanza.other += line + "\n";
}

}  // namespace

std::string as_source_lines(std::string_view list) {
    std::string out;
    std::istringstream in{std::string(list)};
    for (std::string line; std::getline(in, line);) {
        std::istringstream words(line);
        std::string type, rest;
        words >> type;
        std::getline(words, rest);
        // An installation medium has no sources, and asks for itself to be put in.
        if ((type == "deb" || type == "deb-src") && rest.find("cdrom:") == std::string::npos) out += "deb-src" + rest + "\n";
    }
    return out;
}

std::string as_source_stanzas(std::string_view sources) {
    std::string out;
    std::istringstream in{std::string(sources)};
    Stanza stanza;
    bool skipping = false;
    const auto finish = [&] {
        if (stanza.any && stanza.enabled) out += "Types: deb-src\n" + stanza.other + "\n";
        stanza = {};
        skipping = false;
    };
    for (std::string line; std::getline(in, line);) {
        if (is_blank(line)) {
            finish();
        } else {
            add_line(stanza, skipping, line);
        }
    }
    finish();
    return out;
}

}  // namespace menshen::models
