// SPDX-License-Identifier: Apache-2.0
#pragma once

// A store that keeps only ciphertext in the store below it: AES-256-XTS over units of 4096 bytes,
// tweak = unit number, and an allocation map so that what was never written reads as zeros.
//
// Data is encrypted and decrypted on the way between the guest's memory and a buffer of the worker,
// so ciphertext never shows in guest memory, guest memory is never altered, and crypting is the
// copy. Where the store below is memory, the buffer is not needed either.
//
// XTS blocks within a unit do not chain: a write of 512 bytes into a unit that holds data encrypts
// its slice at its place in the unit and writes just that. The first write into a unit writes the
// whole unit, zeros around the data.

#include "base/result.h"
#include "crypto/data_key.h"
#include "storage/allocation_map.h"
#include "storage/block_store.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

namespace argon {

class EncryptedChannel;

class EncryptedStore final : public BlockStore {
public:
  static constexpr std::uint64_t kUnitBytes = AllocationMap::kUnitBytes;

  struct Parts {
    std::unique_ptr<BlockStore> data;
    std::unique_ptr<AllocationMap> map;
    /// Keeps the map, in the format of map_file.h. Null if the key will not outlive the process
    /// either: then nothing of the map is stored.
    std::unique_ptr<BlockStore> mapStore;
  };

  /// The data store's size must be a multiple of the unit, and the map's its number of units.
  static Result<std::unique_ptr<EncryptedStore>> create(Parts parts, DataKey key);
  ~EncryptedStore() override;

  [[nodiscard]] std::uint64_t sizeBytes() const override {
    return parts_.map->unitCount() * kUnitBytes;
  }
  [[nodiscard]] std::uint32_t blockBytes() const override { return 512; }
  Result<std::unique_ptr<StoreChannel>> openChannel(const ChannelContext& context) override;
  /// Grows the data, then the stored map, then the map: whoever sees the size finds both below it.
  Result<void> grow(std::uint64_t newSizeBytes) override;
  [[nodiscard]] std::string_view description() const override { return description_; }

  // For channels.

  [[nodiscard]] AllocationMap& map() { return *parts_.map; }
  [[nodiscard]] BlockStore& data() { return *parts_.data; }
  /// The first channel that was opened: flushes of all channels are its work, one after another.
  /// It is the last to be closed.
  [[nodiscard]] EncryptedChannel& homeChannel() { return *homeChannel_; }
  /// After a failed flush of the map what it holds is unknown; no flush succeeds any more.
  [[nodiscard]] bool hasFailed() const { return hasFailed_.load(std::memory_order_acquire); }
  void markFailed() { hasFailed_.store(true, std::memory_order_release); }

private:
  EncryptedStore(Parts parts, DataKey key);

  Parts parts_;
  DataKey key_;
  std::string description_;
  std::mutex openMutex_;
  EncryptedChannel* homeChannel_ = nullptr;
  std::atomic<bool> hasFailed_ = false;
};

} // namespace argon
