// SPDX-License-Identifier: Apache-2.0
#include "storage/throttled_store.h"

#include "base/clock.h"
#include "base/result.h"
#include "base/uring_alarm.h"
#include "storage/block_store.h"
#include "storage/channel_wake.h"
#include "storage/throttle.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
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

class ThrottledChannel final : public StoreChannel {
public:
  ThrottledChannel(std::unique_ptr<StoreChannel> below, Levels levels,
                   const ChannelContext& context)
      : below_(std::move(below)), levels_(levels),
        wake_(std::make_shared<ChannelWake>(context, [this] { pump(); })),
        alarm_(context.uring, [this] { pump(); }) {
    for (const std::shared_ptr<Throttle>& level : levels_) {
      subscriptions_.push_back(level->subscribe([wake = wake_] { wake->wake(); }));
    }
  }
  ThrottledChannel(const ThrottledChannel&) = delete;
  ThrottledChannel& operator=(const ThrottledChannel&) = delete;
  ~ThrottledChannel() override {
    subscriptions_.clear();
    wake_->close();
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
      alarm_.set(hold_.verdict.readyNs);
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
        alarm_.set(hold_.verdict.readyNs);
        return;
      }
      handOn(nowNs);
    }
  }

  void handOn(std::uint64_t nowNs) {
    noteHold(nowNs);
    StoreRequest& request = *held_.takeFirst();
    delayedBy_->noteDelayed(nowNs - std::exchange(request.progressBytes, 0));
    if (request.trace != nullptr) {
      request.trace->noteEntered();
    }
    below_->submit(request);
  }

  std::unique_ptr<StoreChannel> below_;
  Levels levels_;
  std::shared_ptr<ChannelWake> wake_;
  UringAlarm alarm_;
  std::vector<std::unique_ptr<Throttle::Subscription>> subscriptions_;
  StoreRequestList held_;
  // Why the first of them was not let in, and when that was found.
  Hold hold_;
  std::uint64_t heldSinceNs_ = 0;
  // The level that the last look blamed; there is one while requests wait.
  Throttle* delayedBy_ = nullptr;
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
