// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a chain of descriptors means, told slowly and in other words than native/virtio/chain.cc:
// the oracle for it. Works on offsets in the arena of a scene whose memory nobody changes
// meanwhile.

#include "fuzz/guest_scene.h"
#include "virtio/chain.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace argon::fuzz {

struct ModelChain {
  virtio::ChainFault fault = virtio::ChainFault::None;
  bool isTailKnown = false;
  /// In order, as the driver wrote them: one range a buffer.
  std::vector<Range> readable;
  std::vector<Range> writable;
  /// Memory that was read to find them, beside the descriptor table.
  std::vector<Range> tables;

  [[nodiscard]] std::uint64_t readableBytes() const;
  [[nodiscard]] std::uint64_t writableBytes() const;
};

/// The chain at `head`, for a reader that has room for `segmentCountMax` segments.
[[nodiscard]] ModelChain modelChain(GuestScene& scene, std::uint16_t head,
                                    std::size_t segmentCountMax);

} // namespace argon::fuzz
