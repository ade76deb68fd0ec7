// SPDX-License-Identifier: Apache-2.0
#pragma once

// The catalog of messages that no front end should send (CVE-2019-14818, CVE-2020-10722 and those
// after them): each is played on a connection of its own, its outcome is what it must be, and then
// an ordinary front end is served.

#include "hostile/attacker.h"
#include "support/vhost_peer.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace argon::hostile {

struct MessageCase {
  std::string_view name;
  /// What becomes of the last message. Refused: acknowledged with an error, and the session goes
  /// on.
  test::Told expected;
  Prelude prelude;
  /// `variant` is less than `variantCount`.
  test::Told (*play)(Attacker& attacker, std::uint32_t variant);
  std::uint32_t variantCount = 1;
};

/// All of them.
[[nodiscard]] std::vector<MessageCase> messageCases();
/// Those about rings, memory and the device; part of messageCases().
[[nodiscard]] std::vector<MessageCase> stateMessageCases();
/// Those about packed rings; part of messageCases().
[[nodiscard]] std::vector<MessageCase> packedMessageCases();
/// Those about in-flight tracking, the dirty log, status, reset and the back end's
/// own channel; part of messageCases().
[[nodiscard]] std::vector<MessageCase> featureMessageCases();

} // namespace argon::hostile
