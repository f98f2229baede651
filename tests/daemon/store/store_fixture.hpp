#pragma once
/// A store in a folder of its own, and a loop for its callbacks.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "daemon/store/store.hpp"

namespace menshen::store::testing {

/// Runs what was posted to it, when asked.
class Loop {
public:
    [[nodiscard]] Post post();
    /// Runs until `done` holds; false when it does not within the limit (real time).
    [[nodiscard]] bool run_until(const std::function<bool()>& done, std::chrono::milliseconds limit = std::chrono::seconds(20));
    /// Runs what is there now.
    void run_posted();

private:
    std::mutex mutex_;
    std::condition_variable posted_;
    std::deque<std::function<void()>> work_;
};

/// Removed with everything in it.
class TempFolder {
public:
    TempFolder();
    ~TempFolder();
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

[[nodiscard]] Key key_of(std::uint8_t byte);
/// 2026-11-01 08:00 in Shanghai, `seconds` later.
[[nodiscard]] Now at(int seconds);
[[nodiscard]] Record record_at(int seconds, Kind kind = Kind::card_read);
[[nodiscard]] AlertRow alert_row(const std::string& alert, const std::string& to, const std::string& payload);
/// The files whose names begin with the database's, read without disturbing its locks, in one string.
[[nodiscard]] std::string raw_bytes(const std::filesystem::path& folder);

/// One opening of a store and what it told.
class Gate {
public:
    explicit Gate(Settings settings, const Key& key = key_of(7));
    /// Opens in `folder` with the usual settings.
    explicit Gate(const std::filesystem::path& folder);
    ~Gate();

    [[nodiscard]] Store& store() { return *opened.store; }
    /// Commits and waits for `done`.
    Committed commit(Batch batch);
    Committed commit(std::vector<Record> records);
    [[nodiscard]] std::vector<StoredRecord> lane(std::uint64_t after = 0, std::size_t limit = 1000,
                                                 std::size_t max_bytes = 1u << 20);
    [[nodiscard]] std::vector<AlertRow> alert_lane(std::uint64_t after = 0);
    [[nodiscard]] Result<Head> confirm(Store::Confirm confirm);
    [[nodiscard]] Audit verify();
    [[nodiscard]] std::vector<StoredRecord> tail(Store::Tail query);
    /// Waits for the callback of one question.
    template <class T>
    [[nodiscard]] Result<T> answer_of(const std::function<void(std::function<void(const Result<T>&)>)>& ask) {
        std::optional<Result<T>> answer;
        ask([&](const Result<T>& given) { answer = given; });
        if (!loop.run_until([&] { return answer.has_value(); })) return fail("no answer");
        return *answer;
    }
    /// Closes and lets go of the store.
    void close();

    Loop loop;
    std::vector<Record> own;  ///< Records that the store wrote itself.
    std::vector<std::pair<bool, std::string>> health;
    std::optional<Head> last_head;
    std::string refused;  ///< Why it did not open.
    Store::Opened opened;
};

[[nodiscard]] Settings settings_in(const std::filesystem::path& folder);

}  // namespace menshen::store::testing
