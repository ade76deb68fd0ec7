// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/packed_inflight.h"

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "memory/shared_copy.h"
#include "vhost_user/spec/inflight.h"
#include "virtio/packed_queue.h"
#include "virtio/spec/packed_ring.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace argon::vhost_user {

namespace {

using spec::DescStatePacked;
using spec::QueueRegionPacked;
using virtio::PackedPosition;
using virtio::spec::PackedDescriptor;

// "Use old_used_wrap_counter to calculate the available flags": true if a descriptor's are those,
// that is, it was not used yet in the round of `wrap`.
bool isStillAvailable(std::uint16_t flags, bool wrap) {
  return ((flags & virtio::spec::DESC_F_AVAIL) != 0) == wrap &&
         ((flags & virtio::spec::DESC_F_USED) != 0) != wrap;
}

Error inconsistent() {
  return {ErrorKind::Protocol, "the in-flight region of a packed ring contradicts itself"};
}

} // namespace

Result<PackedInflight> PackedInflight::open(std::span<std::byte> bytes, std::uint16_t queueSize,
                                            PackedPosition nextUsed, const FlagsAt& flagsAt) {
  PackedInflight inflight(bytes, queueSize);
  const auto header = fetchOnce<QueueRegionPacked>(bytes.data());
  if (header.version == 0) {
    inflight.initialize(nextUsed);
    return inflight;
  }
  if (header.version != spec::kInflightVersion || header.desc_num != queueSize) {
    return Error(ErrorKind::Protocol,
                 concat("an in-flight region of version ", header.version, " for ", header.desc_num,
                        " entries, and the ring has ", queueSize));
  }
  ARGON_TRY(inflight.recover(flagsAt));
  return inflight;
}

PackedInflight::PackedInflight(std::span<std::byte> bytes, std::uint16_t queueSize)
    : region_(bytes.data()), queueSize_(queueSize), entries_(queueSize), firstOfId_(queueSize) {
  batch_.reserve(queueSize);
}

std::byte* PackedInflight::entryAt(std::uint16_t index) const {
  return region_ + sizeof(QueueRegionPacked) + sizeof(DescStatePacked) * index;
}

template <typename Value>
void PackedInflight::storeEntry(std::uint16_t index, std::size_t offset, Value value) {
  storeShared(entryAt(index) + offset, value);
}

template <typename Value>
void PackedInflight::storeHeader(std::size_t offset, Value value) {
  storeShared(region_ + offset, value);
}

// Indexes and wrap counters in one store. In two, a crash between them would leave an index with
// the wrap counter of another round, and an entry of the ring that bears just that.
void PackedInflight::storeUsed(PackedPosition published) {
  struct Used {
    std::uint16_t index;
    std::uint16_t oldIndex;
    std::uint8_t wrap;
    std::uint8_t oldWrap;
    std::uint8_t padding[2];
  };
  const Used used{.index = nextUsed_.index,
                  .oldIndex = published.index,
                  .wrap = std::uint8_t{nextUsed_.wrap},
                  .oldWrap = std::uint8_t{published.wrap},
                  .padding = {}};
  sharedU64(region_ + offsetof(QueueRegionPacked, used_idx))
      .store(std::bit_cast<std::uint64_t>(used), std::memory_order_release);
}

void PackedInflight::initialize(PackedPosition nextUsed) {
  for (std::uint16_t index = 0; index < queueSize_; ++index) {
    DescStatePacked state{};
    // The last one's link leads nowhere, and is never followed: the ring is full before.
    state.next = entries_[index].next = static_cast<std::uint16_t>(index + 1);
    storeShared(entryAt(index), state);
  }
  nextUsed_ = publishedUsed_ = nextAvailable_ = nextUsed;
  const QueueRegionPacked header{.features = 0,
                                 .version = 0,
                                 .desc_num = queueSize_,
                                 .free_head = 0,
                                 .old_free_head = 0,
                                 .used_idx = nextUsed.index,
                                 .old_used_idx = nextUsed.index,
                                 .used_wrap_counter = std::uint8_t{nextUsed.wrap},
                                 .old_used_wrap_counter = std::uint8_t{nextUsed.wrap},
                                 .padding = {}};
  storeShared(region_, header);
  // Last, for a crash before leaves a region that is new.
  storeHeader(offsetof(QueueRegionPacked, version), spec::kInflightVersion);
}

// The steps of "When reconnecting".
Result<void> PackedInflight::recover(const FlagsAt& flagsAt) {
  const auto header = fetchOnce<QueueRegionPacked>(region_);
  const PackedPosition old{.index = header.old_used_idx, .wrap = header.old_used_wrap_counter != 0};
  const PackedPosition current{.index = header.used_idx, .wrap = header.used_wrap_counter != 0};
  if (old.index >= queueSize_ || current.index >= queueSize_) {
    return inconsistent();
  }
  const bool isCommitted = old != current && !isStillAvailable(flagsAt(old.index), old.wrap);
  nextUsed_ = isCommitted ? current : old;
  freeHead_ = isCommitted ? header.free_head : header.old_free_head;

  ARGON_TRY_ASSIGN(std::vector<bool> isSeen, readFreeList());
  std::vector<std::pair<std::uint64_t, ChainCopy>> found;
  std::uint32_t takenCount = 0;
  std::vector<bool> isIdSeen(queueSize_);
  for (std::uint16_t index = 0; index < queueSize_; ++index) {
    const auto state = fetchOnce<DescStatePacked>(entryAt(index));
    if (isSeen[index] || state.inflight == 0) {
      continue;
    }
    ARGON_TRY_ASSIGN(ChainCopy chain, readChain(index, isSeen));
    // With two chains of one id the wrong one's entries would be freed, and the list run out.
    const std::uint16_t id = chain.back().id.get();
    if (isIdSeen[id]) {
      return inconsistent();
    }
    isIdSeen[id] = true;
    takenCount += static_cast<std::uint32_t>(chain.size());
    nextCounter_ = std::max(nextCounter_, state.counter + 1);
    found.emplace_back(state.counter, std::move(chain));
  }
  // Every entry is free or part of a chain, or one could run out of them.
  if (std::ranges::find(isSeen, false) != isSeen.end()) {
    return inconsistent();
  }
  std::ranges::sort(found, {}, [](const auto& entry) { return entry.first; });
  for (auto& [counter, chain] : found) {
    unanswered_.push_back(std::move(chain));
  }
  nextAvailable_ = nextUsed_.after(static_cast<std::uint16_t>(takenCount), queueSize_);
  endPublish();
  return {};
}

// "Set the inflight field of each DescStatePacked entry in free list to 0". Marks them.
Result<std::vector<bool>> PackedInflight::readFreeList() {
  std::vector<bool> isSeen(queueSize_);
  std::uint16_t index = freeHead_;
  while (index < queueSize_ && !isSeen[index]) {
    isSeen[index] = true;
    storeEntry(index, offsetof(DescStatePacked, inflight), std::uint8_t{0});
    entries_[index].next =
        fetchOnce<std::uint16_t>(entryAt(index) + offsetof(DescStatePacked, next));
    index = entries_[index].next;
  }
  return index < queueSize_ ? Result<std::vector<bool>>(inconsistent()) : isSeen;
}

Result<PackedInflight::ChainCopy> PackedInflight::readChain(std::uint16_t first,
                                                            std::vector<bool>& isSeen) {
  const auto head = fetchOnce<DescStatePacked>(entryAt(first));
  ChainCopy chain;
  std::uint16_t index = first;
  std::uint16_t last = first;
  for (std::uint16_t count = 0; count < head.num; ++count) {
    if (index >= queueSize_ || isSeen[index]) {
      return inconsistent();
    }
    isSeen[index] = true;
    const auto state = fetchOnce<DescStatePacked>(entryAt(index));
    chain.push_back({.addr = state.addr, .len = state.len, .id = state.id, .flags = state.flags});
    last = index;
    entries_[index].next = state.next;
    index = state.next;
  }
  if (chain.empty() || chain.back().id.get() >= queueSize_) {
    return inconsistent();
  }
  entries_[first].last = last;
  entries_[first].count = static_cast<std::uint16_t>(chain.size());
  firstOfId_[chain.back().id.get()] = first;
  return chain;
}

void PackedInflight::noteTaken(std::span<const PackedDescriptor> chain) {
  const std::uint16_t first = freeHead_;
  storeEntry(first, offsetof(DescStatePacked, num), static_cast<std::uint16_t>(chain.size()));
  storeEntry(first, offsetof(DescStatePacked, counter), nextCounter_++);
  storeEntry(first, offsetof(DescStatePacked, inflight), std::uint8_t{1});
  for (const PackedDescriptor& descriptor : chain) {
    const std::uint16_t index = freeHead_;
    storeEntry(index, offsetof(DescStatePacked, id), descriptor.id.get());
    storeEntry(index, offsetof(DescStatePacked, flags), descriptor.flags.get());
    storeEntry(index, offsetof(DescStatePacked, len), descriptor.len.get());
    storeEntry(index, offsetof(DescStatePacked, addr), descriptor.addr.get());
    entries_[first].last = index;
    freeHead_ = entries_[index].next;
  }
  entries_[first].count = static_cast<std::uint16_t>(chain.size());
  firstOfId_[chain.back().id.get()] = first;
  storeEntry(first, offsetof(DescStatePacked, last), entries_[first].last);
  storeHeader(offsetof(QueueRegionPacked, free_head), freeHead_);
  // "If d is last descriptor, set old_free_head to free_head": from here on it counts as taken.
  storeHeader(offsetof(QueueRegionPacked, old_free_head), freeHead_);
}

void PackedInflight::noteUsed(std::uint16_t id) { batch_.push_back(firstOfId_[id]); }

void PackedInflight::beginPublish() {
  // "Set desc[e.last].next to the value of free_head; set free_head to the index of e", for each.
  for (const std::uint16_t first : batch_) {
    const Entry& entry = entries_[first];
    entries_[entry.last].next = freeHead_;
    storeEntry(entry.last, offsetof(DescStatePacked, next), freeHead_);
    freeHead_ = first;
    nextUsed_ = nextUsed_.after(entry.count, queueSize_);
  }
  if (!batch_.empty()) {
    storeHeader(offsetof(QueueRegionPacked, free_head), freeHead_);
    storeUsed(publishedUsed_);
  }
}

void PackedInflight::endPublish() {
  for (const std::uint16_t first : batch_) {
    storeEntry(first, offsetof(DescStatePacked, inflight), std::uint8_t{0});
  }
  batch_.clear();
  storeHeader(offsetof(QueueRegionPacked, free_head), freeHead_);
  storeHeader(offsetof(QueueRegionPacked, old_free_head), freeHead_);
  publishedUsed_ = nextUsed_;
  storeUsed(publishedUsed_);
}

} // namespace argon::vhost_user
