// SPDX-License-Identifier: Apache-2.0
#pragma once

// The driver side of a split virtqueue (virtio 1.2, section 2.7). The memory is ours; the device
// writes the used ring, and what it writes is checked. One thread.

#include "base/result.h"
#include "frontend/arena.h"
#include "frontend/driver_ring.h"
#include "memory/guest_address.h"
#include "virtio/spec/ring.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace argon::frontend {

class DriverQueue final : public DriverRing {
public:
  struct Options {
    std::uint16_t size = 128;
    bool hasEventIdx = false;
  };
  static Result<DriverQueue> create(Arena& arena, const Options& options);

  [[nodiscard]] std::optional<std::uint16_t> add(std::span<const Buffer> buffers) override;
  [[nodiscard]] std::optional<std::uint16_t> addIndirect(std::span<const Buffer> buffers,
                                                         const ArenaBlock& table) override;
  [[nodiscard]] bool publish() override;
  [[nodiscard]] Result<std::optional<UsedChain>> takeUsed() override;
  [[nodiscard]] bool hasUsed() const override;
  void disableCalls() override;
  [[nodiscard]] bool enableCalls() override;

  /// `base`: the available index, which is the used one too.
  void reset(std::uint32_t base) override;
  [[nodiscard]] std::uint32_t baseOfUsed() const override { return nextUsed_; }
  [[nodiscard]] std::uint32_t firstBase() const override { return 0; }

  [[nodiscard]] std::uint16_t size() const override { return size_; }
  [[nodiscard]] GuestAddress descriptorsAddress() const override { return descriptors_.address; }
  [[nodiscard]] GuestAddress availableAddress() const override { return available_.address; }
  [[nodiscard]] GuestAddress usedAddress() const override { return used_.address; }

  // By hand: chains that no driver would make.

  void writeDescriptor(std::uint16_t index, const virtio::spec::Descriptor& descriptor);
  /// Puts a head into the next entry of the available ring.
  void offerHead(std::uint16_t head);
  /// Writes the available index itself.
  void setAvailableIndex(std::uint16_t index);
  [[nodiscard]] std::uint16_t offeredIndex() const { return nextAvailable_; }
  [[nodiscard]] std::uint16_t usedIndex() const;
  /// Forgets all chains of a ring that is idle but goes on.
  void forgetChains();

  [[nodiscard]] std::span<std::byte> availableBytes() { return available_.bytes; }
  [[nodiscard]] std::span<std::byte> usedBytes() { return used_.bytes; }

private:
  DriverQueue(const Options& options, const ArenaBlock& descriptors, const ArenaBlock& available,
              const ArenaBlock& used);
  [[nodiscard]] static virtio::spec::Descriptor descriptorOf(const Buffer& buffer,
                                                             std::optional<std::uint16_t> next);

  ArenaBlock descriptors_;
  ArenaBlock available_;
  ArenaBlock used_;
  std::uint16_t size_;
  bool hasEventIdx_;
  std::uint16_t nextAvailable_ = 0;
  std::uint16_t publishedAvailable_ = 0;
  std::uint16_t nextUsed_ = 0;
  std::vector<std::uint16_t> freeDescriptors_;
  // By head: the descriptors of a chain under way; empty if it is not.
  std::vector<std::vector<std::uint16_t>> chains_;
};

} // namespace argon::frontend
