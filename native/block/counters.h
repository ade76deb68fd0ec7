// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>

namespace argon::block {

/// A number that one thread counts up and any thread reads, without a lock and without an atomic
/// read-modify-write: the writer is alone.
class Counter {
public:
  void add(std::uint64_t amount) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

private:
  std::atomic<std::uint64_t> value_{0};
};

/// What a ring has done since it was first started. Written by its worker.
struct QueueCounters {
  Counter reads;
  Counter readBytes;
  Counter writes;
  Counter writtenBytes;
  Counter flushes;
  Counter discards;
  Counter discardedBytes;
  Counter writeZeroes;
  Counter zeroedBytes;
  /// Answered with IOERR or UNSUPP.
  Counter failures;
  /// Chains that broke the rules of virtio.
  Counter malformedChains;
  Counter kicks;
  Counter calls;
};

} // namespace argon::block
