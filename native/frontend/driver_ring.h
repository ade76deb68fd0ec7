// SPDX-License-Identifier: Apache-2.0
#pragma once

// The driver side of a virtqueue, split (DriverQueue) or packed (PackedDriverQueue), as whoever
// sends requests sees it. The memory is ours; what the device writes into it is checked. One
// thread.

#include "base/result.h"
#include "frontend/arena.h"
#include "memory/guest_address.h"

#include <cstdint>
#include <optional>
#include <span>

namespace argon::frontend {

/// A buffer of a chain. `isWritable`: by the device.
struct Buffer {
  GuestAddress address;
  std::uint32_t lengthBytes = 0;
  bool isWritable = false;
};

struct UsedChain {
  std::uint16_t head = 0;
  std::uint32_t lengthBytes = 0;
};

class DriverRing {
public:
  virtual ~DriverRing() = default;

  /// Writes a chain into free descriptors and offers it; nothing is visible until publish().
  /// Returns what the device will name it by: the head of a split ring, the buffer id of a packed
  /// one; below size(). nullopt if there are too few free descriptors.
  [[nodiscard]] virtual std::optional<std::uint16_t> add(std::span<const Buffer> buffers) = 0;
  /// The same through an indirect table at `table`, 16 bytes for each buffer.
  [[nodiscard]] virtual std::optional<std::uint16_t> addIndirect(std::span<const Buffer> buffers,
                                                                 const ArenaBlock& table) = 0;
  /// Makes offered chains visible. True if the device wants a kick for them.
  [[nodiscard]] virtual bool publish() = 0;
  /// The next answer, its descriptors free again. An error if the device made it up.
  [[nodiscard]] virtual Result<std::optional<UsedChain>> takeUsed() = 0;
  /// True if an answer is waiting.
  [[nodiscard]] virtual bool hasUsed() const = 0;
  /// Asks to be called for the next answer, or not to be. enableCalls() is true if one is waiting
  /// already.
  virtual void disableCalls() = 0;
  [[nodiscard]] virtual bool enableCalls() = 0;

  /// Forgets all chains and clears the ring, for one that starts anew at `base`.
  virtual void reset(std::uint32_t base) = 0;
  /// Where a device that lost its state goes on: the answers that the driver has taken. All that
  /// are there must be taken first. In the form of SET_VRING_BASE (vhost-user, "Vring state").
  [[nodiscard]] virtual std::uint32_t baseOfUsed() const = 0;
  /// The base of a ring that was never used.
  [[nodiscard]] virtual std::uint32_t firstBase() const = 0;

  [[nodiscard]] virtual std::uint16_t size() const = 0;
  // What SET_VRING_ADDR names `descriptor`, `available` and `used` (virtio 1.2, 2.6: descriptor
  // area, driver area, device area), with their sizes.
  [[nodiscard]] virtual GuestAddress descriptorsAddress() const = 0;
  [[nodiscard]] virtual GuestAddress availableAddress() const = 0;
  [[nodiscard]] virtual GuestAddress usedAddress() const = 0;
};

} // namespace argon::frontend
