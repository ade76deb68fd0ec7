// SPDX-License-Identifier: Apache-2.0
#include "addon/device_controls.h"

#include "addon/napi_support.h"
#include "base/check.h"
#include "base/error.h"
#include "base/result.h"
#include "storage/block_store.h"
#include "storage/fault_plan.h"
#include "storage/fault_store.h"
#include "storage/limit_tree.h"
#include "storage/throttle.h"
#include "storage/throttled_store.h"
#include "storage/volatile_store.h"

#include <napi.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace argon::addon {

namespace {

// The names that cross to JavaScript, in the order of their enumerations.
constexpr std::array<const char*, kLimitCount> kLimitNames{"readOperations",  "writeOperations",
                                                           "totalOperations", "readBytes",
                                                           "writeBytes",      "totalBytes"};
constexpr std::array kScopeNames{"host", "guest", "volume"};
constexpr std::array kActionNames{"error", "no-space", "delay", "hang",
                                  "short", "torn",     "flip",  "lose-flush"};
constexpr std::array kShapeNames{"fixed", "uniform", "exponential", "normal"};
constexpr std::array kLayerNames{"device", "disk"};

// Values are validated in TypeScript; another name is a bug of ours.
template <typename Enumeration, typename Names>
Enumeration enumerationOf(const Names& names, std::string_view text) {
  const auto found = std::ranges::find(names, text);
  ARGON_CHECK(found != names.end());
  return static_cast<Enumeration>(found - names.begin());
}

template <typename Enumeration, typename Names>
Napi::Value nameOf(Napi::Env env, const Names& names, Enumeration value) {
  return Napi::String::New(env, names[static_cast<std::size_t>(value)]);
}

bool booleanOf(const Napi::Object& options, const char* name) {
  const Napi::Value value = options.Get(name);
  ARGON_CHECK(value.IsBoolean());
  return value.As<Napi::Boolean>().Value();
}

} // namespace

DeviceControls::DeviceControls(Options options)
    : options_(std::move(options)),
      plan_(options_.hasFaults ? std::make_shared<FaultPlan>(options_.seed) : nullptr) {}

std::unique_ptr<BlockStore> DeviceControls::withPower(std::unique_ptr<BlockStore> store) {
  if (!options_.hasPower) return store;
  auto powered = std::make_unique<VolatileStore>(std::move(store));
  powered_.push_back(powered.get());
  return powered;
}

std::unique_ptr<BlockStore> DeviceControls::aroundDisk(std::unique_ptr<BlockStore> disk) {
  std::unique_ptr<BlockStore> powered = withPower(std::move(disk));
  if (plan_ == nullptr) return powered;
  return std::make_unique<FaultStore>(std::move(powered), plan_, FaultLayer::Disk);
}

std::unique_ptr<BlockStore> DeviceControls::aroundMap(std::unique_ptr<BlockStore> map) {
  return withPower(std::move(map));
}

std::unique_ptr<BlockStore> DeviceControls::aroundDevice(std::unique_ptr<BlockStore> device,
                                                         const std::string& volume,
                                                         LimitTree& limits) {
  if (plan_ != nullptr) {
    device = std::make_unique<FaultStore>(std::move(device), plan_, FaultLayer::Device);
  }
  return std::make_unique<ThrottledStore>(std::move(device),
                                          limits.levelsOf(volume, options_.guest));
}

Result<FaultPlan*> DeviceControls::faults() {
  if (plan_ == nullptr) {
    return Error(ErrorKind::Unsupported, "the device was started without faults");
  }
  return plan_.get();
}

Result<VolatileStore::Cut> DeviceControls::cutPower(std::uint64_t seed) {
  const std::scoped_lock lock(mutex_);
  if (powered_.empty()) {
    return Error(ErrorKind::Unsupported, "the device was started without power cuts");
  }
  if (std::ranges::any_of(powered_, [](const VolatileStore* store) { return store->isOff(); })) {
    return Error(ErrorKind::AlreadyExists, "the power is off already");
  }
  // All at once; what survives is told after.
  std::vector<std::promise<VolatileStore::Cut>> cuts(powered_.size());
  for (std::size_t index = 0; index < powered_.size(); ++index) {
    ARGON_CHECK(powered_[index]->cutPower(
        seed + index,
        [&cut = cuts[index]](const VolatileStore::Cut& done) { cut.set_value(done); }));
  }
  VolatileStore::Cut sum;
  for (std::promise<VolatileStore::Cut>& cut : cuts) {
    const VolatileStore::Cut done = cut.get_future().get();
    sum.pendingCount += done.pendingCount;
    sum.keptCount += done.keptCount;
    sum.tornCount += done.tornCount;
    sum.lostCount += done.lostCount;
  }
  return sum;
}

Result<void> DeviceControls::restorePower() {
  const std::scoped_lock lock(mutex_);
  for (VolatileStore* store : powered_) {
    if (!store->restorePower()) {
      return Error(ErrorKind::NotFound, "the power is not off");
    }
  }
  if (powered_.empty()) {
    return Error(ErrorKind::Unsupported, "the device was started without power cuts");
  }
  return {};
}

void DeviceControls::close() {
  if (plan_ != nullptr) plan_->releaseForever();
  const std::scoped_lock lock(mutex_);
  powered_.clear();
}

DeviceControls::Options controlOptionsOf(const Napi::Object& controls) {
  return {.guest = stringOf(controls, "guest"),
          .hasFaults = booleanOf(controls, "hasFaults"),
          .hasPower = booleanOf(controls, "hasPower"),
          .seed = u64Of(controls, "seed")};
}

FaultRule faultRuleOf(const Napi::Object& rule) {
  const Napi::Object delay = objectOf(rule, "delay");
  return {
      .layer = enumerationOf<FaultLayer>(kLayerNames, stringOf(rule, "layer")),
      .operations = static_cast<std::uint8_t>(u32Of(rule, "operations")),
      .firstByte = u64Of(rule, "firstByte"),
      .endByte = u64Of(rule, "endByte"),
      .nth = u64Of(rule, "nth"),
      .every = u64Of(rule, "every"),
      .times = u64Of(rule, "times"),
      .chancePpm = u32Of(rule, "chancePpm"),
      .action = enumerationOf<FaultAction>(kActionNames, stringOf(rule, "action")),
      .delay = {.shape = enumerationOf<FaultDelay::Shape>(kShapeNames, stringOf(delay, "shape")),
                .baseNs = u64Of(delay, "baseNs"),
                .spreadNs = u64Of(delay, "spreadNs")}};
}

Napi::Value faultsToJs(Napi::Env env, const std::vector<FaultPlan::RuleState>& rules) {
  Napi::Array list = Napi::Array::New(env);
  for (std::uint32_t index = 0; index < rules.size(); ++index) {
    const FaultPlan::RuleState& state = rules[index];
    const FaultRule& rule = state.rule;
    const Napi::Object delay = Napi::Object::New(env);
    delay.Set("shape", nameOf(env, kShapeNames, rule.delay.shape));
    delay.Set("baseNs", bigintOf(env, rule.delay.baseNs));
    delay.Set("spreadNs", bigintOf(env, rule.delay.spreadNs));
    const Napi::Object spec = Napi::Object::New(env);
    spec.Set("layer", nameOf(env, kLayerNames, rule.layer));
    spec.Set("operations", Napi::Number::New(env, rule.operations));
    spec.Set("firstByte", bigintOf(env, rule.firstByte));
    spec.Set("endByte", bigintOf(env, rule.endByte));
    spec.Set("nth", bigintOf(env, rule.nth));
    spec.Set("every", bigintOf(env, rule.every));
    spec.Set("times", bigintOf(env, rule.times));
    spec.Set("chancePpm", Napi::Number::New(env, rule.chancePpm));
    spec.Set("action", nameOf(env, kActionNames, rule.action));
    spec.Set("delay", delay);
    const Napi::Object object = Napi::Object::New(env);
    object.Set("id", Napi::Number::New(env, state.id));
    object.Set("rule", spec);
    object.Set("matches", bigintOf(env, state.matchCount));
    object.Set("hits", bigintOf(env, state.hitCount));
    list.Set(index, object);
  }
  return list;
}

Napi::Value cutToJs(Napi::Env env, const VolatileStore::Cut& cut) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("pending", bigintOf(env, cut.pendingCount));
  object.Set("kept", bigintOf(env, cut.keptCount));
  object.Set("torn", bigintOf(env, cut.tornCount));
  object.Set("lost", bigintOf(env, cut.lostCount));
  return object;
}

Result<void> setLimits(LimitTree& tree, const Napi::Object& request) {
  const Napi::Object values = objectOf(request, "limits");
  LimitSet limits;
  for (std::size_t index = 0; index < kLimitCount; ++index) {
    const Napi::Object limit = objectOf(values, kLimitNames[index]);
    limits[index] = {.unitsPerSecond = u64Of(limit, "perSecond"),
                     .burstUnits = u64Of(limit, "burst")};
  }
  const auto scope = enumerationOf<LimitTree::Scope>(kScopeNames, stringOf(request, "scope"));
  if (!tree.setLimits(scope, stringOf(request, "name"), limits)) {
    return Error(ErrorKind::Exhausted, "too many guests and volumes have limits");
  }
  return {};
}

Napi::Value levelsToJs(Napi::Env env, const std::vector<LimitTree::Level>& levels) {
  Napi::Array list = Napi::Array::New(env);
  for (std::uint32_t index = 0; index < levels.size(); ++index) {
    const LimitTree::Level& level = levels[index];
    const Napi::Object limits = Napi::Object::New(env);
    for (std::size_t which = 0; which < kLimitCount; ++which) {
      const Napi::Object limit = Napi::Object::New(env);
      limit.Set("perSecond", bigintOf(env, level.limits[which].unitsPerSecond));
      limit.Set("burst", bigintOf(env, level.limits[which].burstUnits));
      limits.Set(kLimitNames[which], limit);
    }
    const Napi::Object object = Napi::Object::New(env);
    object.Set("scope", nameOf(env, kScopeNames, level.scope));
    object.Set("name", Napi::String::New(env, level.name));
    object.Set("limits", limits);
    object.Set("delayedRequests", bigintOf(env, level.counters.delayedRequests));
    object.Set("delayNs", bigintOf(env, level.counters.delayNs));
    object.Set("exceededOperationsNs", bigintOf(env, level.counters.exceededOperationsNs));
    object.Set("exceededBytesNs", bigintOf(env, level.counters.exceededBytesNs));
    list.Set(index, object);
  }
  return list;
}

} // namespace argon::addon
