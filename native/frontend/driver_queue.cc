// SPDX-License-Identifier: Apache-2.0
#include "frontend/driver_queue.h"

#include "base/check.h"
#include "base/checked_math.h"
#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "frontend/arena.h"
#include "frontend/driver_ring.h"
#include "memory/shared_copy.h"
#include "virtio/notify.h"
#include "virtio/spec/ring.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace argon::frontend {

namespace spec = virtio::spec;

Result<DriverQueue> DriverQueue::create(Arena& arena, const Options& options) {
  ARGON_TRY_ASSIGN(
      const ArenaBlock descriptors,
      arena.allocate(spec::descriptorTableBytes(options.size), spec::kDescriptorTableAlignment));
  ARGON_TRY_ASSIGN(const ArenaBlock available,
                   arena.allocate(spec::availRingBytes(options.size), spec::kAvailAlignment));
  // A cache line of its own, because the other side writes it.
  ARGON_TRY_ASSIGN(const ArenaBlock used, arena.allocate(spec::usedRingBytes(options.size), 64));
  DriverQueue queue(options, descriptors, available, used);
  queue.reset(0);
  return queue;
}

DriverQueue::DriverQueue(const Options& options, const ArenaBlock& descriptors,
                         const ArenaBlock& available, const ArenaBlock& used)
    : descriptors_(descriptors), available_(available), used_(used), size_(options.size),
      hasEventIdx_(options.hasEventIdx), chains_(options.size) {}

void DriverQueue::reset(std::uint32_t base) {
  const auto index = narrow<std::uint16_t>(base);
  std::ranges::fill(available_.bytes, std::byte{0});
  std::ranges::fill(used_.bytes, std::byte{0});
  nextAvailable_ = index;
  publishedAvailable_ = index;
  sharedU16(available_.bytes.data() + spec::kAvailIdxOffset).store(index);
  sharedU16(used_.bytes.data() + spec::kUsedIdxOffset).store(index);
  forgetChains();
}

void DriverQueue::forgetChains() {
  nextUsed_ = usedIndex();
  freeDescriptors_.clear();
  for (std::uint16_t number = size_; number > 0; --number) {
    freeDescriptors_.push_back(static_cast<std::uint16_t>(number - 1));
  }
  for (std::vector<std::uint16_t>& chain : chains_) {
    chain.clear();
  }
}

spec::Descriptor DriverQueue::descriptorOf(const Buffer& buffer,
                                           std::optional<std::uint16_t> next) {
  const std::uint16_t writable = buffer.isWritable ? spec::DESC_F_WRITE : std::uint16_t{0};
  const std::uint16_t linked = next ? spec::DESC_F_NEXT : std::uint16_t{0};
  return {.addr = buffer.address.get(),
          .len = buffer.lengthBytes,
          .flags = static_cast<std::uint16_t>(writable | linked),
          .next = next.value_or(0)};
}

std::optional<std::uint16_t> DriverQueue::add(std::span<const Buffer> buffers) {
  ARGON_CHECK(!buffers.empty());
  if (freeDescriptors_.size() < buffers.size()) {
    return std::nullopt;
  }
  std::vector<std::uint16_t> chain;
  for (std::size_t count = 0; count < buffers.size(); ++count) {
    chain.push_back(freeDescriptors_.back());
    freeDescriptors_.pop_back();
  }
  for (std::size_t position = 0; position < buffers.size(); ++position) {
    const bool isLast = position + 1 == buffers.size();
    writeDescriptor(chain[position],
                    descriptorOf(buffers[position],
                                 isLast ? std::nullopt : std::optional(chain[position + 1])));
  }
  const std::uint16_t head = chain.front();
  offerHead(head);
  chains_[head] = std::move(chain);
  return head;
}

std::optional<std::uint16_t> DriverQueue::addIndirect(std::span<const Buffer> buffers,
                                                      const ArenaBlock& table) {
  ARGON_CHECK(!buffers.empty() && table.bytes.size() >= buffers.size() * sizeof(spec::Descriptor));
  if (freeDescriptors_.empty()) {
    return std::nullopt;
  }
  for (std::size_t position = 0; position < buffers.size(); ++position) {
    const bool isLast = position + 1 == buffers.size();
    const spec::Descriptor entry = descriptorOf(
        buffers[position],
        isLast ? std::nullopt : std::optional(static_cast<std::uint16_t>(position + 1)));
    std::memcpy(table.bytes.data() + position * sizeof entry, &entry, sizeof entry);
  }
  const std::uint16_t head = freeDescriptors_.back();
  freeDescriptors_.pop_back();
  writeDescriptor(head,
                  {.addr = table.address.get(),
                   .len = static_cast<std::uint32_t>(buffers.size() * sizeof(spec::Descriptor)),
                   .flags = spec::DESC_F_INDIRECT,
                   .next = std::uint16_t{0}});
  offerHead(head);
  chains_[head] = {head};
  return head;
}

void DriverQueue::writeDescriptor(std::uint16_t index, const spec::Descriptor& descriptor) {
  ARGON_CHECK(index < size_);
  std::memcpy(descriptors_.bytes.data() + std::size_t{index} * sizeof descriptor, &descriptor,
              sizeof descriptor);
}

void DriverQueue::offerHead(std::uint16_t head) {
  const std::size_t slot = nextAvailable_ % size_;
  sharedU16(available_.bytes.data() + spec::kAvailRingOffset + slot * spec::kAvailElementBytes)
      .store(head, std::memory_order_relaxed);
  ++nextAvailable_;
}

void DriverQueue::setAvailableIndex(std::uint16_t index) {
  sharedU16(available_.bytes.data() + spec::kAvailIdxOffset)
      .store(index, std::memory_order_release);
}

bool DriverQueue::publish() {
  const std::uint16_t before = publishedAvailable_;
  publishedAvailable_ = nextAvailable_;
  setAvailableIndex(nextAvailable_);
  // As on the device's side: publish, then look at what the other one wishes (2.7.13.4).
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (hasEventIdx_) {
    const std::size_t offset = spec::kUsedRingOffset + sizeof(spec::UsedElement) * size_;
    const std::uint16_t event = sharedU16(used_.bytes.data() + offset).load();
    return virtio::isEventPassed(event, before, nextAvailable_);
  }
  const std::uint16_t flags =
      sharedU16(used_.bytes.data() + spec::kUsedFlagsOffset).load(std::memory_order_relaxed);
  return (flags & spec::USED_F_NO_NOTIFY) == 0;
}

std::uint16_t DriverQueue::usedIndex() const {
  return sharedU16(used_.bytes.data() + spec::kUsedIdxOffset).load(std::memory_order_acquire);
}

bool DriverQueue::hasUsed() const { return usedIndex() != nextUsed_; }

Result<std::optional<UsedChain>> DriverQueue::takeUsed() {
  if (!hasUsed()) {
    return std::optional<UsedChain>();
  }
  const std::size_t slot = nextUsed_ % size_;
  const auto element = fetchOnce<spec::UsedElement>(used_.bytes.data() + spec::kUsedRingOffset +
                                                    slot * sizeof(spec::UsedElement));
  ++nextUsed_;
  const std::uint32_t head = element.id.get();
  if (head >= size_ || chains_[head].empty()) {
    return Error(ErrorKind::Protocol,
                 concat("the device used chain ", head, ", which was not offered"));
  }
  for (const std::uint16_t descriptor : chains_[head]) {
    freeDescriptors_.push_back(descriptor);
  }
  chains_[head].clear();
  return std::optional(
      UsedChain{.head = static_cast<std::uint16_t>(head), .lengthBytes = element.len.get()});
}

void DriverQueue::disableCalls() {
  if (!hasEventIdx_) {
    sharedU16(available_.bytes.data() + spec::kAvailFlagsOffset)
        .store(spec::AVAIL_F_NO_INTERRUPT, std::memory_order_relaxed);
    return;
  }
  // As far from being passed as it can be.
  const std::size_t offset = spec::kAvailRingOffset + spec::kAvailElementBytes * size_;
  sharedU16(available_.bytes.data() + offset)
      .store(static_cast<std::uint16_t>(nextUsed_ - 1), std::memory_order_relaxed);
}

bool DriverQueue::enableCalls() {
  if (hasEventIdx_) {
    const std::size_t offset = spec::kAvailRingOffset + spec::kAvailElementBytes * size_;
    sharedU16(available_.bytes.data() + offset).store(nextUsed_, std::memory_order_relaxed);
  } else {
    sharedU16(available_.bytes.data() + spec::kAvailFlagsOffset)
        .store(0, std::memory_order_relaxed);
  }
  std::atomic_thread_fence(std::memory_order_seq_cst);
  return hasUsed();
}

} // namespace argon::frontend
