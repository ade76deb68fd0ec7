// SPDX-License-Identifier: Apache-2.0
#include "virtio/split_queue.h"

#include "base/alignment.h"
#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "memory/shared_copy.h"
#include "virtio/notify.h"
#include "virtio/spec/ring.h"

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

namespace argon::virtio {

Result<SplitQueue> SplitQueue::create(const SplitRingMemory& memory, const Options& options) {
  if (options.size == 0 || options.size > spec::kQueueSizeMax ||
      !std::has_single_bit(options.size)) {
    return Error(ErrorKind::Protocol,
                 concat("a split ring cannot have ", options.size, " entries"));
  }
  if (memory.descriptors.size() < spec::descriptorTableBytes(options.size) ||
      memory.available.size() < spec::availRingBytes(options.size) ||
      memory.used.size() < spec::usedRingBytes(options.size)) {
    return Error(ErrorKind::Protocol, "a part of the ring is too short");
  }
  if (!isAligned(memory.descriptors.data(), spec::kDescriptorTableAlignment) ||
      !isAligned(memory.available.data(), spec::kAvailAlignment) ||
      !isAligned(memory.used.data(), spec::kUsedAlignment)) {
    return Error(ErrorKind::Protocol, "a part of the ring is misaligned");
  }
  return SplitQueue(memory, options);
}

SplitQueue::SplitQueue(const SplitRingMemory& memory, const Options& options)
    : descriptors_(memory.descriptors.data()), available_(memory.available.data()),
      used_(memory.used.data()), size_(options.size),
      mask_(static_cast<std::uint16_t>(options.size - 1)), nextAvailable_(options.nextAvailable),
      // The used ring goes on where the driver sees it, also after a restart of ours.
      nextUsed_(sharedU16(used_ + spec::kUsedIdxOffset).load(std::memory_order_relaxed)),
      publishedUsed_(nextUsed_), hasEventIdx_(options.hasEventIdx) {
  if (options.resumesAtUsed) {
    nextAvailable_ = nextUsed_;
  }
}

void SplitQueue::putUsed(std::uint16_t head, std::uint32_t writtenBytes) {
  const spec::UsedElement element{.id = std::uint32_t{head}, .len = writtenBytes};
  std::memcpy(used_ + spec::kUsedRingOffset + (nextUsed_ & mask_) * sizeof element, &element,
              sizeof element);
  ++nextUsed_;
}

bool SplitQueue::publishUsed() {
  const std::uint16_t before = publishedUsed_;
  if (before == nextUsed_ && !mustCall_) {
    return false;
  }
  // Release: pairs with the driver's acquire of idx; it then sees elements, data and status bytes.
  sharedU16(used_ + spec::kUsedIdxOffset).store(nextUsed_, std::memory_order_release);
  publishedUsed_ = nextUsed_;
  // The store of idx must be seen before the driver's wish is read, and the driver does the same
  // the other way round; else both sleep (2.7.7.2, 2.7.10.2).
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (std::exchange(mustCall_, false)) {
    return true;
  }
  if (hasEventIdx_) {
    const std::size_t usedEventOffset = spec::kAvailRingOffset + spec::kAvailElementBytes * size_;
    const std::uint16_t usedEvent =
        sharedU16(available_ + usedEventOffset).load(std::memory_order_relaxed);
    return isEventPassed(usedEvent, before, nextUsed_);
  }
  const std::uint16_t flags =
      sharedU16(available_ + spec::kAvailFlagsOffset).load(std::memory_order_relaxed);
  return (flags & spec::AVAIL_F_NO_INTERRUPT) == 0;
}

void SplitQueue::disableKicks() {
  // With EVENT_IDX a stale avail_event does it: the driver kicks when it passes that entry, which
  // is behind it now (2.7.10.1).
  if (!hasEventIdx_) {
    sharedU16(used_ + spec::kUsedFlagsOffset)
        .store(spec::USED_F_NO_NOTIFY, std::memory_order_relaxed);
  }
}

bool SplitQueue::enableKicks() {
  if (hasEventIdx_) {
    const std::size_t availEventOffset = spec::kUsedRingOffset + sizeof(spec::UsedElement) * size_;
    sharedU16(used_ + availEventOffset).store(nextAvailable_, std::memory_order_relaxed);
  } else {
    sharedU16(used_ + spec::kUsedFlagsOffset).store(0, std::memory_order_relaxed);
  }
  // The wish must be visible before the last look, as above.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const std::uint16_t index =
      sharedU16(available_ + spec::kAvailIdxOffset).load(std::memory_order_acquire);
  return index != nextAvailable_;
}

} // namespace argon::virtio
