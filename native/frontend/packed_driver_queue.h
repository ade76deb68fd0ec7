// SPDX-License-Identifier: Apache-2.0
#pragma once

// The driver side of a packed virtqueue (virtio 1.2, section 2.8). Both sides write into one ring
// of descriptors; the device writes an answer over the first descriptors that it has taken, so
// every field is read once and checked. One thread.

#include "base/result.h"
#include "frontend/arena.h"
#include "frontend/driver_ring.h"
#include "memory/guest_address.h"
#include "virtio/packed_queue.h"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace argon::frontend {

class PackedDriverQueue final : public DriverRing {
public:
  struct Options {
    /// Any number up to 32768, not only powers of two (2.8.10.1).
    std::uint16_t size = 128;
    bool hasEventIdx = false;
  };
  /// The base of a ring that was never used: both positions 0, both wrap counters 1.
  static constexpr std::uint32_t kFirstBase = 0x8000'8000;
  static Result<PackedDriverQueue> create(Arena& arena, const Options& options);

  [[nodiscard]] std::optional<std::uint16_t> add(std::span<const Buffer> buffers) override;
  [[nodiscard]] std::optional<std::uint16_t> addIndirect(std::span<const Buffer> buffers,
                                                         const ArenaBlock& table) override;
  [[nodiscard]] bool publish() override;
  [[nodiscard]] Result<std::optional<UsedChain>> takeUsed() override;
  [[nodiscard]] bool hasUsed() const override;
  void disableCalls() override;
  [[nodiscard]] bool enableCalls() override;

  /// `base`: the available position with its wrap counter, above it the used one. Without chains
  /// under way the two are equal.
  void reset(std::uint32_t base) override;
  [[nodiscard]] std::uint32_t baseOfUsed() const override;
  [[nodiscard]] std::uint32_t firstBase() const override { return kFirstBase; }

  [[nodiscard]] std::uint16_t size() const override { return size_; }
  [[nodiscard]] GuestAddress descriptorsAddress() const override { return descriptors_.address; }
  [[nodiscard]] GuestAddress availableAddress() const override { return driverEvent_.address; }
  [[nodiscard]] GuestAddress usedAddress() const override { return deviceEvent_.address; }

  // By hand: entries that no driver would write.

  void writeDescriptor(std::uint16_t index, const virtio::spec::PackedDescriptor& descriptor);
  /// Where the next chain goes.
  [[nodiscard]] virtio::PackedPosition nextAvailable() const { return nextAvailable_; }

private:
  PackedDriverQueue(const Options& options, const ArenaBlock& descriptors,
                    const ArenaBlock& driverEvent, const ArenaBlock& deviceEvent);
  // Writes an entry at the available position and moves on. The first one's flags are kept back
  // for publish().
  void append(const virtio::spec::PackedDescriptor& entry);
  [[nodiscard]] bool isUsed(std::uint16_t flags) const;
  [[nodiscard]] std::optional<std::uint16_t> takeId(std::size_t descriptorCount);

  ArenaBlock descriptors_;
  ArenaBlock driverEvent_;
  ArenaBlock deviceEvent_;
  std::uint16_t size_;
  bool hasEventIdx_;
  virtio::PackedPosition nextAvailable_;
  virtio::PackedPosition nextUsed_;
  // What is offered and not published: its first entry's place and flags, and how many entries.
  std::uint16_t batchFirst_ = 0;
  std::uint16_t batchFirstFlags_ = 0;
  std::uint16_t batchEntryCount_ = 0;
  std::uint16_t freeEntryCount_ = 0;
  std::vector<std::uint16_t> freeIds_;
  // By buffer id: the entries of a chain under way; 0 if it is not.
  std::vector<std::uint16_t> entryCounts_;
};

} // namespace argon::frontend
