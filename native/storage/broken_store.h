// SPDX-License-Identifier: Apache-2.0
#pragma once

// A store that fails whatever it is asked, at once: it stands where a volume was, for a guest that
// still holds the device.

#include "base/result.h"
#include "storage/block_store.h"

#include <cstdint>
#include <memory>
#include <string_view>

namespace argon {

class BrokenStore final : public BlockStore {
public:
  explicit BrokenStore(std::uint64_t sizeBytes) : sizeBytes_(sizeBytes) {}

  [[nodiscard]] std::uint64_t sizeBytes() const override { return sizeBytes_; }
  [[nodiscard]] std::uint32_t blockBytes() const override { return 512; }
  Result<std::unique_ptr<StoreChannel>> openChannel(const ChannelContext& context) override;
  /// Always an error: nobody owns what could grow.
  Result<void> grow(std::uint64_t newSizeBytes) override;
  [[nodiscard]] std::string_view description() const override { return "broken"; }

private:
  std::uint64_t sizeBytes_;
};

} // namespace argon
