// SPDX-License-Identifier: Apache-2.0
#include "addon/store_plan.h"

#include "addon/device_controls.h"
#include "addon/napi_support.h"
#include "base/error.h"
#include "base/log.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "crypto/data_key.h"
#include "crypto/master_key.h"
#include "storage/allocation_map.h"
#include "storage/block_store.h"
#include "storage/broken_store.h"
#include "storage/encrypted_store.h"
#include "storage/file_store.h"
#include "storage/limit_tree.h"
#include "storage/map_file.h"
#include "storage/map_memory.h"
#include "storage/mapped_file_store.h"
#include "storage/memory_store.h"
#include "storage/null_store.h"

#include <napi.h>

#include <cstdint>
#include <memory>
#include <utility>

namespace argon::addon {

StorePlan planOf(const Napi::Object& options) {
  const Napi::Object store = objectOf(options, "store");
  const Napi::Object cipher = objectOf(options, "cipher");
  StorePlan plan{.volumeId = stringOf(options, "id"),
                 .kind = stringOf(store, "kind"),
                 .cipher = stringOf(cipher, "kind")};
  if (plan.kind == "file") {
    plan.path = stringOf(store, "path");
    plan.isCached = stringOf(store, "caching") == "cached";
    plan.sizeBytes = u64Of(store, "expectedBytes");
  } else {
    plan.sizeBytes = u64Of(store, "sizeBytes");
  }
  if (plan.cipher == "volume-key") {
    plan.masterKeyPath = stringOf(cipher, "masterKeyPath");
    plan.mapPath = stringOf(cipher, "mapPath");
    plan.wrappedKey = bytesOf(cipher, "wrappedKey");
  }
  return plan;
}

namespace {

Result<std::unique_ptr<BlockStore>> openData(const StorePlan& plan, std::uint64_t lockTimeoutNs,
                                             const Log& log) {
  if (plan.kind == "null") {
    return std::unique_ptr<BlockStore>(std::make_unique<NullStore>(plan.sizeBytes));
  }
  if (plan.kind == "broken") {
    return std::unique_ptr<BlockStore>(std::make_unique<BrokenStore>(plan.sizeBytes));
  }
  if (plan.kind == "memory") {
    ARGON_TRY_ASSIGN(std::unique_ptr<MemoryStore> store, MemoryStore::create(plan.sizeBytes));
    return std::unique_ptr<BlockStore>(std::move(store));
  }
  ARGON_TRY_ASSIGN(std::unique_ptr<FileStore> store,
                   FileStore::open(plan.path,
                                   {.caching = plan.isCached ? FileStore::Caching::Cached
                                                             : FileStore::Caching::Auto,
                                    .expectedBytes = plan.sizeBytes,
                                    .lockTimeoutNs = lockTimeoutNs},
                                   log));
  ARGON_TRY_ASSIGN(const bool isMemory, store->isMemory());
  if (!isMemory || plan.isCached || store->sizeBytes() > MappedFileStore::kSizeBytesMax)
    return std::unique_ptr<BlockStore>(std::move(store));
  ARGON_TRY_ASSIGN(std::unique_ptr<MappedFileStore> mapped,
                   MappedFileStore::create(std::move(store)));
  return std::unique_ptr<BlockStore>(std::move(mapped));
}

// Null if the map has none, or none that would be right: what a simulated power cut takes from the
// disk goes with the card, and its bits must go too.
Result<std::unique_ptr<MapMemory>> openMapMemory(UniqueFd memory, const DeviceControls* controls) {
  if (!memory || (controls != nullptr && controls->hasPower())) {
    return std::unique_ptr<MapMemory>();
  }
  return MapMemory::open(std::move(memory));
}

Result<std::unique_ptr<BlockStore>> encrypt(const StorePlan& plan, Succession succession,
                                            std::unique_ptr<BlockStore> data,
                                            DeviceControls* controls, const Log& log) {
  EncryptedStore::Parts parts{.data = std::move(data)};
  const std::uint64_t size = parts.data->sizeBytes();
  if (size % EncryptedStore::kUnitBytes != 0) {
    return Error(ErrorKind::InvalidArgument,
                 concat(plan.kind == "file" ? plan.path : "a store in memory", " is ", size,
                        " bytes, and what is encrypted is a multiple of ",
                        EncryptedStore::kUnitBytes));
  }
  const std::uint64_t unitCount = size / EncryptedStore::kUnitBytes;
  if (plan.cipher == "throwaway-key") {
    ARGON_TRY_ASSIGN(DataKey key, DataKey::generate());
    ARGON_TRY_ASSIGN(parts.map, AllocationMap::create(unitCount));
    ARGON_TRY_ASSIGN(std::unique_ptr<EncryptedStore> store,
                     EncryptedStore::create(std::move(parts), std::move(key)));
    return std::unique_ptr<BlockStore>(std::move(store));
  }
  ARGON_TRY_ASSIGN(const MasterKey masterKey, MasterKey::load(plan.masterKeyPath));
  ARGON_TRY_ASSIGN(DataKey key, DataKey::unwrap(plan.wrappedKey, masterKey, plan.volumeId));
  // The lock on the map's file comes first, so that what is read is what will be written on.
  ARGON_TRY_ASSIGN(std::unique_ptr<FileStore> mapStore,
                   FileStore::open(plan.mapPath,
                                   {.expectedBytes = mapFileBytes(unitCount),
                                    .space = FileStore::Space::Allocated,
                                    .lockTimeoutNs = succession.lockTimeoutNs},
                                   log));
  ARGON_TRY_ASSIGN(std::unique_ptr<MapMemory> memory,
                   openMapMemory(std::move(succession.mapMemory), controls));
  ARGON_TRY_ASSIGN(parts.map,
                   openMapFile(plan.mapPath, unitCount, plan.volumeId, std::move(memory)));
  parts.mapStore = std::move(mapStore);
  if (controls != nullptr) parts.mapStore = controls->aroundMap(std::move(parts.mapStore));
  ARGON_TRY_ASSIGN(std::unique_ptr<EncryptedStore> store,
                   EncryptedStore::create(std::move(parts), std::move(key)));
  return std::unique_ptr<BlockStore>(std::move(store));
}

} // namespace

Result<std::unique_ptr<BlockStore>> openStore(const StorePlan& plan, Succession succession,
                                              DeviceControls* controls, LimitTree& limits,
                                              const Log& log) {
  ARGON_TRY_ASSIGN(std::unique_ptr<BlockStore> store,
                   openData(plan, succession.lockTimeoutNs, log));
  if (controls != nullptr) store = controls->aroundDisk(std::move(store));
  if (plan.cipher != "none") {
    ARGON_TRY_ASSIGN(store, encrypt(plan, std::move(succession), std::move(store), controls, log));
  }
  if (controls == nullptr) return store;
  return controls->aroundDevice(std::move(store), plan.volumeId, limits);
}

} // namespace argon::addon
