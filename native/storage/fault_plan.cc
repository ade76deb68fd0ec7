// SPDX-License-Identifier: Apache-2.0
#include "storage/fault_plan.h"

#include "storage/block_store.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <numbers>
#include <optional>
#include <utility>
#include <vector>

namespace argon {

namespace {

constexpr std::uint32_t kMillion = 1'000'000;
// The step of splitmix64: 2^64 divided by the golden ratio.
constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15;

bool isFor(const FaultRule& rule, const StoreRequest& request, FaultLayer layer) {
  if (rule.layer != layer || (rule.operations & FaultRule::bitOf(request.operation)) == 0) {
    return false;
  }
  if (request.operation == StoreOperation::Flush) {
    return true;
  }
  return request.offsetBytes < rule.endByte &&
         request.offsetBytes + request.lengthBytes > rule.firstByte;
}

} // namespace

std::uint64_t FaultRandom::next() {
  state_ += kStep;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return mixed ^ (mixed >> 31);
}

double FaultRandom::fraction() { return (static_cast<double>(next() >> 11) + 1.0) * 0x1.0p-53; }

std::uint64_t FaultRandom::delayNs(const FaultDelay& delay) {
  const auto base = static_cast<double>(delay.baseNs);
  const auto spread = static_cast<double>(delay.spreadNs);
  double chosenNs = base;
  switch (delay.shape) {
  case FaultDelay::Shape::Fixed:
    break;
  case FaultDelay::Shape::Uniform:
    chosenNs = base + (spread - base) * fraction();
    break;
  case FaultDelay::Shape::Exponential:
    chosenNs = -base * std::log(fraction());
    break;
  case FaultDelay::Shape::Normal: {
    // Box and Muller.
    const double radius = std::sqrt(-2.0 * std::log(fraction()));
    chosenNs = base + spread * radius * std::cos(2.0 * std::numbers::pi * fraction());
    break;
  }
  }
  return static_cast<std::uint64_t>(
      std::clamp(chosenNs, 0.0, static_cast<double>(FaultDelay::kNsMax)));
}

std::optional<FaultPlan::Hit> FaultPlan::next(const StoreRequest& request, FaultLayer layer) {
  if (!hasRules_.load(std::memory_order_relaxed)) {
    return std::nullopt;
  }
  const std::scoped_lock lock(mutex_);
  for (Entry& entry : entries_) {
    RuleState& state = entry.state;
    const FaultRule& rule = state.rule;
    if (!isFor(rule, request, layer)) {
      continue;
    }
    ++state.matchCount;
    const bool isDue = (rule.nth == 0 || state.matchCount == rule.nth) &&
                       (rule.every == 0 || state.matchCount % rule.every == 0) &&
                       (rule.times == 0 || state.hitCount < rule.times);
    if (!isDue || entry.random.below(kMillion) >= rule.chancePpm) {
      continue;
    }
    ++state.hitCount;
    return Hit{.action = rule.action,
               .delayNs = entry.random.delayNs(rule.delay),
               .choice = entry.random.next()};
  }
  return std::nullopt;
}

std::optional<std::uint32_t> FaultPlan::add(const FaultRule& rule) {
  const std::scoped_lock lock(mutex_);
  if (entries_.size() >= kRuleCountMax) {
    return std::nullopt;
  }
  const std::uint32_t id = nextId_++;
  // Far apart in the sequence, so that no two rules draw the same numbers.
  const FaultRandom random(seed_ ^ (kStep * id));
  entries_.push_back({.state = {.id = id, .rule = rule}, .random = random});
  hasRules_.store(true, std::memory_order_relaxed);
  return id;
}

bool FaultPlan::remove(std::uint32_t id) {
  const std::scoped_lock lock(mutex_);
  const auto removed =
      std::erase_if(entries_, [id](const Entry& entry) { return entry.state.id == id; });
  hasRules_.store(!entries_.empty(), std::memory_order_relaxed);
  return removed != 0;
}

void FaultPlan::clear() {
  const std::scoped_lock lock(mutex_);
  entries_.clear();
  hasRules_.store(false, std::memory_order_relaxed);
}

std::vector<FaultPlan::RuleState> FaultPlan::list() const {
  const std::scoped_lock lock(mutex_);
  std::vector<RuleState> states;
  states.reserve(entries_.size());
  for (const Entry& entry : entries_) {
    states.push_back(entry.state);
  }
  return states;
}

void FaultPlan::release() {
  const std::scoped_lock lock(subscribersMutex_);
  for (const Subscription* subscription : subscriptions_) {
    subscription->notify();
  }
}

void FaultPlan::releaseForever() {
  mayHold_.store(false);
  release();
}

std::unique_ptr<FaultPlan::Subscription> FaultPlan::subscribe(std::function<void()> onRelease) {
  return std::make_unique<Subscription>(*this, std::move(onRelease));
}

FaultPlan::Subscription::Subscription(FaultPlan& plan, std::function<void()> onRelease)
    : plan_(plan), onRelease_(std::move(onRelease)) {
  const std::scoped_lock lock(plan_.subscribersMutex_);
  plan_.subscriptions_.push_back(this);
}

FaultPlan::Subscription::~Subscription() {
  const std::scoped_lock lock(plan_.subscribersMutex_);
  std::erase(plan_.subscriptions_, this);
}

} // namespace argon
