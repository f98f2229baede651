#include "models/run_program.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

extern char** environ;

namespace menshen::models {
namespace {

constexpr std::size_t kMaxOutput = 1u << 20;

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (auto& text : texts) out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

std::string read_all(int fd) {
    std::string out;
    std::array<char, 4096> piece{};
    for (;;) {
        const auto got = ::read(fd, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return out;
        // Beyond the limit it is read and dropped: a program must not stand still because its pipe is full.
        if (out.size() < kMaxOutput) out.append(piece.data(), static_cast<std::size_t>(got));
    }
}

}  // namespace

Result<Finished> run_program(const std::vector<std::string>& arguments,
                             const std::vector<std::pair<std::string, std::string>>& environment) {
    std::vector<std::string> words = arguments;
    std::vector<std::string> settings;
    for (const auto& [name, value] : environment) settings.push_back(name + "=" + value);  // First, so that they win.
    for (char** own = environ; *own != nullptr; ++own) {
        const std::string_view setting = *own;
        bool replaced = false;
        for (const auto& [name, value] : environment) replaced = replaced || setting.substr(0, setting.find('=')) == name;
        if (!replaced) settings.emplace_back(setting);
    }
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail("no pipe for {}: {}", arguments.front(), std::strerror(errno));
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    pid_t child = 0;
    const int failed =
        ::posix_spawnp(&child, words.front().c_str(), &actions, nullptr, pointers(words).data(), pointers(settings).data());
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    if (failed != 0) {
        ::close(ends[0]);
        return fail("{} cannot be run: {}", arguments.front(), std::strerror(failed));
    }
    Finished out;
    out.output = read_all(ends[0]);
    ::close(ends[0]);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    out.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return out;
}

}  // namespace menshen::models
