// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/ring_queue.h"

#include "base/check.h"
#include "base/result.h"
#include "memory/guest_address.h"
#include "memory/guest_memory.h"
#include "memory/shared_copy.h"
#include "vhost_user/packed_inflight.h"
#include "vhost_user/split_inflight.h"
#include "virtio/chain.h"
#include "virtio/packed_queue.h"
#include "virtio/spec/packed_ring.h"
#include "virtio/spec/ring.h"
#include "virtio/split_queue.h"

#include <sys/uio.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <variant>

namespace argon::vhost_user {

using virtio::PackedQueue;
using virtio::SplitQueue;

namespace {

constexpr std::string_view kInUse = "the driver offered a chain that is in use";

// Chains between the one that is taken and those whose descriptors and buffers are fetched: about
// what is done while memory of another processor comes.
constexpr std::uint16_t kDescriptorsAhead = 16;
constexpr std::uint16_t kBuffersAhead = 8;
// Of a buffer: all of a small frame, and the start of what is written in order.
constexpr std::size_t kFrontBytes = 128;
constexpr std::size_t kCacheLineBytes = 64;

} // namespace

Result<RingQueue> RingQueue::createSplit(const Parts& parts, const GuestMemory& memory,
                                         const SplitQueue::Options& options,
                                         std::span<std::byte> inflight) {
  const virtio::SplitRingMemory ring{
      .descriptors = parts.descriptors, .available = parts.available, .used = parts.used};
  ARGON_TRY_ASSIGN(SplitQueue queue, SplitQueue::create(ring, options));
  if (inflight.empty()) {
    return RingQueue(queue, parts, memory, options.size);
  }
  ARGON_TRY_ASSIGN(SplitInflight tracked,
                   SplitInflight::open(inflight, options.size, queue.publishedUsed()));
  // The base of a front end that lost its back end is a guess; what was used and what was not
  // answered tell exactly.
  SplitQueue::Options resumed = options;
  resumed.resumesAtUsed = false;
  resumed.nextAvailable =
      static_cast<std::uint16_t>(queue.publishedUsed() + tracked.unanswered().size());
  ARGON_TRY_ASSIGN(queue, SplitQueue::create(ring, resumed));
  RingQueue result(queue, parts, memory, options.size);
  result.unansweredCount_ = tracked.unanswered().size();
  for (const std::uint16_t head : tracked.unanswered()) {
    result.isTaken_[head] = true;
  }
  result.splitInflight_ = std::move(tracked);
  return result;
}

Result<RingQueue> RingQueue::createPacked(const Parts& parts, const GuestMemory& memory,
                                          const PackedQueue::Options& options,
                                          std::span<std::byte> inflight) {
  const virtio::PackedRingMemory ring{
      .descriptors = parts.descriptors, .driverEvent = parts.available, .deviceEvent = parts.used};
  ARGON_TRY_ASSIGN(PackedQueue queue, PackedQueue::create(ring, options));
  if (inflight.empty()) {
    return RingQueue(queue, parts, memory, options.size);
  }
  const auto flagsAt = [&parts](std::uint16_t index) {
    return sharedU16(parts.descriptors.data() + sizeof(virtio::spec::PackedDescriptor) * index +
                     virtio::spec::kPackedFlagsOffset)
        .load(std::memory_order_acquire);
  };
  ARGON_TRY_ASSIGN(PackedInflight tracked,
                   PackedInflight::open(inflight, options.size, options.nextUsed, flagsAt));
  PackedQueue::Options resumed = options;
  resumed.nextUsed = tracked.nextUsed();
  resumed.nextAvailable = tracked.nextAvailable();
  ARGON_TRY_ASSIGN(queue, PackedQueue::create(ring, resumed));
  queue.hideUnpublished();
  RingQueue result(queue, parts, memory, options.size);
  result.unansweredCount_ = tracked.unanswered().size();
  for (const PackedInflight::ChainCopy& chain : tracked.unanswered()) {
    result.isTaken_[chain.back().id.get()] = true;
  }
  result.packedInflight_ = std::move(tracked);
  result.copies_.resize(options.size);
  return result;
}

RingQueue::Take RingQueue::take(virtio::ChainRules rules, std::span<iovec> segments,
                                virtio::Chain& chain) {
  if (hasUnanswered()) [[unlikely]] {
    takeUnanswered(rules, segments, chain);
    return Take::Chain;
  }
  if (auto* split = std::get_if<SplitQueue>(&queue_)) [[likely]] {
    return takeSplit(*split, rules, segments, chain);
  }
  return takePacked(std::get<PackedQueue>(queue_), rules, segments, chain);
}

RingQueue::Take RingQueue::takeSplit(SplitQueue& queue, virtio::ChainRules rules,
                                     std::span<iovec> segments, virtio::Chain& chain) {
  if (pendingCount_ == 0) {
    const std::optional<std::uint16_t> count = queue.pendingCount();
    if (!count) [[unlikely]] {
      return refuse("the driver claims more chains than the ring holds");
    }
    pendingCount_ = *count;
    if (pendingCount_ == 0) {
      return Take::Nothing;
    }
  }
  --pendingCount_;
  if (pendingCount_ > kDescriptorsAhead) {
    queue.prefetchDescriptor(queue.guessHead(kDescriptorsAhead));
  }
  const std::uint16_t head = queue.takeHead();
  if (head >= size_) [[unlikely]] {
    return refuse("the driver offered a chain that does not exist");
  }
  if (isTaken_[head]) [[unlikely]] {
    return refuse(kInUse);
  }
  isTaken_[head] = true;
  virtio::readChain(queue, *memory_, head, rules, segments, chain);
  if (splitInflight_) {
    splitInflight_->noteTaken(head);
  }
  return Take::Chain;
}

RingQueue::Take RingQueue::takePacked(PackedQueue& queue, virtio::ChainRules rules,
                                      std::span<iovec> segments, virtio::Chain& chain) {
  switch (queue.take(*memory_, rules, segments, chain, copies_)) {
  case PackedQueue::Take::Nothing:
    return Take::Nothing;
  case PackedQueue::Take::Broken:
    return refuse("the driver offered a chain that does not fit the ring");
  case PackedQueue::Take::Chain:
    if (isTaken_[chain.head]) [[unlikely]] {
      return refuse(kInUse);
    }
    isTaken_[chain.head] = true;
    if (packedInflight_) {
      packedInflight_->noteTaken(std::span(copies_).first(chain.descriptorCount));
    }
    return Take::Chain;
  }
  ARGON_UNREACHABLE();
}

void RingQueue::prefetchWritable() const {
  const auto* split = std::get_if<SplitQueue>(&queue_);
  if (split == nullptr || pendingCount_ <= kBuffersAhead) return;
  const virtio::spec::Descriptor entry = split->fetchDescriptor(split->guessHead(kBuffersAhead));
  if (const auto front = memory_->contiguous(GuestAddress(entry.addr.get()), kFrontBytes)) {
    for (std::size_t offset = 0; offset < kFrontBytes; offset += kCacheLineBytes) {
      __builtin_prefetch(front->data() + offset, 1);
    }
  }
}

void RingQueue::giveBack(const virtio::Chain& chain) {
  ARGON_CHECK(!splitInflight_ && !packedInflight_);
  isTaken_[chain.head] = false;
  if (auto* split = std::get_if<SplitQueue>(&queue_)) [[likely]] {
    split->giveBackHead();
    ++pendingCount_;
    return;
  }
  std::get<PackedQueue>(queue_).giveBack(chain.descriptorCount);
}

RingQueue::Take RingQueue::refuse(std::string_view reason) {
  brokenReason_ = reason;
  return Take::Broken;
}

void RingQueue::takeUnanswered(virtio::ChainRules rules, std::span<iovec> segments,
                               virtio::Chain& chain) {
  const std::size_t index = unansweredIndex_++;
  if (splitInflight_) {
    chain = virtio::readChain(std::get<SplitQueue>(queue_), *memory_,
                              splitInflight_->unanswered()[index], rules, segments);
  }
  if (packedInflight_) {
    chain =
        virtio::readPackedChain(packedInflight_->unanswered()[index], *memory_, rules, segments);
  }
}

void RingQueue::put(std::uint16_t head, std::uint16_t descriptorCount, std::uint32_t writtenBytes) {
  isTaken_[head] = false;
  if (auto* split = std::get_if<SplitQueue>(&queue_)) [[likely]] {
    split->putUsed(head, writtenBytes);
    if (splitInflight_) {
      splitInflight_->noteUsed(head);
    }
    return;
  }
  std::get<PackedQueue>(queue_).putUsed(head, descriptorCount, writtenBytes);
  if (packedInflight_) {
    packedInflight_->noteUsed(head);
  }
}

bool RingQueue::publish() {
  bool wantsCall = false;
  if (auto* split = std::get_if<SplitQueue>(&queue_)) [[likely]] {
    if (splitInflight_) {
      splitInflight_->beginPublish();
    }
    wantsCall = split->publishUsed();
    if (splitInflight_) {
      splitInflight_->endPublish(split->publishedUsed());
    }
  } else {
    if (packedInflight_) {
      packedInflight_->beginPublish();
    }
    wantsCall = std::get<PackedQueue>(queue_).publishUsed();
    if (packedInflight_) {
      packedInflight_->endPublish();
    }
  }
  if (log_ != nullptr) [[unlikely]] {
    logRing();
  }
  return wantsCall;
}

void RingQueue::disableKicks() {
  std::visit([](auto& queue) { queue.disableKicks(); }, queue_);
  if (log_ != nullptr) [[unlikely]] {
    logRing();
  }
}

bool RingQueue::enableKicks() {
  const bool isWaiting =
      std::visit([](auto& queue) { return queue.enableKicks(); }, queue_) || hasUnanswered();
  if (log_ != nullptr) [[unlikely]] {
    logRing();
  }
  return isWaiting;
}

void RingQueue::noteWritten(std::span<const iovec> segments) const {
  for (const iovec& segment : segments) {
    log_->note(*memory_, {static_cast<const std::byte*>(segment.iov_base), segment.iov_len});
  }
}

// All that we may have written of the ring: its pages are few.
void RingQueue::logRing() const {
  log_->note(*memory_, parts_.used);
  if (std::holds_alternative<PackedQueue>(queue_)) {
    log_->note(*memory_, parts_.descriptors);
  }
}

std::uint32_t RingQueue::base() const {
  if (const auto* split = std::get_if<SplitQueue>(&queue_)) {
    return split->nextAvailable();
  }
  const auto& packed = std::get<PackedQueue>(queue_);
  return packed.nextAvailable().bits() | std::uint32_t{packed.nextUsed().bits()} << 16;
}

} // namespace argon::vhost_user
