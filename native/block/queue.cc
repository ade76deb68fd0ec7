// SPDX-License-Identifier: Apache-2.0
#include "block/queue.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stage_meter.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "base/uring_watch.h"
#include "block/config.h"
#include "block/counters.h"
#include "block/queue_meter.h"
#include "block/request.h"
#include "block/worker.h"
#include "storage/block_store.h"
#include "storage/buffers.h"
#include "vhost_user/device.h"
#include "vhost_user/ring_queue.h"
#include "virtio/chain.h"
#include "virtio/spec/blk.h"
#include "virtio/spec/features.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string_view>
#include <utility>

namespace argon::block {

namespace blk = virtio::spec::blk;
using vhost_user::RingQueue;

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
      meter_(counters, worker.clock(), start_.index), worker_(worker), log_(std::move(log)),
      kickWatch_(worker.uring(), [this](UringWatch::Signal signal) { onKick(signal); }),
      rules_{.allowsIndirect = start_.features.has(virtio::spec::F_INDIRECT_DESC)} {
  start_.queue.disableKicks();
  if (start_.kick != nullptr) {
    kickWatch_.begin(start_.kick->get());
  }
  if (channel_ == nullptr) {
    breakRing("the volume's storage could not be opened");
  }
}

BlockQueue::~BlockQueue() { ARGON_CHECK(takenCount_ == 0 && !kickWatch_.isUnderWay()); }

unsigned BlockQueue::process(unsigned budget) {
  unsigned count = 0;
  for (; count < budget && isActive() && !channel_->isCongested(); ++count) {
    BlockRequest* request = worker_.takeRequest();
    if (request == nullptr) {
      break; // Back-pressure: the chain stays in the ring until a request is done.
    }
    virtio::Chain chain;
    const auto taken = start_.queue.take(rules_, worker_.segmentScratch(), chain);
    if (taken != RingQueue::Take::Chain) [[unlikely]] {
      worker_.giveBackRequest(*request);
      if (taken == RingQueue::Take::Broken) {
        breakRing(start_.queue.brokenReason());
      }
      break;
    }
    meter_.onTaken(*request, count);
    begin(chain, *request);
  }
  meter_.onRoundTaken(count);
  if (count > 0 && start_.memory->isBroken()) [[unlikely]] {
    breakRing("guest memory went away");
  }
  return count;
}

void BlockQueue::begin(const virtio::Chain& chain, BlockRequest& request) {
  ++takenCount_;
  request.queue = this;
  request.head = chain.head;
  request.descriptorCount = chain.descriptorCount;
  request.needsFlush = false;
  request.rangeCount = request.rangeIndex = 0;
  request.buffers = {};
  request.sink = this;
  const RequestParts parts = splitChain(chain);
  request.status = parts.status;
  if (!parts.isComplete) [[unlikely]] {
    noteMalformed(chain.head, chain.fault);
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
  case blk::T_DISCARD:
  case blk::T_WRITE_ZEROES:
    beginRanges(request, parts);
    return;
  default:
    fail(request, parts, blk::S_UNSUPP);
  }
}

// In 64 bits, and without a sum that could wrap (virtio 1.2, 5.2.6.2: requests beyond the end must
// fail).
bool BlockQueue::isInDevice(std::uint64_t sector, std::uint64_t sectorCount) const {
  const std::uint64_t capacity = device_.capacitySectors.load(std::memory_order_relaxed);
  return sector <= capacity && sectorCount <= capacity - sector &&
         (sector | sectorCount) % device_.sectorsPerBlock == 0;
}

void BlockQueue::beginTransfer(BlockRequest& request, const RequestParts& parts) {
  const bool isRead = parts.header.type.get() == blk::T_IN;
  const std::span<iovec> data = isRead ? parts.writableData : parts.readableData;
  const std::uint64_t bytes = isRead ? parts.writableDataBytes : parts.readableDataBytes;
  const std::uint64_t sector = parts.header.sector.get();
  // "A device MUST set the status to IOERR for a write request if RO was negotiated", and must not
  // write if it is, negotiated or not (5.2.6.2).
  if (bytes == 0 || bytes % blk::SECTOR_BYTES != 0 || bytes > kRequestBytesMax ||
      !isInDevice(sector, bytes / blk::SECTOR_BYTES) || (!isRead && device_.isReadOnly)) {
    fail(request, parts, blk::S_IOERR);
    return;
  }
  request.operation = isRead ? StoreOperation::Read : StoreOperation::Write;
  request.offsetBytes = sector * blk::SECTOR_BYTES;
  request.lengthBytes = bytes;
  request.asked = request.operation;
  request.askedBytes = bytes;
  request.writtenBytes = usedBytesOf(parts, isRead ? bytes : 0);
  request.needsFlush = !isRead && isWriteThrough();
  keepSegments(request, data);
  submit(request);
}

// Without a cache that a driver can flush, or with one that it turned off, a write is durable when
// it is answered (virtio 1.2, 5.2.6.2).
bool BlockQueue::isWriteThrough() const {
  return start_.features.has(blk::F_CONFIG_WCE)
             ? !device_.isWriteBack.load(std::memory_order_relaxed)
             : !start_.features.has(blk::F_FLUSH);
}

void BlockQueue::beginFlush(BlockRequest& request, const RequestParts& parts) {
  request.operation = request.asked = StoreOperation::Flush;
  request.offsetBytes = 0;
  request.lengthBytes = request.askedBytes = 0;
  request.writtenBytes = usedBytesOf(parts, 0);
  submit(request);
}

void BlockQueue::submit(BlockRequest& request) {
  const StageScope stage(&worker_.stages(), Stage::Store);
  meter_.onSubmit(request);
  channel_->submit(request);
}

void BlockQueue::beginRanges(BlockRequest& request, const RequestParts& parts) {
  const bool isDiscard = parts.header.type.get() == blk::T_DISCARD;
  if (!start_.features.has(isDiscard ? blk::F_DISCARD : blk::F_WRITE_ZEROES)) {
    fail(request, parts, blk::S_UNSUPP);
    return;
  }
  request.operation = request.asked =
      isDiscard ? StoreOperation::Discard : StoreOperation::WriteZeroes;
  request.askedBytes = 0;
  request.writtenBytes = usedBytesOf(parts, 0);
  // All of them are checked before the first is done.
  if (const std::uint8_t status = readRanges(request, parts); status != blk::S_OK) {
    fail(request, parts, status);
    return;
  }
  request.needsFlush = isWriteThrough();
  if (!submitNextRange(request)) {
    onStoreDone(request, StoreStatus::Ok);
  }
}

// Copies the segments of a request out of guest memory, once, and checks the copies; what is not
// empty goes into the request. Returns what the request is to be answered with if not OK.
std::uint8_t BlockQueue::readRanges(BlockRequest& request, const RequestParts& parts) {
  std::array<blk::DiscardWriteZeroes, kRangeCountMax> segments{};
  const std::uint64_t bytes = parts.readableDataBytes;
  if (bytes == 0 || bytes % sizeof segments.front() != 0 || bytes > sizeof segments) {
    return blk::S_IOERR;
  }
  gather(parts.readableData, 0, std::as_writable_bytes(std::span(segments)).first(bytes));
  const bool isDiscard = request.operation == StoreOperation::Discard;
  const std::uint32_t knownFlags = isDiscard ? 0 : blk::WRITE_ZEROES_FLAG_UNMAP;
  const std::uint32_t sectorsMax = isDiscard ? kDiscardSectorsMax : kWriteZeroesSectorsMax;
  request.segmentBlock = &worker_.takeSegmentBlock();
  for (const auto& segment : std::span(segments).first(bytes / sizeof segments.front())) {
    // "The device MUST set the status byte to UNSUPP … if any unknown flag is set" (5.2.6.2).
    if ((segment.flags.get() & ~knownFlags) != 0) {
      return blk::S_UNSUPP;
    }
    const std::uint64_t sector = segment.sector.get();
    const std::uint32_t sectorCount = segment.num_sectors.get();
    if (sectorCount > sectorsMax || !isInDevice(sector, sectorCount)) {
      return blk::S_IOERR;
    }
    if (sectorCount != 0) {
      const std::uint64_t lengthBytes = sectorCount * blk::SECTOR_BYTES;
      request.segmentBlock->ranges[request.rangeCount++] = {.offsetBytes =
                                                                sector * blk::SECTOR_BYTES,
                                                            .lengthBytes = lengthBytes,
                                                            .mayUnmap = segment.flags.get() != 0};
      request.askedBytes += lengthBytes;
    }
  }
  return blk::S_OK;
}

// False if there is none left.
bool BlockQueue::submitNextRange(BlockRequest& request) {
  if (request.rangeIndex == request.rangeCount) {
    return false;
  }
  const StoreRange& range = request.segmentBlock->ranges[request.rangeIndex++];
  request.offsetBytes = range.offsetBytes;
  request.lengthBytes = range.lengthBytes;
  request.mayUnmap = range.mayUnmap;
  submit(request);
  return true;
}

void BlockQueue::answerId(BlockRequest& request, const RequestParts& parts) {
  const auto count =
      static_cast<std::size_t>(std::min<std::uint64_t>(parts.writableDataBytes, blk::ID_BYTES));
  scatter(std::span(device_.id).first(count), parts.writableData, 0);
  if (start_.queue.isLogging()) [[unlikely]] {
    start_.queue.noteWritten(parts.writableData);
  }
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
  const StageScope stage(&worker_.stages(), Stage::Complete);
  if (status == StoreStatus::Ok) [[likely]] {
    if (submitNextRange(request)) {
      return;
    }
    if (request.needsFlush) {
      request.needsFlush = false;
      request.operation = StoreOperation::Flush;
      request.offsetBytes = request.lengthBytes = 0;
      request.buffers = {};
      channel_->submit(request);
      return;
    }
    request.kind = kindOf(request.asked);
    answer(request, blk::S_OK, request.writtenBytes);
    return;
  }
  counters_.failures.add(1);
  if (request.asked == StoreOperation::Read) {
    // The length says how much was written, so all of it must be; and no stale bytes may stay.
    BufferCursor(request.buffers, 0).zero(request.lengthBytes);
  }
  answer(request, blk::S_IOERR, request.writtenBytes);
}

// Answers a request that the store never saw.
void BlockQueue::fail(BlockRequest& request, const RequestParts& parts, std::uint8_t status) {
  counters_.failures.add(1);
  answer(request, status, usedBytesOf(parts, 0));
}

// Data, then the status byte, then the used element, then (in publish) the index with release.
void BlockQueue::answer(BlockRequest& request, std::uint8_t status, std::uint32_t writtenBytes) {
  if (request.status != nullptr) {
    *request.status = std::byte{status};
  }
  if (start_.queue.isLogging()) [[unlikely]] {
    logWrites(request);
  }
  --takenCount_;
  start_.queue.put(request.head, request.descriptorCount, writtenBytes);
  meter_.onAnswered(request);
  if (!std::exchange(hasAnswers_, true)) {
    worker_.noteAnswered(*this);
  }
  if (request.segmentBlock != nullptr) {
    worker_.giveBackSegmentBlock(*std::exchange(request.segmentBlock, nullptr));
  }
  worker_.giveBackRequest(request);
}

void BlockQueue::logWrites(const BlockRequest& request) const {
  if (request.asked == StoreOperation::Read) {
    start_.queue.noteWritten(request.buffers);
  }
  if (request.status != nullptr) {
    const iovec status{.iov_base = request.status, .iov_len = 1};
    start_.queue.noteWritten(std::span(&status, 1));
  }
}

void BlockQueue::publish() {
  if (!std::exchange(hasAnswers_, false)) {
    return;
  }
  meter_.onPublishing();
  if (start_.queue.publish() && start_.call != nullptr) {
    counters_.calls.add(1);
    signalEventFd(start_.call->get());
  }
}

bool BlockQueue::arm() {
  if (state_ != State::Active) {
    return false; // It stops, and has chains of an earlier back end to take before.
  }
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

void BlockQueue::onKick(UringWatch::Signal signal) {
  if (signal == UringWatch::Signal::Failed) {
    breakRing("the kick descriptor cannot be watched");
    return;
  }
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
  const bool isLookedAt = state_ == State::Active;
  state_ = State::Stopping;
  if (!isLookedAt && hasUnanswered()) {
    worker_.noteActive(*this);
  }
  kickWatch_.cancel();
}

bool BlockQueue::isDrained() const {
  return state_ == State::Stopping && takenCount_ == 0 && !hasUnanswered() &&
         !kickWatch_.isUnderWay();
}

std::function<void()> BlockQueue::finishStop() {
  publish();
  return [done = std::move(stopDone_), base = start_.queue.base()] { done(base); };
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
  if (std::exchange(isBroken_, true)) {
    return;
  }
  if (state_ != State::Stopping) {
    state_ = State::Broken;
  }
  counters_.malformedChains.add(1);
  log_.error(concat("ring stopped: ", reason));
  if (start_.err != nullptr) {
    signalEventFd(start_.err->get());
  }
}

} // namespace argon::block
