// SPDX-License-Identifier: Apache-2.0
#pragma once

// One ring of a block device at work, on its worker's thread.
//
//     Armed ◀──▶ Active ──▶ Stopping ──▶ stopped (the worker destroys it)
//     Held ◀────▶┘ │           ▲
//                  └──▶ Broken ┘
//
// Active: the worker looks at the ring in each round. Armed: the driver is asked to kick, and the
// kick descriptor is watched. Held: the store takes no more for now; the worker looks at it again
// when that changes. Broken: the driver wrote something into the ring that no driver can mean;
// nothing more is taken until the front end stops and starts it. Any of them may stop.

#include "base/log.h"
#include "base/uring_watch.h"
#include "block/counters.h"
#include "block/queue_meter.h"
#include "block/request.h"
#include "storage/block_store.h"
#include "vhost_user/device.h"
#include "virtio/chain.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

namespace argon::block {

class Worker;

/// What a queue needs to know of its device. Outlives it. The session's thread changes the atomics
/// while queues run.
struct QueueDevice {
  std::atomic<std::uint64_t> capacitySectors = 0;
  /// What the driver last wrote into the field `writeback` of the configuration.
  std::atomic<bool> isWriteBack = true;
  std::uint64_t sectorsPerBlock = 1;
  bool isReadOnly = false;
  std::array<std::byte, virtio::spec::blk::ID_BYTES> id{};
};

class BlockQueue final : private StoreSink {
public:
  /// Everything by reference outlives the queue. `channel` is null if the store could not be
  /// opened: then the ring is broken from the start.
  BlockQueue(vhost_user::RingStart start, const QueueDevice& device, StoreChannel* channel,
             QueueCounters& counters, Worker& worker, Log log);
  BlockQueue(const BlockQueue&) = delete;
  BlockQueue& operator=(const BlockQueue&) = delete;
  ~BlockQueue();

  /// Takes at most `budget` chains and starts their requests. Returns how many it took.
  unsigned process(unsigned budget);
  /// Makes answers visible and calls the driver if it wants that. After process() and completions.
  void publish();

  /// True if process() may have something to do. Chains that an earlier back end took are worked
  /// off even while stopping: nobody else would know of them.
  [[nodiscard]] bool isActive() const {
    return state_ == State::Active || (state_ == State::Stopping && hasUnanswered());
  }
  /// Asks the driver for kicks. True if the queue may sleep: no chain came meanwhile, or the store
  /// takes none.
  [[nodiscard]] bool arm();
  /// The other way from Held. True if the queue is not held any more, whatever it is now.
  [[nodiscard]] bool resume();
  /// Has what the store holds back started, for a queue that stops.
  void drainStore();

  using StopDone = std::function<void(std::uint32_t base)>;
  /// Takes no more chains. `done` is for whoever calls finishStop().
  void stop(StopDone done);
  /// True if the queue was stopped and nothing of it is under way any more.
  [[nodiscard]] bool isDrained() const;
  /// Makes the last answers visible. What it returns is to be called once the queue is destroyed,
  /// and guest memory let go of with it.
  [[nodiscard]] std::function<void()> finishStop();

  void setCall(vhost_user::SharedFd call);
  [[nodiscard]] std::uint16_t index() const { return start_.index; }

private:
  enum class State : std::uint8_t { Armed, Active, Held, Broken, Stopping };

  void onStoreDone(StoreRequest& request, StoreStatus status) override;
  void onKick(UringWatch::Signal signal);
  void activate();
  [[nodiscard]] bool hasUnanswered() const { return !isBroken_ && start_.queue.hasUnanswered(); }
  void begin(const virtio::Chain& chain, BlockRequest& request);
  void beginTransfer(BlockRequest& request, const RequestParts& parts);
  void beginRanges(BlockRequest& request, const RequestParts& parts);
  [[nodiscard]] std::uint8_t readRanges(BlockRequest& request, const RequestParts& parts);
  bool submitNextRange(BlockRequest& request);
  [[nodiscard]] bool isInDevice(std::uint64_t sector, std::uint64_t sectorCount) const;
  [[nodiscard]] bool isWriteThrough() const;
  void beginFlush(BlockRequest& request, const RequestParts& parts);
  void answerId(BlockRequest& request, const RequestParts& parts);
  void keepSegments(BlockRequest& request, std::span<const iovec> segments);
  void submit(BlockRequest& request);
  void logWrites(const BlockRequest& request) const;
  void fail(BlockRequest& request, const RequestParts& parts, std::uint8_t status);
  void answer(BlockRequest& request, std::uint8_t status, std::uint32_t writtenBytes);
  void noteMalformed(std::uint16_t head, virtio::ChainFault fault);
  void breakRing(std::string_view reason);

  vhost_user::RingStart start_;
  const QueueDevice& device_;
  StoreChannel* channel_;
  QueueCounters& counters_;
  QueueMeter meter_;
  Worker& worker_;
  Log log_;
  RateLimiter warnings_{4};
  State state_ = State::Active;
  bool isBroken_ = false;
  UringWatch kickWatch_;
  virtio::ChainRules rules_;
  std::uint32_t takenCount_ = 0;
  // True from the start, so that the driver is called once: a call may have been lost before.
  bool hasAnswers_ = true;
  StopDone stopDone_;
};

} // namespace argon::block
