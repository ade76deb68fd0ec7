// SPDX-License-Identifier: Apache-2.0
#pragma once

// A watch on an eventfd that others signal: one multishot poll in the thread's io_uring. The
// eventfd is never read: every signal wakes the poll, whatever the counter is, and so costs no
// system call. Made, used and destroyed on the io_uring's thread.

#include "base/uring.h"

#include <cstdint>
#include <functional>

namespace argon {

class UringWatch final : private UringCompletion {
public:
  enum class Signal : std::uint8_t {
    Raised,
    /// The kernel cannot watch the descriptor; nothing more will come.
    Failed,
  };

  /// `onSignal` is called from Uring::reap().
  UringWatch(Uring& uring, std::function<void(Signal)> onSignal);
  UringWatch(const UringWatch&) = delete;
  UringWatch& operator=(const UringWatch&) = delete;
  /// Only when no watch is under way.
  ~UringWatch();

  /// Watches `fd`, which stays open until isUnderWay() is false again. Once.
  void begin(int fd);
  /// Ends the watch, which may take until the next reap(); `onSignal` is not called any more.
  void cancel();
  [[nodiscard]] bool isUnderWay() const { return isUnderWay_; }

private:
  void onCompletion(std::int32_t result, std::uint32_t flags) override;

  Uring& uring_;
  std::function<void(Signal)> onSignal_;
  int fd_ = -1;
  bool isUnderWay_ = false;
  bool isCancelled_ = false;
};

} // namespace argon
