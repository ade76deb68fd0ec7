// SPDX-License-Identifier: Apache-2.0
#include "frontend/load.h"

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
#include "memory/guest_address.h"
#include "virtio/spec/blk.h"
#include "virtio/spec/ring.h"

#include <poll.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace argon::frontend {

namespace blk = virtio::spec::blk;

namespace {

// A request without an answer for this long means that the back end hangs.
constexpr std::uint64_t kHangNs = 20'000'000'000;
// How long a load that was cancelled waits for a request: whoever cancels wants to go on.
constexpr std::uint64_t kCancelledHangNs = 1'000'000'000;
// How often a sleeping load looks whether it was cancelled.
constexpr int kSleepMs = 100;

constexpr std::uint16_t kDescriptorsPerRequest = 3;

// xorshift64*: fast, and good enough to spread requests over a device.
class Random {
public:
  explicit Random(std::uint64_t seed) : state_(seed * 2 + 1) {}
  std::uint64_t below(std::uint64_t limit) {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545F4914F6CDD1D % limit;
  }

private:
  std::uint64_t state_;
};

bool isWrite(LoadPattern pattern) {
  return pattern == LoadPattern::Write || pattern == LoadPattern::RandomWrite;
}
bool isRandom(LoadPattern pattern) {
  return pattern == LoadPattern::RandomRead || pattern == LoadPattern::RandomWrite;
}

// One ring under load. Request n always uses descriptors 3n to 3n+2, whose addresses and flags are
// written once.
class LoadedQueue {
public:
  LoadedQueue(Session& session, std::uint16_t index, const LoadOptions& options,
              std::uint64_t blockCount)
      : session_(session), queue_(session.queue(index)), index_(index), options_(options),
        blockCount_(blockCount), random_(options.seed + index), submittedNs_(options.depth) {}

  Result<void> prepare() {
    Arena& arena = session_.arena();
    const bool isWriting = isWrite(options_.pattern);
    ARGON_TRY_ASSIGN(headers_, arena.allocate(sizeof(blk::RequestHeader) * options_.depth, 64));
    ARGON_TRY_ASSIGN(statuses_, arena.allocate(options_.depth, 64));
    ARGON_TRY_ASSIGN(const ArenaBlock data,
                     arena.allocate(std::size_t{options_.blockBytes} * options_.depth, 4096));
    // Data that no store can take for zeros or compress away.
    for (std::size_t position = 0; position + 8 <= data.bytes.size(); position += 8) {
      const std::uint64_t value = random_.below(UINT64_MAX);
      std::memcpy(data.bytes.data() + position, &value, sizeof value);
    }
    for (std::uint16_t slot = 0; slot < options_.depth; ++slot) {
      const auto first = static_cast<std::uint16_t>(slot * kDescriptorsPerRequest);
      const auto second = static_cast<std::uint16_t>(first + 1);
      const auto third = static_cast<std::uint16_t>(first + 2);
      const std::uint16_t dataFlags = isWriting ? std::uint16_t{0} : virtio::spec::DESC_F_WRITE;
      queue_.writeDescriptor(first,
                             {.addr = headers_.address.get() + sizeof(blk::RequestHeader) * slot,
                              .len = std::uint32_t{sizeof(blk::RequestHeader)},
                              .flags = virtio::spec::DESC_F_NEXT,
                              .next = second});
      queue_.writeDescriptor(
          second, {.addr = data.address.get() + std::uint64_t{options_.blockBytes} * slot,
                   .len = options_.blockBytes,
                   .flags = static_cast<std::uint16_t>(virtio::spec::DESC_F_NEXT | dataFlags),
                   .next = third});
      queue_.writeDescriptor(third, {.addr = statuses_.address.get() + slot,
                                     .len = std::uint32_t{1},
                                     .flags = virtio::spec::DESC_F_WRITE,
                                     .next = std::uint16_t{0}});
    }
    return {};
  }

  void submit(std::uint16_t slot, std::uint64_t nowNs) {
    const std::uint64_t block =
        isRandom(options_.pattern) ? random_.below(blockCount_) : nextBlock_++ % blockCount_;
    const blk::RequestHeader header{.type = isWrite(options_.pattern) ? blk::T_OUT : blk::T_IN,
                                    .reserved = std::uint32_t{0},
                                    .sector = block * (options_.blockBytes / blk::SECTOR_BYTES)};
    std::memcpy(headers_.bytes.data() + sizeof header * slot, &header, sizeof header);
    statuses_.bytes[slot] = std::byte{0xff};
    submittedNs_[slot] = nowNs;
    queue_.offerHead(static_cast<std::uint16_t>(slot * kDescriptorsPerRequest));
    ++underWayCount_;
  }

  void publish() {
    if (queue_.publish()) {
      session_.kick(index_);
    }
  }

  // Takes all answers that are there, measures them where there is a histogram, and replaces each
  // while `isRefilling`.
  Result<unsigned> reap(LoadResult& result, FineHistogram* latency, bool isRefilling) {
    const std::uint16_t count = used_.waitingCount();
    if (count == 0) {
      return 0U;
    }
    if (count > underWayCount_) {
      return Error(ErrorKind::Protocol, "the device used more chains than were offered");
    }
    const std::uint64_t nowNs = monotonicNs();
    for (std::uint16_t number = 0; number < count; ++number) {
      ARGON_TRY_ASSIGN(const std::uint16_t slot, takeSlot());
      --underWayCount_;
      if (latency != nullptr) {
        latency->record(nowNs - submittedNs_[slot]);
        ++result.operationCount;
        result.byteCount += options_.blockBytes;
      }
      if (statuses_.bytes[slot] != std::byte{blk::S_OK}) {
        ++result.errorCount;
      }
      if (isRefilling) {
        submit(slot, nowNs);
      }
    }
    if (options_.wait == LoadWait::Polling) {
      used_.refuseCalls();
    }
    if (isRefilling) {
      publish();
    }
    return unsigned{count};
  }

  // Asks to be called for the next answer; true if one is there already.
  [[nodiscard]] bool enableCalls() { return used_.enableCalls(); }

  void start() {
    used_ = UsedCursor(queue_);
    if (options_.wait == LoadWait::Polling) {
      used_.refuseCalls();
    }
    const std::uint64_t nowNs = monotonicNs();
    for (std::uint16_t slot = 0; slot < options_.depth; ++slot) {
      submit(slot, nowNs);
    }
    publish();
  }

  [[nodiscard]] unsigned underWayCount() const { return underWayCount_; }
  [[nodiscard]] int callFd() const { return session_.callFd(index_); }
  // The ring as its next user expects it.
  void finish() { queue_.forgetChains(); }

private:
  Result<std::uint16_t> takeSlot() {
    const std::uint32_t head = used_.take().id.get();
    const std::uint32_t slot = head / kDescriptorsPerRequest;
    if (head % kDescriptorsPerRequest != 0 || slot >= options_.depth) {
      return Error(ErrorKind::Protocol, concat("the device used chain ", head));
    }
    return static_cast<std::uint16_t>(slot);
  }

  Session& session_;
  DriverQueue& queue_;
  std::uint16_t index_;
  const LoadOptions& options_;
  std::uint64_t blockCount_;
  Random random_;
  ArenaBlock headers_{};
  ArenaBlock statuses_{};
  std::vector<std::uint64_t> submittedNs_;
  std::uint64_t nextBlock_ = 0;
  unsigned underWayCount_ = 0;
  UsedCursor used_{queue_};
};

class LoadRun {
public:
  LoadRun(std::vector<LoadedQueue>& queues, const LoadOptions& options)
      : queues_(queues), options_(options) {}

  Result<LoadResult> run() {
    for (LoadedQueue& queue : queues_) {
      waiting_.push_back({.fd = queue.callFd(), .events = POLLIN, .revents = 0});
      queue.start();
    }
    const std::uint64_t startNs = monotonicNs();
    lastAnswerNs_ = startNs;
    while (monotonicNs() - startNs < options_.warmupNs && !isCancelled()) {
      ARGON_TRY(turn(nullptr, true));
    }
    const std::uint64_t measuredFromNs = monotonicNs();
    while (monotonicNs() - measuredFromNs < options_.durationNs && !isCancelled()) {
      ARGON_TRY(turn(latency_.get(), true));
    }
    result_.elapsedNs = monotonicNs() - measuredFromNs;
    while (isAnyUnderWay()) {
      ARGON_TRY(turn(nullptr, false));
    }
    result_.latency = latency_->read();
    return std::move(result_);
  }

private:
  [[nodiscard]] bool isAnyUnderWay() const {
    return std::ranges::any_of(queues_,
                               [](const auto& queue) { return queue.underWayCount() > 0; });
  }

  [[nodiscard]] bool isCancelled() const {
    return options_.isCancelled != nullptr &&
           options_.isCancelled->load(std::memory_order_relaxed); // It carries nothing with it.
  }

  // A few looks at every ring for each look at the clock.
  Result<void> turn(FineHistogram* latency, bool isRefilling) {
    constexpr int kLooksPerTurn = 64;
    for (int look = 0; look < kLooksPerTurn; ++look) {
      unsigned count = 0;
      for (LoadedQueue& queue : queues_) {
        ARGON_TRY_ASSIGN(const unsigned some, queue.reap(result_, latency, isRefilling));
        count += some;
      }
      if (count > 0) {
        isIdle_ = false;
      } else if (options_.wait == LoadWait::EventFd) {
        ARGON_TRY(sleep());
        return {};
      } else {
        relaxCpu();
      }
    }
    return noteProgress();
  }

  Result<void> noteProgress() {
    const std::uint64_t nowNs = monotonicNs();
    if (!std::exchange(isIdle_, true)) {
      lastAnswerNs_ = nowNs;
    } else if (nowNs - lastAnswerNs_ > (isCancelled() ? kCancelledHangNs : kHangNs)) {
      return Error(ErrorKind::TimedOut, "the back end stopped answering under load");
    }
    return {};
  }

  Result<void> sleep() {
    if (!isAnyUnderWay()) {
      return {}; // The last answers came in this very turn; nothing calls any more.
    }
    for (LoadedQueue& queue : queues_) {
      if (queue.underWayCount() > 0 && queue.enableCalls()) {
        return {};
      }
    }
    ::poll(waiting_.data(), waiting_.size(), kSleepMs);
    for (const pollfd& entry : waiting_) {
      if (entry.revents != 0) {
        std::uint64_t count = 0; // Not looked at: the ring tells what is there.
        [[maybe_unused]] const ssize_t status = ::read(entry.fd, &count, sizeof count);
        isIdle_ = false;
      }
    }
    return noteProgress();
  }

  std::vector<LoadedQueue>& queues_;
  const LoadOptions& options_;
  LoadResult result_;
  std::vector<pollfd> waiting_;
  std::unique_ptr<FineHistogram> latency_ = std::make_unique<FineHistogram>();
  std::uint64_t lastAnswerNs_ = 0;
  bool isIdle_ = true;
};

} // namespace

std::uint16_t queueSizeFor(std::uint16_t depth) {
  const auto descriptorCount = static_cast<std::uint32_t>(depth * kDescriptorsPerRequest);
  return static_cast<std::uint16_t>(std::min<std::uint32_t>(
      std::bit_ceil(std::max<std::uint32_t>(descriptorCount, 4)), virtio::spec::kQueueSizeMax));
}

std::size_t arenaBytesFor(const LoadOptions& options, std::uint16_t queueCount) {
  const std::size_t perQueue = std::size_t{options.depth} * options.blockBytes +
                               std::size_t{queueSizeFor(options.depth)} * 32 + 65'536;
  return perQueue * queueCount + 1'048'576;
}

Result<LoadResult> runLoad(Session& session, const LoadOptions& options) {
  const std::uint64_t deviceBytes = session.config().capacity.get() * blk::SECTOR_BYTES;
  const std::uint64_t spanBytes =
      options.spanBytes == 0 ? deviceBytes : std::min(options.spanBytes, deviceBytes);
  if (options.blockBytes == 0 || options.blockBytes % blk::SECTOR_BYTES != 0 ||
      options.blockBytes > spanBytes) {
    return Error(ErrorKind::InvalidArgument,
                 concat("blocks of ", options.blockBytes, " bytes on ", spanBytes, " bytes"));
  }
  const std::uint64_t blockCount = spanBytes / options.blockBytes;
  const std::uint16_t queueSize =
      session.queueCount() == 0 ? std::uint16_t{0} : session.queue(0).size();
  if (options.depth == 0 || options.depth * kDescriptorsPerRequest > queueSize) {
    return Error(ErrorKind::InvalidArgument,
                 concat("a depth of ", options.depth, " on rings of ", queueSize, " descriptors"));
  }
  ARGON_TRY(pinThisThread(options.cpus));
  const std::size_t mark = session.arena().mark();
  std::vector<LoadedQueue> queues;
  queues.reserve(session.queueCount());
  for (std::uint16_t index = 0; index < session.queueCount(); ++index) {
    queues.emplace_back(session, index, options, blockCount);
    ARGON_TRY(queues.back().prepare());
  }
  Result<LoadResult> result = LoadRun(queues, options).run();
  if (result) {
    for (LoadedQueue& queue : queues) {
      queue.finish();
    }
    session.arena().releaseTo(mark);
    if (options.isCancelled != nullptr && options.isCancelled->load(std::memory_order_relaxed)) {
      return Error(ErrorKind::Closed, "the load was cancelled");
    }
  }
  return result;
}

} // namespace argon::frontend
