#pragma once
/// How work comes back to the loop from other threads.

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <functional>

namespace menshen::app {

/// Runs a function on the loop; thread-safe.
using Post = std::function<void(std::function<void()>)>;

[[nodiscard]] inline Post post_to(boost::asio::io_context& loop) {
    return [&loop](std::function<void()> work) { boost::asio::post(loop, std::move(work)); };
}

}  // namespace menshen::app
