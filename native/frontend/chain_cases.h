// SPDX-License-Identifier: Apache-2.0
#pragma once

// The catalog of chains that test a block device's patience (reliability.md, section 1.2): each
// is offered once, its outcome is compared with what it must be, and then an ordinary request must
// still work. Runs against any back end.

#include "base/result.h"
#include "frontend/chain_scene.h"
#include "frontend/session.h"

#include <cstdint>
#include <string_view>
#include <vector>

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
  /// Any of them: the device may look before or after the chain changed what it looks at. The ring
  /// is restarted in any case.
  Any,
};

[[nodiscard]] std::string_view chainOutcomeName(ChainOutcome outcome);

struct ChainCase {
  std::string_view name;
  ChainOutcome expected;
  /// Writes descriptors and offers heads. Does not publish.
  void (*arrange)(ChainScene& scene);
  /// Where the ring's indexes start, if not where they are.
  std::uint16_t base = 0;
};

[[nodiscard]] std::vector<ChainCase> chainCases();

/// Runs one case on ring `queueIndex` of a session, sees that the device wrote nowhere but where
/// the chain let it, and runs a good request on the same ring and on the one beside it, if there is
/// one. An error says what was other than expected. The session goes on in any case, unless the
/// back end hung up.
[[nodiscard]] Result<void> runChainCase(const ChainCase& chainCase, Session& session,
                                        std::uint16_t queueIndex);

} // namespace argon::frontend
