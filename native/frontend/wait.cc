// SPDX-License-Identifier: Apache-2.0
#include "frontend/wait.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/result.h"
#include "frontend/driver_ring.h"

#include <poll.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdint>

namespace argon::frontend {

namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;

} // namespace

bool waitForEvent(int fd, std::uint64_t timeoutMs) {
  pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
  if (::poll(&waiting, 1, static_cast<int>(timeoutMs)) <= 0) {
    return false;
  }
  std::uint64_t count = 0;
  return ::read(fd, &count, sizeof count) == ssize_t{sizeof count};
}

Result<void> waitForUsed(DriverRing& ring, int callFd, std::uint64_t timeoutMs) {
  if (ring.hasUsed()) {
    return {};
  }
  const std::uint64_t deadlineNs = monotonicNs() + timeoutMs * kNsPerMs;
  while (!ring.enableCalls()) {
    const std::uint64_t nowNs = monotonicNs();
    if (nowNs >= deadlineNs || !waitForEvent(callFd, (deadlineNs - nowNs) / kNsPerMs + 1)) {
      // A call that got lost would show here as an answer that is there all the same.
      return Error(ErrorKind::TimedOut, ring.hasUsed() ? "the device answered but did not call"
                                                       : "the device did not answer in time");
    }
  }
  return {};
}

} // namespace argon::frontend
