#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "cli/exit_code.hpp"
#include "cli/menshen.hpp"

namespace {

/// Becomes menshen-models, which stands beside this program: the model tool has heavy libraries that this one does without.
int become_models_tool(char** arguments) {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    const auto beside = (self.parent_path() / "menshen-models").string();
    std::string name = "menshen-models";
    arguments[0] = name.data();
    ::execv(beside.c_str(), arguments);
    ::execvp(name.c_str(), arguments);
    std::cerr << "menshen: menshen-models cannot be run: " << std::strerror(errno) << "; it belongs beside " << self.string()
              << '\n';
    return menshen::cli::kFailed;
}

}  // namespace

int main(int count, char** arguments) {
    if (count > 1 && std::string_view(arguments[1]) == "models") return become_models_tool(arguments + 1);
    try {
        return menshen::cli::run(std::vector<std::string>(arguments + 1, arguments + count), std::cout, std::cerr);
    } catch (const std::exception& error) {
        std::cerr << "menshen: " << error.what() << '\n';
        return menshen::cli::kFailed;
    }
}
