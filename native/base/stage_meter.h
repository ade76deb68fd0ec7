// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where a worker's cycles go: ticks of each stage, in one round of many. Whoever begins another
// kind of work says so with a StageScope; outside a measured round that is one test of a flag. One
// thread; the sums are read from any.

#include "base/counter.h"
#include "base/tick_clock.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace argon {

enum class Stage : std::uint8_t {
  /// Take chains from rings, read and check them.
  Ring,
  /// Hand requests to the store: maps, buffers, io_uring, memory copies.
  Store,
  /// Encrypt and decrypt, which are copies too.
  Crypto,
  /// Status bytes, used elements, indexes, calls.
  Complete,
};
constexpr std::size_t kStageCount = 4;

/// What measured rounds came to.
struct StageSums {
  /// Requests that were taken in measured rounds.
  Counter requests;
  std::array<Counter, kStageCount> ticks;
};

class StageMeter {
public:
  /// One round of this many is measured: a measured request costs some 100 ns more, all others
  /// nothing, so that the mean stays below 1 % of the fastest store's 85 ns a request.
  static constexpr std::uint32_t kRoundsPerMeasured = 128;

  StageMeter(const TickClock& clock, StageSums& sums) : clock_(clock), sums_(sums) {}

  void beginRound() {
    if (++roundCount_ % kRoundsPerMeasured == 0) [[unlikely]] {
      isMeasuring_ = true;
      ticks_ = {};
      current_ = Stage::Ring;
      sinceTicks_ = clock_.now();
    }
  }
  /// A round that took nothing and finished nothing counts for nothing.
  void endRound(bool didWork, std::uint64_t takenCount) {
    if (!isMeasuring_) [[likely]] {
      return;
    }
    static_cast<void>(enter(Stage::Ring));
    isMeasuring_ = false;
    if (didWork) {
      sums_.requests.add(takenCount);
      for (std::size_t stage = 0; stage < kStageCount; ++stage) {
        sums_.ticks[stage].add(ticks_[stage]);
      }
    }
  }

  [[nodiscard]] bool isMeasuring() const { return isMeasuring_; }
  /// Only while measuring. Returns the stage that ends.
  Stage enter(Stage next) {
    const std::uint64_t nowTicks = clock_.now();
    ticks_[static_cast<std::size_t>(current_)] += nowTicks - sinceTicks_;
    sinceTicks_ = nowTicks;
    const Stage before = current_;
    current_ = next;
    return before;
  }

private:
  TickClock clock_;
  StageSums& sums_;
  std::uint32_t roundCount_ = 0;
  bool isMeasuring_ = false;
  Stage current_ = Stage::Ring;
  std::uint64_t sinceTicks_ = 0;
  std::array<std::uint64_t, kStageCount> ticks_{};
};

/// The work of a block of code belongs to a stage.
class StageScope {
public:
  /// `meter` may be null: then nothing is measured.
  StageScope(StageMeter* meter, Stage stage)
      : meter_(meter != nullptr && meter->isMeasuring() ? meter : nullptr) {
    if (meter_ != nullptr) [[unlikely]] {
      before_ = meter_->enter(stage);
    }
  }
  StageScope(const StageScope&) = delete;
  StageScope& operator=(const StageScope&) = delete;
  ~StageScope() {
    if (meter_ != nullptr) [[unlikely]] {
      static_cast<void>(meter_->enter(before_));
    }
  }

private:
  StageMeter* meter_;
  Stage before_ = Stage::Ring;
};

} // namespace argon
