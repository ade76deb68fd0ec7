// SPDX-License-Identifier: Apache-2.0
#pragma once

// Records on their way from one thread to another, in order and without a lock. A full ring takes
// no more: who puts in decides what that means, and never waits. Memory is allocated once.

#include "base/check.h"

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <vector>

namespace argon {

template <typename Record>
  requires std::is_trivially_copyable_v<Record>
class SpscRing {
public:
  /// `capacity`: records, a power of two.
  explicit SpscRing(std::size_t capacity) : mask_(capacity - 1), places_(capacity) {
    ARGON_CHECK(std::has_single_bit(capacity));
  }
  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;
  ~SpscRing() = default;

  /// False if the ring is full. The one thread that puts in.
  [[nodiscard]] bool push(const Record& record) {
    const std::uint64_t put = put_.load(std::memory_order_relaxed);
    // Acquire pairs with pop()'s release: the place has been read before it is written again.
    if (put - taken_.load(std::memory_order_acquire) == places_.size()) return false;
    places_[put & mask_] = record;
    // Pairs with pop()'s acquire: the record is there before it is counted.
    put_.store(put + 1, std::memory_order_release);
    return true;
  }

  /// The next record; nothing if there is none. The one thread that takes out.
  [[nodiscard]] std::optional<Record> pop() {
    const std::uint64_t taken = taken_.load(std::memory_order_relaxed);
    if (put_.load(std::memory_order_acquire) == taken) return std::nullopt;
    const Record record = places_[taken & mask_];
    taken_.store(taken + 1, std::memory_order_release);
    return record;
  }

private:
  // On different lines: they have different writers.
  alignas(64) std::atomic<std::uint64_t> put_{0};
  std::size_t mask_;
  std::vector<Record> places_;
  alignas(64) std::atomic<std::uint64_t> taken_{0};
};

} // namespace argon
