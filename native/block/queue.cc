// SPDX-License-Identifier: Apache-2.0
#include "block/queue.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "base/uring.h"
#include "block/config.h"
#include "block/counters.h"
#include "block/request.h"
#include "block/worker.h"
#include "storage/block_store.h"
#include "storage/buffers.h"
#include "vhost_user/device.h"
#include "virtio/chain.h"
#include "virtio/spec/blk.h"
#include "virtio/spec/features.h"

#include <liburing.h>
#include <poll.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace argon::block {

namespace blk = virtio::spec::blk;

namespace {

// What the used element may say: at least that much was written, from the first writable byte on
// (virtio 1.2, 2.7.8.2). So the status counts only if all the data before it was written.
std::uint32_t usedBytesOf(const RequestParts& parts, std::uint64_t writtenDataBytes) {
  const bool isStatusNext = writtenDataBytes == parts.writableDataBytes;
  return static_cast<std::uint32_t>(writtenDataBytes + (isStatusNext ? 1 : 0));
}

} // namespace

BlockQueue::BlockQueue(vhost_user::RingStart start, const QueueDevice& device,
                       StoreChannel* channel, QueueCounters& counters, Worker& worker, Log log)
    : start_(std::move(start)), device_(device), channel_(channel), counters_(counters),
      worker_(worker), log_(std::move(log)), kickWatch_(*this),
      rules_{.allowsIndirect = start_.features.has(virtio::spec::F_INDIRECT_DESC)},
      isHeadTaken_(start_.queue.size()) {
  start_.queue.disableKicks();
  if (start_.kick != nullptr) {
    kickWatch_.begin();
  }
  if (channel_ == nullptr) {
    breakRing("the volume's storage could not be opened");
  }
}

BlockQueue::~BlockQueue() { ARGON_CHECK(takenCount_ == 0 && !kickWatch_.isUnderWay()); }

unsigned BlockQueue::process(unsigned budget) {
  if (state_ != State::Active) {
    return 0;
  }
  const std::optional<std::uint16_t> pending = start_.queue.pendingCount();
  if (!pending) [[unlikely]] {
    breakRing("the driver claims more chains than the ring holds");
    return 0;
  }
  const unsigned limit = std::min<unsigned>(*pending, budget);
  unsigned count = 0;
  for (; count < limit && state_ == State::Active && !channel_->isCongested(); ++count) {
    BlockRequest* request = worker_.takeRequest();
    if (request == nullptr) {
      break; // Back-pressure: the chain stays in the ring until a request is done.
    }
    const std::uint16_t head = start_.queue.takeHead();
    if (head >= start_.queue.size() || isHeadTaken_[head]) [[unlikely]] {
      worker_.giveBackRequest(*request);
      breakRing("the driver offered a chain that does not exist or is in use");
      break;
    }
    begin(head, *request);
  }
  if (count > 0 && start_.memory->isBroken()) [[unlikely]] {
    breakRing("guest memory went away");
  }
  return count;
}

void BlockQueue::begin(std::uint16_t head, BlockRequest& request) {
  isHeadTaken_[head] = true;
  ++takenCount_;
  request.queue = this;
  request.head = head;
  request.sink = this;
  const virtio::Chain chain =
      virtio::readChain(start_.queue, *start_.memory, head, rules_, worker_.segmentScratch());
  const RequestParts parts = splitChain(chain);
  request.status = parts.status;
  if (!parts.isComplete) [[unlikely]] {
    noteMalformed(head, chain.fault);
    answer(request, blk::S_IOERR, 0);
    return;
  }
  switch (parts.header.type.get()) {
  case blk::T_IN:
  case blk::T_OUT:
    beginTransfer(request, parts);
    return;
  case blk::T_FLUSH:
    beginFlush(request, parts);
    return;
  case blk::T_GET_ID:
    answerId(request, parts);
    return;
  default:
    counters_.failures.add(1);
    answer(request, blk::S_UNSUPP, usedBytesOf(parts, 0));
  }
}

void BlockQueue::beginTransfer(BlockRequest& request, const RequestParts& parts) {
  const bool isRead = parts.header.type.get() == blk::T_IN;
  const std::span<iovec> data = isRead ? parts.writableData : parts.readableData;
  const std::uint64_t bytes = isRead ? parts.writableDataBytes : parts.readableDataBytes;
  const std::uint64_t sector = parts.header.sector.get();
  const std::uint64_t sectorCount = bytes / blk::SECTOR_BYTES;
  // In 64 bits, and without a sum that could wrap (virtio 1.2, 5.2.6.2: requests beyond the end
  // must fail).
  if (bytes == 0 || bytes % blk::SECTOR_BYTES != 0 || bytes > kRequestBytesMax ||
      sector > device_.capacitySectors || sectorCount > device_.capacitySectors - sector) {
    counters_.failures.add(1);
    answer(request, blk::S_IOERR, usedBytesOf(parts, 0));
    return;
  }
  request.operation = isRead ? StoreOperation::Read : StoreOperation::Write;
  request.offsetBytes = sector * blk::SECTOR_BYTES;
  request.lengthBytes = bytes;
  request.writtenBytes = usedBytesOf(parts, isRead ? bytes : 0);
  keepSegments(request, data);
  channel_->submit(request);
}

void BlockQueue::beginFlush(BlockRequest& request, const RequestParts& parts) {
  request.operation = StoreOperation::Flush;
  request.offsetBytes = 0;
  request.lengthBytes = 0;
  request.buffers = {};
  request.writtenBytes = usedBytesOf(parts, 0);
  channel_->submit(request);
}

void BlockQueue::answerId(BlockRequest& request, const RequestParts& parts) {
  const auto count =
      static_cast<std::size_t>(std::min<std::uint64_t>(parts.writableDataBytes, blk::ID_BYTES));
  scatter(std::span(device_.id).first(count), parts.writableData, 0);
  answer(request, blk::S_OK, usedBytesOf(parts, count));
}

// The scratch they are in is the next chain's, so they move into the request.
void BlockQueue::keepSegments(BlockRequest& request, std::span<const iovec> segments) {
  std::span<iovec> place = request.inlineSegments;
  if (segments.size() > place.size()) {
    request.segmentBlock = &worker_.takeSegmentBlock();
    place = request.segmentBlock->segments;
  }
  std::ranges::copy(segments, place.begin());
  request.buffers = place.first(segments.size());
}

void BlockQueue::onStoreDone(StoreRequest& storeRequest, StoreStatus status) {
  // Only BlockRequests are submitted with this sink.
  auto& request = static_cast<BlockRequest&>(storeRequest);
  countDone(request, status);
  if (status == StoreStatus::Ok) [[likely]] {
    answer(request, blk::S_OK, request.writtenBytes);
    return;
  }
  if (request.operation == StoreOperation::Read) {
    // The length says how much was written, so all of it must be; and no stale bytes may stay.
    BufferCursor(request.buffers, 0).zero(request.lengthBytes);
  }
  answer(request, blk::S_IOERR, request.writtenBytes);
}

void BlockQueue::countDone(const BlockRequest& request, StoreStatus status) {
  if (status != StoreStatus::Ok) {
    counters_.failures.add(1);
    return;
  }
  switch (request.operation) {
  case StoreOperation::Read:
    counters_.reads.add(1);
    counters_.readBytes.add(request.lengthBytes);
    return;
  case StoreOperation::Write:
    counters_.writes.add(1);
    counters_.writtenBytes.add(request.lengthBytes);
    return;
  case StoreOperation::Flush:
    counters_.flushes.add(1);
    return;
  case StoreOperation::Discard:
  case StoreOperation::WriteZeroes:
    return;
  }
}

// Data, then the status byte, then the used element, then (in publish) the index with release.
void BlockQueue::answer(BlockRequest& request, std::uint8_t status, std::uint32_t writtenBytes) {
  if (request.status != nullptr) {
    *request.status = std::byte{status};
  }
  isHeadTaken_[request.head] = false;
  --takenCount_;
  start_.queue.putUsed(request.head, writtenBytes);
  if (!std::exchange(hasAnswers_, true)) {
    worker_.noteAnswered(*this);
  }
  if (request.segmentBlock != nullptr) {
    worker_.giveBackSegmentBlock(*std::exchange(request.segmentBlock, nullptr));
  }
  worker_.giveBackRequest(request);
}

void BlockQueue::publish() {
  if (!std::exchange(hasAnswers_, false)) {
    return;
  }
  if (start_.queue.publishUsed() && start_.call != nullptr) {
    counters_.calls.add(1);
    signalEventFd(start_.call->get());
  }
}

bool BlockQueue::arm() {
  ARGON_DCHECK(state_ == State::Active);
  if (channel_->isCongested()) {
    state_ = State::Held;
    worker_.noteHeld(*this);
    return true;
  }
  if (start_.kick == nullptr) {
    return false; // Nobody would kick: the ring has to be looked at.
  }
  if (start_.queue.enableKicks()) {
    start_.queue.disableKicks();
    return false;
  }
  state_ = State::Armed;
  return true;
}

bool BlockQueue::resume() {
  if (state_ == State::Held && !channel_->isCongested()) {
    activate();
  }
  return state_ != State::Held;
}

void BlockQueue::drainStore() {
  if (channel_ != nullptr) {
    channel_->drain();
  }
}

void BlockQueue::onKick() {
  counters_.kicks.add(1);
  if (state_ == State::Armed) {
    activate();
  }
}

void BlockQueue::activate() {
  state_ = State::Active;
  start_.queue.disableKicks();
  worker_.noteActive(*this);
}

void BlockQueue::stop(StopDone done) {
  ARGON_CHECK(!stopDone_);
  stopDone_ = std::move(done);
  state_ = State::Stopping;
  kickWatch_.cancel();
}

bool BlockQueue::isDrained() const {
  return state_ == State::Stopping && takenCount_ == 0 && !kickWatch_.isUnderWay();
}

std::function<void()> BlockQueue::finishStop() {
  publish();
  return [done = std::move(stopDone_), next = start_.queue.nextAvailable()] { done(next); };
}

void BlockQueue::setCall(vhost_user::SharedFd call) {
  start_.call = std::move(call);
  // A call may have gone to the old descriptor after its reader had left.
  if (start_.call != nullptr) {
    counters_.calls.add(1);
    signalEventFd(start_.call->get());
  }
}

void BlockQueue::noteMalformed(std::uint16_t head, virtio::ChainFault fault) {
  counters_.malformedChains.add(1);
  counters_.failures.add(1);
  if (warnings_.allow(monotonicNs())) {
    log_.warn(concat("chain ", head, ": ",
                     fault == virtio::ChainFault::None ? "no room for header and status"
                                                       : virtio::chainFaultName(fault)));
  }
}

void BlockQueue::breakRing(std::string_view reason) {
  if (state_ == State::Broken || state_ == State::Stopping) {
    return;
  }
  state_ = State::Broken;
  counters_.malformedChains.add(1);
  log_.error(concat("ring stopped: ", reason));
  if (start_.err != nullptr) {
    signalEventFd(start_.err->get());
  }
}

void BlockQueue::KickWatch::begin() {
  io_uring_sqe& entry = queue_.worker_.uring().next();
  ::io_uring_prep_poll_multishot(&entry, queue_.start_.kick->get(), POLLIN);
  Uring::attach(entry, *this);
  isUnderWay_ = true;
}

void BlockQueue::KickWatch::cancel() {
  isCancelled_ = true;
  if (isUnderWay_) {
    queue_.worker_.uring().cancelPoll(*this);
  }
}

void BlockQueue::KickWatch::onCompletion(std::int32_t result, std::uint32_t flags) {
  const bool isOver = (flags & IORING_CQE_F_MORE) == 0;
  if (isOver) {
    isUnderWay_ = false;
  }
  if (isCancelled_) {
    return;
  }
  if (result < 0) {
    queue_.breakRing("the kick descriptor cannot be watched");
    return;
  }
  queue_.onKick();
  if (isOver) {
    begin();
  }
}

} // namespace argon::block
