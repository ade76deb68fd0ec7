// SPDX-License-Identifier: Apache-2.0
#pragma once

// For the readers of chains, split and packed: collects the buffers of one chain and notes what is
// wrong with them. Knows nothing of tables and links.

#include "memory/guest_address.h"
#include "memory/guest_memory.h"
#include "virtio/chain.h"

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace argon::virtio {

class SegmentCollector {
public:
  /// Everything outlives the collector.
  SegmentCollector(const GuestMemory& memory, std::span<iovec> segments, Chain& chain)
      : memory_(memory), segments_(segments), chain_(chain) {}

  /// The next buffer of the chain, as its descriptor gives it.
  void add(std::uint64_t addressInGuest, std::uint32_t lengthBytes, bool isWritable) {
    if (isCutOff_) [[unlikely]] {
      return;
    }
    // Only the last writable buffer's place matters for the answer, so each one decides anew.
    chain_.isTailKnown = chain_.isTailKnown && !isWritable;
    if (lengthBytes == 0) {
      note(ChainFault::BufferEmpty);
      return;
    }
    if (!isWritable && hasWritable_) {
      note(ChainFault::ReadableAfterWritable);
      return;
    }
    const GuestAddress address(addressInGuest);
    const std::optional<std::size_t> count =
        memory_.translate(address, lengthBytes, segments_, count_);
    if (!count) {
      note(memory_.contains(address, lengthBytes) ? ChainFault::TooManySegments
                                                  : ChainFault::BufferOutsideMemory);
      return;
    }
    count_ = *count;
    if (isWritable) {
      hasWritable_ = true;
      chain_.isTailKnown = true;
      chain_.writableBytes += lengthBytes;
    } else {
      readableCount_ = count_;
      chain_.readableBytes += lengthBytes;
    }
  }

  void note(ChainFault fault) {
    if (chain_.fault == ChainFault::None) {
      chain_.fault = fault;
    }
  }
  /// A fault after which nothing more of the chain is known.
  void cutOff(ChainFault fault) {
    note(fault);
    chain_.isTailKnown = false;
    isCutOff_ = true;
  }

  /// Puts the collected buffers into the chain.
  void finish() {
    chain_.readable = segments_.first(readableCount_);
    chain_.writable = segments_.subspan(readableCount_, count_ - readableCount_);
  }

private:
  const GuestMemory& memory_;
  std::span<iovec> segments_;
  Chain& chain_;
  std::size_t count_ = 0;
  std::size_t readableCount_ = 0;
  bool hasWritable_ = false;
  bool isCutOff_ = false;
};

} // namespace argon::virtio
