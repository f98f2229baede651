#pragma once
/// What came on a topic, checked. Pure.

#include <string>
#include <string_view>
#include <variant>

#include "cli/platform/ledger.hpp"
#include "core/result.hpp"

namespace menshen::platform {

/// The gate has gone, or says nothing that an account needs.
struct OfflineMessage {};
/// The alert is over: its retained message was cleared.
struct ClearedMessage {};

using Message = std::variant<RecordMessage, AlertMessage, StateMessage, OfflineMessage, ClearedMessage>;

/// At most 1 MiB. The error says what is wrong with it.
[[nodiscard]] Result<Message> parse_message(std::string_view topic, std::string_view payload, bool retained);

}  // namespace menshen::platform
