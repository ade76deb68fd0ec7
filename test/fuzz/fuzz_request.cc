// SPDX-License-Identifier: Apache-2.0

// Whole rings of block requests of either layout from bytes, through a worker's queue over a store
// that answers when and how the bytes say: every byte of guest memory and of the store, what was
// counted, who was called and where the ring stopped must be what the model says.

#include "base/check.h"
#include "base/log.h"
#include "base/poll_window.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "block/counters.h"
#include "block/queue.h"
#include "block/worker.h"
#include "fuzz/device_model.h"
#include "fuzz/guest_scene.h"
#include "fuzz/held_store.h"
#include "fuzz/target.h"
#include "fuzz/work_script.h"
#include "storage/block_store.h"
#include "support/byte_source.h"
#include "support/ring_start.h"
#include "vhost_user/device.h"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <future>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace argon::fuzz {

namespace {

constexpr std::uint64_t kStoreBytes = std::uint64_t{64} * 1024;
constexpr std::string_view kId = "vol-fuzz";

struct Outcome {
  std::uint32_t base = 0;
  Counts counts;
};

Counts countsOf(const block::QueueCounters& counters) {
  using block::RequestKind;
  return {.reads = counters.requestsOf(RequestKind::Read).get(),
          .readBytes = counters.bytesOf(RequestKind::Read).get(),
          .writes = counters.requestsOf(RequestKind::Write).get(),
          .writtenBytes = counters.bytesOf(RequestKind::Write).get(),
          .flushes = counters.requestsOf(RequestKind::Flush).get(),
          .discards = counters.requestsOf(RequestKind::Discard).get(),
          .discardedBytes = counters.bytesOf(RequestKind::Discard).get(),
          .writeZeroes = counters.requestsOf(RequestKind::WriteZeroes).get(),
          .zeroedBytes = counters.bytesOf(RequestKind::WriteZeroes).get(),
          .failures = counters.failures.get(),
          .malformedChains = counters.malformedChains.get(),
          .kicks = counters.kicks.get(),
          .calls = counters.calls.get()};
}

// A worker with a store. A ring is worked off within one task, and stopped at its end, so that no
// scheduler decides anything: the worker's own rounds only see to the end of the stop.
class Machine {
public:
  Machine() {
    Result<std::unique_ptr<block::Worker>> worker =
        block::Worker::start({.name = "fuzz", .pollMode = PollMode::Off, .cpus = {}});
    ARGON_CHECK(worker.has_value());
    worker_ = *std::move(worker);
    device_.capacitySectors = kStoreBytes / 512;
    std::ranges::copy(std::as_bytes(std::span(kId)), device_.id.begin());
    for (std::size_t index = 0; index < kStoreBytes; ++index) {
      pattern_.push_back(static_cast<std::byte>(index / 512 * 7 + index));
    }
  }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  ~Machine() {
    worker_->post([this] { worker_->closeChannel(store_); });
    worker_->stop();
  }

  void resetStore() { std::ranges::copy(pattern_, store_.bytes().begin()); }
  [[nodiscard]] std::span<const std::byte> storeBytes() { return store_.bytes(); }
  [[nodiscard]] std::span<const std::byte> id() const { return device_.id; }

  // Returns when the ring has stopped.
  Outcome run(const vhost_user::RingStart& start, const WorkScript& script) {
    // Shared, because the worker may still be leaving set_value() when the outcome is known here.
    auto stopped = std::make_shared<std::promise<Outcome>>();
    std::future<Outcome> outcome = stopped->get_future();
    worker_->post([this, &start, &script, stopped] { workOff(start, script, stopped); });
    return outcome.get();
  }

private:
  void workOff(const vhost_user::RingStart& start, const WorkScript& script,
               const std::shared_ptr<std::promise<Outcome>>& stopped) {
    const Result<StoreChannel*> channel = worker_->openChannel(store_);
    ARGON_CHECK(channel.has_value());
    store_.setHolding(script.isHolding);
    counters_ = std::make_unique<block::QueueCounters>();
    auto owned = std::make_unique<block::BlockQueue>(start, device_, *channel, *counters_, *worker_,
                                                     Log(silentLogSink(), "fuzz"));
    block::BlockQueue& queue = *owned;
    worker_->addQueue(std::move(owned));
    for (const WorkScript::Turn& turn : script.turns) {
      device_.isWriteBack.store(turn.isWriteBack);
      queue.process(turn.budget);
      for (const WorkScript::Completion& completion : turn.completions) {
        if (store_.heldCount() > 0) {
          store_.answer(completion.which % store_.heldCount(), completion.status);
        }
      }
      queue.publish();
      if (turn.renewsCall) {
        queue.setCall(start.call);
      }
      if (turn.arms && queue.isActive()) {
        [[maybe_unused]] const bool isArmed = queue.arm();
      }
      if (turn.kicks && start.kick != nullptr) {
        signalEventFd(start.kick->get());
        worker_->uring().submit();
        worker_->uring().reap();
      }
    }
    worker_->stopQueue(queue, [this, stopped](std::uint32_t base) {
      stopped->set_value({.base = base, .counts = countsOf(*counters_)});
    });
    while (store_.heldCount() > 0) {
      ARGON_CHECK(!queue.isDrained());
      store_.answer(0, StoreStatus::Ok);
    }
  }

  std::unique_ptr<block::Worker> worker_;
  HeldStore store_{kStoreBytes};
  std::unique_ptr<block::QueueCounters> counters_;
  std::vector<std::byte> pattern_;
  block::QueueDevice device_;
};

// Not std::ranges::equal: a loop over every byte is what takes longest under a fuzzer.
bool isEqual(std::span<const std::byte> left, std::span<const std::byte> right) {
  return left.size() == right.size() && std::memcmp(left.data(), right.data(), left.size()) == 0;
}

// How often an eventfd was signalled since the last look.
std::uint64_t takeSignals(const vhost_user::SharedFd& fd) {
  std::uint64_t count = 0;
  return ::read(fd->get(), &count, sizeof count) == sizeof count ? count : 0;
}

} // namespace

void runTarget(std::span<const std::byte> input) {
  static Machine machine;
  static GuestScene scene;
  static const GuestScene::Fds fds = {.kick = test::makeSharedEventFd(),
                                      .call = test::makeSharedEventFd(),
                                      .err = test::makeSharedEventFd()};
  test::ByteSource source(input);
  const WorkScript script = workScriptFrom(source);
  scene.build(source);
  machine.resetStore();
  const Prediction expected = predict(scene, script, machine.storeBytes(), machine.id());
  const vhost_user::RingStart start =
      scene.start({.kick = script.hasKick ? fds.kick : nullptr, .call = fds.call, .err = fds.err});

  const Outcome outcome = machine.run(start, script);

  // Whatever happened: a ring that has stopped holds nothing, and who was called was counted.
  ARGON_CHECK_EQ(fds.call.use_count(), 2);
  ARGON_CHECK_EQ(scene.memory().use_count(), 2);
  ARGON_CHECK_EQ(takeSignals(fds.call), outcome.counts.calls);
  takeSignals(fds.kick);
  const std::uint64_t errorCount = takeSignals(fds.err);
  ARGON_CHECK(errorCount <= 1);
  if (!expected.isCertain) {
    return;
  }
  ARGON_CHECK_EQ(errorCount, expected.isBroken ? 1U : 0U);
  ARGON_CHECK_EQ(outcome.base, expected.base);
  ARGON_CHECK(outcome.counts == expected.counts);
  ARGON_CHECK(isEqual(machine.storeBytes(), expected.store));
  ARGON_CHECK(isEqual(scene.bytes(), expected.memory));
}

} // namespace argon::fuzz
