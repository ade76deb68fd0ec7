// SPDX-License-Identifier: Apache-2.0
#pragma once

// The device side of a ring as a vhost-user session starts it: split or packed, with in-flight
// tracking and a dirty log if the front end wants them. What a device works with; it need not know
// which of these there are. One thread.

#include "base/result.h"
#include "memory/guest_memory.h"
#include "vhost_user/dirty_log.h"
#include "vhost_user/packed_inflight.h"
#include "vhost_user/split_inflight.h"
#include "virtio/chain.h"
#include "virtio/packed_queue.h"
#include "virtio/spec/packed_ring.h"
#include "virtio/split_queue.h"

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

namespace argon::vhost_user {

class RingQueue {
public:
  /// The three parts of the ring in this process's memory, in the order of SET_VRING_ADDR:
  /// descriptors, available (driver event), used (device event).
  struct Parts {
    std::span<std::byte> descriptors;
    std::span<std::byte> available;
    std::span<std::byte> used;
  };

  /// `memory` holds the parts and outlives the queue, as `inflight` does.
  static Result<RingQueue> createSplit(const Parts& parts, const GuestMemory& memory,
                                       const virtio::SplitQueue::Options& options,
                                       std::span<std::byte> inflight);
  static Result<RingQueue> createPacked(const Parts& parts, const GuestMemory& memory,
                                        const virtio::PackedQueue::Options& options,
                                        std::span<std::byte> inflight);
  void setLog(std::shared_ptr<const DirtyLog> log) { log_ = std::move(log); }

  enum class Take : std::uint8_t {
    Chain,
    Nothing,
    /// The driver wrote what no driver can mean; the ring is of no more use.
    Broken,
  };
  /// Reads the next chain into `segments`: first those that an earlier back end took and did not
  /// answer, then the driver's new ones. `chain.head` is less than size(), and no chain that was
  /// taken before and not put has the same. Bounded.
  [[nodiscard]] Take take(virtio::ChainRules rules, std::span<iovec> segments,
                          virtio::Chain& chain);
  /// Has the processor fetch, to write to, the front of what a chain that will soon be taken points
  /// to. A guess: it may be anything that the driver may name.
  void prefetchWritable() const;
  /// Takes back the last take() that is not put or given back: the chain is the next again, and is
  /// read anew then. Not of a tracked ring, which has it written down.
  void giveBack(const virtio::Chain& chain);
  /// What was wrong, after Broken.
  [[nodiscard]] std::string_view brokenReason() const { return brokenReason_; }

  /// Answers a chain that was taken; nobody sees it before publish(). `writtenBytes`: what the
  /// device put into the chain's writable buffers, from their start (virtio 1.2, 2.7.8.2).
  void put(std::uint16_t head, std::uint16_t descriptorCount, std::uint32_t writtenBytes);
  /// Makes answers visible. True if the driver wants to be called for them.
  [[nodiscard]] bool publish();

  /// Asks the driver not to kick, while the ring is being polled anyway.
  void disableKicks();
  /// Asks for a kick at the next chain. True if one is waiting already.
  [[nodiscard]] bool enableKicks();

  /// True while the driver must be told apart which pages are written.
  [[nodiscard]] bool isLogging() const { return log_ != nullptr; }
  /// With isLogging(): notes that these parts of guest memory were written.
  void noteWritten(std::span<const iovec> segments) const;

  /// True if chains of an earlier back end wait to be taken again.
  [[nodiscard]] bool hasUnanswered() const { return unansweredIndex_ < unansweredCount_; }
  [[nodiscard]] std::uint16_t size() const { return size_; }
  /// What GET_VRING_BASE answers once no taken chain is unanswered: for a split ring the next
  /// available index; for a packed one the next available and the next used entry.
  [[nodiscard]] std::uint32_t base() const;

private:
  template <typename Queue>
  RingQueue(Queue queue, const Parts& parts, const GuestMemory& memory, std::uint16_t size)
      : queue_(std::move(queue)), parts_(parts), memory_(&memory), size_(size), isTaken_(size) {}

  [[nodiscard]] Take takeSplit(virtio::SplitQueue& queue, virtio::ChainRules rules,
                               std::span<iovec> segments, virtio::Chain& chain);
  [[nodiscard]] Take takePacked(virtio::PackedQueue& queue, virtio::ChainRules rules,
                                std::span<iovec> segments, virtio::Chain& chain);
  [[nodiscard]] Take refuse(std::string_view reason);
  void takeUnanswered(virtio::ChainRules rules, std::span<iovec> segments, virtio::Chain& chain);
  void logRing() const;

  std::variant<virtio::SplitQueue, virtio::PackedQueue> queue_;
  Parts parts_;
  const GuestMemory* memory_;
  std::uint16_t size_;
  // By head, of chains that are taken and not put, unanswered ones among them from the start.
  // Tracking knows a chain by its head alone, so it never hears of two with the same.
  std::vector<bool> isTaken_;
  // Chains that the driver made available when the available index was last read; split only.
  std::uint16_t pendingCount_ = 0;
  std::string_view brokenReason_;
  std::shared_ptr<const DirtyLog> log_;
  std::optional<SplitInflight> splitInflight_;
  std::optional<PackedInflight> packedInflight_;
  // Where a packed chain's descriptors are copied to as they are fetched, for tracking.
  std::vector<virtio::spec::PackedDescriptor> copies_;
  std::size_t unansweredIndex_ = 0;
  std::size_t unansweredCount_ = 0;
};

} // namespace argon::vhost_user
