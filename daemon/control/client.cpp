#include "daemon/control/client.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "daemon/control/descriptor.hpp"

namespace menshen::control {

using nlohmann::json;

namespace {

constexpr std::size_t kPhotoLimit = 20 * 1024 * 1024;
constexpr std::size_t kPhotos = 16;
constexpr std::size_t kAnswerLimit = 64 * 1024 * 1024;

template <class T>
using Outcome = tl::expected<T, Failure>;

template <class... Args>
tl::unexpected<Failure> failed(Failure::Why why, fmt::format_string<Args...> format, Args&&... args) {
    return tl::unexpected<Failure>(Failure{why, fmt::format(format, std::forward<Args>(args)...)});
}

Outcome<Descriptor> connect_to(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) {
        return failed(Failure::Why::unreachable, "{}: a socket's path has 1 to {} bytes", path, sizeof address.sun_path - 1);
    }
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket) return failed(Failure::Why::local, "no socket: {}", std::strerror(errno));
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return socket;
    const int error = errno;
    if (error == EACCES || error == EPERM) {
        return failed(
            Failure::Why::not_permitted,
            "you may not use {}: it is for root and group menshen; remedy: sudo, or usermod -aG menshen $USER and log in again",
            path);
    }
    if (error == ENOENT || error == ENOTDIR) {
        return failed(
            Failure::Why::unreachable,
            "menshend is not running, or listens elsewhere: there is no {}; remedy: systemctl status menshend, or --socket PATH",
            path);
    }
    return failed(Failure::Why::unreachable, "menshend does not answer at {} ({}); remedy: systemctl status menshend", path,
                  std::strerror(error));
}

/// Copies a file into memory that cannot change any more.
Outcome<Descriptor> seal(const std::string& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) return failed(Failure::Why::local, "{}: {}", path, std::strerror(errno));
    struct stat info {};
    if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return failed(Failure::Why::local, "{}: not a file", path);
    Descriptor memory(::memfd_create("photo", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!memory) return failed(Failure::Why::local, "{}: no memory: {}", path, std::strerror(errno));
    std::array<char, 64 * 1024> bytes;
    std::size_t total = 0;
    while (true) {
        const auto got = ::read(file.get(), bytes.data(), bytes.size());
        if (got < 0) return failed(Failure::Why::local, "{}: {}", path, std::strerror(errno));
        if (got == 0) break;
        total += static_cast<std::size_t>(got);
        if (total > kPhotoLimit) return failed(Failure::Why::local, "{}: larger than 20 MB; make it smaller", path);
        if (::write(memory.get(), bytes.data(), static_cast<std::size_t>(got)) != got) {
            return failed(Failure::Why::local, "{}: no memory: {}", path, std::strerror(errno));
        }
    }
    if (total == 0) return failed(Failure::Why::local, "{}: empty file", path);
    if (::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        return failed(Failure::Why::local, "{}: cannot be sealed: {}", path, std::strerror(errno));
    }
    return memory;
}

Outcome<std::vector<Descriptor>> seal_all(const std::vector<Photo>& photos) {
    if (photos.size() > kPhotos) return failed(Failure::Why::local, "at most {} photographs at a time", kPhotos);
    std::vector<Descriptor> sealed;
    for (const auto& photo : photos) {
        auto memory = seal(photo.path);
        if (!memory) return tl::unexpected(memory.error());
        sealed.push_back(std::move(*memory));
    }
    return sealed;
}

/// One connection, blocking with a limit on every wait.
class Wire {
public:
    Wire(Descriptor socket, const Question& question) : socket_(std::move(socket)), question_(question) {}

    /// A write that fails is not the end: a daemon that hung up on us has said why, and that is still to be read.
    void send(std::string_view line, const std::vector<Descriptor>& files) {
        std::size_t sent = 0;
        while (sent < line.size() && wait_for(POLLOUT)) {
            const auto count = send_some(line.substr(sent), sent == 0 ? &files : nullptr);
            if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
            if (count <= 0) return;
            sent += static_cast<std::size_t>(count);
        }
    }

    Outcome<std::string> read_line() {
        std::size_t seen = 0;
        while (true) {
            const auto end = input_.find('\n', seen);
            if (end != std::string::npos) {
                std::string line = input_.substr(0, end);
                input_.erase(0, end + 1);
                return line;
            }
            seen = input_.size();
            if (seen > kAnswerLimit) return lost("the answer is larger than 64 MB");
            if (!wait_for(POLLIN)) return lost(fmt::format("no answer in {}", to_text(question_.patience)));
            std::array<char, 64 * 1024> bytes;
            const auto got = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return lost(std::strerror(errno));
            if (got == 0) return lost("it hung up");
            input_.append(bytes.data(), static_cast<std::size_t>(got));
        }
    }

private:
    tl::unexpected<Failure> lost(std::string_view why) const {
        return failed(Failure::Why::unreachable,
                      "menshend at {} gave no whole answer to \"{}\": {}; remedy: journalctl -u menshend", question_.socket,
                      question_.verb, why);
    }

    bool wait_for(short event) const {
        const int patience =
            question_.patience.count() <= 0 ? -1 : static_cast<int>(std::min<long long>(question_.patience.count(), 1 << 30));
        pollfd watched{.fd = socket_.get(), .events = event, .revents = 0};
        int ready = 0;
        do {
            ready = ::poll(&watched, 1, patience);
        } while (ready < 0 && errno == EINTR);
        return ready > 0;
    }

    ssize_t send_some(std::string_view bytes, const std::vector<Descriptor>* files) const {
        iovec piece{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
        msghdr message{};
        message.msg_iov = &piece;
        message.msg_iovlen = 1;
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kPhotos)> extra{};
        if (files != nullptr && !files->empty()) {
            message.msg_control = extra.data();
            message.msg_controllen = CMSG_SPACE(sizeof(int) * files->size());
            auto* part = CMSG_FIRSTHDR(&message);
            part->cmsg_level = SOL_SOCKET;
            part->cmsg_type = SCM_RIGHTS;
            part->cmsg_len = CMSG_LEN(sizeof(int) * files->size());
            for (std::size_t i = 0; i < files->size(); ++i) {
                const int fd = (*files)[i].get();
                std::memcpy(CMSG_DATA(part) + i * sizeof fd, &fd, sizeof fd);
            }
        }
        return ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
    }

    Descriptor socket_;
    const Question& question_;
    std::string input_;
};

std::string request_line(const Question& question, const json& args) {
    json request{{"verb", question.verb}, {"args", args}};
    if (!question.photos.empty()) {
        auto& names = request["attachments"] = json::array();
        for (const auto& photo : question.photos) names.push_back(photo.path.substr(photo.path.find_last_of('/') + 1));
    }
    return request.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

Outcome<Answer> read_answer(const json& line) {
    Answer answer;
    answer.ok = line.value("ok", false);
    if (answer.ok) {
        answer.result = line.value("result", json()).dump(-1, ' ', false, json::error_handler_t::replace);
    } else {
        answer.code = line.value("code", "unavailable");
        answer.message = line.value("error", "no reason given");
    }
    return answer;
}

/// An item's bytes as they came: a record's are what its hash is made of. `line` is `text` parsed.
std::string item_of(std::string_view text, const json& line) {
    constexpr std::string_view kHead = R"({"item":)";
    const bool plain = line.size() == 1 && text.starts_with(kHead) && text.ends_with('}');
    return plain ? std::string(text.substr(kHead.size(), text.size() - kHead.size() - 1)) : line.at("item").dump();
}

}  // namespace

Outcome<Answer> ask(const Question& question, const json& args) {
    return ask_stream(question, args, [](std::string_view) { return true; });
}

Outcome<Answer> ask_stream(const Question& question, const json& args, const std::function<bool(std::string_view)>& on_item) {
    const auto files = seal_all(question.photos);
    if (!files) return tl::unexpected(files.error());
    auto socket = connect_to(question.socket);
    if (!socket) return tl::unexpected(socket.error());
    Wire wire(std::move(*socket), question);
    wire.send(request_line(question, args), *files);
    while (true) {
        const auto text = wire.read_line();
        if (!text) return tl::unexpected(text.error());
        const auto line = json::parse(*text, nullptr, false);
        if (!line.is_object()) {
            return failed(Failure::Why::unreachable, "{} speaks another language; is it menshend's?", question.socket);
        }
        try {
            if (line.contains("ok")) return read_answer(line);
            if (line.contains("item") && !on_item(item_of(*text, line)))
                return Answer{.ok = true, .result = "null", .code = {}, .message = {}};
        } catch (const json::exception& error) {
            return failed(Failure::Why::unreachable, "{} answered oddly: {}", question.socket, error.what());
        }
    }
}

}  // namespace menshen::control
