// SPDX-License-Identifier: Apache-2.0
#include "frontend/net_load.h"

#include "base/clock.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/histogram.h"
#include "base/result.h"
#include "base/text.h"
#include "frontend/arena.h"
#include "frontend/driver_queue.h"
#include "frontend/load_frames.h"
#include "frontend/session.h"
#include "frontend/used_cursor.h"
#include "frontend/wait.h"
#include "virtio/spec/net.h"
#include "virtio/spec/ring.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace argon::frontend {

namespace net = virtio::spec::net;

namespace {

constexpr std::uint16_t kReceiveIndex = 0;
constexpr std::uint16_t kTransmitIndex = 1;

// Frames that nobody has seen for this long are lost: the back end has had its turn many times.
constexpr std::uint64_t kLostNs = 1'000'000'000;
// A back end that takes no frame for this long hangs.
constexpr std::uint64_t kHangNs = 20'000'000'000;

// How long to wait for the rings to start at most. Arbitrary; long beside what it takes.
constexpr std::uint64_t kStartNs = 500'000'000;

// Frames that become visible at once; arbitrary, about what drivers do.
constexpr std::uint32_t kBurstMax = 64;

constexpr std::size_t kCacheLineBytes = 64;

std::size_t bufferBytesOf(std::uint32_t frameBytes) {
  const std::size_t bytes = sizeof(net::Header) + frameBytes;
  return (bytes + kCacheLineBytes - 1) / kCacheLineBytes * kCacheLineBytes;
}

// One ring under load: entry n always is descriptor n, with a buffer of its own.
class LoadedRing {
public:
  LoadedRing(Session& session, std::uint16_t index)
      : session_(session), queue_(session.queue(index)), index_(index) {}

  Result<void> prepare(std::uint32_t frameBytes, std::uint16_t count) {
    bufferBytes_ = bufferBytesOf(frameBytes);
    usedBytes_ = sizeof(net::Header) + frameBytes;
    ARGON_TRY_ASSIGN(const ArenaBlock buffers,
                     session_.arena().allocate(bufferBytes_ * count, kCacheLineBytes));
    buffers_ = buffers.bytes;
    const bool isReceiving = index_ == kReceiveIndex;
    count_ = count;
    for (std::uint16_t slot = 0; slot < count; ++slot) {
      std::ranges::fill(bufferOf(slot), std::byte{0});
      queue_.writeDescriptor(slot,
                             {.addr = buffers.address.get() + bufferBytes_ * slot,
                              .len = static_cast<std::uint32_t>(usedBytes_),
                              .flags = isReceiving ? virtio::spec::DESC_F_WRITE : std::uint16_t{0},
                              .next = std::uint16_t{0}});
    }
    used_ = UsedCursor(queue_);
    used_.refuseCalls();
    return {};
  }

  [[nodiscard]] std::uint16_t count() const { return count_; }
  /// Header and frame.
  [[nodiscard]] std::span<std::byte> bufferOf(std::uint16_t slot) const {
    return buffers_.subspan(bufferBytes_ * slot, usedBytes_);
  }
  void offer(std::uint16_t slot) { queue_.offerHead(slot); }
  void publish() {
    if (queue_.publish()) {
      session_.kick(index_);
    }
  }

  /// Takes the answers that are there; `onUsed` is called with the slot and the length of each.
  template <typename OnUsed>
  Result<std::uint16_t> reap(const OnUsed& onUsed) {
    const std::uint16_t waiting = used_.waitingCount();
    if (waiting > count_) {
      return Error(ErrorKind::Protocol, "the device used more buffers than were offered");
    }
    for (std::uint16_t number = 0; number < waiting; ++number) {
      const virtio::spec::UsedElement element = used_.take();
      if (element.id.get() >= count_) {
        return Error(ErrorKind::Protocol, concat("the device used buffer ", element.id.get()));
      }
      onUsed(static_cast<std::uint16_t>(element.id.get()), element.len.get());
    }
    if (waiting > 0) {
      used_.refuseCalls();
    }
    return waiting;
  }

private:
  Session& session_;
  DriverQueue& queue_;
  std::uint16_t index_;
  std::uint16_t count_ = 0;
  std::size_t bufferBytes_ = 0;
  std::size_t usedBytes_ = 0;
  std::span<std::byte> buffers_;
  UsedCursor used_{queue_};
};

// One way: a ring that sends and the ring at the other end.
class Direction {
public:
  Direction(Session& source, Session& target, const NetLoadOptions& options, LoadWay way)
      : sending_(source, kTransmitIndex), receiving_(target, kReceiveIndex),
        frames_(options.traffic, way, options.frameBytes), frameBytes_(options.frameBytes),
        flowCount_(options.traffic.flowCount) {}

  Result<void> prepare(std::uint16_t sendCount, std::uint16_t receiveCount) {
    ARGON_TRY(sending_.prepare(frameBytes_, sendCount));
    ARGON_TRY(receiving_.prepare(frameBytes_, receiveCount));
    for (std::uint16_t slot = 0; slot < sendCount; ++slot) {
      frames_.write(sending_.bufferOf(slot));
      freeSlots_.push_back(slot);
    }
    for (std::uint16_t slot = 0; slot < receiveCount; ++slot) {
      receiving_.offer(slot);
    }
    receiving_.publish();
    return {};
  }

  // Sends a burst until so many frames are under way. Returns how many it sent.
  std::uint32_t send(std::uint64_t underWayMax) {
    std::uint32_t sent = 0;
    for (; sent < kBurstMax && underWayCount_ < underWayMax && !freeSlots_.empty(); ++sent) {
      const std::uint16_t slot = freeSlots_.back();
      freeSlots_.pop_back();
      frames_.setFlow(sending_.bufferOf(slot), nextFlow_);
      nextFlow_ = nextFlow_ + 1 == flowCount_ ? 0 : nextFlow_ + 1;
      sending_.offer(slot);
      ++underWayCount_;
    }
    if (sent > 0) {
      sending_.publish();
      sentCount_ += sent;
    }
    return sent;
  }

  // Takes what was answered at both ends. Returns how many frames came out.
  Result<std::uint32_t> reap() {
    ARGON_TRY(sending_.reap(
        [this](std::uint16_t slot, std::uint32_t /*bytes*/) { freeSlots_.push_back(slot); }));
    std::uint32_t count = 0;
    ARGON_TRY_ASSIGN(const std::uint16_t usedCount,
                     receiving_.reap([this, &count](std::uint16_t slot, std::uint32_t bytes) {
                       // What else comes (a question of the back end's own) is none of ours.
                       count += bytes == sizeof(net::Header) + frameBytes_ ? 1 : 0;
                       receiving_.offer(slot);
                     }));
    if (count > underWayCount_) {
      return Error(ErrorKind::Protocol, "more frames came out than were sent");
    }
    if (usedCount > 0) {
      receiving_.publish();
      underWayCount_ -= count;
    }
    return count;
  }

  [[nodiscard]] std::uint64_t underWayCount() const { return underWayCount_; }
  [[nodiscard]] std::uint64_t sentCount() const { return sentCount_; }
  // True if the back end has taken all that was sent.
  [[nodiscard]] bool isTaken() const { return freeSlots_.size() == sending_.count(); }
  std::uint64_t forgetLost() { return std::exchange(underWayCount_, 0); }

private:
  LoadedRing sending_;
  LoadedRing receiving_;
  LoadFrames frames_;
  std::uint32_t frameBytes_;
  std::uint32_t flowCount_;
  std::uint32_t nextFlow_ = 0;
  std::vector<std::uint16_t> freeSlots_;
  std::uint64_t underWayCount_ = 0;
  std::uint64_t sentCount_ = 0;
};

class NetLoadRun {
public:
  NetLoadRun(Direction& there, Direction& back, const NetLoadOptions& options)
      : there_(there), back_(back), options_(options) {}

  Result<NetLoadResult> run() {
    lastMoveNs_ = monotonicNs();
    if (options_.isAnswered) {
      ARGON_TRY(passEachFlow(there_));
      ARGON_TRY(passEachFlow(back_));
    }
    const std::uint64_t startNs = monotonicNs();
    lastFrameNs_ = lastMoveNs_ = pingNs_ = startNs;
    while (monotonicNs() - startNs < options_.warmupNs && !isOver()) {
      ARGON_TRY(turn());
    }
    const std::uint64_t measuredFromNs = monotonicNs();
    const std::uint64_t framesBefore = frameCount_;
    isMeasuring_ = true;
    while (monotonicNs() - measuredFromNs < options_.durationNs && !isOver()) {
      ARGON_TRY(turn());
    }
    isMeasuring_ = false;
    // Of a load that has an end, waiting for what was lost is no part.
    result_.elapsedNs = (isOver() ? lastFrameNs_ : monotonicNs()) - measuredFromNs;
    result_.frameCount = frameCount_ - framesBefore;
    result_.byteCount = result_.frameCount * options_.frameBytes;
    ARGON_TRY(drain());
    result_.sentCount = there_.sentCount() + back_.sentCount();
    result_.latency = latency_->read();
    return std::move(result_);
  }

private:
  // All that was to be sent was, and nothing is under way any more.
  [[nodiscard]] bool isOver() const {
    return options_.sentCountMax != 0 && there_.sentCount() >= options_.sentCountMax &&
           there_.underWayCount() == 0;
  }

  // A frame of each flow, one way.
  Result<void> passEachFlow(Direction& way) {
    const std::uint64_t end = way.sentCount() + options_.traffic.flowCount;
    while (way.sentCount() < end || way.underWayCount() > 0) {
      ARGON_TRY_ASSIGN(const std::uint32_t count, way.reap());
      const std::uint64_t rest = end - way.sentCount();
      const std::uint32_t sent =
          way.send(std::min<std::uint64_t>(options_.depth, way.underWayCount() + rest));
      ARGON_TRY(noteProgress(count + sent > 0));
    }
    return {};
  }

  // Some looks at the rings for each look at the clock.
  Result<void> turn() {
    constexpr int kLooksPerTurn = 64;
    bool hasMoved = false;
    for (int look = 0; look < kLooksPerTurn; ++look) {
      ARGON_TRY_ASSIGN(const bool moved,
                       options_.pattern == NetLoadPattern::PingPong ? pingPong() : forward());
      if (!moved) {
        relaxCpu();
      }
      hasMoved = hasMoved || moved;
    }
    return noteProgress(hasMoved);
  }

  Result<bool> forward() {
    ARGON_TRY_ASSIGN(const std::uint32_t count, there_.reap());
    frameCount_ += count;
    std::uint64_t underWayMax = options_.pattern == NetLoadPattern::Flood
                                    ? std::numeric_limits<std::uint64_t>::max()
                                    : options_.depth;
    if (options_.sentCountMax != 0) {
      const std::uint64_t rest =
          options_.sentCountMax - std::min(options_.sentCountMax, there_.sentCount());
      underWayMax = std::min(underWayMax, there_.underWayCount() + rest);
    }
    const std::uint32_t sent = there_.send(underWayMax);
    return count + sent > 0;
  }

  Result<bool> pingPong() {
    ARGON_TRY_ASSIGN(const std::uint32_t arrived, there_.reap());
    frameCount_ += arrived;
    if (arrived > 0) {
      back_.send(1);
    }
    ARGON_TRY_ASSIGN(const std::uint32_t returned, back_.reap());
    const bool isBack = there_.underWayCount() == 0 && back_.underWayCount() == 0;
    if (isBack) {
      const std::uint64_t nowNs = monotonicNs();
      if (isMeasuring_ && returned > 0) {
        latency_->record(nowNs - pingNs_);
      }
      pingNs_ = nowNs;
      there_.send(1);
    }
    return arrived + returned > 0;
  }

  Result<void> noteProgress(bool hasMoved) {
    const std::uint64_t nowNs = monotonicNs();
    if (options_.isCancelled != nullptr && options_.isCancelled->load()) {
      return Error(ErrorKind::Closed, "the load was cancelled");
    }
    if (hasMoved) {
      lastFrameNs_ = lastMoveNs_ = nowNs;
      return {};
    }
    if (nowNs - lastMoveNs_ > kLostNs && there_.isTaken() && back_.isTaken()) {
      result_.lostCount += there_.forgetLost();
      result_.lostCount += back_.forgetLost();
      lastMoveNs_ = nowNs;
    } else if (nowNs - lastMoveNs_ > kHangNs) {
      return Error(ErrorKind::TimedOut, "the back end stopped taking frames under load");
    }
    return {};
  }

  Result<void> drain() {
    while (there_.underWayCount() + back_.underWayCount() > 0 || !there_.isTaken() ||
           !back_.isTaken()) {
      ARGON_TRY_ASSIGN(const std::uint32_t arrived, there_.reap());
      ARGON_TRY_ASSIGN(const std::uint32_t returned, back_.reap());
      ARGON_TRY(noteProgress(arrived + returned > 0));
    }
    return {};
  }

  Direction& there_;
  Direction& back_;
  const NetLoadOptions& options_;
  NetLoadResult result_;
  std::unique_ptr<FineHistogram> latency_ = std::make_unique<FineHistogram>();
  std::uint64_t frameCount_ = 0;
  std::uint64_t lastFrameNs_ = 0;
  // The same, or when what was lost was given up.
  std::uint64_t lastMoveNs_ = 0;
  std::uint64_t pingNs_ = 0;
  bool isMeasuring_ = false;
};

// Back ends answer before their data threads have started a ring, and lose what comes for it until
// then. Ours calls each ring when it starts it; others are given the time.
void awaitStart(const Session& source, const Session& target) {
  const std::uint64_t deadlineNs = monotonicNs() + kStartNs;
  for (const Session* session : {&source, &target}) {
    for (const std::uint16_t index : {kReceiveIndex, kTransmitIndex}) {
      const std::uint64_t nowNs = monotonicNs();
      const std::uint64_t leftNs = deadlineNs - std::min(nowNs, deadlineNs);
      static_cast<void>(waitForEvent(session->callFd(index), leftNs / 1'000'000));
    }
  }
}

Result<void> check(Session& session, const NetLoadOptions& options) {
  if (options.frameBytes < kLoadFrameBytesMin || options.depth == 0 ||
      options.traffic.flowCount == 0) {
    return Error(ErrorKind::InvalidArgument,
                 concat("frames of ", options.frameBytes, " bytes, ", options.depth, " at once, ",
                        options.traffic.flowCount, " flows"));
  }
  if (session.queueCount() < net::kQueuesPerPair ||
      session.queue(kReceiveIndex).size() < options.depth) {
    return Error(ErrorKind::InvalidArgument,
                 concat("a depth of ", options.depth, " on rings that have not as many entries"));
  }
  return {};
}

} // namespace

std::size_t netArenaBytesFor(const NetLoadOptions& options, std::uint16_t queueSize) {
  const std::size_t buffers =
      bufferBytesOf(options.frameBytes) * (std::size_t{queueSize} + options.depth);
  return buffers + net::kQueuesPerPair * std::size_t{queueSize} * 32 + 1'048'576;
}

Result<NetLoadResult> runNetLoad(Session& source, Session& target, const NetLoadOptions& options) {
  ARGON_TRY(check(source, options));
  ARGON_TRY(check(target, options));
  ARGON_TRY(pinThisThread(options.cpus));
  awaitStart(source, target);
  Direction there(source, target, options, LoadWay::There);
  Direction back(target, source, options, LoadWay::Back);
  ARGON_TRY(there.prepare(options.depth, target.queue(kReceiveIndex).size()));
  ARGON_TRY(back.prepare(options.depth, source.queue(kReceiveIndex).size()));
  return NetLoadRun(there, back, options).run();
}

} // namespace argon::frontend
