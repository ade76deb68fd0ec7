// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace argon {

enum class PollMode : std::uint8_t {
  /// Sleep as soon as there is nothing to do.
  Off,
  /// Look on for a while that adapts to whether it pays.
  Adaptive,
  /// Never sleep: a core for the worker.
  Always,
};

/// How long an idle worker looks at its rings before it sleeps: QEMU's rule (iothread.c). The
/// window doubles when a sleep turned out to be so short that looking on would have caught its end,
/// and goes down to nothing when looking on was in vain.
class PollWindow {
public:
  /// QEMU's cap, from its measurements with NVMe disks: 16 to 32 microseconds were best.
  static constexpr std::uint64_t kWindowMaxNs = 32'768;
  static constexpr std::uint64_t kWindowFirstNs = 4'096;

  explicit PollWindow(PollMode mode) : mode_(mode) {}

  /// True while a worker that has been idle for `idleNs` should look on.
  [[nodiscard]] bool shouldPoll(std::uint64_t idleNs) const {
    return mode_ == PollMode::Always || (mode_ == PollMode::Adaptive && idleNs < windowNs_);
  }
  /// The worker looked on for its whole window and then slept for `sleptNs`.
  void onSlept(std::uint64_t sleptNs) {
    if (mode_ != PollMode::Adaptive) {
      return;
    }
    if (sleptNs > kWindowMaxNs) {
      windowNs_ /= 2;
      windowNs_ = windowNs_ < kWindowFirstNs ? 0 : windowNs_;
    } else if (sleptNs > windowNs_) {
      windowNs_ = windowNs_ == 0 ? kWindowFirstNs : windowNs_ * 2;
      windowNs_ = windowNs_ > kWindowMaxNs ? kWindowMaxNs : windowNs_;
    }
  }
  [[nodiscard]] std::uint64_t windowNs() const { return windowNs_; }

private:
  PollMode mode_;
  std::uint64_t windowNs_ = 0;
};

} // namespace argon
