// SPDX-License-Identifier: Apache-2.0
#include "storage/broken_store.h"

#include "base/error.h"
#include "base/result.h"
#include "storage/block_store.h"

#include <cstdint>
#include <memory>

namespace argon {

namespace {

class BrokenChannel final : public StoreChannel {
public:
  void submit(StoreRequest& request) override { request.done(StoreStatus::IoError); }
};

} // namespace

Result<std::unique_ptr<StoreChannel>> BrokenStore::openChannel(const ChannelContext& /*context*/) {
  return std::unique_ptr<StoreChannel>(std::make_unique<BrokenChannel>());
}

Result<void> BrokenStore::grow(std::uint64_t /*newSizeBytes*/) {
  return Error(ErrorKind::Unsupported, "a device without a volume does not grow");
}

} // namespace argon
