// SPDX-License-Identifier: Apache-2.0
#include "storage/map_flusher.h"

#include "base/check.h"
#include "storage/allocation_map.h"
#include "storage/block_store.h"
#include "storage/encrypted_store.h"
#include "storage/map_file.h"

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace argon {

namespace {

// Pages side by side that one write carries: 1 MiB. Arbitrary.
constexpr std::size_t kPagesPerWrite = 256;

// Holes that one flush punches. A hole costs 10 to 50 us on ext4, so it adds some 20 ms at most.
constexpr unsigned kGiveBackCountMax = 1024;

} // namespace

MapFlusher::MapFlusher(EncryptedStore& store, StoreChannel& dataChannel, StoreChannel* mapChannel)
    : store_(store), dataChannel_(dataChannel), mapChannel_(mapChannel) {
  step_.sink = this;
  changedPages_.reserve(store.map().pageCount());
}

void MapFlusher::submit(StoreRequest& request) {
  waiting_.append(request);
  if (state_ == State::Idle) {
    begin();
  }
}

void MapFlusher::begin() {
  active_ = std::exchange(waiting_, {});
  if (store_.hasFailed()) {
    finish(StoreStatus::IoError);
    return;
  }
  changedPages_.clear();
  // Memory is taken only if the store has grown.
  changedPages_.reserve(store_.map().pageCount());
  if (mapChannel_ != nullptr) {
    store_.map().takeChangedPages(changedPages_);
  }
  writtenPageCount_ = 0;
  discardCursor_ = 0;
  giveBackCount_ = 0;
  state_ = State::FlushingData;
  step_.operation = StoreOperation::Flush;
  step_.offsetBytes = 0;
  step_.lengthBytes = 0;
  step_.buffers = {};
  dataChannel_.submit(step_);
}

void MapFlusher::onStoreDone(StoreRequest& /*request*/, StoreStatus status) {
  if (state_ == State::GivingBack) {
    // What could not be given back stays taken: the flush itself is done.
    store_.map().releaseDiscarded(givenBack_);
    giveBackNext();
    return;
  }
  if (status != StoreStatus::Ok) {
    // What the disk holds is unknown now, and the pages taken above are no longer marked as
    // changed: no later flush may claim that all is well.
    store_.markFailed();
    finish(status);
    return;
  }
  switch (state_) {
  case State::FlushingData:
  case State::WritingMap:
    writeNextPages();
    return;
  case State::FlushingMap:
    giveBackNext();
    return;
  case State::GivingBack:
  case State::Idle:
    ARGON_UNREACHABLE();
  }
}

void MapFlusher::writeNextPages() {
  if (writtenPageCount_ == changedPages_.size()) {
    if (changedPages_.empty()) {
      giveBackNext();
    } else {
      flushMap();
    }
    return;
  }
  const std::uint64_t firstPage = changedPages_[writtenPageCount_];
  std::size_t count = 1;
  while (count < kPagesPerWrite && writtenPageCount_ + count < changedPages_.size() &&
         changedPages_[writtenPageCount_ + count] == firstPage + count) {
    ++count;
  }
  writtenPageCount_ += count;
  const std::span<std::byte> pages = store_.map().shadowPages(firstPage, count);
  stepBuffer_ = {.iov_base = pages.data(), .iov_len = pages.size()};
  state_ = State::WritingMap;
  step_.operation = StoreOperation::Write;
  step_.offsetBytes = kMapHeaderBytes + firstPage * AllocationMap::kPageBytes;
  step_.lengthBytes = pages.size();
  step_.buffers = std::span(&stepBuffer_, 1);
  mapChannel_->submit(step_);
}

void MapFlusher::flushMap() {
  state_ = State::FlushingMap;
  step_.operation = StoreOperation::Flush;
  step_.offsetBytes = 0;
  step_.lengthBytes = 0;
  step_.buffers = {};
  mapChannel_->submit(step_);
}

void MapFlusher::giveBackNext() {
  state_ = State::GivingBack;
  givenBack_ = {};
  if (giveBackCount_ < kGiveBackCountMax && store_.data().canGiveSpaceBack()) {
    givenBack_ = store_.map().claimDiscarded(
        discardCursor_, mapChannel_ == nullptr ? AllocationMap::Clearness::Working
                                               : AllocationMap::Clearness::Stored);
  }
  if (givenBack_.count == 0) {
    finish(StoreStatus::Ok);
    return;
  }
  ++giveBackCount_;
  step_.operation = StoreOperation::Discard;
  step_.offsetBytes = givenBack_.first * AllocationMap::kUnitBytes;
  step_.lengthBytes = givenBack_.count * AllocationMap::kUnitBytes;
  step_.buffers = {};
  dataChannel_.submit(step_);
}

void MapFlusher::finish(StoreStatus status) {
  // Answers may bring new requests, which then wait for the next round.
  StoreRequestList answered = std::exchange(active_, {});
  while (StoreRequest* request = answered.takeFirst()) {
    request->done(status);
  }
  state_ = State::Idle;
  if (!waiting_.isEmpty()) {
    begin();
  }
}

} // namespace argon
