// SPDX-License-Identifier: Apache-2.0
#include "support/deadline.h"

#include "base/clock.h"

#include <poll.h>

#include <cstdint>
#include <functional>

namespace argon::test {

bool waitUntil(const std::function<bool()>& isTrue, std::uint64_t timeoutMs) {
  const std::uint64_t deadlineNs = monotonicNs() + timeoutMs * 1'000'000;
  while (!isTrue()) {
    if (monotonicNs() > deadlineNs) {
      return false;
    }
    ::poll(nullptr, 0, 1);
  }
  return true;
}

Deadline::Deadline() : endNs_(monotonicNs() + kDeadlineMs * 1'000'000) {}

bool Deadline::isOver() const { return monotonicNs() > endNs_; }

} // namespace argon::test
