// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the pipeline keeps of an interface besides its policy. The engine's thread owns it; any
// thread reads the counters, each of which has that one writer.

#include "base/counter.h"
#include "base/rate_bucket.h"
#include "packet/headers.h"
#include "vpc/drop_reason.h"
#include "vpc/fragment_table.h"

#include <array>
#include <cstdint>

namespace argon::vpc {

struct InterfaceCounters {
  /// Delivered from the guest to another, and to the guest from others.
  Counter framesOut;
  Counter bytesOut;
  Counter framesIn;
  Counter bytesIn;
  /// Answered by the pipeline, and handed to services.
  Counter answers;
  Counter punts;
  // By the names that the ENA driver shows: packets that were queued or dropped (BW-3).
  Counter bw_in_allowance_exceeded;
  Counter bw_out_allowance_exceeded;
  Counter pps_allowance_exceeded;
  Counter conntrack_allowance_exceeded;
  Counter linklocal_allowance_exceeded;
  /// Not delivered, by DropReason, and of the malformed ones by ParseFault.
  std::array<Counter, kDropReasonCount> drops;
  std::array<Counter, packet::kParseFaultCount> faults;
};

/// Frames that wait for an interface at most, as many as network.md has for the receiver's queue,
/// and their bytes: 4 KiB for each of them, or some that are to be segmented.
inline constexpr std::uint32_t kBacklogFramesMax = 256;
inline constexpr std::uint32_t kBacklogBytesMax = std::uint32_t{1} << 20U;

/// What waits for an interface's allowance, in whose order the engine has the frames (BW-3).
struct Backlog {
  std::uint32_t frameCount = 0;
  std::uint32_t bytes = 0;
  /// What the first of them was over when it was last asked for.
  DropReason over = DropReason::None;
};

/// Of an instance: what its interfaces share, whatever number a policy gives it.
struct InstanceState {
  std::uint64_t identity = 0;
  RateBucket bandwidthIn;
  RateBucket bandwidthOut;
  RateBucket packets;
};

struct InterfaceState {
  /// Of its record; 0 while there is none.
  std::uint64_t identity = 0;
  std::uint64_t policyHash = 0;
  /// Its instance's number in the policy, and what it shares: the pipeline's, null without a
  /// record.
  std::uint32_t instance = 0;
  InstanceState* shared = nullptr;
  Backlog backlog;
  /// Counts up when what was decided for its flows is to be decided anew.
  std::uint32_t epoch = 0;
  /// A frame is held in its ring, and has been counted as exceeding.
  bool isHolding = false;
  RateBucket services;
  RateBucket fragments;
  FragmentTable fragmentTable;
  InterfaceCounters counters;
};

} // namespace argon::vpc
