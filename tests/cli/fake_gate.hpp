#pragma once
/// A gate that answers what the test says, on a real socket; and the command run in this process.

#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "cli/exit_code.hpp"
#include "cli/menshen.hpp"
#include "daemon/control/server.hpp"
#include "tests/support/catch.hpp"

namespace menshen::cli {

using nlohmann::json;

/// A folder that goes away.
class Folder {
public:
    Folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "menshen-cli-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }
    [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
        std::ofstream(path(name), std::ios::binary) << text;
        return path(name);
    }

private:
    std::string path_;
};

struct Ran {
    int code = 0;
    std::string out;
    std::string err;
};

inline Ran run_menshen(const std::vector<std::string>& arguments) {
    std::ostringstream out;
    std::ostringstream err;
    const int code = run(arguments, out, err);
    return {code, out.str(), err.str()};
}

/// What the fake gate was asked.
struct Asked {
    std::string verb;
    json args;
    std::vector<std::string> photos;
};

class FakeGate {
public:
    explicit FakeGate(control::Peer peer = {.uid = 1000, .name = "li", .may_read = true, .may_change = true})
        : guard_(loop_.get_executor()) {
        auto verbs = control::verb_table();
        for (auto& verb : verbs) {
            verb.handler = [this, name = verb.name](const control::Request& request, const control::Reply& reply) {
                on_request(name, request, reply);
            };
        }
        auto server = control::Server::listen(
            loop_, {.path = socket(), .limits = {}, .lookup = [peer](int) -> Result<control::Peer> { return peer; }},
            std::move(verbs));
        REQUIRE(server);
        server_ = std::move(*server);
        thread_ = std::thread([this] { loop_.run(); });
    }

    ~FakeGate() {
        std::promise<void> done;
        boost::asio::post(loop_, [&] {
            server_.reset();
            done.set_value();
        });
        done.get_future().wait();
        guard_.reset();
        thread_.join();
    }

    [[nodiscard]] std::string socket() const { return folder_.path("control.sock"); }

    // Before run(): the loop thread reads them.
    std::map<std::string, json> results;
    std::map<std::string, std::vector<json>> items;
    std::map<std::string, std::pair<control::Code, std::string>> failures;

    Ran run(std::vector<std::string> arguments) {
        arguments.insert(arguments.end(), {"--socket", socket()});
        return run_menshen(arguments);
    }

    /// The last question; fails the test when there was none.
    [[nodiscard]] Asked asked() {
        const std::lock_guard lock(mutex_);
        REQUIRE_FALSE(asked_.empty());
        return asked_.back();
    }
    [[nodiscard]] std::size_t questions() {
        const std::lock_guard lock(mutex_);
        return asked_.size();
    }

private:
    void on_request(const std::string& name, const control::Request& request, const control::Reply& reply) {
        {
            const std::lock_guard lock(mutex_);
            Asked asked{.verb = name, .args = *request.args, .photos = {}};
            for (const auto& file : *request.attachments) {
                const auto bytes = file.read();
                asked.photos.push_back(file.name() + "=" + std::string((*bytes)->begin(), (*bytes)->end()));
            }
            asked_.push_back(std::move(asked));
        }
        for (const auto& item : items[name]) std::ignore = reply.item(item.dump());
        if (const auto failure = failures.find(name); failure != failures.end()) {
            reply.fail(failure->second.first, failure->second.second);
        } else {
            reply.ok(results.contains(name) ? results[name] : json::object());
        }
    }

    Folder folder_;
    boost::asio::io_context loop_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
    std::unique_ptr<control::Server> server_;
    std::mutex mutex_;
    std::vector<Asked> asked_;
    std::thread thread_;
};

}  // namespace menshen::cli
