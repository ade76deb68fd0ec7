// SPDX-License-Identifier: Apache-2.0
#include "storage/throttle.h"

#include "base/clock.h"
#include "base/rate_bucket.h"
#include "storage/block_store.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace argon {

namespace {

constexpr std::size_t indexOf(LimitName name) { return static_cast<std::size_t>(name); }

// The four buckets that a request has to do with, and what it takes from each.
struct Share {
  LimitName name;
  std::uint64_t units;
};

std::array<Share, 4> sharesOf(const ThrottleCost& cost) {
  return {{
      {.name = cost.isWrite ? LimitName::WriteOperations : LimitName::ReadOperations,
       .units = cost.operations},
      {.name = LimitName::TotalOperations, .units = cost.operations},
      {.name = cost.isWrite ? LimitName::WriteBytes : LimitName::ReadBytes, .units = cost.bytes},
      {.name = LimitName::TotalBytes, .units = cost.bytes},
  }};
}

} // namespace

ThrottleCost ThrottleCost::of(const StoreRequest& request) {
  switch (request.operation) {
  case StoreOperation::Read:
  case StoreOperation::Write:
    return {.isWrite = request.operation == StoreOperation::Write,
            .operations = (request.lengthBytes + kOperationBytes - 1) / kOperationBytes,
            .bytes = request.lengthBytes};
  case StoreOperation::Discard:
  case StoreOperation::WriteZeroes:
    return {.isWrite = true, .operations = 1, .bytes = 0};
  case StoreOperation::Flush:
    break;
  }
  return {};
}

ThrottleVerdict Throttle::take(const ThrottleCost& cost, std::uint64_t nowNs) {
  const std::array<Share, 4> shares = sharesOf(cost);
  for (std::size_t index = 0; index < shares.size(); ++index) {
    const Share& share = shares[index];
    const std::uint64_t readyNs =
        share.units == 0 ? 0 : buckets_[indexOf(share.name)].take(share.units, nowNs);
    if (readyNs == 0) {
      continue;
    }
    for (std::size_t taken = 0; taken < index; ++taken) {
      buckets_[indexOf(shares[taken].name)].giveBack(shares[taken].units);
    }
    return {.readyNs = readyNs, .limitedBy = share.name};
  }
  return {};
}

void Throttle::charge(const ThrottleCost& cost, std::uint64_t nowNs) {
  for (const Share& share : sharesOf(cost)) {
    buckets_[indexOf(share.name)].charge(share.units, nowNs);
  }
}

void Throttle::giveBack(const ThrottleCost& cost) {
  for (const Share& share : sharesOf(cost)) {
    buckets_[indexOf(share.name)].giveBack(share.units);
  }
}

void Throttle::noteDelayed(std::uint64_t delayNs) {
  delayedRequests_.fetch_add(1, std::memory_order_relaxed);
  delayNs_.fetch_add(delayNs, std::memory_order_relaxed);
}

void Throttle::noteExceeded(LimitName name, std::uint64_t durationNs) {
  const bool isBytes = indexOf(name) >= indexOf(LimitName::ReadBytes);
  (isBytes ? exceededBytesNs_ : exceededOperationsNs_)
      .fetch_add(durationNs, std::memory_order_relaxed);
}

void Throttle::setLimits(const LimitSet& limits) {
  const std::scoped_lock lock(mutex_);
  const std::uint64_t nowNs = monotonicNs();
  for (std::size_t index = 0; index < kLimitCount; ++index) {
    if (buckets_[index].limit() != limits[index]) {
      buckets_[index].setLimit(limits[index], nowNs);
    }
  }
  isLimited_.store(
      std::ranges::any_of(limits, [](const RateLimit& limit) { return limit.unitsPerSecond != 0; }),
      std::memory_order_relaxed);
  for (const Subscription* subscription : subscriptions_) {
    subscription->notify();
  }
}

LimitSet Throttle::limits() const {
  const std::scoped_lock lock(mutex_);
  LimitSet limits;
  std::ranges::transform(buckets_, limits.begin(),
                         [](const RateBucket& bucket) { return bucket.limit(); });
  return limits;
}

Throttle::Counters Throttle::counters() const {
  return {.delayedRequests = delayedRequests_.load(std::memory_order_relaxed),
          .delayNs = delayNs_.load(std::memory_order_relaxed),
          .exceededOperationsNs = exceededOperationsNs_.load(std::memory_order_relaxed),
          .exceededBytesNs = exceededBytesNs_.load(std::memory_order_relaxed)};
}

std::unique_ptr<Throttle::Subscription> Throttle::subscribe(std::function<void()> onChange) {
  return std::make_unique<Subscription>(*this, std::move(onChange));
}

Throttle::Subscription::Subscription(Throttle& throttle, std::function<void()> onChange)
    : throttle_(throttle), onChange_(std::move(onChange)) {
  const std::scoped_lock lock(throttle_.mutex_);
  throttle_.subscriptions_.push_back(this);
}

Throttle::Subscription::~Subscription() {
  const std::scoped_lock lock(throttle_.mutex_);
  std::erase(throttle_.subscriptions_, this);
}

} // namespace argon
