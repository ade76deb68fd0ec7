// SPDX-License-Identifier: Apache-2.0
#include "block/worker.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/data_thread.h"
#include "base/result.h"
#include "base/slab_pool.h"
#include "base/stage_meter.h"
#include "base/uring.h"
#include "block/queue.h"
#include "block/request.h"
#include "storage/block_store.h"
#include "storage/buffer_pool.h"
#include "virtio/chain.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace argon::block {

namespace {

// Requests under way on a worker: eight rings of 128 entries, all full. More wait in their rings.
constexpr std::size_t kRequestCountMax = 1024;
// Requests among them with more segments than fit inline.
constexpr std::size_t kSegmentBlockCountMax = kRequestCountMax;

// Chains that one ring may take in a round, so that a busy ring leaves room for the others
// (CVE-2019-3900); SPDK takes 32.
constexpr unsigned kChainsPerRound = 32;

// How long to sleep at most while a channel waits for something of another worker's.
constexpr std::uint64_t kChannelPollIntervalNs = 50'000;

} // namespace

Worker::Worker(const Options& options)
    : counters_(options.counters == nullptr ? ownCounters_ : *options.counters),
      thread_(*this, counters_.loop,
              {.name = options.name, .pollMode = options.pollMode, .cpus = options.cpus}) {
  counters_.nsPerTick.set(clock_.nsPerTick());
}

Result<std::unique_ptr<Worker>> Worker::start(const Options& options) {
  std::unique_ptr<Worker> worker(new Worker(options));
  ARGON_TRY(worker->thread_.start());
  return worker;
}

Result<void> Worker::onStart(Uring& uring) {
  uring_ = &uring;
  ARGON_TRY_ASSIGN(buffers_, BufferPool::create());
  ARGON_TRY_ASSIGN(requests_, SlabPool<BlockRequest>::create(kRequestCountMax));
  ARGON_TRY_ASSIGN(segmentBlocks_, SlabPool<SegmentBlock>::create(kSegmentBlockCountMax));
  segmentScratch_.resize(virtio::kSegmentCountMax);
  context_ = std::make_unique<ChannelContext>(
      ChannelContext{.uring = *uring_,
                     .buffers = *buffers_,
                     .post = [this](Task task) { post(std::move(task)); },
                     .stages = &stages_});
  return {};
}

void Worker::onStop() {
  ARGON_CHECK(queues_.empty() && channels_.empty());
  requests_ = nullptr;
  segmentBlocks_ = nullptr;
  uring_ = nullptr;
}

bool Worker::runRound() {
  stages_.beginRound();
  std::uint64_t takenCount = 0;
  for (std::size_t index = 0; index < active_.size(); ++index) {
    takenCount += active_[index]->process(kChainsPerRound);
  }
  bool didWork = takenCount > 0;
  {
    const StageScope stage(&stages_, Stage::Store);
    uring_->submit();
    didWork = uring_->reap() > 0 || didWork;
    didWork = pollChannels() || didWork;
  }
  {
    const StageScope stage(&stages_, Stage::Complete);
    for (BlockQueue* queue : answered_) {
      queue->publish();
    }
  }
  answered_.clear();
  stages_.endRound(didWork, takenCount);
  didWork = thread_.runTasks() || didWork;
  if (!stopping_.empty()) {
    removeDrainedQueues();
  }
  if (!held_.empty()) {
    std::erase_if(held_, [](BlockQueue* queue) { return queue->resume(); });
  }
  return didWork;
}

bool Worker::pollChannels() {
  bool didWork = false;
  for (const auto& [store, channel] : channels_) {
    if (channel->isWaiting()) {
      didWork = channel->poll() || didWork;
    }
  }
  return didWork;
}

bool Worker::hasWaitingChannel() const {
  return std::ranges::any_of(channels_,
                             [](const auto& entry) { return entry.second->isWaiting(); });
}

bool Worker::isLooking() {
  // A ring that broke or stops needs no more looking at.
  std::erase_if(active_, [](const BlockQueue* queue) { return !queue->isActive(); });
  return !active_.empty();
}

bool Worker::arm() {
  std::erase_if(active_, [](BlockQueue* queue) { return queue->arm(); });
  return active_.empty();
}

// Between two looks at the rings. With requests under way the CPU is offered to others first: what
// io_uring cannot do at once (all of a tmpfs file's I/O) is done by threads of the kernel that have
// this thread's CPUs, and would wait out its time slice, 3 ms, for each batch.
void Worker::pause() {
  if (requests_->usedCount() > 0) {
    std::this_thread::yield();
  } else {
    relaxCpu();
  }
}

std::optional<std::uint64_t> Worker::sleepNsMax() const {
  return hasWaitingChannel() ? std::optional(kChannelPollIntervalNs) : std::nullopt;
}

Result<StoreChannel*> Worker::openChannel(BlockStore& store) {
  const auto found = channels_.find(&store);
  if (found != channels_.end()) {
    return found->second.get();
  }
  ARGON_TRY_ASSIGN(std::unique_ptr<StoreChannel> channel, store.openChannel(*context_));
  return (channels_[&store] = std::move(channel)).get();
}

void Worker::closeChannel(BlockStore& store) { channels_.erase(&store); }

void Worker::addQueue(std::unique_ptr<BlockQueue> queue) {
  active_.push_back(queue.get());
  noteAnswered(*queue);
  queues_.push_back(std::move(queue));
}

void Worker::stopQueue(BlockQueue& queue, BlockQueue::StopDone done) {
  queue.stop(std::move(done));
  stopping_.push_back(&queue);
}

void Worker::removeDrainedQueues() {
  std::erase_if(stopping_, [this](BlockQueue* queue) {
    if (!queue->isDrained()) {
      queue->drainStore();
      return false;
    }
    std::erase(active_, queue);
    std::erase(held_, queue);
    std::erase(answered_, queue);
    const std::function<void()> done = queue->finishStop();
    std::erase_if(queues_, [queue](const auto& owned) { return owned.get() == queue; });
    done();
    return true;
  });
}

BlockRequest* Worker::takeRequest() { return requests_->take(); }

SegmentBlock& Worker::takeSegmentBlock() {
  SegmentBlock* block = segmentBlocks_->take();
  ARGON_CHECK(block != nullptr);
  return *block;
}

void Worker::noteAnswered(BlockQueue& queue) { answered_.push_back(&queue); }

void Worker::noteActive(BlockQueue& queue) { active_.push_back(&queue); }

void Worker::noteHeld(BlockQueue& queue) { held_.push_back(&queue); }

} // namespace argon::block
