#include "daemon/mqtt/link.hpp"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <csignal>
#include <cstring>

#include "daemon/mqtt/link_thread.hpp"

namespace menshen::mqtt {

namespace {

bool is_readable(const std::string& file) { return ::access(file.c_str(), R_OK) == 0; }

void init_library() {
    static std::once_flag once;
    // Never cleaned up: a thread left behind in the resolver may still be inside the library at exit.
    std::call_once(once, [] { mosquitto_lib_init(); });
}

}  // namespace

Result<std::unique_ptr<Link>> Link::start(LinkSettings settings, Post post, LinkHandlers handlers) {
    init_library();
    if (settings.host.empty()) return fail("mqtt: no host");
    if (settings.tls.certificate_file.empty() != settings.tls.key_file.empty())
        return fail("mqtt: a client certificate needs its key, and a key its certificate");
    for (const auto* file :
         {&settings.password_file, &settings.tls.ca_file, &settings.tls.certificate_file, &settings.tls.key_file})
        if (!file->empty() && !is_readable(*file)) return fail("mqtt: {} cannot be read: {}", *file, std::strerror(errno));
    auto shared = std::make_shared<Shared>(std::move(settings), std::move(post), std::move(handlers));
    shared->wake = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (shared->wake < 0) return fail("mqtt: eventfd: {}", std::strerror(errno));
    // Signals are the loop's business; a broken pipe is an error value.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    shared->thread = std::thread([shared] { shared->run(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return std::unique_ptr<Link>(new Link(std::move(shared)));
}

Link::Link(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}

Link::~Link() { stop(Millis{2'000}, Parting::with_will); }

void Link::publish(Publish message) {
    if (shared_->loop_connection == 0) return;
    {
        const std::lock_guard lock(shared_->guard);
        shared_->outgoing.push_back({shared_->loop_connection, std::move(message)});
    }
    shared_->rouse();
}

void Link::stop(Millis limit, Parting parting) {
    if (!shared_->thread.joinable()) return;
    {
        const std::lock_guard lock(shared_->posting);
        shared_->silent = true;
    }
    shared_->parting = parting;
    shared_->stopping = true;
    shared_->rouse();
    std::unique_lock lock(shared_->guard);
    const bool ended = shared_->ended_changed.wait_for(lock, limit, [&] { return shared_->ended; });
    lock.unlock();
    if (ended)
        shared_->thread.join();
    else
        shared_->thread.detach();
}

}  // namespace menshen::mqtt
