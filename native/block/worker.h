// SPDX-License-Identifier: Apache-2.0
#pragma once

// A data thread of block devices. It owns the rings given to it, one io_uring, buffers and request
// memory. Once a ring is started the thread takes no lock and allocates nothing for it, and never
// calls Node.
//
// A round: take chains from every active ring, submit once, reap once, publish and call once a
// ring. What comes between rounds is DataThread's.

#include "base/data_thread.h"
#include "base/poll_window.h"
#include "base/result.h"
#include "base/slab_pool.h"
#include "base/stage_meter.h"
#include "base/tick_clock.h"
#include "base/uring.h"
#include "block/counters.h"
#include "block/queue.h"
#include "block/request.h"
#include "storage/block_store.h"
#include "storage/buffer_pool.h"

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace argon::block {

class Worker final : private DataThread::Work {
public:
  using Task = DataThread::Task;
  struct Options {
    std::string name = "worker";
    PollMode pollMode = PollMode::Adaptive;
    /// CPUs the thread may run on; empty: any.
    std::vector<unsigned> cpus;
    /// Where it counts, for readers of another process; outlives the worker. Null: in itself.
    WorkerCounters* counters = nullptr;
  };

  /// Returns when the thread runs and has what it needs.
  static Result<std::unique_ptr<Worker>> start(const Options& options);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  /// Only after stop().
  ~Worker() = default;

  /// Runs a task on the worker's thread, between rounds. From any thread.
  void post(Task task) { thread_.post(std::move(task)); }
  /// Any thread.
  [[nodiscard]] const WorkerCounters& counters() const { return counters_; }
  /// Ends the thread. All queues and channels must be gone. From another thread; returns when it
  /// has ended.
  void stop() { thread_.stop(); }

  // On the worker's thread, for devices.

  /// The worker's way to a store; the same one for all queues of a device.
  [[nodiscard]] Result<StoreChannel*> openChannel(BlockStore& store);
  void closeChannel(BlockStore& store);
  void addQueue(std::unique_ptr<BlockQueue> queue);
  /// `done` is called on this thread when the queue is drained and gone.
  void stopQueue(BlockQueue& queue, BlockQueue::StopDone done);

  // On the worker's thread, for queues.

  [[nodiscard]] Uring& uring() { return *uring_; }
  [[nodiscard]] const TickClock& clock() const { return clock_; }
  [[nodiscard]] StageMeter& stages() { return stages_; }
  /// Memory for one chain's segments, until the next chain is read.
  [[nodiscard]] std::span<iovec> segmentScratch() { return segmentScratch_; }
  /// Null if too much is under way. With a request there is always a segment block.
  [[nodiscard]] BlockRequest* takeRequest();
  void giveBackRequest(BlockRequest& request) { requests_->giveBack(request); }
  [[nodiscard]] SegmentBlock& takeSegmentBlock();
  void giveBackSegmentBlock(SegmentBlock& block) { segmentBlocks_->giveBack(block); }
  /// The queue has answers to publish at the end of the round.
  void noteAnswered(BlockQueue& queue);
  void noteActive(BlockQueue& queue);
  /// The queue's store takes no more for now: it is asked to resume() in each round.
  void noteHeld(BlockQueue& queue);

private:
  explicit Worker(const Options& options);
  [[nodiscard]] Result<void> onStart(Uring& uring) override;
  bool runRound() override;
  [[nodiscard]] bool isLooking() override;
  [[nodiscard]] bool arm() override;
  void pause() override;
  [[nodiscard]] std::optional<std::uint64_t> sleepNsMax() const override;
  void onStop() override;
  bool pollChannels();
  [[nodiscard]] bool hasWaitingChannel() const;
  void removeDrainedQueues();

  TickClock clock_ = TickClock::calibrate();
  WorkerCounters ownCounters_;
  WorkerCounters& counters_;
  StageMeter stages_{clock_, counters_.stages};
  Uring* uring_ = nullptr; // The thread's, while it runs.
  std::unique_ptr<BufferPool> buffers_;
  std::unique_ptr<ChannelContext> context_;
  std::unique_ptr<SlabPool<BlockRequest>> requests_;
  std::unique_ptr<SlabPool<SegmentBlock>> segmentBlocks_;
  std::vector<iovec> segmentScratch_;
  std::unordered_map<BlockStore*, std::unique_ptr<StoreChannel>> channels_;
  std::vector<std::unique_ptr<BlockQueue>> queues_;
  std::vector<BlockQueue*> active_;
  std::vector<BlockQueue*> held_;
  std::vector<BlockQueue*> answered_;
  std::vector<BlockQueue*> stopping_;
  DataThread thread_;
};

} // namespace argon::block
