// SPDX-License-Identifier: Apache-2.0
#include "storage/throttled_store.h"

#include "base/clock.h"
#include "base/result.h"
#include "base/uring.h"
#include "storage/block_store.h"
#include "storage/throttle.h"

#include <liburing.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace argon {

namespace {

using Levels = std::span<const std::shared_ptr<Throttle>>;

// Which level held a request back, because of what, and until when.
struct Hold {
  Throttle* level = nullptr;
  ThrottleVerdict verdict;
};

class ThrottledChannel final : public StoreChannel, private UringCompletion {
public:
  ThrottledChannel(std::unique_ptr<StoreChannel> below, Levels levels,
                   const ChannelContext& context)
      : below_(std::move(below)), levels_(levels), uring_(context.uring),
        wake_(std::make_shared<Wake>()) {
    wake_->channel = this;
    for (const std::shared_ptr<Throttle>& level : levels_) {
      subscriptions_.push_back(level->subscribe([wake = wake_, post = context.post] {
        if (!wake->isPosted.exchange(true)) {
          post([wake] { wake->run(); });
        }
      }));
    }
  }
  ThrottledChannel(const ThrottledChannel&) = delete;
  ThrottledChannel& operator=(const ThrottledChannel&) = delete;
  // Nothing waits any more, but a timeout may be under way that limits have made pointless.
  ~ThrottledChannel() override {
    subscriptions_.clear();
    wake_->channel = nullptr;
    if (isArmed_) {
      io_uring_sqe& entry = uring_.next();
      ::io_uring_prep_cancel(&entry, static_cast<UringCompletion*>(this), 0);
      Uring::detach(entry);
    }
    while (isArmed_) {
      uring_.wait(std::nullopt);
      uring_.reap();
    }
  }

  void submit(StoreRequest& request) override {
    const ThrottleCost cost = ThrottleCost::of(request);
    if (cost.operations == 0) {
      below_->submit(request);
      return;
    }
    if (held_.isEmpty()) {
      if (std::ranges::none_of(levels_, [](const auto& level) { return level->isLimited(); })) {
        below_->submit(request);
        return;
      }
      const std::uint64_t nowNs = monotonicNs();
      if (letIn(cost, nowNs)) {
        below_->submit(request);
        return;
      }
      arm();
    }
    request.progressBytes = monotonicNs(); // When it came; ours until it is handed on.
    held_.append(request);
  }

  bool poll() override { return below_->poll(); }
  [[nodiscard]] bool isWaiting() const override { return below_->isWaiting(); }
  [[nodiscard]] bool isCongested() const override {
    return !held_.isEmpty() || below_->isCongested();
  }

  void drain() override {
    while (!held_.isEmpty()) {
      const std::uint64_t nowNs = monotonicNs();
      const ThrottleCost cost = ThrottleCost::of(*held_.first());
      for (const std::shared_ptr<Throttle>& level : levels_) {
        level->charge(cost, nowNs);
      }
      handOn(nowNs);
    }
    below_->drain();
  }

private:
  // How another thread, which changes limits, reaches the channel: on the channel's own thread, if
  // it is still there. Owned by the channel and by what is on its way.
  struct Wake {
    std::atomic<bool> isPosted = false;
    ThrottledChannel* channel = nullptr;

    void run() {
      isPosted.store(false);
      if (channel != nullptr) {
        channel->pump();
      }
    }
  };

  void onCompletion(std::int32_t /*result*/, std::uint32_t /*flags*/) override {
    isArmed_ = false;
    pump();
  }

  // Takes from every level, or from none; then `hold_` says why.
  bool letIn(const ThrottleCost& cost, std::uint64_t nowNs) {
    noteHold(nowNs);
    for (std::size_t index = 0; index < levels_.size(); ++index) {
      const ThrottleVerdict verdict = levels_[index]->take(cost, nowNs);
      if (verdict.readyNs == 0) {
        continue;
      }
      for (std::size_t taken = 0; taken < index; ++taken) {
        levels_[taken]->giveBack(cost);
      }
      hold_ = {.level = levels_[index].get(), .verdict = verdict};
      heldSinceNs_ = nowNs;
      return false;
    }
    return true;
  }

  // The time since the last look was spent waiting for what that look found.
  void noteHold(std::uint64_t nowNs) {
    const Hold hold = std::exchange(hold_, {});
    if (hold.level != nullptr) {
      hold.level->noteExceeded(hold.verdict.limitedBy, nowNs - heldSinceNs_);
      delayedBy_ = hold.level;
    }
  }

  // Lets in what may go now.
  void pump() {
    while (!held_.isEmpty()) {
      const std::uint64_t nowNs = monotonicNs();
      if (!letIn(ThrottleCost::of(*held_.first()), nowNs)) {
        arm();
        return;
      }
      handOn(nowNs);
    }
  }

  void handOn(std::uint64_t nowNs) {
    noteHold(nowNs);
    StoreRequest& request = *held_.takeFirst();
    delayedBy_->noteDelayed(nowNs - std::exchange(request.progressBytes, 0));
    below_->submit(request);
  }

  // One timeout at most; it is moved when it would come too late.
  void arm() {
    const std::uint64_t readyNs = hold_.verdict.readyNs;
    if (isArmed_ && armedNs_ <= readyNs) {
      return;
    }
    armedNs_ = readyNs;
    deadline_ = {.tv_sec = static_cast<std::int64_t>(readyNs / 1'000'000'000),
                 .tv_nsec = static_cast<long long>(readyNs % 1'000'000'000)};
    io_uring_sqe& entry = uring_.next();
    if (isArmed_) {
      // If it has gone off already, its completion is on the way and looks again.
      ::io_uring_prep_timeout_update(&entry, &deadline_, userData(), IORING_TIMEOUT_ABS);
      Uring::detach(entry);
      return;
    }
    ::io_uring_prep_timeout(&entry, &deadline_, 0, IORING_TIMEOUT_ABS);
    Uring::attach(entry, *this);
    isArmed_ = true;
  }

  [[nodiscard]] std::uint64_t userData() {
    io_uring_sqe named{};
    Uring::attach(named, *this);
    return named.user_data;
  }

  std::unique_ptr<StoreChannel> below_;
  Levels levels_;
  Uring& uring_;
  std::shared_ptr<Wake> wake_;
  std::vector<std::unique_ptr<Throttle::Subscription>> subscriptions_;
  StoreRequestList held_;
  // Why the first of them was not let in, and when that was found.
  Hold hold_;
  std::uint64_t heldSinceNs_ = 0;
  // The level that the last look blamed; there is one while requests wait.
  Throttle* delayedBy_ = nullptr;
  // Read by the kernel when the entry is submitted.
  __kernel_timespec deadline_{};
  std::uint64_t armedNs_ = 0;
  bool isArmed_ = false;
};

} // namespace

ThrottledStore::ThrottledStore(std::unique_ptr<BlockStore> below,
                               std::vector<std::shared_ptr<Throttle>> levels)
    : below_(std::move(below)), levels_(std::move(levels)) {}

Result<std::unique_ptr<StoreChannel>> ThrottledStore::openChannel(const ChannelContext& context) {
  ARGON_TRY_ASSIGN(std::unique_ptr<StoreChannel> below, below_->openChannel(context));
  return std::unique_ptr<StoreChannel>(
      std::make_unique<ThrottledChannel>(std::move(below), levels_, context));
}

} // namespace argon
