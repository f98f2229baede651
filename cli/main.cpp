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

/// Becomes a tool that stands beside this program: those have heavy libraries that this one does without.
int become(std::string name, char** arguments) {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    const auto beside = (self.parent_path() / name).string();
    arguments[0] = name.data();
    ::execv(beside.c_str(), arguments);
    ::execvp(name.c_str(), arguments);
    std::cerr << "menshen: " << name << " cannot be run: " << std::strerror(errno) << "; it belongs beside " << self.string()
              << '\n';
    return menshen::cli::kFailed;
}

}  // namespace

int main(int count, char** arguments) {
    const std::string_view first = count > 1 ? arguments[1] : "";
    const std::string_view second = count > 2 ? arguments[2] : "";
    // What the gate knows of the models is asked of the gate; their files are the tool's.
    if (first == "models" && second != "list" && second != "accept") return become("menshen-models", arguments + 1);
    const bool measures = second == "calibrate" || second == "evaluate" || second == "attack-report";
    if (first == "face" && measures) return become("menshen-faces", arguments + 1);
    try {
        return menshen::cli::run(std::vector<std::string>(arguments + 1, arguments + count), std::cout, std::cerr);
    } catch (const std::exception& error) {
        std::cerr << "menshen: " << error.what() << '\n';
        return menshen::cli::kFailed;
    }
}
