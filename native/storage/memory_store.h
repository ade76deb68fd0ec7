// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/mapped_region.h"
#include "base/result.h"
#include "storage/block_store.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace argon {

/// A store in this process's memory: zeros at first, gone with the process. Any number of threads;
/// requests on overlapping bytes may mix, as on a disk.
class MemoryStore final : public BlockStore {
public:
  /// `sizeBytes`: a multiple of 512. Memory is taken as it is first written.
  static Result<std::unique_ptr<MemoryStore>> create(std::uint64_t sizeBytes);

  [[nodiscard]] std::uint64_t sizeBytes() const override { return memory_.bytes().size(); }
  [[nodiscard]] std::uint32_t blockBytes() const override { return 512; }
  Result<std::unique_ptr<StoreChannel>> openChannel(const ChannelContext& context) override;
  [[nodiscard]] std::span<std::byte> mappedBytes() override { return memory_.bytes(); }
  [[nodiscard]] std::string_view description() const override { return "memory"; }

private:
  explicit MemoryStore(MappedRegion memory) : memory_(std::move(memory)) {}

  MappedRegion memory_;
};

} // namespace argon
