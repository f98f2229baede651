#include "drivers/presence.hpp"

namespace menshen::drivers {

bool Presence::on_read(const CardNumber& card, MonoTime now) {
    // Time that goes back is another boot: nothing is known of what rested on the reader then.
    const bool rests = card_ == card && now >= last_ && now - last_ <= hold_;
    last_ = now;
    if (rests) {
        ++repeats_;
        return false;
    }
    card_ = card;
    return true;
}

}  // namespace menshen::drivers
