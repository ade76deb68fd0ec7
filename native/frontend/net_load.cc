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
#include "frontend/session.h"
#include "frontend/used_cursor.h"
#include "frontend/wait.h"
#include "virtio/spec/net.h"
#include "virtio/spec/ring.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
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
constexpr std::uint64_t kLostNs = 200'000'000;
// A back end that takes no frame for this long hangs.
constexpr std::uint64_t kHangNs = 20'000'000'000;

// How long to wait for a ring to start at most. Arbitrary; long beside what it takes.
constexpr std::uint64_t kStartMs = 500;

constexpr std::size_t kCacheLineBytes = 64;

std::size_t bufferBytesOf(std::uint32_t frameBytes) {
  const std::size_t bytes = sizeof(net::Header) + frameBytes;
  return (bytes + kCacheLineBytes - 1) / kCacheLineBytes * kCacheLineBytes;
}

// A UDP packet from 10.0.0.4 to 10.0.0.5; the checksum, which IPv4 can do without, is 0.
void writeFrame(std::span<std::byte> frame) {
  constexpr std::array<unsigned, kLoadFrameBytesMin> kHeaders = {
      2, 0,  0,  0, 0, 2,  2, 0, 0, 0,  0, 1, 8, 0,    0x45, 0,    0, 0, 0, 0, 0,
      0, 64, 17, 0, 0, 10, 0, 0, 4, 10, 0, 0, 5, 0x04, 0,    0x08, 0, 0, 0, 0, 0};
  std::ranges::transform(kHeaders, frame.begin(),
                         [](unsigned number) { return static_cast<std::byte>(number); });
  const auto putNumber = [frame](std::size_t offset, std::size_t number) {
    frame[offset] = static_cast<std::byte>(number >> 8);
    frame[offset + 1] = static_cast<std::byte>(number & 0xff);
  };
  putNumber(16, frame.size() - 14);
  putNumber(38, frame.size() - 34);
  std::uint32_t sum = 0;
  for (std::size_t offset = 14; offset < 34; offset += 2) {
    sum += std::to_integer<std::uint32_t>(frame[offset]) << 8 |
           std::to_integer<std::uint32_t>(frame[offset + 1]);
  }
  sum = (sum & 0xffff) + (sum >> 16);
  putNumber(24, ~((sum & 0xffff) + (sum >> 16)) & 0xffff);
}

// One ring under load: entry n always is descriptor n, with a buffer of its own.
class LoadedRing {
public:
  LoadedRing(Session& session, std::uint16_t index)
      : session_(session), queue_(session.queue(index)), index_(index) {}

  Result<void> prepare(std::uint32_t frameBytes, std::uint16_t count) {
    const std::size_t bufferBytes = bufferBytesOf(frameBytes);
    ARGON_TRY_ASSIGN(const ArenaBlock buffers,
                     session_.arena().allocate(bufferBytes * count, kCacheLineBytes));
    const bool isReceiving = index_ == kReceiveIndex;
    count_ = count;
    for (std::uint16_t slot = 0; slot < count; ++slot) {
      const std::size_t start = bufferBytes * slot;
      std::ranges::fill(buffers.bytes.subspan(start, sizeof(net::Header)), std::byte{0});
      if (!isReceiving) {
        writeFrame(buffers.bytes.subspan(start + sizeof(net::Header), frameBytes));
      }
      queue_.writeDescriptor(slot,
                             {.addr = buffers.address.get() + start,
                              .len = static_cast<std::uint32_t>(sizeof(net::Header) + frameBytes),
                              .flags = isReceiving ? virtio::spec::DESC_F_WRITE : std::uint16_t{0},
                              .next = std::uint16_t{0}});
    }
    used_ = UsedCursor(queue_);
    used_.refuseCalls();
    return {};
  }

  [[nodiscard]] std::uint16_t count() const { return count_; }
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
  UsedCursor used_{queue_};
};

// One way: a ring that sends and the ring at the other end.
class Direction {
public:
  Direction(Session& source, Session& target)
      : sending_(source, kTransmitIndex), receiving_(target, kReceiveIndex) {}

  Result<void> prepare(const NetLoadOptions& options, std::uint16_t receiveCount) {
    ARGON_TRY(sending_.prepare(options.frameBytes, options.depth));
    ARGON_TRY(receiving_.prepare(options.frameBytes, receiveCount));
    for (std::uint16_t slot = 0; slot < options.depth; ++slot) {
      freeSlots_.push_back(slot);
    }
    for (std::uint16_t slot = 0; slot < receiveCount; ++slot) {
      receiving_.offer(slot);
    }
    receiving_.publish();
    return {};
  }

  // Sends until so many frames are under way. Returns how many it sent.
  std::uint32_t send(std::uint32_t underWayMax) {
    std::uint32_t sent = 0;
    for (; underWayCount_ < underWayMax && !freeSlots_.empty(); ++sent) {
      sending_.offer(freeSlots_.back());
      freeSlots_.pop_back();
      ++underWayCount_;
    }
    if (sent > 0) {
      sending_.publish();
    }
    return sent;
  }

  // Takes what was answered at both ends. Returns how many frames came out.
  Result<std::uint32_t> reap() {
    ARGON_TRY(sending_.reap(
        [this](std::uint16_t slot, std::uint32_t /*bytes*/) { freeSlots_.push_back(slot); }));
    ARGON_TRY_ASSIGN(const std::uint16_t count,
                     receiving_.reap([this](std::uint16_t slot, std::uint32_t bytes) {
                       byteCount_ += bytes - sizeof(net::Header);
                       receiving_.offer(slot);
                     }));
    if (count > underWayCount_) {
      return Error(ErrorKind::Protocol, "more frames came out than were sent");
    }
    if (count > 0) {
      receiving_.publish();
      underWayCount_ -= count;
    }
    return std::uint32_t{count};
  }

  [[nodiscard]] std::uint32_t underWayCount() const { return underWayCount_; }
  // True if the back end has taken all that was sent.
  [[nodiscard]] bool isTaken() const { return freeSlots_.size() == sending_.count(); }
  [[nodiscard]] std::uint64_t byteCount() const { return byteCount_; }
  std::uint32_t forgetLost() { return std::exchange(underWayCount_, 0); }

private:
  LoadedRing sending_;
  LoadedRing receiving_;
  std::vector<std::uint16_t> freeSlots_;
  std::uint32_t underWayCount_ = 0;
  std::uint64_t byteCount_ = 0;
};

class NetLoadRun {
public:
  NetLoadRun(Direction& there, Direction& back, const NetLoadOptions& options)
      : there_(there), back_(back), options_(options) {}

  Result<NetLoadResult> run() {
    const std::uint64_t startNs = monotonicNs();
    lastFrameNs_ = pingNs_ = startNs;
    while (monotonicNs() - startNs < options_.warmupNs) {
      ARGON_TRY(turn());
    }
    const std::uint64_t measuredFromNs = monotonicNs();
    const std::uint64_t bytesBefore = there_.byteCount();
    const std::uint64_t framesBefore = frameCount_;
    isMeasuring_ = true;
    while (monotonicNs() - measuredFromNs < options_.durationNs) {
      ARGON_TRY(turn());
    }
    isMeasuring_ = false;
    result_.elapsedNs = monotonicNs() - measuredFromNs;
    result_.frameCount = frameCount_ - framesBefore;
    result_.byteCount = there_.byteCount() - bytesBefore;
    ARGON_TRY(drain());
    result_.latency = latency_->read();
    return std::move(result_);
  }

private:
  // Some looks at the rings for each look at the clock.
  Result<void> turn() {
    constexpr int kLooksPerTurn = 64;
    bool hasMoved = false;
    for (int look = 0; look < kLooksPerTurn; ++look) {
      ARGON_TRY_ASSIGN(const bool moved,
                       options_.pattern == NetLoadPattern::Forward ? forward() : pingPong());
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
    const std::uint32_t sent = there_.send(options_.depth);
    return count + sent > 0;
  }

  Result<bool> pingPong() {
    ARGON_TRY_ASSIGN(const std::uint32_t arrived, there_.reap());
    frameCount_ += arrived;
    if (arrived > 0) {
      back_.send(1);
    }
    ARGON_TRY_ASSIGN(const std::uint32_t returned, back_.reap());
    const bool isOver = there_.underWayCount() == 0 && back_.underWayCount() == 0;
    if (isOver) {
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
    if (hasMoved) {
      lastFrameNs_ = nowNs;
      return {};
    }
    if (nowNs - lastFrameNs_ > kLostNs && there_.isTaken() && back_.isTaken()) {
      result_.lostCount += there_.forgetLost();
      result_.lostCount += back_.forgetLost();
      lastFrameNs_ = nowNs;
    } else if (nowNs - lastFrameNs_ > kHangNs) {
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
  std::uint64_t pingNs_ = 0;
  bool isMeasuring_ = false;
};

// Back ends answer before their data threads have started a ring, and lose what comes for it until
// then. Ours calls each ring when it starts it; others are given the time.
void awaitStart(const Session& session) {
  for (const std::uint16_t index : {kReceiveIndex, kTransmitIndex}) {
    static_cast<void>(waitForEvent(session.callFd(index), kStartMs));
  }
}

Result<void> check(Session& session, const NetLoadOptions& options) {
  if (options.frameBytes < kLoadFrameBytesMin || options.depth == 0) {
    return Error(ErrorKind::InvalidArgument,
                 concat("frames of ", options.frameBytes, " bytes, ", options.depth, " at once"));
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
  awaitStart(source);
  awaitStart(target);
  Direction there(source, target);
  Direction back(target, source);
  ARGON_TRY(there.prepare(options, target.queue(kReceiveIndex).size()));
  ARGON_TRY(back.prepare(options, source.queue(kReceiveIndex).size()));
  return NetLoadRun(there, back, options).run();
}

} // namespace argon::frontend
