// SPDX-License-Identifier: Apache-2.0
#include "frontend/used_cursor.h"

#include "frontend/driver_queue.h"
#include "virtio/spec/ring.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace argon::frontend {

UsedCursor::UsedCursor(DriverQueue& queue) : queue_(&queue), next_(queue.usedIndex()) {}

std::uint16_t UsedCursor::waitingCount() const {
  return static_cast<std::uint16_t>(queue_->usedIndex() - next_);
}

virtio::spec::UsedElement UsedCursor::take() {
  const std::size_t place = next_ % queue_->size();
  virtio::spec::UsedElement element{};
  std::memcpy(&element,
              queue_->usedBytes().data() + virtio::spec::kUsedRingOffset + place * sizeof element,
              sizeof element);
  ++next_;
  return element;
}

void UsedCursor::refuseCalls() {
  wantCalls(static_cast<std::uint16_t>(next_ - 1), virtio::spec::AVAIL_F_NO_INTERRUPT);
}

bool UsedCursor::enableCalls() {
  wantCalls(next_, 0);
  // The wish must be visible before the last look (virtio 1.2, 2.7.7.2).
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return queue_->usedIndex() != next_;
}

void UsedCursor::wantCalls(std::uint16_t event, std::uint16_t flags) {
  const std::size_t offset =
      virtio::spec::kAvailRingOffset + virtio::spec::kAvailElementBytes * queue_->size();
  std::memcpy(queue_->availableBytes().data() + offset, &event, sizeof event);
  std::memcpy(queue_->availableBytes().data() + virtio::spec::kAvailFlagsOffset, &flags,
              sizeof flags);
}

} // namespace argon::frontend
