// SPDX-License-Identifier: Apache-2.0
#include "storage/null_store.h"

#include "base/result.h"
#include "storage/block_store.h"

#include <atomic>
#include <cstdint>
#include <memory>

namespace argon {

namespace {

class NullChannel final : public StoreChannel {
public:
  void submit(StoreRequest& request) override { request.done(StoreStatus::Ok); }
};

} // namespace

Result<std::unique_ptr<StoreChannel>> NullStore::openChannel(const ChannelContext& /*context*/) {
  return std::unique_ptr<StoreChannel>(std::make_unique<NullChannel>());
}

Result<void> NullStore::grow(std::uint64_t newSizeBytes) {
  ARGON_TRY(checkGrowth(*this, newSizeBytes));
  sizeBytes_.store(newSizeBytes, std::memory_order_relaxed);
  return {};
}

} // namespace argon
