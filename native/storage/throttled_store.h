// SPDX-License-Identifier: Apache-2.0
#pragma once

// A store that lets requests into the store below as fast as its levels allow: the volume's, the
// guest's, the host's.
//
// A request that is not let in waits, first come, first served, in its channel; one io_uring
// timeout wakes the channel at the moment when the first of them may go. Meanwhile the channel is
// congested, so rings keep their chains and a throttled volume does not use up the worker's
// requests. A FLUSH goes through at once.
//
// When a ring stops, what waits is let through and owed: a debt of hours must not hold up
// GET_VRING_BASE or the end of a card. As rings keep their chains meanwhile, that is one request of
// each channel, and the debt is still there for whoever uses the volume next.

#include "base/result.h"
#include "storage/block_store.h"
#include "storage/throttle.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace argon {

class ThrottledStore final : public BlockStore {
public:
  /// `levels`: the narrowest first. Shared with other stores of the same guest and host, and with
  /// whoever changes the limits.
  ThrottledStore(std::unique_ptr<BlockStore> below, std::vector<std::shared_ptr<Throttle>> levels);

  [[nodiscard]] std::uint64_t sizeBytes() const override { return below_->sizeBytes(); }
  [[nodiscard]] std::uint32_t blockBytes() const override { return below_->blockBytes(); }
  Result<std::unique_ptr<StoreChannel>> openChannel(const ChannelContext& context) override;
  Result<void> grow(std::uint64_t newSizeBytes) override { return below_->grow(newSizeBytes); }
  [[nodiscard]] std::string_view description() const override { return below_->description(); }

private:
  std::unique_ptr<BlockStore> below_;
  std::vector<std::shared_ptr<Throttle>> levels_;
};

} // namespace argon
