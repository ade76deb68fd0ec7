// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"

#include <utility>

namespace argon {

/// Owns one file descriptor; closes it when it goes. Moves, never copies.
class UniqueFd {
public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool isOpen() const { return fd_ >= 0; }
  explicit operator bool() const { return isOpen(); }

  /// Gives the descriptor away; -1 if there is none.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }
  /// Closes what is held and takes `fd`.
  void reset(int fd = -1);
  /// A second descriptor, close-on-exec, for the same open file description.
  [[nodiscard]] Result<UniqueFd> duplicate() const;

private:
  int fd_ = -1;
};

/// An eventfd at 0, close-on-exec and non-blocking.
[[nodiscard]] Result<UniqueFd> createEventFd();

/// True if `fd` is an eventfd. Asks /proc, where alone the kernel says so; false if that is not
/// there.
[[nodiscard]] bool isEventFd(int fd);

/// Makes reads and writes of an open file fail rather than wait; for everybody who has it open.
[[nodiscard]] Result<void> makeNonBlocking(int fd);

/// Adds 1 to an eventfd. A full counter is already a pending signal, so nothing can go wrong that
/// the caller could mend.
void signalEventFd(int fd);

} // namespace argon
