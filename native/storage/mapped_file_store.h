// SPDX-License-Identifier: Apache-2.0
#pragma once

// A store in a file whose file system is memory (tmpfs, memfd): reads and writes are copies between
// the file's pages, mapped, and the request's buffers, without a system call. The encrypted store
// crypts straight between the two.
//
// What a mapping must not do is touch a page that is not there: reading one would take memory for
// it, and writing one on a full file system raises SIGBUS. So pages are known here, a bit each:
// those that are not go through the kernel, which says what is there or that there is no room.
// Should the file be cut short all the same, the process lives (SigbusGuard) and the store fails.
//
// Durability is the file system's: none beyond the host's running, so FLUSH has nothing to do. A
// process that is killed in the middle of a copy can leave a sector half new; that request was not
// answered, and whoever has in-flight tracking does it again.

#include "base/mapped_region.h"
#include "base/result.h"
#include "base/sigbus_guard.h"
#include "storage/block_store.h"
#include "storage/file_store.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace argon {

class MappedFileStore final : public BlockStore {
public:
  /// The file can grow so many times its size: address space is set aside for that.
  static constexpr std::uint64_t kGrowthFactor = 16;

  /// A larger file, which can only be sparse, takes more address space than there is.
  static constexpr std::uint64_t kSizeBytesMax = std::uint64_t{1} << 40;

  /// `file` is one whose isMemory() is true, of at most kSizeBytesMax.
  static Result<std::unique_ptr<MappedFileStore>> create(std::unique_ptr<FileStore> file);

  [[nodiscard]] std::uint64_t sizeBytes() const override {
    return sizeBytes_.load(std::memory_order_acquire);
  }
  [[nodiscard]] std::uint32_t blockBytes() const override { return 512; }
  Result<std::unique_ptr<StoreChannel>> openChannel(const ChannelContext& context) override;
  Result<void> grow(std::uint64_t newSizeBytes) override;
  [[nodiscard]] bool canGiveSpaceBack() const override { return file_->canGiveSpaceBack(); }
  [[nodiscard]] std::span<std::byte> mappedBytes() override {
    return mapping_.bytes().first(sizeBytes());
  }
  [[nodiscard]] StoreStatus makeRoom(std::uint64_t offsetBytes, std::uint64_t lengthBytes) override;
  [[nodiscard]] bool isMappingGood() const override { return !guard_.isBroken(); }
  [[nodiscard]] std::string_view description() const override { return description_; }

  // For channels.

  /// True if every page of a range is there, or is found to be.
  [[nodiscard]] bool hasPages(std::uint64_t offsetBytes, std::uint64_t lengthBytes);
  /// Some pages of a range may go away from now on.
  void forgetPages(std::uint64_t offsetBytes, std::uint64_t lengthBytes);

private:
  // The pages of a range, which may begin and end within one.
  struct Pages {
    std::uint64_t first;
    std::uint64_t end;
  };

  MappedFileStore(std::unique_ptr<FileStore> file, MappedRegion mapping, SigbusGuard guard,
                  MappedRegion known);

  [[nodiscard]] static Pages pagesOf(std::uint64_t offsetBytes, std::uint64_t lengthBytes);
  [[nodiscard]] std::atomic_ref<std::uint64_t> wordOf(std::uint64_t page) const;
  [[nodiscard]] bool isKnown(const Pages& pages) const;
  void setKnown(const Pages& pages);

  std::unique_ptr<FileStore> file_;
  // Order matters: the guard goes before the mapping it watches.
  MappedRegion mapping_;
  SigbusGuard guard_;
  // A bit a page.
  MappedRegion known_;
  std::atomic<std::uint64_t> sizeBytes_;
  std::string description_;
};

} // namespace argon
