// SPDX-License-Identifier: Apache-2.0
#pragma once

// The policies that fuzz_pipeline changes between, made once: making one takes longer than a whole
// run of the target. Two VPCs of the same addresses; from one policy to the next rules, routes,
// addresses, instances and interfaces change, or an interface is another VPC's.

#include "support/policy_maker.h"
#include "vpc/snapshot.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace argon::fuzz {

inline constexpr std::uint32_t kInterfaceCount = 8;
/// In every policy, of every instance.
inline constexpr std::uint32_t kTrackedMax = 6;
/// In every policy: the instance of interfaces 1 and 5 may have so many packets.
inline constexpr std::uint32_t kSlowInstance = 1;
inline constexpr test::RateText kSlowPackets = {.perSecond = 10, .burst = 5};

struct Policy {
  test::PolicyText text;
  std::shared_ptr<const vpc::Snapshot> snapshot;
};

/// Always the same ones in the same order; the first lets nothing in.
[[nodiscard]] std::vector<Policy> makePolicies();

} // namespace argon::fuzz
