// SPDX-License-Identifier: Apache-2.0
#pragma once

// From a chain of descriptors to memory. Any framing is good as long as readable buffers come
// before writable ones (virtio 1.2, 2.7.4): the device above sees two runs of bytes, wherever the
// driver cut them.

#include "memory/guest_memory.h"
#include "virtio/split_queue.h"

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace argon::virtio {

/// What is wrong with a chain. The walk goes on past the faults of single buffers, so that the
/// device can still find the place where the driver expects its answer.
enum class ChainFault : std::uint8_t {
  None,
  // Faults of a buffer; the rest of the chain is known.
  BufferOutsideMemory,
  BufferEmpty,
  ReadableAfterWritable,
  TooManySegments,
  // Faults of the chain itself; what follows is not known.
  NextOutOfRange,
  Loop,
  NestedIndirect,
  IndirectWithNext,
  IndirectNotNegotiated,
  IndirectLength,
  IndirectOutsideMemory,
};

/// The fault in words, for logs.
[[nodiscard]] std::string_view chainFaultName(ChainFault fault);

struct Chain {
  /// What the used element names: the head's index in a split ring, the buffer id in a packed one.
  std::uint16_t head = 0;
  /// Entries of a packed ring that it takes up; of no meaning in a split one.
  std::uint16_t descriptorCount = 1;
  ChainFault fault = ChainFault::None;
  /// True if the last writable buffer of the chain is known and in memory: its last byte is where
  /// a block device answers.
  bool isTailKnown = false;
  /// Buffers the device reads, then those it writes, in order. Point into guest memory.
  std::span<iovec> readable{};
  std::span<iovec> writable{};
  std::uint64_t readableBytes = 0;
  std::uint64_t writableBytes = 0;
};

struct ChainRules {
  bool allowsIndirect = false;
};

/// Entries of an indirect table at most: Windows drivers send up to 512 data buffers and three more
/// whatever the queue's size (yc-libvhost-server's experience); the rest is room.
constexpr std::uint32_t kIndirectEntryCountMax = 1024 + 3;

/// Segments that `readChain` may need for any chain it accepts: each entry once, and one more for
/// each border between memory regions that a buffer crosses. A chain that needs more is refused.
constexpr std::size_t kSegmentCountMax = 1152;

/// Walks the chain at `head`, fetching each descriptor once, into `segments`. `head` must be less
/// than the queue's size. Bounded by the queue's size and kIndirectEntryCountMax.
[[nodiscard]] Chain readChain(const SplitQueue& queue, const GuestMemory& memory,
                              std::uint16_t head, ChainRules rules, std::span<iovec> segments);
/// The same into a chain that is there: a copy of what was just written field by field would wait
/// until the processor is done with each.
void readChain(const SplitQueue& queue, const GuestMemory& memory, std::uint16_t head,
               ChainRules rules, std::span<iovec> segments, Chain& chain);

} // namespace argon::virtio
