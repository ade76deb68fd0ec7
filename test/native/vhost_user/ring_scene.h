// SPDX-License-Identifier: Apache-2.0
#pragma once

// A ring of either layout with an in-flight region beside it, all in one shared mapping, and a
// simple driver whose state is a value: it can be copied together with the memory.

#include "base/result.h"
#include "frontend/arena.h"
#include "memory/guest_memory.h"
#include "vhost_user/inflight_region.h"
#include "vhost_user/ring_queue.h"
#include "virtio/packed_queue.h"

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace argon::test {

/// A driver that keeps the rules. Each chain has a tag, 1, 2, 3 … in the order of offering: the
/// length of each of its buffers.
class RingDriver {
public:
  struct Offered {
    std::uint32_t tag = 0;
    std::uint16_t descriptorCount = 0;
  };

  RingDriver(vhost_user::RingLayout layout, std::uint16_t size,
             const vhost_user::RingQueue::Parts& parts, std::uint64_t dataAddress);

  /// Makes a chain of readable buffers available. Nothing if there is no room for it.
  std::optional<std::uint16_t> offer(std::uint16_t descriptorCount);
  /// The next chain that the device used: its head. Nothing if there is none. Throws if the device
  /// answers a chain that is not under way.
  std::optional<std::uint16_t> reap();

  /// Chains under way, by head.
  [[nodiscard]] const std::map<std::uint16_t, Offered>& offered() const { return offered_; }
  [[nodiscard]] std::uint16_t freeCount() const { return freeCount_; }

private:
  std::uint16_t offerSplit(std::uint16_t descriptorCount);
  std::uint16_t offerPacked(std::uint16_t descriptorCount);
  std::optional<std::uint16_t> reapSplit();
  std::optional<std::uint16_t> reapPacked();

  vhost_user::RingLayout layout_;
  std::uint16_t size_;
  vhost_user::RingQueue::Parts parts_;
  std::uint64_t dataAddress_;
  std::uint32_t nextTag_ = 1;
  std::uint16_t freeCount_;
  std::map<std::uint16_t, Offered> offered_;
  // Descriptors of a split ring, ids of a packed one.
  std::vector<std::uint16_t> free_;
  std::map<std::uint16_t, std::vector<std::uint16_t>> descriptorsOf_;
  std::uint16_t availableIndex_ = 0;
  std::uint16_t usedIndex_ = 0;
  virtio::PackedPosition nextAvailable_{};
  virtio::PackedPosition nextUsed_{};
};

class RingScene {
public:
  RingScene(vhost_user::RingLayout layout, std::uint16_t size);

  /// The device's ring with its tracking, as a back end that was started anew opens it. It is told
  /// where a new ring starts: it has to find out the rest.
  [[nodiscard]] Result<vhost_user::RingQueue> open() const;
  [[nodiscard]] Result<vhost_user::RingQueue> openUntracked() const;

  struct Taken {
    std::uint16_t head = 0;
    std::uint16_t descriptorCount = 0;
    std::uint32_t tag = 0;
  };
  /// The next chain; nothing if there is none or the ring is broken.
  [[nodiscard]] static std::optional<Taken> take(vhost_user::RingQueue& queue);
  static void put(vhost_user::RingQueue& queue, const Taken& taken);

  [[nodiscard]] RingDriver& driver() { return driver_; }
  [[nodiscard]] const GuestMemory& memory() const { return *memory_; }
  /// The ring in the driver's mapping, which open() uses too: a child has it, and not the device's.
  [[nodiscard]] const vhost_user::RingQueue::Parts& parts() const { return parts_; }
  /// The ring in memory().
  [[nodiscard]] vhost_user::RingQueue::Parts deviceParts() const;
  [[nodiscard]] std::span<std::byte> inflight() const { return inflight_; }
  /// Ring and region, for copies.
  [[nodiscard]] std::span<std::byte> shared() const { return shared_; }
  [[nodiscard]] vhost_user::RingLayout layout() const { return layout_; }
  [[nodiscard]] std::uint16_t size() const { return size_; }

private:
  [[nodiscard]] Result<vhost_user::RingQueue> openWith(std::span<std::byte> inflight) const;

  vhost_user::RingLayout layout_;
  std::uint16_t size_;
  std::unique_ptr<frontend::Arena> arena_;
  std::shared_ptr<const GuestMemory> memory_;
  vhost_user::RingQueue::Parts parts_;
  std::span<std::byte> inflight_;
  std::span<std::byte> shared_;
  RingDriver driver_;
};

} // namespace argon::test
