// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/mapped_region.h"
#include "base/result.h"
#include "storage/block_store.h"

#include <atomic>
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
  /// It can grow so many times its first size: address space is set aside for that.
  static constexpr std::uint64_t kGrowthFactor = 16;

  /// With room to grow, no more address space than a process has.
  static constexpr std::uint64_t kSizeBytesMax = std::uint64_t{1} << 42;

  /// `sizeBytes`: a multiple of 512, at most kSizeBytesMax. Memory is taken as it is first written.
  static Result<std::unique_ptr<MemoryStore>> create(std::uint64_t sizeBytes);

  [[nodiscard]] std::uint64_t sizeBytes() const override {
    return sizeBytes_.load(std::memory_order_acquire);
  }
  [[nodiscard]] std::uint32_t blockBytes() const override { return 512; }
  Result<std::unique_ptr<StoreChannel>> openChannel(const ChannelContext& context) override;
  Result<void> grow(std::uint64_t newSizeBytes) override;
  [[nodiscard]] std::span<std::byte> mappedBytes() override {
    return memory_.bytes().first(sizeBytes());
  }
  [[nodiscard]] std::string_view description() const override { return "memory"; }

private:
  MemoryStore(MappedRegion memory, std::uint64_t sizeBytes)
      : memory_(std::move(memory)), sizeBytes_(sizeBytes) {}

  MappedRegion memory_;
  std::atomic<std::uint64_t> sizeBytes_;
};

} // namespace argon
