// SPDX-License-Identifier: Apache-2.0
#include "virtio/packed_queue.h"

#include "base/alignment.h"
#include "base/error.h"
#include "base/little_endian.h"
#include "base/result.h"
#include "base/text.h"
#include "memory/guest_address.h"
#include "memory/guest_memory.h"
#include "memory/shared_copy.h"
#include "virtio/chain.h"
#include "virtio/notify.h"
#include "virtio/segment_collector.h"
#include "virtio/spec/packed_ring.h"
#include "virtio/spec/ring.h"

#include <sys/uio.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

namespace argon::virtio {

namespace {

using spec::PackedDescriptor;

// All entries of an indirect table belong to the chain, in order; of their flags only WRITE counts
// (2.8.8).
void walkIndirect(const PackedDescriptor& table, const GuestMemory& memory,
                  SegmentCollector& collector) {
  const std::uint32_t tableBytes = table.len.get();
  const std::uint32_t entryCount = tableBytes / sizeof(PackedDescriptor);
  if (tableBytes == 0 || tableBytes % sizeof(PackedDescriptor) != 0 ||
      entryCount > kIndirectEntryCountMax) {
    collector.cutOff(ChainFault::IndirectLength);
    return;
  }
  const std::optional<std::span<std::byte>> bytes =
      memory.contiguous(GuestAddress(table.addr.get()), tableBytes);
  if (!bytes) {
    collector.cutOff(ChainFault::IndirectOutsideMemory);
    return;
  }
  for (std::uint32_t index = 0; index < entryCount; ++index) {
    const auto entry =
        fetchOnce<PackedDescriptor>(bytes->data() + sizeof(PackedDescriptor) * index);
    if ((entry.flags.get() & spec::DESC_F_INDIRECT) != 0) {
      collector.cutOff(ChainFault::NestedIndirect);
      return;
    }
    collector.add(entry.addr.get(), entry.len.get(), (entry.flags.get() & spec::DESC_F_WRITE) != 0);
  }
}

void addDescriptor(const PackedDescriptor& entry, const GuestMemory& memory, ChainRules rules,
                   std::uint16_t position, SegmentCollector& collector) {
  const std::uint16_t flags = entry.flags.get();
  if ((flags & spec::DESC_F_INDIRECT) == 0) {
    collector.add(entry.addr.get(), entry.len.get(), (flags & spec::DESC_F_WRITE) != 0);
  } else if (!rules.allowsIndirect) {
    collector.cutOff(ChainFault::IndirectNotNegotiated);
  } else if (position != 0 || (flags & spec::DESC_F_NEXT) != 0) {
    // 2.8.19: a driver must not set both flags, nor mix a table with descriptors of the ring.
    collector.cutOff(ChainFault::IndirectWithNext);
  } else {
    walkIndirect(entry, memory, collector);
  }
}

} // namespace

Result<PackedQueue> PackedQueue::create(const PackedRingMemory& memory, const Options& options) {
  if (options.size == 0 || options.size > spec::kQueueSizeMax) {
    return Error(ErrorKind::Protocol,
                 concat("a packed ring cannot have ", options.size, " entries"));
  }
  if (options.nextAvailable.index >= options.size || options.nextUsed.index >= options.size ||
      options.nextUsed.countTo(options.nextAvailable, options.size) > options.size) {
    return Error(ErrorKind::Protocol, concat("a packed ring of ", options.size,
                                             " entries cannot start at these positions"));
  }
  if (memory.descriptors.size() < spec::descriptorRingBytes(options.size) ||
      memory.driverEvent.size() < spec::kEventSuppressionBytes ||
      memory.deviceEvent.size() < spec::kEventSuppressionBytes) {
    return Error(ErrorKind::Protocol, "a part of the ring is too short");
  }
  if (!isAligned(memory.descriptors.data(), spec::kDescriptorRingAlignment) ||
      !isAligned(memory.driverEvent.data(), spec::kEventSuppressionAlignment) ||
      !isAligned(memory.deviceEvent.data(), spec::kEventSuppressionAlignment)) {
    return Error(ErrorKind::Protocol, "a part of the ring is misaligned");
  }
  return PackedQueue(memory, options);
}

PackedQueue::PackedQueue(const PackedRingMemory& memory, const Options& options)
    : descriptors_(memory.descriptors.data()), driverEvent_(memory.driverEvent.data()),
      deviceEvent_(memory.deviceEvent.data()), size_(options.size),
      nextAvailable_(options.nextAvailable), nextUsed_(options.nextUsed),
      takenEntryCount_(options.nextUsed.countTo(options.nextAvailable, options.size)),
      hasEventIdx_(options.hasEventIdx) {}

PackedQueue::Take PackedQueue::take(const GuestMemory& memory, ChainRules rules,
                                    std::span<iovec> segments, Chain& chain,
                                    std::span<PackedDescriptor> copies) {
  // Acquire: pairs with the driver's release of the first descriptor's flags, which come last; the
  // rest of the chain is then visible (2.8.21.1).
  std::uint16_t flags = flagsAt(nextAvailable_.index).load(std::memory_order_acquire);
  if (!isAvailable(flags)) {
    return Take::Nothing;
  }
  chain = Chain{};
  SegmentCollector collector(memory, segments, chain);
  PackedPosition position = nextAvailable_;
  for (std::uint16_t count = 0;; ++count) {
    if (takenEntryCount_ + count == size_) {
      return Take::Broken;
    }
    PackedDescriptor entry{};
    if (count == 0) {
      // Its flags were fetched above.
      std::memcpy(&entry, entryAt(position.index), spec::kPackedFlagsOffset);
      forgetMemory();
      entry.flags = flags;
    } else {
      entry = fetchOnce<PackedDescriptor>(entryAt(position.index));
      flags = entry.flags.get();
    }
    if (!copies.empty()) {
      copies[count] = entry;
    }
    addDescriptor(entry, memory, rules, count, collector);
    position = position.after(1, size_);
    if ((flags & spec::DESC_F_NEXT) == 0) {
      // 2.8.6: the id is that of the chain's last descriptor.
      chain.head = entry.id.get();
      chain.descriptorCount = static_cast<std::uint16_t>(count + 1);
      break;
    }
  }
  collector.finish();
  if (chain.head >= size_) {
    return Take::Broken;
  }
  takenEntryCount_ += chain.descriptorCount;
  nextAvailable_ = position;
  return Take::Chain;
}

// The driver looks at an entry when it has seen all before it, so while the first of these is not
// used none of the others matters; nor does what they said, once a chain is taken.
void PackedQueue::giveBack(std::uint16_t descriptorCount) {
  nextAvailable_ = nextAvailable_.before(descriptorCount, size_);
  takenEntryCount_ -= descriptorCount;
}

void PackedQueue::hideUnpublished() {
  for (std::uint32_t count = 0; count < takenEntryCount_; ++count) {
    const PackedPosition position = nextUsed_.after(static_cast<std::uint16_t>(count), size_);
    flagsAt(position.index)
        .store(position.wrap ? spec::DESC_F_AVAIL : spec::DESC_F_USED, std::memory_order_relaxed);
  }
}

void PackedQueue::putUsed(std::uint16_t id, std::uint16_t descriptorCount,
                          std::uint32_t writtenBytes) {
  const Le<std::uint32_t> len(writtenBytes);
  const Le<std::uint16_t> idField(id);
  std::byte* entry = entryAt(nextUsed_.index);
  std::memcpy(entry + offsetof(PackedDescriptor, len), &len, sizeof len);
  std::memcpy(entry + offsetof(PackedDescriptor, id), &idField, sizeof idField);
  // 2.8.1: used if both bits are the device's wrap counter.
  std::uint16_t flags = nextUsed_.wrap ? spec::DESC_F_AVAIL | spec::DESC_F_USED : 0;
  if (writtenBytes != 0) {
    flags |= spec::DESC_F_WRITE;
  }
  if (batchEntryCount_ == 0) {
    batchFirst_ = nextUsed_.index;
    batchFirstFlags_ = flags;
  } else {
    flagsAt(nextUsed_.index).store(flags, std::memory_order_relaxed);
  }
  batchEntryCount_ += descriptorCount;
  nextUsed_ = nextUsed_.after(descriptorCount, size_);
}

bool PackedQueue::publishUsed() {
  const std::uint32_t entryCount = std::exchange(batchEntryCount_, 0);
  if (entryCount == 0 && !mustCall_) {
    return false;
  }
  takenEntryCount_ -= entryCount;
  if (entryCount != 0) {
    // Release: pairs with the driver's acquire of these flags; it then sees the whole batch.
    flagsAt(batchFirst_).store(batchFirstFlags_, std::memory_order_release);
  }
  // As for split rings: what was used must be seen before the driver's wish is read (2.8.21.3.1).
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (std::exchange(mustCall_, false)) {
    return true;
  }
  const std::uint16_t flags =
      sharedU16(driverEvent_ + sizeof(std::uint16_t)).load(std::memory_order_acquire) &
      spec::kRingEventFlagsMask;
  if (flags != spec::RING_EVENT_FLAGS_DESC || !hasEventIdx_) {
    return flags != spec::RING_EVENT_FLAGS_DISABLE;
  }
  const PackedPosition wanted =
      PackedPosition::fromBits(sharedU16(driverEvent_).load(std::memory_order_relaxed));
  // On a line where an earlier round lies one ring's size before this one, all modulo 2^16.
  const auto event =
      static_cast<std::uint16_t>(wanted.index - (wanted.wrap == nextUsed_.wrap ? 0 : size_));
  return isEventPassed(event, static_cast<std::uint16_t>(nextUsed_.index - entryCount),
                       nextUsed_.index);
}

void PackedQueue::writeDeviceEvent(std::uint16_t offset, std::uint16_t flags) {
  sharedU16(deviceEvent_).store(offset, std::memory_order_relaxed);
  // Release: who sees the flags sees the offset (2.8.14).
  sharedU16(deviceEvent_ + sizeof(std::uint16_t)).store(flags, std::memory_order_release);
}

void PackedQueue::disableKicks() { writeDeviceEvent(0, spec::RING_EVENT_FLAGS_DISABLE); }

bool PackedQueue::enableKicks() {
  writeDeviceEvent(nextAvailable_.bits(),
                   hasEventIdx_ ? spec::RING_EVENT_FLAGS_DESC : spec::RING_EVENT_FLAGS_ENABLE);
  // The wish must be visible before the last look.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return isAvailable(flagsAt(nextAvailable_.index).load(std::memory_order_acquire));
}

Chain readPackedChain(std::span<const PackedDescriptor> descriptors, const GuestMemory& memory,
                      ChainRules rules, std::span<iovec> segments) {
  Chain chain;
  SegmentCollector collector(memory, segments, chain);
  for (std::size_t index = 0; index < descriptors.size(); ++index) {
    addDescriptor(descriptors[index], memory, rules, static_cast<std::uint16_t>(index), collector);
  }
  collector.finish();
  chain.head = descriptors.back().id.get();
  chain.descriptorCount = static_cast<std::uint16_t>(descriptors.size());
  return chain;
}

} // namespace argon::virtio
