// SPDX-License-Identifier: Apache-2.0
#pragma once

// Keeps a process alive when shared memory shrinks under it. Touching a page of a file that has
// become shorter raises SIGBUS; for guarded ranges the handler puts a zeroed private page there and
// notes that the range is broken, so that its owner can end the session in its own time. Guests we
// launch cannot do that to us (their memory is sealed); other front ends can.
//
// The handler is process-wide state, the one exception to "no globals": a signal has no other way
// to find its data. It touches lock-free atomics only.

#include "base/result.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace argon {

/// Guards one mapped range while it exists. Made before the range is first touched and destroyed
/// before it is unmapped.
class SigbusGuard {
public:
  /// `pageBytes`: the page size of the file behind the range (2 MiB on hugetlbfs).
  static Result<SigbusGuard> create(std::span<std::byte> pages, std::size_t pageBytes);
  SigbusGuard(SigbusGuard&& other) noexcept;
  SigbusGuard& operator=(SigbusGuard&& other) = delete;
  SigbusGuard(const SigbusGuard&) = delete;
  SigbusGuard& operator=(const SigbusGuard&) = delete;
  ~SigbusGuard();

  /// True once a page of the range was gone when it was touched. Any thread.
  [[nodiscard]] bool isBroken() const;

private:
  explicit SigbusGuard(std::size_t slot) : slot_(slot) {}

  static constexpr std::size_t kNoSlot = SIZE_MAX;
  std::size_t slot_;
};

} // namespace argon
