// SPDX-License-Identifier: Apache-2.0
#include "frontend/packed_driver_queue.h"

#include "base/check.h"
#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "frontend/arena.h"
#include "frontend/driver_ring.h"
#include "memory/shared_copy.h"
#include "virtio/notify.h"
#include "virtio/packed_queue.h"
#include "virtio/spec/packed_ring.h"
#include "virtio/spec/ring.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

namespace argon::frontend {

namespace spec = virtio::spec;
using virtio::PackedPosition;

namespace {

constexpr unsigned kUsedBaseShift = 16;

std::uint16_t flagsOf(const Buffer& buffer, bool isLast) {
  const std::uint16_t writable = buffer.isWritable ? spec::DESC_F_WRITE : std::uint16_t{0};
  const std::uint16_t linked = isLast ? std::uint16_t{0} : spec::DESC_F_NEXT;
  return static_cast<std::uint16_t>(writable | linked);
}

} // namespace

Result<PackedDriverQueue> PackedDriverQueue::create(Arena& arena, const Options& options) {
  ARGON_TRY_ASSIGN(
      const ArenaBlock descriptors,
      arena.allocate(spec::descriptorRingBytes(options.size), spec::kDescriptorRingAlignment));
  // A cache line each, because one side writes it and the other reads it.
  ARGON_TRY_ASSIGN(const ArenaBlock driverEvent, arena.allocate(spec::kEventSuppressionBytes, 64));
  ARGON_TRY_ASSIGN(const ArenaBlock deviceEvent, arena.allocate(spec::kEventSuppressionBytes, 64));
  PackedDriverQueue queue(options, descriptors, driverEvent, deviceEvent);
  queue.reset(kFirstBase);
  return queue;
}

PackedDriverQueue::PackedDriverQueue(const Options& options, const ArenaBlock& descriptors,
                                     const ArenaBlock& driverEvent, const ArenaBlock& deviceEvent)
    : descriptors_(descriptors), driverEvent_(driverEvent), deviceEvent_(deviceEvent),
      size_(options.size), hasEventIdx_(options.hasEventIdx), entryCounts_(options.size) {}

void PackedDriverQueue::reset(std::uint32_t base) {
  const auto position = PackedPosition::fromBits(static_cast<std::uint16_t>(base));
  ARGON_CHECK(position.index < size_);
  ARGON_CHECK_EQ(base >> kUsedBaseShift, std::uint32_t{position.bits()});
  std::ranges::fill(driverEvent_.bytes, std::byte{0});
  std::ranges::fill(deviceEvent_.bytes, std::byte{0});
  // As if every entry had been used: before the position in this round, behind it in the last.
  for (std::uint16_t index = 0; index < size_; ++index) {
    const bool isSet = (index < position.index) == position.wrap;
    const auto flags =
        static_cast<std::uint16_t>(isSet ? spec::DESC_F_AVAIL | spec::DESC_F_USED : 0);
    writeDescriptor(index, {.addr = std::uint64_t{0},
                            .len = std::uint32_t{0},
                            .id = std::uint16_t{0},
                            .flags = flags});
  }
  nextAvailable_ = position;
  nextUsed_ = position;
  batchEntryCount_ = 0;
  freeEntryCount_ = size_;
  freeIds_.clear();
  for (std::uint16_t number = size_; number > 0; --number) {
    freeIds_.push_back(static_cast<std::uint16_t>(number - 1));
  }
  std::ranges::fill(entryCounts_, std::uint16_t{0});
}

std::uint32_t PackedDriverQueue::baseOfUsed() const {
  return nextUsed_.bits() | std::uint32_t{nextUsed_.bits()} << kUsedBaseShift;
}

std::optional<std::uint16_t> PackedDriverQueue::takeId(std::size_t descriptorCount) {
  ARGON_CHECK(descriptorCount > 0);
  if (descriptorCount > freeEntryCount_) {
    return std::nullopt;
  }
  const std::uint16_t id = freeIds_.back();
  freeIds_.pop_back();
  entryCounts_[id] = static_cast<std::uint16_t>(descriptorCount);
  freeEntryCount_ = static_cast<std::uint16_t>(freeEntryCount_ - descriptorCount);
  return id;
}

std::optional<std::uint16_t> PackedDriverQueue::add(std::span<const Buffer> buffers) {
  const std::optional<std::uint16_t> id = takeId(buffers.size());
  if (!id) {
    return std::nullopt;
  }
  for (const Buffer& buffer : buffers) {
    append({.addr = buffer.address.get(),
            .len = buffer.lengthBytes,
            .id = *id,
            .flags = flagsOf(buffer, &buffer == &buffers.back())});
  }
  return id;
}

std::optional<std::uint16_t> PackedDriverQueue::addIndirect(std::span<const Buffer> buffers,
                                                            const ArenaBlock& table) {
  ARGON_CHECK(table.bytes.size() >= buffers.size() * sizeof(spec::PackedDescriptor));
  const std::optional<std::uint16_t> id = takeId(1);
  if (!id) {
    return std::nullopt;
  }
  for (std::size_t position = 0; position < buffers.size(); ++position) {
    const Buffer& buffer = buffers[position];
    // 2.8.7: in a table the order says what is next, and all flags but WRITE are reserved.
    const spec::PackedDescriptor entry{.addr = buffer.address.get(),
                                       .len = buffer.lengthBytes,
                                       .id = std::uint16_t{0},
                                       .flags = flagsOf(buffer, true)};
    std::memcpy(table.bytes.data() + position * sizeof entry, &entry, sizeof entry);
  }
  append({.addr = table.address.get(),
          .len = static_cast<std::uint32_t>(buffers.size() * sizeof(spec::PackedDescriptor)),
          .id = *id,
          .flags = spec::DESC_F_INDIRECT});
  return id;
}

void PackedDriverQueue::append(const spec::PackedDescriptor& entry) {
  const std::uint16_t owner = nextAvailable_.wrap ? spec::DESC_F_AVAIL : spec::DESC_F_USED;
  const auto flags = static_cast<std::uint16_t>(entry.flags.get() | owner);
  spec::PackedDescriptor written = entry;
  if (batchEntryCount_ == 0) {
    // Until publish() the entry keeps the flags of one that is not available.
    batchFirst_ = nextAvailable_.index;
    batchFirstFlags_ = flags;
    std::memcpy(descriptors_.bytes.data() + std::size_t{batchFirst_} * sizeof written, &written,
                spec::kPackedFlagsOffset);
  } else {
    written.flags = flags;
    writeDescriptor(nextAvailable_.index, written);
  }
  ++batchEntryCount_;
  nextAvailable_ = nextAvailable_.after(1, size_);
}

void PackedDriverQueue::writeDescriptor(std::uint16_t index,
                                        const spec::PackedDescriptor& descriptor) {
  ARGON_CHECK(index < size_);
  std::memcpy(descriptors_.bytes.data() + std::size_t{index} * sizeof descriptor, &descriptor,
              sizeof descriptor);
}

bool PackedDriverQueue::publish() {
  const std::uint16_t entryCount = std::exchange(batchEntryCount_, 0);
  if (entryCount > 0) {
    // Release: who sees these flags sees the whole batch (2.8.21.1).
    sharedU16(descriptors_.bytes.data() +
              std::size_t{batchFirst_} * sizeof(spec::PackedDescriptor) + spec::kPackedFlagsOffset)
        .store(batchFirstFlags_, std::memory_order_release);
  }
  // Publish, then look at what the device wishes (2.8.21.3.1).
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const std::uint16_t flags =
      sharedU16(deviceEvent_.bytes.data() + sizeof(std::uint16_t)).load(std::memory_order_acquire) &
      spec::kRingEventFlagsMask;
  if (flags != spec::RING_EVENT_FLAGS_DESC) {
    return flags == spec::RING_EVENT_FLAGS_ENABLE;
  }
  const auto wanted = PackedPosition::fromBits(
      sharedU16(deviceEvent_.bytes.data()).load(std::memory_order_relaxed));
  // An earlier round lies one ring's size before this one, all modulo 2^16.
  const auto event =
      static_cast<std::uint16_t>(wanted.index - (wanted.wrap == nextAvailable_.wrap ? 0 : size_));
  return virtio::isEventPassed(event, static_cast<std::uint16_t>(nextAvailable_.index - entryCount),
                               nextAvailable_.index);
}

bool PackedDriverQueue::isUsed(std::uint16_t flags) const {
  return ((flags & spec::DESC_F_AVAIL) != 0) == nextUsed_.wrap &&
         ((flags & spec::DESC_F_USED) != 0) == nextUsed_.wrap;
}

bool PackedDriverQueue::hasUsed() const {
  return isUsed(sharedU16(descriptors_.bytes.data() +
                          std::size_t{nextUsed_.index} * sizeof(spec::PackedDescriptor) +
                          spec::kPackedFlagsOffset)
                    .load(std::memory_order_acquire)) &&
         freeEntryCount_ < size_;
}

Result<std::optional<UsedChain>> PackedDriverQueue::takeUsed() {
  if (!hasUsed()) {
    return std::optional<UsedChain>();
  }
  const auto entry = fetchOnce<spec::PackedDescriptor>(
      descriptors_.bytes.data() + std::size_t{nextUsed_.index} * sizeof(spec::PackedDescriptor));
  const std::uint16_t id = entry.id.get();
  if (id >= size_ || entryCounts_[id] == 0) {
    return Error(ErrorKind::Protocol,
                 concat("the device used buffer ", id, ", which was not offered"));
  }
  const std::uint16_t entryCount = std::exchange(entryCounts_[id], 0);
  freeIds_.push_back(id);
  freeEntryCount_ = static_cast<std::uint16_t>(freeEntryCount_ + entryCount);
  nextUsed_ = nextUsed_.after(entryCount, size_);
  // 2.8.10: the length means something only where the device wrote.
  const bool isWritten = (entry.flags.get() & spec::DESC_F_WRITE) != 0;
  return std::optional(
      UsedChain{.head = id, .lengthBytes = isWritten ? entry.len.get() : std::uint32_t{0}});
}

void PackedDriverQueue::disableCalls() {
  sharedU16(driverEvent_.bytes.data() + sizeof(std::uint16_t))
      .store(spec::RING_EVENT_FLAGS_DISABLE, std::memory_order_relaxed);
}

bool PackedDriverQueue::enableCalls() {
  if (hasEventIdx_) {
    sharedU16(driverEvent_.bytes.data()).store(nextUsed_.bits(), std::memory_order_relaxed);
  }
  // Release: who sees the flags sees the offset (2.8.14).
  sharedU16(driverEvent_.bytes.data() + sizeof(std::uint16_t))
      .store(hasEventIdx_ ? spec::RING_EVENT_FLAGS_DESC : spec::RING_EVENT_FLAGS_ENABLE,
             std::memory_order_release);
  // The wish must be visible before the last look.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return hasUsed();
}

} // namespace argon::frontend
