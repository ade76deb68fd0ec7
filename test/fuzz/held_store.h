// SPDX-License-Identifier: Apache-2.0
#pragma once

// A store in memory that answers requests at once, or when it is told to: in any order and with any
// outcome. It looks at a request's memory only when it answers it. One thread.

#include "base/result.h"
#include "storage/block_store.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace argon::fuzz {

class HeldStore final : public BlockStore {
public:
  explicit HeldStore(std::uint64_t sizeBytes) : bytes_(sizeBytes) {}

  [[nodiscard]] std::uint64_t sizeBytes() const override { return bytes_.size(); }
  [[nodiscard]] std::uint32_t blockBytes() const override { return 512; }
  Result<std::unique_ptr<StoreChannel>> openChannel(const ChannelContext& context) override;
  [[nodiscard]] std::string_view description() const override { return "held"; }

  /// What is stored, while nothing is under way.
  [[nodiscard]] std::span<std::byte> bytes() { return bytes_; }

  /// What every byte of a range is afterwards: which operation it was can be told from it.
  [[nodiscard]] static std::byte clearedByte(StoreOperation operation, bool mayUnmap) {
    return operation == StoreOperation::Discard ? std::byte{0xd1} : std::byte{mayUnmap};
  }

  void setHolding(bool isHolding) { isHolding_ = isHolding; }
  [[nodiscard]] std::size_t heldCount() const { return held_.size(); }
  /// Answers one of those that are held; with a failure it is not done.
  void answer(std::size_t which, StoreStatus status);

private:
  class Channel;

  void submit(StoreRequest& request);
  void perform(const StoreRequest& request);

  std::vector<std::byte> bytes_;
  std::vector<StoreRequest*> held_;
  bool isHolding_ = false;
};

} // namespace argon::fuzz
