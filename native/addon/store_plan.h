// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "addon/device_controls.h"
#include "base/log.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "storage/block_store.h"
#include "storage/limit_tree.h"

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace argon::addon {

/// What JavaScript said of a store, away from Node's objects so that another thread can open it.
struct StorePlan {
  std::string volumeId;
  std::string kind;
  std::uint64_t sizeBytes = 0;
  std::string path;
  bool isCached = false;
  std::string cipher;
  std::string masterKeyPath;
  std::string mapPath;
  std::vector<std::byte> wrappedKey;
};

/// Reads a device's options; on the JavaScript thread.
[[nodiscard]] StorePlan planOf(const Napi::Object& options);

/// What is there to take over from a card that had the volume before.
struct Succession {
  /// How long to wait for the files' locks, until its last writes have landed.
  std::uint64_t lockTimeoutNs = 0;
  /// The memory of the allocation map (storage/map_memory.h); closed if there is none.
  UniqueFd mapMemory;
};

/// Opens what a plan says, with the stores of `controls`, which may be null, between and around.
/// Any thread; blocks for files.
[[nodiscard]] Result<std::unique_ptr<BlockStore>> openStore(const StorePlan& plan,
                                                            Succession succession,
                                                            DeviceControls* controls,
                                                            LimitTree& limits, const Log& log);

} // namespace argon::addon
