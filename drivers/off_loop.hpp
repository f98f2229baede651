#pragma once
/// One piece of blocking work at a time on a thread of its own, awaited from the loop with a limit. For drivers; costs an Asio
/// include.

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "core/result.hpp"
#include "core/time.hpp"

namespace menshen::drivers {

/// A read that never returns (a dead network share, a wedged camera) costs one thread and no more: it is left behind, and until
/// it comes back every further run() fails at once. Destroying this object, or cancelling run(), never waits for the thread.
class OffLoop {
public:
    /// Runs `work` and returns what it returns; "NAME: no answer in 5s" after `limit` of real time. Loop thread only.
    template <class T>
    boost::asio::awaitable<Result<T>> run(std::function<Result<T>()> work, Millis limit, std::string name);

private:
    template <class T>
    struct Shared {
        std::mutex mutex;
        boost::asio::steady_timer* waiting = nullptr;  ///< Null when nobody waits any more; then the loop may be gone.
        std::optional<Result<T>> answer;
    };

    template <class T>
    static void work_and_wake(const std::function<Result<T>()>& work, const std::shared_ptr<Shared<T>>& shared,
                              std::atomic<bool>& busy);

    std::shared_ptr<std::atomic<bool>> busy_ = std::make_shared<std::atomic<bool>>(false);
};

template <class T>
void OffLoop::work_and_wake(const std::function<Result<T>()>& work, const std::shared_ptr<Shared<T>>& shared,
                            std::atomic<bool>& busy) {
    Result<T> answer = fail("nothing was done");
    try {
        answer = work();
    } catch (const std::exception& error) {
        answer = fail("{}", error.what());
    }
    const std::lock_guard lock(shared->mutex);
    shared->answer = std::move(answer);
    busy = false;  // Before anybody wakes: who gets the answer may ask again at once.
    // The lock is held while posting: whoever waits cannot go away, and the loop with it, in between.
    if (shared->waiting == nullptr) return;
    boost::asio::post(shared->waiting->get_executor(), [shared] {
        const std::lock_guard relock(shared->mutex);
        if (shared->waiting != nullptr) shared->waiting->cancel();
    });
}

template <class T>
boost::asio::awaitable<Result<T>> OffLoop::run(std::function<Result<T>()> work, Millis limit, std::string name) {
    if (busy_->exchange(true)) co_return fail("{}: an earlier read has still not come back", name);
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    const auto shared = std::make_shared<Shared<T>>();
    struct Waiting {
        Shared<T>& shared;
        ~Waiting() {
            const std::lock_guard lock(shared.mutex);
            shared.waiting = nullptr;
        }
    };
    shared->waiting = &timer;
    const Waiting waiting{*shared};
    timer.expires_after(limit);
    try {
        std::thread([shared, work = std::move(work), busy = busy_] { work_and_wake<T>(work, shared, *busy); }).detach();
    } catch (const std::system_error& error) {
        busy_->store(false);
        co_return fail("{}: no thread: {}", name, error.what());
    }
    boost::system::error_code ignored;
    auto token = boost::asio::redirect_error(boost::asio::use_awaitable, ignored);
    co_await timer.async_wait(token);
    const std::lock_guard lock(shared->mutex);
    if (!shared->answer) co_return fail("{}: no answer in {}", name, to_text(limit));
    co_return std::move(*shared->answer);
}

}  // namespace menshen::drivers
