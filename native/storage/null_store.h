// SPDX-License-Identifier: Apache-2.0
#pragma once

// A store that keeps nothing and answers at once: what is left is the cost of the device itself.
// Reads leave the buffers as they are.

#include "base/result.h"
#include "storage/block_store.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

namespace argon {

class NullStore final : public BlockStore {
public:
  explicit NullStore(std::uint64_t sizeBytes) : sizeBytes_(sizeBytes) {}

  [[nodiscard]] std::uint64_t sizeBytes() const override {
    return sizeBytes_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint32_t blockBytes() const override { return 512; }
  Result<std::unique_ptr<StoreChannel>> openChannel(const ChannelContext& context) override;
  Result<void> grow(std::uint64_t newSizeBytes) override;
  [[nodiscard]] std::string_view description() const override { return "null"; }

private:
  std::atomic<std::uint64_t> sizeBytes_;
};

} // namespace argon
