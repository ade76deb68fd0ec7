// SPDX-License-Identifier: Apache-2.0
#include "storage/crypt_scene.h"

#include "base/result.h"
#include "storage/allocation_map.h"
#include "storage/block_store.h"
#include "storage/encrypted_store.h"
#include "storage/map_file.h"
#include "storage/null_store.h"
#include "support/random.h"
#include "support/reference_xts.h"
#include "support/slow_store.h"
#include "support/store_worker.h"
#include "support/test.h"
#include "support/volume_key.h"

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

namespace argon::test {

std::unique_ptr<AllocationMap> makeMap(std::uint64_t unitCount) {
  Result<std::unique_ptr<AllocationMap>> map = AllocationMap::create(unitCount);
  REQUIRE_OK(map);
  return *std::move(map);
}

std::unique_ptr<EncryptedStore> makeCrypted(EncryptedStore::Parts parts, const VolumeKey& key) {
  Result<std::unique_ptr<EncryptedStore>> store =
      EncryptedStore::create(std::move(parts), key.open());
  REQUIRE_OK(store);
  return *std::move(store);
}

Bytes encryptUnit(const VolumeKey& key, std::uint64_t unit, std::span<const std::byte> plaintext) {
  return referenceXtsEncrypt(key.bytes(), unit, plaintext);
}

CryptScene::CryptScene(std::uint64_t unitCount, Map map, Data data) {
  EncryptedStore::Parts parts{.data = nullptr, .map = makeMap(unitCount), .mapStore = nullptr};
  if (data == Data::Noise) {
    auto noise = std::make_unique<SlowStore>(Random(99).bytes(unitCount * kUnit));
    data_ = noise.get();
    noise->record(journal_, "data");
    parts.data = std::move(noise);
  } else {
    parts.data = std::make_unique<NullStore>(unitCount * kUnit);
  }
  if (map == Map::Stored) {
    auto mapStore = std::make_unique<SlowStore>(mapFileBytes(unitCount));
    mapStore_ = mapStore.get();
    mapStore->record(journal_, "map");
    parts.mapStore = std::move(mapStore);
  }
  store_ = makeCrypted(std::move(parts), key_);
  channel_ = worker_.open(*store_);
}

StoreStatus CryptScene::finish(Operation& operation) {
  channel_->submit(operation);
  while (!operation.isDone()) {
    if (data_ != nullptr) {
      data_->answerAll();
    }
    if (mapStore_ != nullptr) {
      mapStore_->answerAll();
    }
  }
  return operation.status().value();
}

void CryptScene::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  Operation operation;
  const iovec part{.iov_base = const_cast<std::byte*>(bytes.data()), .iov_len = bytes.size()};
  operation.prepareWrite(offset, std::span(&part, 1));
  REQUIRE(finish(operation) == StoreStatus::Ok);
}

Bytes CryptScene::read(std::uint64_t offset, std::size_t bytes) {
  Bytes content(bytes, std::byte{0xcc});
  Operation operation;
  const iovec part{.iov_base = content.data(), .iov_len = content.size()};
  operation.prepareRead(offset, std::span(&part, 1));
  REQUIRE(finish(operation) == StoreStatus::Ok);
  return content;
}

void CryptScene::discard(std::uint64_t offset, std::uint64_t length) {
  Operation operation;
  operation.prepareDiscard(offset, length);
  // Whole units are done at once; the stores are left alone.
  channel_->submit(operation);
  REQUIRE(operation.status() == StoreStatus::Ok);
}

StoreStatus CryptScene::flush() {
  Operation operation;
  operation.prepareFlush();
  return finish(operation);
}

} // namespace argon::test
