// SPDX-License-Identifier: Apache-2.0
#pragma once

// What can be done to a device while it is served, in the words of JavaScript: limits for the card,
// faults and power for a device that was given them. The values here are read from and made into
// Node's objects on the JavaScript thread; everything else is for any thread.

#include "base/result.h"
#include "storage/block_store.h"
#include "storage/fault_plan.h"
#include "storage/limit_tree.h"
#include "storage/volatile_store.h"

#include <napi.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace argon::addon {

/// The stores that faults and limits need, put around those of one device.
class DeviceControls {
public:
  struct Options {
    /// Empty: the volume belongs to no guest.
    std::string guest;
    /// Fault rules are possible; and power cuts, with the cache they need.
    bool hasFaults = false;
    bool hasPower = false;
    std::uint64_t seed = 0;
  };

  explicit DeviceControls(Options options);

  // While the device's stores are opened, from the lowest up.

  [[nodiscard]] std::unique_ptr<BlockStore> aroundDisk(std::unique_ptr<BlockStore> disk);
  /// The allocation map loses power with the disk; rules leave it alone.
  [[nodiscard]] std::unique_ptr<BlockStore> aroundMap(std::unique_ptr<BlockStore> map);
  [[nodiscard]] std::unique_ptr<BlockStore>
  aroundDevice(std::unique_ptr<BlockStore> device, const std::string& volume, LimitTree& limits);

  // While it is served.

  [[nodiscard]] bool hasPower() const { return options_.hasPower; }
  /// Not found if the device was given no faults.
  [[nodiscard]] Result<FaultPlan*> faults();
  /// Blocks until what survives is on the disk.
  [[nodiscard]] Result<VolatileStore::Cut> cutPower(std::uint64_t seed);
  [[nodiscard]] Result<void> restorePower();
  /// The device is about to go: nothing is held back any more, and there are no more power cuts.
  void close();

private:
  [[nodiscard]] std::unique_ptr<BlockStore> withPower(std::unique_ptr<BlockStore> store);

  Options options_;
  std::shared_ptr<FaultPlan> plan_;
  std::mutex mutex_;
  // Of the device's stores, while it is served.
  std::vector<VolatileStore*> powered_;
};

/// From `controls` of a device's options.
[[nodiscard]] DeviceControls::Options controlOptionsOf(const Napi::Object& controls);
[[nodiscard]] FaultRule faultRuleOf(const Napi::Object& rule);
[[nodiscard]] Napi::Value faultsToJs(Napi::Env env, const std::vector<FaultPlan::RuleState>& rules);
[[nodiscard]] Napi::Value cutToJs(Napi::Env env, const VolatileStore::Cut& cut);
/// Sets one level's limits as `request` says: its scope, its name and all six limits.
[[nodiscard]] Result<void> setLimits(LimitTree& tree, const Napi::Object& request);
[[nodiscard]] Napi::Value levelsToJs(Napi::Env env, const std::vector<LimitTree::Level>& levels);

} // namespace argon::addon
