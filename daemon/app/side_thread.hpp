#pragma once
/// Work that would keep the loop too long, one piece after the other on a thread of its own.

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>

namespace menshen::app {

class SideThread {
public:
    /// What follows on the loop when a piece of work is over.
    using Then = std::function<void()>;
    using Work = std::function<Then()>;

    explicit SideThread(boost::asio::io_context& loop) : loop_(loop) {}
    /// Waits for the piece under work; what still waits is dropped.
    ~SideThread();
    SideThread(const SideThread&) = delete;
    SideThread& operator=(const SideThread&) = delete;

    /// Loop thread. `work` must not throw; what it returns runs on the loop.
    void run(Work work);

private:
    boost::asio::io_context& loop_;
    boost::asio::thread_pool thread_{1};
};

}  // namespace menshen::app
