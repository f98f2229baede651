#include "daemon/mqtt/uplink.hpp"

#include <chrono>
#include <optional>
#include <utility>

namespace menshen::mqtt {

namespace {

// Waits on the outside are real (design: "Time").
Millis real_now() { return std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now().time_since_epoch()); }

}  // namespace

struct Uplink::Impl : std::enable_shared_from_this<Uplink::Impl> {
    Impl(PumpSettings settings, Loop l, OutboxSource& s, UplinkHandlers h)
        : topics(settings.site, settings.gate),
          pump(std::move(settings)),
          loop(std::move(l)),
          source(s),
          handlers(std::move(h)) {}

    LinkHandlers link_handlers();
    void run(Actions actions);
    void perform(Publish& publish) {
        if (link) link->publish(std::move(publish));
    }
    void perform(const ReadRecords& read);
    void perform(const ReadAlerts& read);
    void perform(const ReadOpenAlerts& read);
    void perform(const Release& release);
    void perform(const Trouble& trouble) const {
        if (handlers.on_trouble) handlers.on_trouble(trouble);
    }
    void arm();
    void tell_online(bool online, const std::string& why);
    void finish_stop();

    Topics topics;
    Pump pump;
    Loop loop;
    OutboxSource& source;
    UplinkHandlers handlers;
    std::unique_ptr<Link> link;
    std::optional<Millis> armed_for;
    std::optional<std::pair<bool, std::string>> told;
    std::function<void()> stopped;  // set while stopping
    bool is_gone = false;
};

LinkHandlers Uplink::Impl::link_handlers() {
    // Weak: the link's thread may outlive us, and must not be the one to destroy us.
    const auto weak = weak_from_this();
    const auto with = [weak](auto call) {
        if (const auto self = weak.lock(); self && !self->is_gone) call(*self);
    };
    LinkHandlers out;
    out.on_up = [with](bool session_present) {
        with([&](Impl& self) {
            self.tell_online(true, "");
            self.run(self.pump.on_connected(session_present, real_now()));
        });
    };
    out.on_down = [with](const std::string& why) {
        with([&](Impl& self) {
            self.run(self.pump.on_disconnected(real_now()));
            self.tell_online(false, why);
        });
    };
    out.on_ack = [with](std::uint64_t token, const Ack& ack) {
        with([&](Impl& self) { self.run(self.pump.on_ack(token, ack, real_now())); });
    };
    out.on_message = [with](const Message& message) {
        with([&](Impl& self) {
            if (message.topic == self.topics.confirm())
                self.run(self.pump.on_confirm(message.payload, message.retained, real_now()));
            else if (self.handlers.on_message)
                self.handlers.on_message(message);
        });
    };
    out.on_trouble = [with](const std::string& what) {
        with([&](Impl& self) { self.perform(Trouble{Trouble::What::link, what}); });
    };
    return out;
}

void Uplink::Impl::run(Actions actions) {
    for (auto& action : actions) std::visit([this](auto& a) { perform(a); }, action);
    if (stopped && pump.said_goodbye()) finish_stop();
    arm();
}

void Uplink::Impl::perform(const ReadRecords& read) {
    source.read_records(read.bounds, [weak = weak_from_this()](Result<std::vector<RecordRow>> rows) {
        if (const auto self = weak.lock(); self && !self->is_gone) self->run(self->pump.on_records(std::move(rows), real_now()));
    });
}

void Uplink::Impl::perform(const ReadAlerts& read) {
    source.read_alerts(read.bounds, [weak = weak_from_this()](Result<std::vector<AlertRow>> rows) {
        if (const auto self = weak.lock(); self && !self->is_gone) self->run(self->pump.on_alerts(std::move(rows), real_now()));
    });
}

void Uplink::Impl::perform(const ReadOpenAlerts& read) {
    source.read_open_alerts(read.rows, [weak = weak_from_this()](Result<std::vector<AlertRow>> rows) {
        if (const auto self = weak.lock(); self && !self->is_gone)
            self->run(self->pump.on_open_alerts(std::move(rows), real_now()));
    });
}

void Uplink::Impl::perform(const Release& release) {
    source.release(release.epoch, release.records, release.alerts, [weak = weak_from_this()](const Result<OutboxHead>& head) {
        if (const auto self = weak.lock(); self && !self->is_gone) self->run(self->pump.on_released(head, real_now()));
    });
}

// Timers are never cancelled, so one is set only when it is the earliest; what comes too early finds nothing to do.
void Uplink::Impl::arm() {
    const auto next = is_gone ? std::nullopt : pump.next_deadline();
    if (!next || (armed_for && *armed_for <= *next)) return;
    armed_for = next;
    loop.post_after(std::max(*next - real_now(), Millis{1}), [weak = weak_from_this(), at = *next] {
        const auto self = weak.lock();
        if (!self || self->is_gone) return;
        if (self->armed_for == at) self->armed_for.reset();
        self->run(self->pump.on_time(real_now()));
    });
}

void Uplink::Impl::tell_online(bool online, const std::string& why) {
    if (told == std::pair{online, why}) return;
    told = {online, why};
    if (handlers.on_online) handlers.on_online(online, why);
}

void Uplink::Impl::finish_stop() {
    if (is_gone) return;
    is_gone = true;
    if (link) link->stop(Millis{1'000}, pump.goodbye_taken() ? Parting::without_will : Parting::with_will);
    loop.post(std::exchange(stopped, nullptr));
}

Result<std::unique_ptr<Uplink>> Uplink::start(UplinkSettings settings, Loop loop, OutboxSource& source, UplinkHandlers handlers) {
    const auto& site = settings.pump.site;
    const auto& gate = settings.pump.gate;
    if (!is_topic_safe(site.str()) || !is_topic_safe(gate.str()))
        return fail("mqtt: site \"{}\" and gate \"{}\" must match [a-z0-9-]{{1,32}}", site.str(), gate.str());
    auto link = std::move(settings.link);
    if (link.client_id.empty()) link.client_id = "menshen-" + site.str() + "-" + gate.str();
    const Topics topics(site, gate);
    link.will_topic = topics.state();
    link.will_payload = will_payload();
    link.subscriptions.push_back(topics.confirm());
    auto impl = std::make_shared<Impl>(std::move(settings.pump), loop, source, std::move(handlers));
    auto started = Link::start(std::move(link), loop.post, impl->link_handlers());
    if (!started) return tl::make_unexpected(started.error());
    impl->link = std::move(*started);
    return std::unique_ptr<Uplink>(new Uplink(std::move(impl)));
}

Uplink::Uplink(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Uplink::~Uplink() {
    impl_->is_gone = true;
    impl_->link->stop(Millis{1'000}, Parting::with_will);
}

void Uplink::outbox_changed(const OutboxHead& head) { impl_->run(impl_->pump.on_outbox(head, real_now())); }
void Uplink::set_state(const GateState& state) { impl_->run(impl_->pump.on_state(state, real_now())); }
Settled Uplink::settled() const { return impl_->pump.settled(); }
bool Uplink::connected() const { return impl_->pump.connected(); }
PumpCounts Uplink::counts() const { return impl_->pump.counts(); }

void Uplink::stop(Millis limit, std::function<void()> done) {
    if (impl_->is_gone || impl_->stopped) return impl_->loop.post(std::move(done));
    impl_->stopped = std::move(done);
    impl_->loop.post_after(limit, [weak = impl_->weak_from_this()] {
        if (const auto self = weak.lock(); self && self->stopped) self->finish_stop();
    });
    impl_->run(impl_->pump.on_stop(real_now()));
}

}  // namespace menshen::mqtt
