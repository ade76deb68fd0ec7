// SPDX-License-Identifier: Apache-2.0
#pragma once

// As SplitInflight, for a packed ring. Used descriptors overwrite the ring's entries in the order
// of completion, so a chain that is under way cannot be found in the ring any more: its descriptors
// are copied into the region. Entries of the region form chains and a list of free ones.
//
// The region is written to and, after open(), never read: links and counts are kept here too.

#include "base/result.h"
#include "virtio/packed_queue.h"
#include "virtio/spec/packed_ring.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace argon::vhost_user {

class PackedInflight {
public:
  /// The flags of the ring's descriptor at an index below the ring's size, fetched once.
  using FlagsAt = std::function<std::uint16_t(std::uint16_t index)>;

  /// Takes up what the region says, or initializes one that is new, for a ring whose next used
  /// entry is `nextUsed`. untrusted: everything in `bytes`; an error if it is of another version or
  /// size, or inconsistent.
  static Result<PackedInflight> open(std::span<std::byte> bytes, std::uint16_t queueSize,
                                     virtio::PackedPosition nextUsed, const FlagsAt& flagsAt);

  /// Chains that were taken before and not answered, in the order in which they were taken: copies
  /// of their ring descriptors.
  using ChainCopy = std::vector<virtio::spec::PackedDescriptor>;
  [[nodiscard]] const std::vector<ChainCopy>& unanswered() const { return unanswered_; }
  /// Where the ring goes on: its own memory does not tell after a crash.
  [[nodiscard]] virtio::PackedPosition nextUsed() const { return nextUsed_; }
  [[nodiscard]] virtio::PackedPosition nextAvailable() const { return nextAvailable_; }

  /// A chain with the id of its last descriptor; ids of chains under way differ.
  void noteTaken(std::span<const virtio::spec::PackedDescriptor> chain);
  /// Part of the batch that is published next.
  void noteUsed(std::uint16_t id);
  /// Before the used descriptors are published …
  void beginPublish();
  /// … and after: the batch is answered.
  void endPublish();

private:
  // What is known of an entry without reading it.
  struct Entry {
    std::uint16_t next = 0;
    // Of a chain's first entry.
    std::uint16_t last = 0;
    std::uint16_t count = 0;
  };

  PackedInflight(std::span<std::byte> bytes, std::uint16_t queueSize);
  void initialize(virtio::PackedPosition nextUsed);
  [[nodiscard]] Result<void> recover(const FlagsAt& flagsAt);
  [[nodiscard]] Result<std::vector<bool>> readFreeList();
  [[nodiscard]] Result<ChainCopy> readChain(std::uint16_t first, std::vector<bool>& isSeen);
  [[nodiscard]] std::byte* entryAt(std::uint16_t index) const;
  template <typename Value>
  void storeEntry(std::uint16_t index, std::size_t offset, Value value);
  template <typename Value>
  void storeHeader(std::size_t offset, Value value);
  void storeUsed(virtio::PackedPosition published);

  std::byte* region_;
  std::uint16_t queueSize_;
  std::uint64_t nextCounter_ = 1;
  std::uint16_t freeHead_ = 0;
  virtio::PackedPosition nextUsed_{};
  // As far as answers are known to be published: nextUsed_ but for a batch that is being published.
  virtio::PackedPosition publishedUsed_{};
  virtio::PackedPosition nextAvailable_{};
  std::vector<Entry> entries_;
  // The first entry of the chain under way with this id.
  std::vector<std::uint16_t> firstOfId_;
  std::vector<ChainCopy> unanswered_;
  // First entries; with room for a full ring from the start.
  std::vector<std::uint16_t> batch_;
};

} // namespace argon::vhost_user
