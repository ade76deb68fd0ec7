// SPDX-License-Identifier: Apache-2.0
#pragma once

// One level of limits: a volume's, a guest's or the host's. Six buckets, operations and bytes of
// reads, of writes and of both; a request is let in when all of them have room. An operation counts
// once for each 256 KiB of it (claim G16). FLUSH counts for nothing; what moves no data (discard,
// write zeroes) is one write and no bytes.
//
// Data threads take without a lock. Limits are changed, and read, from any other thread.

#include "base/rate_bucket.h"
#include "storage/block_store.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace argon {

enum class LimitName : std::uint8_t {
  ReadOperations,
  WriteOperations,
  TotalOperations,
  ReadBytes,
  WriteBytes,
  TotalBytes,
};
constexpr std::size_t kLimitCount = 6;

/// By LimitName.
using LimitSet = std::array<RateLimit, kLimitCount>;

/// What a request takes from a level.
struct ThrottleCost {
  static constexpr std::uint64_t kOperationBytes = std::uint64_t{256} * 1024;

  bool isWrite = false;
  std::uint64_t operations = 0;
  std::uint64_t bytes = 0;

  [[nodiscard]] static ThrottleCost of(const StoreRequest& request);
};

/// When a request may be tried again, and which bucket said so. `readyNs` is 0 if it was let in.
struct ThrottleVerdict {
  std::uint64_t readyNs = 0;
  LimitName limitedBy = LimitName::TotalOperations;
};

class Throttle {
public:
  struct Counters {
    /// Requests that had to wait, for this level or with another; and how long in all.
    std::uint64_t delayedRequests = 0;
    std::uint64_t delayNs = 0;
    /// For how long requests waited for operations of this level, and for bytes: at most once the
    /// time that passes for each data thread.
    std::uint64_t exceededOperationsNs = 0;
    std::uint64_t exceededBytesNs = 0;
  };

  Throttle() = default;
  Throttle(const Throttle&) = delete;
  Throttle& operator=(const Throttle&) = delete;
  ~Throttle() = default;

  // Data threads.

  [[nodiscard]] bool isLimited() const { return isLimited_.load(std::memory_order_relaxed); }
  /// Takes from all buckets, or from none.
  [[nodiscard]] ThrottleVerdict take(const ThrottleCost& cost, std::uint64_t nowNs);
  /// Takes without asking; what was not earned is debt.
  void charge(const ThrottleCost& cost, std::uint64_t nowNs);
  /// Returns what was just taken and was not used.
  void giveBack(const ThrottleCost& cost);
  void noteDelayed(std::uint64_t delayNs);
  void noteExceeded(LimitName name, std::uint64_t durationNs);

  // Any thread.

  /// Takes effect at once, for requests that wait too.
  void setLimits(const LimitSet& limits);
  [[nodiscard]] LimitSet limits() const;
  [[nodiscard]] Counters counters() const;

  /// Called, under a lock of the level's own, when the limits have changed. Until the returned
  /// subscription is destroyed, which waits for a call under way.
  class Subscription;
  [[nodiscard]] std::unique_ptr<Subscription> subscribe(std::function<void()> onChange);

private:
  mutable std::mutex mutex_;
  std::atomic<bool> isLimited_ = false;
  std::array<RateBucket, kLimitCount> buckets_;
  std::vector<const Subscription*> subscriptions_;
  std::atomic<std::uint64_t> delayedRequests_ = 0;
  std::atomic<std::uint64_t> delayNs_ = 0;
  std::atomic<std::uint64_t> exceededOperationsNs_ = 0;
  std::atomic<std::uint64_t> exceededBytesNs_ = 0;
};

class Throttle::Subscription {
public:
  Subscription(Throttle& throttle, std::function<void()> onChange);
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;
  ~Subscription();

  void notify() const { onChange_(); }

private:
  Throttle& throttle_;
  std::function<void()> onChange_;
};

} // namespace argon
