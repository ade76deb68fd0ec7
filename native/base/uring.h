// SPDX-License-Identifier: Apache-2.0
#pragma once

// One io_uring, owned by the thread that created it: the single place where a worker waits, for its
// disk and for its guests' kicks alike. A thin layer over liburing; operations are prepared with
// liburing's io_uring_prep_* on the entry that next() returns.

#include "base/result.h"

#include <liburing.h>

#include <cstdint>
#include <memory>
#include <optional>

namespace argon {

/// Told the outcome of one operation. Lives until the last outcome has arrived.
class UringCompletion {
public:
  /// `result`: as the system call would return, negative errno on failure. `flags`: IORING_CQE_F_*.
  virtual void onCompletion(std::int32_t result, std::uint32_t flags) = 0;

protected:
  ~UringCompletion() = default;
};

class Uring {
public:
  /// `entryCount`: submissions that can be queued between two submits. Tries the cheapest mode the
  /// kernel has: completions as deferred task work of this thread (6.1), cooperative (5.19), plain.
  static Result<std::unique_ptr<Uring>> create(unsigned entryCount);
  Uring(const Uring&) = delete;
  Uring& operator=(const Uring&) = delete;
  ~Uring();

  /// An empty submission entry; submits first if the queue is full. Prepare it, then attach().
  [[nodiscard]] io_uring_sqe& next();
  /// Names who is told. After the io_uring_prep_* call, which may clear the field.
  static void attach(io_uring_sqe& entry, UringCompletion& completion);
  /// For an operation whose outcome nobody needs.
  static void detach(io_uring_sqe& entry);

  /// Prepares the end of a poll, which `completion` then hears of as cancelled.
  void cancelPoll(UringCompletion& completion);

  /// Hands prepared entries to the kernel; one system call, or none when nothing is prepared.
  void submit();
  /// The same once `entryCount` or more are prepared, for operations that should not wait for the
  /// rest of a round.
  void submitFrom(unsigned entryCount);
  /// Delivers the completions that are there; never blocks. Returns how many.
  unsigned reap();
  /// Submits, then sleeps until something completes or `timeoutNs` has passed. Delivers nothing.
  void wait(std::optional<std::uint64_t> timeoutNs);

private:
  Uring() = default;

  io_uring ring_{};
};

} // namespace argon
