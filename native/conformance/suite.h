// SPDX-License-Identifier: Apache-2.0
#pragma once

// The conformance suite: all cases in order, and one of them run against a socket.

#include "conformance/case.h"
#include "conformance/trial.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace argon::conformance {

/// Every case. Names are unique.
[[nodiscard]] std::vector<Case> allCases();

struct Outcome {
  enum class State : std::uint8_t { Passed, Failed, Skipped };
  State state = State::Failed;
  /// Why it failed, or what the back end lacks.
  std::string reason;
  std::uint64_t durationNs = 0;
};
[[nodiscard]] std::string_view stateName(Outcome::State state);

/// Asks the back end what it has, and runs the case if that is enough. A case that writes does so
/// in the first 4 MiB and the last sectors of the device.
[[nodiscard]] Outcome runCase(const Case& conformanceCase, const Trial::Options& options);

/// Bytes that a device must have.
constexpr std::uint64_t kDeviceBytesMin = std::uint64_t{8} * 1024 * 1024;

} // namespace argon::conformance
