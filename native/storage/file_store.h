// SPDX-License-Identifier: Apache-2.0
#pragma once

// A store in a file or block device of the host, through io_uring; O_DIRECT where the file system
// allows it for 512-byte blocks, so that data is copied once or never and the host's cache does not
// hold it again. A range that does not fit O_DIRECT's alignment in memory goes through a buffer.
//
// Opening takes an exclusive lock on the file (flock on our own open file description). The kernel
// keeps that lock until the last write of a process that was killed has landed, so whoever holds it
// knows that nothing older can come behind its own writes (reliability.md, finding 1).

#include "base/log.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "storage/block_store.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace argon {

/// How a range of a file is made zeros, the best first.
enum class ClearMethod : std::uint8_t { PunchHole, ZeroRange, Write };

class FileStore final : public BlockStore {
public:
  enum class Caching : std::uint8_t {
    /// O_DIRECT if the file system takes it for 512-byte blocks, else through the page cache.
    Auto,
    Cached,
  };
  /// How the file grows.
  enum class Space : std::uint8_t {
    Sparse,
    /// With its blocks, so that no write into them finds a full disk.
    Allocated,
  };
  struct Options {
    Caching caching = Caching::Auto;
    /// If not 0, the store's size, which the file must have; a longer file is good too, because
    /// that is what a growth leaves that was cut off.
    std::uint64_t expectedBytes = 0;
    Space space = Space::Sparse;
    /// How long to wait for the lock, for a predecessor whose last writes are landing.
    std::uint64_t lockTimeoutNs = 5'000'000'000;
  };

  /// Opens a file or block device that exists. Blocks for the lock; not for an event loop's thread.
  static Result<std::unique_ptr<FileStore>> open(const std::string& path, const Options& options,
                                                 Log log);

  [[nodiscard]] std::uint64_t sizeBytes() const override {
    return sizeBytes_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint32_t blockBytes() const override { return 512; }
  Result<std::unique_ptr<StoreChannel>> openChannel(const ChannelContext& context) override;
  /// A block device cannot be made larger here: it must be already.
  Result<void> grow(std::uint64_t newSizeBytes) override;
  [[nodiscard]] bool canGiveSpaceBack() const override { return canPunchHole(); }
  [[nodiscard]] std::string_view description() const override { return description_; }
  /// True if the file's pages are the host's memory: a mapping is then all that its bytes need.
  [[nodiscard]] Result<bool> isMemory() const;

  // For channels.

  [[nodiscard]] int fd() const { return file_.get(); }
  /// Alignment of memory that O_DIRECT needs; 1 without O_DIRECT.
  [[nodiscard]] std::size_t memoryAlignment() const { return memoryAlignment_; }
  [[nodiscard]] const Log& log() const { return log_; }
  /// After a failed fdatasync what the file holds is unknown, and a later one can claim success all
  /// the same; so the store stays failed for writes and flushes.
  [[nodiscard]] bool hasFailed() const { return hasFailed_.load(std::memory_order_acquire); }
  void markFailed() { hasFailed_.store(true, std::memory_order_release); }
  /// What the file system is not known to refuse. Learned by trying; any thread.
  [[nodiscard]] bool canPunchHole() const { return canPunchHole_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool canZeroRange() const { return canZeroRange_.load(std::memory_order_relaxed); }
  void noteUnsupported(ClearMethod method);

private:
  FileStore(UniqueFd file, std::uint64_t sizeBytes, std::size_t memoryAlignment, Space space,
            std::string description, Log log);

  UniqueFd file_;
  std::atomic<std::uint64_t> sizeBytes_;
  Space space_;
  std::size_t memoryAlignment_;
  std::string description_;
  Log log_;
  std::atomic<bool> hasFailed_ = false;
  std::atomic<bool> canPunchHole_ = true;
  std::atomic<bool> canZeroRange_ = true;
};

/// True if some process has the file open as a store. An answer of the moment.
[[nodiscard]] Result<bool> isStoreLocked(const std::string& path);

} // namespace argon
