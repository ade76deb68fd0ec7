// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

namespace argon::test {

/// How long a test waits for what must come. A hang, not a goal: sanitizers and a loaded machine
/// are slow.
constexpr std::uint64_t kDeadlineMs = 20'000;

/// Looks at something observable each millisecond until it is true; false after the deadline.
[[nodiscard]] bool waitUntil(const std::function<bool()>& isTrue,
                             std::uint64_t timeoutMs = kDeadlineMs);

/// The moment at which a loop that watches for something gives up.
class Deadline {
public:
  Deadline();
  [[nodiscard]] bool isOver() const;

private:
  std::uint64_t endNs_;
};

} // namespace argon::test
