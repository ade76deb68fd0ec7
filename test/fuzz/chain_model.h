// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a chain of descriptors means in a ring of either layout, told slowly and in other words than
// native/virtio: the oracle for it. Works on offsets in the arena of a scene, and on a copy of its
// memory or the memory itself, which nobody changes meanwhile.

#include "fuzz/guest_scene.h"
#include "virtio/chain.h"
#include "virtio/packed_queue.h"

#include <cstddef>
#include <cstdint>
#include <span>
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

/// The chain at `head` of a split ring, for a reader that has room for `segmentCountMax` segments.
[[nodiscard]] ModelChain modelChain(const GuestScene& scene, std::span<const std::byte> memory,
                                    std::uint16_t head, std::size_t segmentCountMax);

struct ModelPackedChain {
  enum class Kind : std::uint8_t { Chain, Nothing, Broken };
  Kind kind = Kind::Nothing;
  // Of a Chain.
  std::uint16_t id = 0;
  std::uint16_t descriptorCount = 0;
  ModelChain chain;
};
/// The chain at `first` of a packed ring in which at most `entryCountMax` entries may be the
/// driver's.
[[nodiscard]] ModelPackedChain modelPackedChain(const GuestScene& scene,
                                                std::span<const std::byte> memory,
                                                virtio::PackedPosition first,
                                                std::size_t entryCountMax,
                                                std::size_t segmentCountMax);

} // namespace argon::fuzz
