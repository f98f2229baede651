#pragma once
/// The driver's buffers, lent to the camera and taken back with pictures in them.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "drivers/v4l2_camera/calls.hpp"

namespace menshen::drivers::v4l2_camera {

/// On the reading thread. The destructor ends the stream and gives everything back.
class Buffers {
public:
    struct Held {
        std::uint32_t index = 0;
        std::span<const std::uint8_t> bytes;  ///< Until give_back().
    };
    /// What came since it was asked last.
    struct Taken {
        std::optional<Held> newest;
        unsigned older = 0;    ///< Already given back, unseen.
        unsigned damaged = 0;  ///< The driver says so itself, or says what cannot be; given back too.
    };

    explicit Buffers(Calls& calls) : calls_(calls) {}
    ~Buffers();
    Buffers(const Buffers&) = delete;
    Buffers& operator=(const Buffers&) = delete;

    /// Once.
    [[nodiscard]] Result<void> start();
    /// Does not wait.
    [[nodiscard]] Result<Taken> take();
    [[nodiscard]] Result<void> give_back(std::uint32_t index);

private:
    [[nodiscard]] Result<void> map_all(std::uint32_t count);

    Calls& calls_;
    std::vector<std::span<std::uint8_t>> mapped_;
    bool is_streaming_ = false;
    bool has_requested_ = false;
};

}  // namespace menshen::drivers::v4l2_camera
