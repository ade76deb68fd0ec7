// SPDX-License-Identifier: Apache-2.0
#pragma once

// A store with a volatile write cache, whose power can be cut: what is written stays in this
// process's memory until a flush brings it to the store below. A cut keeps some of what was not
// flushed, by a seed, and every request fails until the power is back.
//
// For tests of what a guest's file system, or the encrypted store above, makes of that. Flushes are
// done one at a time, by the channel that was asked. The cache has a lock and takes memory.

#include "base/result.h"
#include "storage/block_store.h"
#include "storage/fault_plan.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

namespace argon {

class VolatileChannel;

class VolatileStore final : public BlockStore {
public:
  /// Unflushed bytes at which the cache begins to write back by itself. Arbitrary; a disk's cache
  /// is not endless either.
  static constexpr std::uint64_t kCachedBytesMax = std::uint64_t{128} << 20;

  /// What a power cut did, in writes that were not flushed.
  struct Cut {
    std::uint64_t pendingCount = 0;
    std::uint64_t keptCount = 0;
    /// Of these, some sectors were kept.
    std::uint64_t tornCount = 0;
    std::uint64_t lostCount = 0;
  };
  /// A write (or what makes zeros of a range) that no flush has covered.
  struct CachedWrite {
    StoreOperation operation = StoreOperation::Write;
    std::uint64_t offsetBytes = 0;
    std::uint64_t lengthBytes = 0;
    bool mayUnmap = false;
    /// Empty for zeros.
    std::vector<std::byte> bytes;
  };

  explicit VolatileStore(std::unique_ptr<BlockStore> below) : below_(std::move(below)) {}

  [[nodiscard]] std::uint64_t sizeBytes() const override { return below_->sizeBytes(); }
  [[nodiscard]] std::uint32_t blockBytes() const override { return below_->blockBytes(); }
  Result<std::unique_ptr<StoreChannel>> openChannel(const ChannelContext& context) override;
  Result<void> grow(std::uint64_t newSizeBytes) override { return below_->grow(newSizeBytes); }
  [[nodiscard]] std::string_view description() const override { return below_->description(); }

  // Any thread.

  using CutDone = std::function<void(const Cut&)>;
  /// Requests fail from now on. `done` is called when what is kept is in the store below, on a
  /// data thread or within the call. False, and nothing happens, if the power is off already.
  [[nodiscard]] bool cutPower(std::uint64_t seed, CutDone done);
  /// False if the power is not off, or the cut is not done yet.
  [[nodiscard]] bool restorePower();
  [[nodiscard]] bool isOff() const;
  [[nodiscard]] std::uint64_t cachedBytes() const;

private:
  friend class VolatileChannel;
  using SharedWrite = std::shared_ptr<const CachedWrite>;

  // Something that brings cached writes to the store below, one at a time and in order.
  struct Job {
    VolatileChannel* channel = nullptr;
    // The flush to answer; null for a write-back and for a cut.
    StoreRequest* request = nullptr;
  };

  void start(const Job& job);
  void finish();
  [[nodiscard]] std::vector<SharedWrite> chooseSurvivors();

  std::unique_ptr<BlockStore> below_;
  mutable std::mutex mutex_;
  // In the order of their writes. Shared with reads and jobs that look at them.
  std::deque<SharedWrite> cached_;
  std::uint64_t cachedBytes_ = 0;
  std::deque<Job> jobs_;
  bool isBusy_ = false;
  bool isWritingBack_ = false;
  std::vector<VolatileChannel*> channels_;
  // The cut that is under way or done.
  bool isOff_ = false;
  FaultRandom random_{0};
  Cut cut_;
  CutDone cutDone_;
};

} // namespace argon
