// SPDX-License-Identifier: Apache-2.0
#pragma once

// An encrypted volume over stores that answer when a test says so, and one worker with a channel.

#include "storage/allocation_map.h"
#include "storage/block_store.h"
#include "storage/encrypted_store.h"
#include "support/slow_store.h"
#include "support/store_worker.h"
#include "support/volume_key.h"

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace argon::test {

using Bytes = std::vector<std::byte>;

/// A map of so many units, all clear, or a failed test.
[[nodiscard]] std::unique_ptr<AllocationMap> makeMap(std::uint64_t unitCount);
/// An encrypted store, or a failed test.
[[nodiscard]] std::unique_ptr<EncryptedStore> makeCrypted(EncryptedStore::Parts parts,
                                                          const VolumeKey& key);
/// What a unit's ciphertext must be.
[[nodiscard]] Bytes encryptUnit(const VolumeKey& key, std::uint64_t unit,
                                std::span<const std::byte> plaintext);

/// A write or a read with memory of its own.
struct Transfer {
  Bytes memory;
  iovec part{};
  Operation operation;

  void prepareWrite(std::uint64_t offset, Bytes content) {
    memory = std::move(content);
    part = {.iov_base = memory.data(), .iov_len = memory.size()};
    operation.prepareWrite(offset, std::span(&part, 1));
  }
  void prepareRead(std::uint64_t offset, std::size_t bytes) {
    memory.assign(bytes, std::byte{0xcc});
    part = {.iov_base = memory.data(), .iov_len = memory.size()};
    operation.prepareRead(offset, std::span(&part, 1));
  }
};

class CryptScene {
public:
  static constexpr std::uint64_t kUnit = 4096;
  enum class Map : std::uint8_t { Stored, InMemoryOnly };
  /// Noise: so that what should be zeros does not come by chance. None: a store of any size that
  /// keeps nothing.
  enum class Data : std::uint8_t { Noise, None };

  explicit CryptScene(std::uint64_t unitCount, Map map = Map::Stored, Data data = Data::Noise);

  [[nodiscard]] SlowStore& data() { return *data_; }
  [[nodiscard]] SlowStore& mapStore() { return *mapStore_; }
  [[nodiscard]] EncryptedStore& store() { return *store_; }
  [[nodiscard]] StoreChannel& channel() { return *channel_; }
  [[nodiscard]] StoreWorker& worker() { return worker_; }
  [[nodiscard]] const VolumeKey& key() const { return key_; }
  /// A second channel of the same worker.
  [[nodiscard]] std::unique_ptr<StoreChannel> openAnother() { return worker_.open(*store_); }

  // Whole operations, the stores answering at once.

  void write(std::uint64_t offset, std::span<const std::byte> bytes);
  [[nodiscard]] Bytes read(std::uint64_t offset, std::size_t bytes);
  void discard(std::uint64_t offset, std::uint64_t length);
  StoreStatus flush();
  /// Submits, and lets the stores answer until it is done.
  StoreStatus finish(Operation& operation);

  /// What the stores have done since it was last asked.
  [[nodiscard]] std::vector<std::string> journal() { return journal_.take(); }

private:
  VolumeKey key_;
  StoreJournal journal_;
  StoreWorker worker_;
  SlowStore* data_ = nullptr;
  SlowStore* mapStore_ = nullptr;
  std::unique_ptr<EncryptedStore> store_;
  std::unique_ptr<StoreChannel> channel_;
};

} // namespace argon::test
