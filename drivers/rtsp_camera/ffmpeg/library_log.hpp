#pragma once
/// What FFmpeg says goes to the stream it is about, not to standard error.

#include <cstdint>
#include <string>

namespace menshen::drivers::rtsp_camera {

/// One for each stream; used by one thread at a time.
class LibraryLog {
public:
    explicit LibraryLog(std::string password) : password_(std::move(password)) {}

    /// FFmpeg speaks to `log` on this thread until the scope ends. Everything it says outside of a scope is dropped.
    class Scope {
    public:
        explicit Scope(LibraryLog& log);
        ~Scope();
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;

    private:
        LibraryLog* before_;
    };

    /// Errors and warnings so far.
    [[nodiscard]] std::uint64_t complaints() const { return complaints_; }
    /// How often packets were missing among those that came.
    [[nodiscard]] std::uint64_t losses() const { return losses_; }
    /// The last error; without secrets; empty when there was none.
    [[nodiscard]] const std::string& last_error() const { return last_error_; }
    /// The session description the camera sent, at most 16 KB of it; empty when there was none.
    [[nodiscard]] const std::string& session() const { return session_; }

    void hear(int level, const char* format, const char* text);

private:
    std::string password_;
    std::uint64_t complaints_ = 0;
    std::uint64_t losses_ = 0;
    std::string last_error_;
    std::string session_;
};

}  // namespace menshen::drivers::rtsp_camera
