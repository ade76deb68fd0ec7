// SPDX-License-Identifier: Apache-2.0
#pragma once

// The driver side of a split virtqueue (virtio 1.2, section 2.7). The memory is ours; the device
// writes the used ring, and what it writes is checked. One thread.

#include "base/result.h"
#include "frontend/arena.h"
#include "memory/guest_address.h"
#include "virtio/spec/ring.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

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

class DriverQueue {
public:
  struct Options {
    std::uint16_t size = 128;
    bool hasEventIdx = false;
  };
  static Result<DriverQueue> create(Arena& arena, const Options& options);

  // The well-behaved way.

  /// Writes a chain into free descriptors and offers it; nothing is visible until publish().
  /// nullopt if there are too few free descriptors.
  [[nodiscard]] std::optional<std::uint16_t> add(std::span<const Buffer> buffers);
  /// The same through an indirect table at `table`, 16 bytes for each buffer.
  [[nodiscard]] std::optional<std::uint16_t> addIndirect(std::span<const Buffer> buffers,
                                                         const ArenaBlock& table);
  /// Makes offered chains visible. True if the device wants a kick for them.
  [[nodiscard]] bool publish();
  /// The next answer, its descriptors free again. An error if the device made it up.
  [[nodiscard]] Result<std::optional<UsedChain>> takeUsed();
  /// True if an answer is waiting.
  [[nodiscard]] bool hasUsed() const;
  /// Asks to be called for the next answer, or not to be. enableCalls() is true if one is waiting
  /// already.
  void disableCalls();
  [[nodiscard]] bool enableCalls();

  // By hand: chains that no driver would make.

  void writeDescriptor(std::uint16_t index, const virtio::spec::Descriptor& descriptor);
  /// Puts a head into the next entry of the available ring.
  void offerHead(std::uint16_t head);
  /// Writes the available index itself.
  void setAvailableIndex(std::uint16_t index);
  [[nodiscard]] std::uint16_t offeredIndex() const { return nextAvailable_; }
  [[nodiscard]] std::uint16_t usedIndex() const;
  /// Forgets all chains and clears the ring: for one that starts anew at `index`.
  void reset(std::uint16_t index);
  /// Forgets all chains of a ring that is idle but goes on.
  void forgetChains();

  [[nodiscard]] std::uint16_t size() const { return size_; }
  [[nodiscard]] GuestAddress descriptorsAddress() const { return descriptors_.address; }
  [[nodiscard]] GuestAddress availableAddress() const { return available_.address; }
  [[nodiscard]] GuestAddress usedAddress() const { return used_.address; }
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
