// SPDX-License-Identifier: Apache-2.0
#pragma once

// A store that does to its requests what a FaultPlan says, over any other store: over an encrypted
// one it is a device that fails, under it a disk that does. It is put there only where faults are
// asked for, and unlike other stores it takes memory for the requests that it changes.
//
// Requests that are held back, by a delay or until they are released, start when a ring that uses
// the channel stops: a fault must not hang GET_VRING_BASE or the end of a card.

#include "base/result.h"
#include "storage/block_store.h"
#include "storage/fault_plan.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

namespace argon {

class FaultStore final : public BlockStore {
public:
  /// Requests that a channel holds back before rings keep their chains. Arbitrary: a full ring of
  /// the usual size, and a quarter of what a worker has for all its devices.
  static constexpr std::size_t kHeldCountMax = 256;

  /// The plan is shared with whoever changes it.
  FaultStore(std::unique_ptr<BlockStore> below, std::shared_ptr<FaultPlan> plan, FaultLayer layer)
      : below_(std::move(below)), plan_(std::move(plan)), layer_(layer) {}

  [[nodiscard]] std::uint64_t sizeBytes() const override { return below_->sizeBytes(); }
  [[nodiscard]] std::uint32_t blockBytes() const override { return below_->blockBytes(); }
  Result<std::unique_ptr<StoreChannel>> openChannel(const ChannelContext& context) override;
  Result<void> grow(std::uint64_t newSizeBytes) override { return below_->grow(newSizeBytes); }
  [[nodiscard]] std::string_view description() const override { return below_->description(); }

private:
  std::unique_ptr<BlockStore> below_;
  std::shared_ptr<FaultPlan> plan_;
  FaultLayer layer_;
};

} // namespace argon
