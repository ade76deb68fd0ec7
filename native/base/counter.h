// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace argon {

/// A number that one thread changes and any thread reads, without a lock and without an atomic
/// read-modify-write: the writer is alone. Eight bytes and nothing else, zero in fresh memory, so
/// that a block of counters can lie in a page shared with another process.
class Counter {
public:
  void add(std::uint64_t amount) { set(get() + amount); }
  // Relaxed: a counter orders nothing; it only must not tear.
  void set(std::uint64_t value) { __atomic_store_n(&value_, value, __ATOMIC_RELAXED); }
  [[nodiscard]] std::uint64_t get() const { return __atomic_load_n(&value_, __ATOMIC_RELAXED); }

  // For what is written so that another process can tell when it is whole.

  /// Whoever reads this value with getAcquired() sees all that was written before.
  void setReleased(std::uint64_t value) { __atomic_store_n(&value_, value, __ATOMIC_RELEASE); }
  [[nodiscard]] std::uint64_t getAcquired() const {
    return __atomic_load_n(&value_, __ATOMIC_ACQUIRE);
  }

private:
  std::uint64_t value_ = 0;
};

static_assert(sizeof(Counter) == 8);

} // namespace argon
