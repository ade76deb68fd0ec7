// SPDX-License-Identifier: Apache-2.0
#pragma once

// The catalog of chains that test a block device's patience (reliability.md, section 1.2): each
// is offered once, its outcome is compared with what it must be, and then an ordinary request must
// still work. Runs against any back end.

#include "base/result.h"
#include "frontend/chain_scene.h"
#include "frontend/session.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace argon::frontend {

enum class ChainOutcome : std::uint8_t {
  /// Answered with status OK.
  Served,
  /// Answered with a status other than OK.
  Refused,
  /// Returned through the used ring; there is no place where a status could be.
  Returned,
  /// The ring stops and the err descriptor is signalled; it works again after a restart.
  RingBroken,
};

[[nodiscard]] std::string_view chainOutcomeName(ChainOutcome outcome);

struct ChainCase {
  std::string_view name;
  ChainOutcome expected;
  /// Writes descriptors and offers heads. Does not publish.
  void (*arrange)(ChainScene& scene);
};

[[nodiscard]] std::span<const ChainCase> chainCases();

/// Runs one case on ring `queueIndex` of a session and then a good request. An error says what was
/// other than expected. The session goes on in any case, unless the back end hung up.
[[nodiscard]] Result<void> runChainCase(const ChainCase& chainCase, Session& session,
                                        std::uint16_t queueIndex);

} // namespace argon::frontend
