// SPDX-License-Identifier: Apache-2.0
#pragma once

// A data thread. It owns the rings given to it, one io_uring, buffers and request memory; it has
// one place to wait, that io_uring, in which kicks, disk completions and the mailbox all end up.
// Once a ring is started the thread takes no lock and allocates nothing for it, and never calls
// Node.
//
// A round: take chains from every active ring, submit once, reap once, publish and call once a
// ring. When a round did nothing, look on for a while (PollWindow), then ask the drivers for kicks
// and sleep.

#include "base/mailbox.h"
#include "base/result.h"
#include "base/slab_pool.h"
#include "base/stage_meter.h"
#include "base/tick_clock.h"
#include "base/uring.h"
#include "block/counters.h"
#include "block/poll_window.h"
#include "block/queue.h"
#include "block/request.h"
#include "storage/block_store.h"
#include "storage/buffer_pool.h"

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace argon::block {

class Worker {
public:
  using Task = std::function<void()>;
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
  ~Worker();

  /// Runs a task on the worker's thread, between rounds. From any thread.
  void post(Task task);
  /// Any thread.
  [[nodiscard]] const WorkerCounters& counters() const { return counters_; }
  /// Ends the thread. All queues and channels must be gone. From another thread; returns when it
  /// has ended.
  void stop();

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
  // The mailbox's eventfd, watched like a kick.
  class MailboxWatch final : public UringCompletion {
  public:
    explicit MailboxWatch(Worker& worker) : worker_(worker) {}
    void onCompletion(std::int32_t result, std::uint32_t flags) override;
    void begin();

  private:
    Worker& worker_;
  };

  explicit Worker(const Options& options);
  [[nodiscard]] Result<void> prepare();
  void run();
  void noteWork();
  bool runRound();
  void runTasks();
  bool pollChannels();
  [[nodiscard]] bool hasWaitingChannel() const;
  void rest();
  void pause();
  void sleep();
  void removeDrainedQueues();

  Options options_;
  PollWindow pollWindow_;
  TickClock clock_ = TickClock::calibrate();
  WorkerCounters ownCounters_;
  WorkerCounters& counters_;
  StageMeter stages_{clock_, counters_.stages};
  bool isLookingOn_ = false; // Polls without having found anything so far.
  std::unique_ptr<Mailbox<Task>> mailbox_;
  std::vector<Task> tasks_;
  std::unique_ptr<Uring> uring_;
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
  MailboxWatch mailboxWatch_;
  bool hasMail_ = false;
  bool isStopping_ = false;
  std::uint64_t idleSinceNs_ = 0;
  std::jthread thread_;
};

} // namespace argon::block
