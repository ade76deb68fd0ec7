// SPDX-License-Identifier: Apache-2.0
#include "block/worker.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/mailbox.h"
#include "base/result.h"
#include "base/slab_pool.h"
#include "base/stage_meter.h"
#include "base/uring.h"
#include "block/poll_window.h"
#include "block/queue.h"
#include "block/request.h"
#include "storage/block_store.h"
#include "storage/buffer_pool.h"
#include "virtio/chain.h"

#include <liburing.h>
#include <poll.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace argon::block {

namespace {

// Submissions between two submits: a round's chains over all rings mostly fit, and what does not is
// submitted in between.
constexpr unsigned kUringEntryCount = 512;

// Requests under way on a worker: eight rings of 128 entries, all full. More wait in their rings.
constexpr std::size_t kRequestCountMax = 1024;
// Requests among them with more segments than fit inline.
constexpr std::size_t kSegmentBlockCountMax = kRequestCountMax;

// Chains that one ring may take in a round, so that a busy ring leaves room for the others
// (CVE-2019-3900); SPDK takes 32.
constexpr unsigned kChainsPerRound = 32;

// How long to sleep at most while a channel waits for something of another worker's.
constexpr std::uint64_t kChannelPollIntervalNs = 50'000;

// Tasks come from sessions (a few for each ring) and from flushes of other workers (at most one for
// each of their requests).
constexpr std::size_t kTaskCountMax = 65'536;

} // namespace

Worker::Worker(const Options& options)
    : options_(options), pollWindow_(options.pollMode),
      counters_(options.counters == nullptr ? ownCounters_ : *options.counters),
      mailboxWatch_(*this) {
  counters_.nsPerTick.set(clock_.nsPerTick());
}

Result<std::unique_ptr<Worker>> Worker::start(const Options& options) {
  std::unique_ptr<Worker> worker(new Worker(options));
  ARGON_TRY_ASSIGN(worker->mailbox_, Mailbox<Task>::create(kTaskCountMax));
  // Shared, because the thread may still be leaving set_value() when the outcome is known here.
  auto prepared = std::make_shared<std::promise<std::optional<Error>>>();
  std::future<std::optional<Error>> outcome = prepared->get_future();
  worker->thread_ = startThread(options.name, [self = worker.get(), prepared] {
    Result<void> ready = self->prepare();
    if (!ready) {
      self->isStopping_ = true;
      prepared->set_value(std::move(ready).error());
      return;
    }
    prepared->set_value(std::nullopt);
    self->run();
  });
  if (std::optional<Error> error = outcome.get(); error.has_value()) {
    worker->thread_.join();
    return *std::move(error);
  }
  return worker;
}

Worker::~Worker() { ARGON_CHECK(!thread_.joinable()); }

// On the worker's thread: an io_uring belongs to the thread that made it.
Result<void> Worker::prepare() {
  ARGON_TRY(pinThisThread(options_.cpus));
  ARGON_TRY_ASSIGN(uring_, Uring::create(kUringEntryCount));
  ARGON_TRY_ASSIGN(buffers_, BufferPool::create());
  ARGON_TRY_ASSIGN(requests_, SlabPool<BlockRequest>::create(kRequestCountMax));
  ARGON_TRY_ASSIGN(segmentBlocks_, SlabPool<SegmentBlock>::create(kSegmentBlockCountMax));
  segmentScratch_.resize(virtio::kSegmentCountMax);
  context_ = std::make_unique<ChannelContext>(
      ChannelContext{.uring = *uring_,
                     .buffers = *buffers_,
                     .post = [this](Task task) { post(std::move(task)); },
                     .stages = &stages_});
  mailboxWatch_.begin();
  return {};
}

void Worker::post(Task task) { ARGON_CHECK(mailbox_->post(std::move(task))); }

void Worker::stop() {
  post([this] { isStopping_ = true; });
  thread_.join();
}

void Worker::run() {
  while (!isStopping_) {
    if (runRound()) {
      noteWork();
    } else {
      rest();
    }
  }
  ARGON_CHECK(queues_.empty() && channels_.empty());
  // What refers to the io_uring goes before it, on its own thread.
  requests_ = nullptr;
  segmentBlocks_ = nullptr;
  uring_ = nullptr;
}

void Worker::noteWork() {
  counters_.busyRounds.add(1);
  idleSinceNs_ = 0;
  if (std::exchange(isLookingOn_, false)) {
    counters_.pollHits.add(1);
  }
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
  if (hasMail_) {
    runTasks();
    didWork = true;
  }
  if (!stopping_.empty()) {
    removeDrainedQueues();
  }
  if (!held_.empty()) {
    std::erase_if(held_, [](BlockQueue* queue) { return queue->resume(); });
  }
  return didWork;
}

void Worker::runTasks() {
  hasMail_ = false;
  mailbox_->take(tasks_);
  for (const Task& task : tasks_) {
    task();
  }
  tasks_.clear();
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

// Nothing was to be done in this round.
void Worker::rest() {
  // A ring that broke or stops needs no more looking at.
  std::erase_if(active_, [](const BlockQueue* queue) { return !queue->isActive(); });
  if (!active_.empty()) {
    const std::uint64_t nowNs = monotonicNs();
    if (idleSinceNs_ == 0) {
      idleSinceNs_ = nowNs;
    }
    if (pollWindow_.shouldPoll(nowNs - idleSinceNs_)) {
      isLookingOn_ = true;
      pause();
      return;
    }
    std::erase_if(active_, [](BlockQueue* queue) { return queue->arm(); });
    if (!active_.empty()) {
      pause();
      return;
    }
  }
  sleep();
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

void Worker::sleep() {
  counters_.sleeps.add(1);
  if (std::exchange(isLookingOn_, false)) {
    counters_.pollMisses.add(1);
  }
  const std::uint64_t beforeNs = monotonicNs();
  uring_->wait(hasWaitingChannel() ? std::optional(kChannelPollIntervalNs) : std::nullopt);
  pollWindow_.onSlept(monotonicNs() - beforeNs);
  idleSinceNs_ = 0;
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

void Worker::MailboxWatch::begin() {
  io_uring_sqe& entry = worker_.uring_->next();
  ::io_uring_prep_poll_multishot(&entry, worker_.mailbox_->fd(), POLLIN);
  Uring::attach(entry, *this);
}

void Worker::MailboxWatch::onCompletion(std::int32_t result, std::uint32_t flags) {
  ARGON_CHECK(result >= 0);
  worker_.hasMail_ = true;
  if ((flags & IORING_CQE_F_MORE) == 0) {
    begin();
  }
}

} // namespace argon::block
