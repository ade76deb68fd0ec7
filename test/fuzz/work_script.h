// SPDX-License-Identifier: Apache-2.0
#pragma once

// In what steps a ring is worked off, and when and how its store answers: made from a fuzzer's
// bytes, and followed by the device and by its model alike.

#include "storage/block_store.h"
#include "support/byte_source.h"

#include <cstdint>
#include <vector>

namespace argon::fuzz {

struct WorkScript {
  struct Completion {
    /// Of the requests under way, oldest first; modulo their number.
    std::uint8_t which = 0;
    StoreStatus status = StoreStatus::Ok;
  };
  /// A turn takes chains, answers some requests and publishes; then the rest, in this order.
  struct Turn {
    unsigned budget = 0;
    /// What the driver wrote into the configuration before the turn, if it negotiated CONFIG_WCE.
    bool isWriteBack = true;
    std::vector<Completion> completions;
    /// The front end sets its call descriptor anew.
    bool renewsCall = false;
    /// The ring asks for kicks, if it is not waiting for one already.
    bool arms = false;
    /// The driver kicks.
    bool kicks = false;
  };

  /// The store answers when told to; else within submit().
  bool isHolding = false;
  /// There is a kick descriptor; else the driver is never asked for kicks.
  bool hasKick = false;
  /// At least one. What is under way behind the last is answered in order once the ring stops.
  std::vector<Turn> turns;
};

[[nodiscard]] WorkScript workScriptFrom(test::ByteSource& source);

} // namespace argon::fuzz
