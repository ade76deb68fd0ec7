// SPDX-License-Identifier: Apache-2.0
#include "block/device.h"

#include "base/check.h"
#include "base/error.h"
#include "base/event_loop.h"
#include "base/log.h"
#include "base/mapped_region.h"
#include "base/result.h"
#include "base/text.h"
#include "block/config.h"
#include "block/counter_pages.h"
#include "block/counters.h"
#include "block/queue.h"
#include "block/worker.h"
#include "storage/block_store.h"
#include "vhost_user/device.h"
#include "vhost_user/pending_calls.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"
#include "virtio/spec/blk.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>

namespace argon::block {

namespace blk = virtio::spec::blk;

// The flush at the end of a device's life, on the worker that its store's first channel is on.
class BlockDevice::LastFlush final : public StoreSink {
public:
  LastFlush(Log log, std::function<void()> done) : log_(std::move(log)), done_(std::move(done)) {
    request_.operation = StoreOperation::Flush;
    request_.sink = this;
  }
  void start(StoreChannel& channel) { channel.submit(request_); }
  void onStoreDone(StoreRequest& /*request*/, StoreStatus status) override {
    if (status != StoreStatus::Ok) {
      log_.error("the last flush failed; writes since the one before may be lost");
    }
    done_();
  }

private:
  Log log_;
  StoreRequest request_;
  std::function<void()> done_;
};

BlockDevice::BlockDevice(Options options, std::unique_ptr<BlockStore> store, EventLoop& loop,
                         std::span<const std::unique_ptr<Worker>> workers, Log log)
    : geometry_{.sizeBytes = store->sizeBytes(),
                .queueCount = options.queueCount,
                .blockBytes = std::max(options.blockBytes, store->blockBytes()),
                .isReadOnly = options.isReadOnly},
      store_(std::move(store)), loop_(loop), workers_(workers), log_(std::move(log)),
      queues_(options.queueCount), pendingCalls_(options.queueCount) {
  ARGON_CHECK(options.id.size() <= blk::ID_BYTES && !workers_.empty());
  queueDevice_.capacitySectors = geometry_.sizeBytes / blk::SECTOR_BYTES;
  queueDevice_.sectorsPerBlock = geometry_.blockBytes / blk::SECTOR_BYTES;
  queueDevice_.isReadOnly = geometry_.isReadOnly;
  std::ranges::copy(std::as_bytes(std::span(options.id)), queueDevice_.id.begin());
  placeCounters(options);
}

void BlockDevice::placeCounters(const Options& options) {
  if (options.counterPages != nullptr) {
    sharedCounters_ = options.counterPages->lend(options.id, options.queueCount);
  }
  if (sharedCounters_.isEmpty()) {
    Result<MappedRegion> pages = MappedRegion::allocate(
        sizeof(QueueCounters) * std::max<std::size_t>(options.queueCount, 1));
    ARGON_CHECK(pages.has_value()); // As where std::make_unique finds no memory.
    ownCounters_ = *std::move(pages);
  }
  // Fresh pages are counters at zero (block/counters.h).
  void* const ownStart = ownCounters_.bytes().data();
  auto* const own = static_cast<QueueCounters*>(ownStart);
  for (std::uint16_t index = 0; index < options.queueCount; ++index) {
    counters_.push_back(sharedCounters_.isEmpty() ? own + index : sharedCounters_.queue(index));
  }
}

BlockDevice::~BlockDevice() { ARGON_CHECK(isClosed_); }

vhost_user::DeviceKind BlockDevice::kind() const {
  return {.protocolFeatures = virtio::FeatureSet()
                                  .with(vhost_user::spec::PROTOCOL_F_CONFIG)
                                  .with(vhost_user::spec::PROTOCOL_F_INFLIGHT_SHMFD)};
}

virtio::FeatureSet BlockDevice::offeredFeatures() const {
  return block::offeredFeatures(geometry_);
}

void BlockDevice::readConfig(std::span<std::byte> into) const {
  const blk::Config config =
      makeConfig(geometry_, queueDevice_.isWriteBack.load(std::memory_order_relaxed));
  const std::span<const std::byte> bytes = std::as_bytes(std::span(&config, 1));
  std::ranges::copy(bytes.first(std::min(into.size(), bytes.size())), into.begin());
}

// The driver may write one field, `writeback`: 0 asks for write-through (virtio 1.2, 5.2.5).
Result<void> BlockDevice::writeConfig(std::size_t offset, std::span<const std::byte> bytes) {
  if (offset != offsetof(blk::Config, writeback) || bytes.size() != 1 || geometry_.isReadOnly ||
      std::to_integer<unsigned>(bytes.front()) > 1) {
    return Error(ErrorKind::Unsupported,
                 concat("the configuration space is read-only at ", offset, " (", bytes.size(),
                        " bytes), but for the field writeback"));
  }
  queueDevice_.isWriteBack.store(bytes.front() != std::byte{0}, std::memory_order_relaxed);
  return {};
}

Result<void> BlockDevice::setMtu(std::uint64_t /*mtuBytes*/) {
  return Error(ErrorKind::Unsupported, "a disk has no MTU");
}

void BlockDevice::reset() { queueDevice_.isWriteBack.store(true, std::memory_order_relaxed); }

Result<void> BlockDevice::growStore(std::uint64_t sizeBytes) {
  if (sizeBytes % geometry_.blockBytes != 0) {
    return Error(
        ErrorKind::InvalidArgument,
        concat("a size of ", sizeBytes, " bytes is not a multiple of ", geometry_.blockBytes));
  }
  return store_->grow(sizeBytes);
}

Result<void> BlockDevice::grow(std::uint64_t sizeBytes) {
  ARGON_TRY(growStore(sizeBytes));
  geometry_.sizeBytes = sizeBytes;
  queueDevice_.capacitySectors.store(sizeBytes / blk::SECTOR_BYTES, std::memory_order_relaxed);
  return {};
}

void BlockDevice::startRing(vhost_user::RingStart start) {
  Worker& worker = workerOf(start.index);
  worker.post([this, &worker, start = std::move(start)] {
    const std::uint16_t index = start.index;
    const Log log = log_.child(concat("queue ", index));
    Result<StoreChannel*> channel = worker.openChannel(*store_);
    if (!channel) {
      log.error(channel.error().message());
    }
    auto queue = std::make_unique<BlockQueue>(start, queueDevice_, channel ? *channel : nullptr,
                                              *counters_[index], worker, log);
    queues_[index] = queue.get();
    worker.addQueue(std::move(queue));
  });
}

void BlockDevice::stopRing(std::uint16_t index, StopDone done) {
  Worker& worker = workerOf(index);
  worker.post([this, &worker, index, done = std::move(done)] {
    BlockQueue& queue = *std::exchange(queues_[index], nullptr);
    worker.stopQueue(
        queue, [this, done](std::uint32_t base) { loop_.post([done, base] { done(base); }); });
  });
}

void BlockDevice::setCall(std::uint16_t index, vhost_user::SharedFd call) {
  if (!pendingCalls_.put(index, std::move(call))) {
    return;
  }
  workerOf(index).post([this, index] {
    const vhost_user::SharedFd newest = pendingCalls_.take(index);
    if (queues_[index] != nullptr) {
      queues_[index]->setCall(newest);
    }
  });
}

void BlockDevice::close(std::function<void()> done) {
  // The first worker's channel is opened here if no ring ever was, so that a device that was never
  // used takes the same way out.
  Worker& worker = *workers_.front();
  worker.post([this, &worker, done = std::move(done)] {
    const auto proceed = [this, done] { loop_.post([this, done] { closeChannels(done); }); };
    Result<StoreChannel*> channel = worker.openChannel(*store_);
    if (!channel) {
      log_.error(channel.error().message());
      proceed();
      return;
    }
    lastFlush_ = std::make_unique<LastFlush>(log_, proceed);
    lastFlush_->start(**channel);
  });
}

// Rings are stopped and the last flush is done, so every channel is idle, the home channel too.
void BlockDevice::closeChannels(const std::function<void()>& done) {
  auto remaining = std::make_shared<std::size_t>(workers_.size());
  for (const std::unique_ptr<Worker>& worker : workers_) {
    worker->post([this, &worker, remaining, done] {
      worker->closeChannel(*store_);
      loop_.post([this, remaining, done] {
        if (--*remaining == 0) {
          isClosed_ = true;
          done();
        }
      });
    });
  }
}

} // namespace argon::block
