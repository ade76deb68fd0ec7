// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "packet/address.h"
#include "vpc/drop_reason.h"
#include "vpc/services.h"
#include "vpc/snapshot.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace argon::vpc {

/// What becomes of a frame.
struct Verdict {
  enum class Kind : std::uint8_t {
    Drop,    // for `reason`, at interface `at`
    Deliver, // to interface `at`, with the MAC addresses below
    Answer,  // `answer` goes back to the sender; with a `reason` the frame was dropped for it
    Punt,    // to `service`
    Hold,    // it stays in the sender's ring: ask again at `retryAtNs`
  };
  Kind kind = Kind::Drop;
  DropReason reason = DropReason::None;
  Service service = Service::None;
  /// Deliver: the receiver. Drop: whose policy or allowance it was.
  InterfaceIndex at;
  /// Deliver: over the receiver's allowance, so it waits for Pipeline::release(), behind those
  /// that wait already.
  bool isQueued = false;
  /// Deliver: of the frame's bytes, those that go; behind them is padding.
  std::uint32_t lengthBytes = 0;
  packet::MacAddress destinationMac;
  packet::MacAddress sourceMac;
  /// A whole frame with its checksums, valid until the pipeline is asked again.
  std::span<const std::byte> answer;
  std::uint64_t retryAtNs = 0;
};

} // namespace argon::vpc
