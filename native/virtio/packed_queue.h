// SPDX-License-Identifier: Apache-2.0
#pragma once

// The device side of a packed virtqueue (virtio 1.2, section 2.8). One thread. Driver and device
// write into one ring of descriptors; two wrap counters tell whose an entry is. Everything in ring
// memory belongs to the guest: each field is fetched once and checked before it is used.
//
// A turn: take() until it says Nothing, work, putUsed() for what is done, then publishUsed() once
// for all of them.

#include "base/result.h"
#include "memory/guest_memory.h"
#include "memory/shared_copy.h"
#include "virtio/chain.h"
#include "virtio/spec/packed_ring.h"

#include <sys/uio.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace argon::virtio {

/// The three parts of a packed ring in this process's memory (2.8.10).
struct PackedRingMemory {
  std::span<std::byte> descriptors;
  std::span<std::byte> driverEvent;
  std::span<std::byte> deviceEvent;
};

/// A place in the ring with the wrap counter that holds there.
struct PackedPosition {
  std::uint16_t index = 0;
  bool wrap = true;

  /// `count` entries on; at most the ring's size.
  [[nodiscard]] constexpr PackedPosition after(std::uint16_t count, std::uint16_t size) const {
    const std::uint32_t next = std::uint32_t{index} + count;
    return next < size
               ? PackedPosition{.index = static_cast<std::uint16_t>(next), .wrap = wrap}
               : PackedPosition{.index = static_cast<std::uint16_t>(next - size), .wrap = !wrap};
  }
  /// The position from which after(count) leads here. `count` is at most `size`.
  [[nodiscard]] constexpr PackedPosition before(std::uint16_t count, std::uint16_t size) const {
    return index >= count
               ? PackedPosition{.index = static_cast<std::uint16_t>(index - count), .wrap = wrap}
               : PackedPosition{.index = static_cast<std::uint16_t>(index + size - count),
                                .wrap = !wrap};
  }
  /// As event suppression and vhost-user write it: the index with the wrap counter as bit 15.
  [[nodiscard]] constexpr std::uint16_t bits() const {
    return static_cast<std::uint16_t>(index | std::uint16_t{wrap} << spec::kRingWrapShift);
  }
  /// Entries from here to a later place that is at most one round on; more than `size` if it is
  /// not.
  [[nodiscard]] constexpr std::uint32_t countTo(PackedPosition later, std::uint16_t size) const {
    return std::uint32_t{later.index} + (later.wrap == wrap ? 0U : size) - index;
  }
  [[nodiscard]] static constexpr PackedPosition fromBits(std::uint16_t bits) {
    return {.index = static_cast<std::uint16_t>(bits & spec::kRingOffsetMask),
            .wrap = bits >> spec::kRingWrapShift != 0};
  }
  friend constexpr bool operator==(PackedPosition, PackedPosition) = default;
};

class PackedQueue {
public:
  struct Options {
    std::uint16_t size = 0;
    PackedPosition nextAvailable{};
    PackedPosition nextUsed{};
    bool hasEventIdx = false;
  };

  /// Checks size, alignment and extent of the parts, and the positions (2.8.10.1).
  static Result<PackedQueue> create(const PackedRingMemory& memory, const Options& options);

  enum class Take : std::uint8_t {
    Chain,
    Nothing,
    /// The driver wrote what no driver can mean, and where the next chain starts is not known.
    Broken,
  };
  /// Reads the next chain, fetching each descriptor once, into `segments`. With `copies` (room for
  /// size() entries, or none) the ring's own descriptors are copied there as they were fetched.
  [[nodiscard]] Take take(const GuestMemory& memory, ChainRules rules, std::span<iovec> segments,
                          Chain& chain, std::span<spec::PackedDescriptor> copies);

  /// Takes back the last take(), of a chain of so many entries: it is the next again.
  void giveBack(std::uint16_t descriptorCount);

  /// For a ring that goes on after a crash: the entries of chains under way may bear the marks of
  /// answers that were written and never published. Takes them off, before the first putUsed().
  void hideUnpublished();

  /// Writes a used descriptor; the driver sees it with the batch's first (2.8.6). `writtenBytes` as
  /// for a split ring.
  void putUsed(std::uint16_t id, std::uint16_t descriptorCount, std::uint32_t writtenBytes);

  /// Makes the used descriptors visible. True if the driver wants to be called for them.
  [[nodiscard]] bool publishUsed();

  /// Asks the driver not to kick, while the ring is being polled anyway.
  void disableKicks();
  /// Asks for a kick at the next chain. True if one is waiting already.
  [[nodiscard]] bool enableKicks();

  [[nodiscard]] std::uint16_t size() const { return size_; }
  [[nodiscard]] PackedPosition nextAvailable() const { return nextAvailable_; }
  [[nodiscard]] PackedPosition nextUsed() const { return nextUsed_; }

private:
  PackedQueue(const PackedRingMemory& memory, const Options& options);

  [[nodiscard]] std::byte* entryAt(std::uint16_t index) const {
    return descriptors_ + sizeof(spec::PackedDescriptor) * index;
  }
  [[nodiscard]] std::atomic_ref<std::uint16_t> flagsAt(std::uint16_t index) const {
    return sharedU16(entryAt(index) + spec::kPackedFlagsOffset);
  }
  // 2.8.1: available if the AVAIL bit is the driver's wrap counter and the USED bit is not.
  [[nodiscard]] bool isAvailable(std::uint16_t flags) const {
    return ((flags & spec::DESC_F_AVAIL) != 0) == nextAvailable_.wrap &&
           ((flags & spec::DESC_F_USED) != 0) != nextAvailable_.wrap;
  }
  void writeDeviceEvent(std::uint16_t offset, std::uint16_t flags);

  std::byte* descriptors_;
  std::byte* driverEvent_;
  std::byte* deviceEvent_;
  std::uint16_t size_;
  PackedPosition nextAvailable_;
  PackedPosition nextUsed_;
  // The batch that is not published: where its first entry is, the flags it will get, and how many
  // entries of the ring the batch covers. The first's flags are what the driver waits for.
  std::uint16_t batchFirst_ = 0;
  std::uint16_t batchFirstFlags_ = 0;
  std::uint32_t batchEntryCount_ = 0;
  // Entries of chains that were taken and whose use is not published. A driver that keeps the rules
  // never has more than the ring holds.
  std::uint32_t takenEntryCount_;
  bool hasEventIdx_;
  // Until the first publication after a start nothing is known of earlier calls, so one is sent.
  bool mustCall_ = true;
};

/// Reads a chain from copies of its ring descriptors, as in-flight tracking keeps them.
[[nodiscard]] Chain readPackedChain(std::span<const spec::PackedDescriptor> descriptors,
                                    const GuestMemory& memory, ChainRules rules,
                                    std::span<iovec> segments);

} // namespace argon::virtio
