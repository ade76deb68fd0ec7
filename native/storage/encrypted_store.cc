// SPDX-License-Identifier: Apache-2.0
#include "storage/encrypted_store.h"

#include "base/check.h"
#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "crypto/aes_xts.h"
#include "crypto/data_key.h"
#include "storage/allocation_map.h"
#include "storage/block_store.h"
#include "storage/encrypted_channel.h"
#include "storage/map_file.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

namespace argon {

Result<std::unique_ptr<EncryptedStore>> EncryptedStore::create(Parts parts, DataKey key) {
  const std::uint64_t size = parts.data->sizeBytes();
  if (size == 0 || size % kUnitBytes != 0) {
    return Error(ErrorKind::InvalidArgument, concat("an encrypted volume of ", size,
                                                    " bytes is not a multiple of ", kUnitBytes));
  }
  ARGON_CHECK_EQ(parts.map->unitCount(), size / kUnitBytes);
  if (parts.mapStore != nullptr &&
      parts.mapStore->sizeBytes() != mapFileBytes(parts.map->unitCount())) {
    return Error(ErrorKind::Corrupt, concat(parts.mapStore->description(), " has a wrong size"));
  }
  return std::unique_ptr<EncryptedStore>(new EncryptedStore(std::move(parts), std::move(key)));
}

EncryptedStore::EncryptedStore(Parts parts, DataKey key)
    : parts_(std::move(parts)), key_(std::move(key)),
      description_(concat("aes-256-xts over ", parts_.data->description())) {}

EncryptedStore::~EncryptedStore() = default;

Result<void> EncryptedStore::grow(std::uint64_t newSizeBytes) {
  ARGON_TRY(checkGrowth(*this, newSizeBytes));
  if (newSizeBytes % kUnitBytes != 0) {
    return Error(ErrorKind::InvalidArgument, concat("an encrypted volume of ", newSizeBytes,
                                                    " bytes is not a multiple of ", kUnitBytes));
  }
  const std::uint64_t unitCount = newSizeBytes / kUnitBytes;
  ARGON_TRY(parts_.data->grow(newSizeBytes));
  if (parts_.mapStore != nullptr) {
    ARGON_TRY(parts_.mapStore->grow(mapFileBytes(unitCount)));
  }
  return parts_.map->grow(unitCount);
}

Result<std::unique_ptr<StoreChannel>> EncryptedStore::openChannel(const ChannelContext& context) {
  EncryptedChannel::Parts parts;
  ARGON_TRY_ASSIGN(parts.data, parts_.data->openChannel(context));
  if (parts_.mapStore != nullptr) {
    ARGON_TRY_ASSIGN(parts.map, parts_.mapStore->openChannel(context));
  }
  ARGON_TRY_ASSIGN(XtsCipher cipher, key_.createCipher());
  parts.mappedData = parts_.data->mappedBytes();
  ARGON_TRY_ASSIGN(std::unique_ptr<EncryptedChannel> channel,
                   EncryptedChannel::create(*this, context, std::move(parts), std::move(cipher)));
  const std::scoped_lock lock(openMutex_);
  if (homeChannel_ == nullptr) {
    homeChannel_ = channel.get();
  }
  return std::unique_ptr<StoreChannel>(std::move(channel));
}

} // namespace argon
