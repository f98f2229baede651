#include "cli/journal.hpp"

namespace menshen::cli {

int for_each_record(const Shell& shell, const JournalQuery& query, const std::function<bool(std::string_view record)>& take) {
    Json args = Json::object();
    if (!query.from.empty()) args["from"] = query.from;
    if (!query.to.empty()) args["to"] = query.to;
    if (!query.kinds.empty()) args["kinds"] = query.kinds;
    const control::Question question{.socket = shell.socket, .verb = "records", .photos = {}};
    const auto answer = control::ask_stream(question, args, take);
    if (!answer) return shell.explain(answer.error());
    return answer->ok ? static_cast<int>(kDone) : shell.explain(*answer);
}

}  // namespace menshen::cli
