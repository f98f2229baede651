// Any bytes on an OSDP line. Whatever is taken for a packet says the same when it is written again, and nothing that was not made
// with the keys of the session is opened.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "drivers/osdp/secure_channel.hpp"

namespace {

using namespace menshen::drivers::osdp;

void promise(bool holds) {
    if (!holds) std::abort();
}

void look_at(const Packet& packet, SecureSession& session) {
    const auto bytes = encode(packet);
    promise(bytes.has_value());
    Receiver again;
    const auto packets = again.feed(*bytes);
    promise(packets.size() == 1 && packets.front() == packet);
    // The fuzzer does not know the keys; four bytes of MAC can be met by chance once in four thousand million times.
    promise(!session.open(packet));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const SessionKeys keys(kDefaultKey, {1, 2, 3, 4, 5, 6, 7, 8});
    SecureSession session(keys, {});
    Receiver receiver;
    std::span rest(data, size);
    // The first byte says in what pieces the rest comes.
    const std::size_t piece = rest.empty() ? 1 : std::size_t{rest.front()} + 1;
    while (!rest.empty()) {
        const auto some = rest.first(std::min(rest.size(), piece));
        for (const auto& packet : receiver.feed(some)) look_at(packet, session);
        promise(receiver.waiting() <= kLongest);
        rest = rest.subspan(some.size());
    }
    for (const auto& packet : receiver.pause()) look_at(packet, session);
    promise(receiver.waiting() == 0);
    return 0;
}
