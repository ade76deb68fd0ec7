// SPDX-License-Identifier: Apache-2.0
#pragma once

// One moment that a thread with an io_uring wants to be woken at. Made, set and destroyed on that
// thread; allocates nothing once it is made.

#include "base/uring.h"

#include <liburing.h>

#include <cstdint>
#include <functional>
#include <optional>

namespace argon {

class UringAlarm final : private UringCompletion {
public:
  /// `onDue` is called from Uring::reap(); possibly before the moment, so it looks at the clock.
  UringAlarm(Uring& uring, std::function<void()> onDue);
  UringAlarm(const UringAlarm&) = delete;
  UringAlarm& operator=(const UringAlarm&) = delete;
  /// Ends a timeout that is under way, and reaps until it has ended.
  ~UringAlarm();

  /// Calls at `timeNs` of monotonicNs() or before. An earlier moment that was set before stays.
  void set(std::uint64_t timeNs);

private:
  void onCompletion(std::int32_t result, std::uint32_t flags) override;

  Uring& uring_;
  std::function<void()> onDue_;
  std::uint64_t timeNs_ = 0;
  // Read by the kernel when the entry is submitted.
  __kernel_timespec deadline_{};
  bool isSet_ = false;
  bool isClosing_ = false;
};

} // namespace argon
