// SPDX-License-Identifier: Apache-2.0
#pragma once

// What is to go wrong with a store's requests: rules, looked at in the order they were added. The
// first that fires decides. Everything random comes from the plan's seed and each rule's own
// number, so the same requests in the same order meet the same faults.
//
// Any thread. The plan has a lock, on the data path too: it is there only where faults were asked
// for, and a rule counts over all data threads.

#include "storage/block_store.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace argon {

enum class FaultAction : std::uint8_t {
  /// The host's I/O fails; nothing is done.
  Error,
  /// There is no room; nothing is done.
  NoSpace,
  /// The request starts later.
  Delay,
  /// The request starts when it is released.
  Hang,
  /// Some sectors from the start are read or written, then the request fails.
  Short,
  /// Some sectors from the start are written, and the request says that all were.
  Torn,
  /// One bit of what is read, or of what is written, is another.
  Flip,
  /// A flush says that it was done, and was not.
  LoseFlush,
};

/// Where a fault store stands, if a device has more than one for the same plan.
enum class FaultLayer : std::uint8_t {
  /// Over all others: what the guest sees fails.
  Device,
  /// Over the file or memory that keeps the bytes, under the encryption.
  Disk,
};

struct FaultDelay {
  enum class Shape : std::uint8_t { Fixed, Uniform, Exponential, Normal };
  /// An hour; no delay is longer.
  static constexpr std::uint64_t kNsMax = 3'600'000'000'000;

  Shape shape = Shape::Fixed;
  /// Fixed: the delay. Uniform: the least. Exponential, Normal: the mean.
  std::uint64_t baseNs = 0;
  /// Uniform: the most. Normal: the standard deviation.
  std::uint64_t spreadNs = 0;
};

struct FaultRule {
  FaultLayer layer = FaultLayer::Device;
  /// A bit for each StoreOperation.
  std::uint8_t operations = 0;
  /// Requests that touch a byte of [firstByte, endByte). A flush has no place and is in any range.
  std::uint64_t firstByte = 0;
  std::uint64_t endByte = ~std::uint64_t{0};
  /// Fires for the nth request that it is for, and for that only; 0: for all.
  std::uint64_t nth = 0;
  /// Fires for each so many-th; 0: for all.
  std::uint64_t every = 0;
  /// Fires at most so often; 0: without end.
  std::uint64_t times = 0;
  /// How likely it fires, in millionths.
  std::uint32_t chancePpm = 1'000'000;
  FaultAction action = FaultAction::Error;
  FaultDelay delay;

  [[nodiscard]] static constexpr std::uint8_t bitOf(StoreOperation operation) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(operation));
  }
};

/// Numbers that a seed decides, the same everywhere (splitmix64).
class FaultRandom {
public:
  explicit FaultRandom(std::uint64_t seed) : state_(seed) {}

  [[nodiscard]] std::uint64_t next();
  /// 0 to `limit` - 1; `limit` is more than 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t limit) { return next() % limit; }
  /// More than 0, at most 1.
  [[nodiscard]] double fraction();
  [[nodiscard]] std::uint64_t delayNs(const FaultDelay& delay);

private:
  std::uint64_t state_;
};

class FaultPlan {
public:
  static constexpr std::size_t kRuleCountMax = 256;

  /// What is to become of a request. `choice` is a random number for what the action leaves open.
  struct Hit {
    FaultAction action = FaultAction::Error;
    std::uint64_t delayNs = 0;
    std::uint64_t choice = 0;
  };
  struct RuleState {
    std::uint32_t id = 0;
    FaultRule rule;
    /// Requests that it was for, and those for which it fired.
    std::uint64_t matchCount = 0;
    std::uint64_t hitCount = 0;
  };

  explicit FaultPlan(std::uint64_t seed) : seed_(seed) {}

  // Data threads.

  [[nodiscard]] std::optional<Hit> next(const StoreRequest& request, FaultLayer layer);
  /// False at the end of the device's life: nothing is held back any more.
  [[nodiscard]] bool mayHold() const { return mayHold_.load(); }

  // Control.

  /// The rule's number, or nothing if there are too many.
  [[nodiscard]] std::optional<std::uint32_t> add(const FaultRule& rule);
  /// False if there is no such rule.
  [[nodiscard]] bool remove(std::uint32_t id);
  void clear();
  [[nodiscard]] std::vector<RuleState> list() const;
  [[nodiscard]] std::uint64_t seed() const { return seed_; }

  /// Starts what hangs.
  void release();
  /// Starts what is held back, and holds nothing back from then on.
  void releaseForever();
  /// `onRelease` is called for each release, under a lock of the plan's own, until the subscription
  /// is destroyed.
  class Subscription;
  [[nodiscard]] std::unique_ptr<Subscription> subscribe(std::function<void()> onRelease);

private:
  struct Entry {
    RuleState state;
    FaultRandom random{0};
  };

  std::uint64_t seed_;
  mutable std::mutex mutex_;
  std::atomic<bool> hasRules_ = false;
  std::atomic<bool> mayHold_ = true;
  std::vector<Entry> entries_;
  std::uint32_t nextId_ = 1;
  std::mutex subscribersMutex_;
  std::vector<const Subscription*> subscriptions_;
};

class FaultPlan::Subscription {
public:
  Subscription(FaultPlan& plan, std::function<void()> onRelease);
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;
  ~Subscription();

  void notify() const { onRelease_(); }

private:
  FaultPlan& plan_;
  std::function<void()> onRelease_;
};

} // namespace argon
