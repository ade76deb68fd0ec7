// SPDX-License-Identifier: Apache-2.0
#pragma once

// The device side of a split virtqueue (virtio 1.2, section 2.7). One thread. Everything in ring
// memory belongs to the guest: each field is fetched once and checked before it is used.
//
// A turn: pendingCount(), takeHead() as often as that says, work, putUsed() for what is done, then
// publishUsed() once for all of them.

#include "base/result.h"
#include "memory/shared_copy.h"
#include "virtio/spec/ring.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace argon::virtio {

/// The three parts of a ring in this process's memory. Sizes as the spec functions give them.
struct SplitRingMemory {
  std::span<std::byte> descriptors;
  std::span<std::byte> available;
  std::span<std::byte> used;
};

class SplitQueue {
public:
  struct Options {
    std::uint16_t size = 0;
    /// The next available entry to take, as SET_VRING_BASE gave it.
    std::uint16_t nextAvailable = 0;
    bool hasEventIdx = false;
    /// Goes on behind the last used entry instead: for a device that answers in order, whatever the
    /// front end says. What was taken before and not answered is taken again.
    bool resumesAtUsed = false;
  };

  /// Checks size, alignment and extent of the parts (virtio 1.2, 2.7).
  static Result<SplitQueue> create(const SplitRingMemory& memory, const Options& options);

  /// Chains that wait; nullopt if the driver claims more than the ring holds, which no sequence of
  /// valid steps leads to (2.7.13.3.1 and CVE-2016-5403).
  [[nodiscard]] std::optional<std::uint16_t> pendingCount() {
    // Acquire: pairs with the driver's release of idx; the entries and descriptors it covers are
    // then visible.
    const std::uint16_t index =
        sharedU16(available_ + spec::kAvailIdxOffset).load(std::memory_order_acquire);
    const auto count = static_cast<std::uint16_t>(index - nextAvailable_);
    if (count > size_) [[unlikely]] {
      return std::nullopt;
    }
    return count;
  }

  /// The head of the next waiting chain; may be out of range, which the chain reader refuses. Only
  /// after pendingCount() said that there is one.
  [[nodiscard]] std::uint16_t takeHead() {
    const std::size_t slot = nextAvailable_ & mask_;
    ++nextAvailable_;
    return sharedU16(available_ + spec::kAvailRingOffset + slot * spec::kAvailElementBytes)
        .load(std::memory_order_relaxed);
  }

  /// What takeHead() will probably give after `count` more, of those that wait: to fetch memory by,
  /// and nothing else. In range whatever the driver writes; it is read and checked when its turn
  /// comes.
  [[nodiscard]] std::uint16_t guessHead(std::uint16_t count) const {
    const std::size_t slot = (nextAvailable_ + std::size_t{count}) & mask_;
    return sharedU16(available_ + spec::kAvailRingOffset + slot * spec::kAvailElementBytes)
               .load(std::memory_order_relaxed) &
           mask_;
  }
  void prefetchDescriptor(std::uint16_t index) const {
    __builtin_prefetch(descriptors_ + sizeof(spec::Descriptor) * index);
  }

  /// Takes back the last takeHead(): the same entry is the next again.
  void giveBackHead() { --nextAvailable_; }

  /// One fetch of a descriptor of the table. `index` < size().
  [[nodiscard]] spec::Descriptor fetchDescriptor(std::uint16_t index) const {
    return fetchOnce<spec::Descriptor>(descriptors_ + sizeof(spec::Descriptor) * index);
  }

  /// Writes a used element where the driver does not look yet. `writtenBytes`: what the device put
  /// into the chain's writable buffers, exactly (2.7.8.2).
  void putUsed(std::uint16_t head, std::uint32_t writtenBytes);

  /// Makes the used elements visible. True if the driver wants to be called for them.
  [[nodiscard]] bool publishUsed();

  /// Asks the driver not to kick, while the ring is being polled anyway.
  void disableKicks();
  /// Asks for a kick at the next chain. True if one is waiting already: it came too early for the
  /// kick, so the ring must be processed again before sleeping (2.7.13.4.1).
  [[nodiscard]] bool enableKicks();

  [[nodiscard]] std::uint16_t size() const { return size_; }
  /// What GET_VRING_BASE answers once no taken chain is unanswered.
  [[nodiscard]] std::uint16_t nextAvailable() const { return nextAvailable_; }
  /// The used index as the driver sees it.
  [[nodiscard]] std::uint16_t publishedUsed() const { return publishedUsed_; }

private:
  SplitQueue(const SplitRingMemory& memory, const Options& options);

  std::byte* descriptors_;
  std::byte* available_;
  std::byte* used_;
  std::uint16_t size_;
  std::uint16_t mask_;
  std::uint16_t nextAvailable_;
  std::uint16_t nextUsed_;
  std::uint16_t publishedUsed_;
  bool hasEventIdx_;
  // Until the first publication after a start nothing is known of earlier calls, so one is sent.
  bool mustCall_ = true;
};

} // namespace argon::virtio
