// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "storage/block_store.h"

#include <cstdint>
#include <memory>
#include <string_view>

namespace argon::test {

/// A store of another owner, who outlives this: one that outlives the card.
class LentStore final : public BlockStore {
public:
  explicit LentStore(BlockStore& store) : store_(store) {}

  [[nodiscard]] std::uint64_t sizeBytes() const override { return store_.sizeBytes(); }
  [[nodiscard]] std::uint32_t blockBytes() const override { return store_.blockBytes(); }
  Result<std::unique_ptr<StoreChannel>> openChannel(const ChannelContext& context) override {
    return store_.openChannel(context);
  }
  [[nodiscard]] bool canGiveSpaceBack() const override { return store_.canGiveSpaceBack(); }
  [[nodiscard]] std::string_view description() const override { return "lent"; }

private:
  BlockStore& store_;
};

} // namespace argon::test
