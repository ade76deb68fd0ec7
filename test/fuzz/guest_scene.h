// SPDX-License-Identifier: Apache-2.0
#pragma once

// A ring of either layout, its chains and the data around them, made from a fuzzer's bytes: small
// guest memory of two regions, mapped twice, once for the driver and once for the device, and now
// and then at the end of all guest addresses, where sums wrap. Descriptors mostly make sense, so
// that inputs get past the first check; any field can be anything.

#include "frontend/arena.h"
#include "frontend/driver_queue.h"
#include "frontend/driver_ring.h"
#include "frontend/packed_driver_queue.h"
#include "memory/guest_address.h"
#include "memory/guest_memory.h"
#include "support/byte_source.h"
#include "vhost_user/device.h"
#include "virtio/features.h"
#include "virtio/packed_queue.h"
#include "virtio/spec/ring.h"
#include "virtio/split_queue.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace argon::fuzz {

/// A range of the arena's bytes.
struct Range {
  std::size_t offset = 0;
  std::size_t size = 0;
};

class GuestScene {
public:
  static constexpr std::size_t kArenaBytes = std::size_t{64} * 1024;
  static constexpr std::uint16_t kQueueSizeMax = 64;
  /// What memory is filled with before anything is put there.
  static constexpr std::byte kFiller{0xee};

  GuestScene();

  /// Everything anew from the bytes.
  void build(test::ByteSource& source);

  [[nodiscard]] std::span<std::byte> bytes() const { return place_->arena->bytes(); }
  [[nodiscard]] const std::shared_ptr<const GuestMemory>& memory() const { return place_->memory; }
  [[nodiscard]] virtio::FeatureSet features() const { return features_; }
  [[nodiscard]] bool isPacked() const { return packed_ != nullptr; }
  [[nodiscard]] std::uint16_t queueSize() const { return ring_->size(); }
  /// The ring as a device gets it.
  struct Fds {
    vhost_user::SharedFd kick{};
    vhost_user::SharedFd call{};
    vhost_user::SharedFd err{};
  };
  [[nodiscard]] vhost_user::RingStart start(const Fds& fds) const;
  /// The ring alone, in the device's mapping; of its layout.
  [[nodiscard]] virtio::SplitQueue splitQueue() const;
  [[nodiscard]] virtio::PackedQueue packedQueue() const;
  /// Of a split ring: where the available index stood before anything was offered, and how far it
  /// goes.
  [[nodiscard]] std::uint16_t firstIndex() const { return firstIndex_; }
  [[nodiscard]] std::uint16_t offeredCount() const { return offeredCount_; }
  /// Of a packed ring: where the device starts to take and to answer. Entries between the two are
  /// under way for ever.
  [[nodiscard]] virtio::PackedPosition firstAvailable() const { return firstAvailable_; }
  [[nodiscard]] virtio::PackedPosition firstUsed() const { return firstUsed_; }

  /// The offset in the arena of a guest address; nullopt if it is none of it.
  [[nodiscard]] std::optional<std::size_t> offsetOf(std::uint64_t address) const;
  // The ring's parts as SET_VRING_ADDR names them.
  [[nodiscard]] Range descriptorTable() const;
  [[nodiscard]] Range availableRing() const;
  [[nodiscard]] Range usedRing() const;

private:
  struct Place {
    std::unique_ptr<frontend::Arena> arena;
    std::shared_ptr<const GuestMemory> memory;
  };
  [[nodiscard]] static Place makePlace(GuestAddress start);
  void makeFeatures(test::ByteSource& source, std::uint8_t flags);
  void makeRing(test::ByteSource& source, std::uint8_t size);
  [[nodiscard]] std::uint64_t addressFrom(test::ByteSource& source) const;
  [[nodiscard]] virtio::spec::Descriptor descriptorFrom(test::ByteSource& source,
                                                        std::size_t index) const;
  [[nodiscard]] std::size_t distanceTo(std::uint64_t address) const;
  [[nodiscard]] std::uint64_t placeOf(unsigned number) const;
  [[nodiscard]] std::uint64_t placeFrom(test::ByteSource& source) const;
  [[nodiscard]] std::uint16_t headFrom(test::ByteSource& source) const;
  void writeTable(test::ByteSource& source);
  std::uint32_t writeHeader(test::ByteSource& source, std::uint64_t address);
  std::size_t writeRanges(test::ByteSource& source, std::uint64_t address);
  [[nodiscard]] std::uint16_t writeChainPart(test::ByteSource& source, std::uint16_t index);
  [[nodiscard]] std::vector<virtio::spec::Descriptor> requestFrom(test::ByteSource& source);
  void writeEntry(const virtio::spec::Descriptor& descriptor, std::uint16_t index);
  void writeInMemory(const virtio::spec::Descriptor& descriptor, std::size_t offset);
  [[nodiscard]] static virtio::spec::Descriptor linked(virtio::spec::Descriptor descriptor,
                                                       std::size_t index);
  [[nodiscard]] virtio::spec::Descriptor tableOf(std::span<const virtio::spec::Descriptor> chain,
                                                 std::uint64_t address);
  void offerHeads(test::ByteSource& source);
  void renameChains(test::ByteSource& source);
  void writeWishes(test::ByteSource& source);
  void writePackedWishes(test::ByteSource& source);
  [[nodiscard]] std::span<std::byte> inDevice(const Range& range) const;

  // At the usual guest addresses, and at the last.
  std::array<Place, 2> places_;
  Place* place_;
  // The ring; one of these is null.
  std::unique_ptr<frontend::DriverQueue> split_;
  std::unique_ptr<frontend::PackedDriverQueue> packed_;
  frontend::DriverRing* ring_ = nullptr;
  virtio::FeatureSet features_;
  std::uint16_t firstIndex_ = 0;
  // Of requests that mean well.
  std::vector<std::uint16_t> requestHeads_;
  std::uint16_t offeredCount_ = 0;
  virtio::PackedPosition firstAvailable_{};
  virtio::PackedPosition firstUsed_{};
  // Chains that were written into a packed ring.
  unsigned chainCount_ = 0;
};

} // namespace argon::fuzz
