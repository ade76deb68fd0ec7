// SPDX-License-Identifier: Apache-2.0
#include "storage/file_store.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "storage/block_store.h"
#include "storage/file_channel.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>

namespace argon {

namespace {

constexpr std::uint64_t kSectorBytes = 512;
constexpr std::chrono::milliseconds kLockRetryInterval{20};

Result<std::uint64_t> findSize(int fd, const std::string& path) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) {
    return Error::fromErrno(errno, concat("inspect ", path));
  }
  if (S_ISREG(status.st_mode)) {
    return static_cast<std::uint64_t>(status.st_size);
  }
  std::uint64_t size = 0;
  if (S_ISBLK(status.st_mode)) {
    if (::ioctl(fd, BLKGETSIZE64, &size) != 0) {
      return Error::fromErrno(errno, concat("find the size of ", path));
    }
    return size;
  }
  return Error(ErrorKind::InvalidArgument,
               concat(path, " is neither a regular file nor a block device"));
}

Result<bool> isRegularFile(int fd, const std::string& path) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) {
    return Error::fromErrno(errno, concat("inspect ", path));
  }
  return S_ISREG(status.st_mode);
}

// The alignment that O_DIRECT wants of memory, or 0 if 512-byte blocks cannot be had with it.
std::size_t findDirectAlignment(int fd) {
  struct stat status{};
  if (::fstat(fd, &status) == 0 && S_ISBLK(status.st_mode)) {
    int sectorBytes = 0;
    return ::ioctl(fd, BLKSSZGET, &sectorBytes) == 0 &&
                   static_cast<std::uint64_t>(sectorBytes) == kSectorBytes
               ? kSectorBytes
               : 0;
  }
  // Linux 6.1 has the answer; an older kernel leaves the mask bit clear.
  struct statx facts{};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &facts) != 0 ||
      (facts.stx_mask & STATX_DIOALIGN) == 0 || facts.stx_dio_offset_align == 0 ||
      facts.stx_dio_offset_align > kSectorBytes) {
    return 0;
  }
  return facts.stx_dio_mem_align;
}

Result<void> lock(int fd, const std::string& path, std::uint64_t timeoutNs) {
  const std::uint64_t startNs = monotonicNs();
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return Error::fromErrno(errno, concat("lock ", path));
    }
    if (monotonicNs() - startNs >= timeoutNs) {
      return Error(ErrorKind::AlreadyExists, concat(path, " is in use by another process"));
    }
    std::this_thread::sleep_for(kLockRetryInterval);
  }
  return {};
}

} // namespace

Result<std::unique_ptr<FileStore>> FileStore::open(const std::string& path, const Options& options,
                                                   Log log) {
  UniqueFd file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!file) {
    return Error::fromErrno(errno, concat("open ", path));
  }
  ARGON_TRY(lock(file.get(), path, options.lockTimeoutNs));
  ARGON_TRY_ASSIGN(const std::uint64_t size, findSize(file.get(), path));
  if (size == 0 || size % kSectorBytes != 0) {
    return Error(ErrorKind::InvalidArgument,
                 concat(path, " is ", size, " bytes, not a multiple of ", kSectorBytes));
  }
  if (size < options.expectedBytes) {
    return Error(ErrorKind::Corrupt,
                 concat(path, " is ", size, " bytes, and should be ", options.expectedBytes));
  }
  std::size_t alignment =
      options.caching == Caching::Auto ? findDirectAlignment(file.get()) : std::size_t{0};
  // The status flag belongs to our own open file description.
  if (alignment != 0 && ::fcntl(file.get(), F_SETFL, O_DIRECT) != 0) {
    alignment = 0;
  }
  std::string description =
      concat("file ", path, alignment != 0 ? ", O_DIRECT" : ", through the page cache");
  return std::unique_ptr<FileStore>(
      new FileStore(std::move(file), options.expectedBytes == 0 ? size : options.expectedBytes,
                    alignment == 0 ? std::size_t{1} : alignment, options.space,
                    std::move(description), std::move(log)));
}

FileStore::FileStore(UniqueFd file, std::uint64_t sizeBytes, std::size_t memoryAlignment,
                     Space space, std::string description, Log log)
    : file_(std::move(file)), sizeBytes_(sizeBytes), space_(space),
      memoryAlignment_(memoryAlignment), description_(std::move(description)),
      log_(std::move(log)) {}

Result<void> FileStore::grow(std::uint64_t newSizeBytes) {
  ARGON_TRY(checkGrowth(*this, newSizeBytes));
  ARGON_TRY_ASSIGN(const std::uint64_t size, findSize(file_.get(), description_));
  ARGON_TRY_ASSIGN(const bool isRegular, isRegularFile(file_.get(), description_));
  if (!isRegular && size < newSizeBytes) {
    return Error(ErrorKind::Exhausted, concat(description_, " has ", size, " bytes"));
  }
  if (isRegular) {
    const auto length = static_cast<off_t>(newSizeBytes);
    // Never shorter: a growth that was cut off may have left it longer.
    const int status = space_ == Space::Allocated ? ::fallocate(file_.get(), 0, 0, length)
                       : size < newSizeBytes      ? ::ftruncate(file_.get(), length)
                                                  : 0;
    if (status != 0 || ::fsync(file_.get()) != 0) {
      return Error::fromErrno(errno, concat("grow ", description_, " to ", newSizeBytes, " bytes"));
    }
  }
  sizeBytes_.store(newSizeBytes, std::memory_order_relaxed);
  return {};
}

Result<std::unique_ptr<StoreChannel>> FileStore::openChannel(const ChannelContext& context) {
  return FileChannel::create(*this, context.uring);
}

Result<bool> FileStore::isMemory() const {
  struct statfs fileSystem{};
  if (::fstatfs(file_.get(), &fileSystem) != 0) {
    return Error::fromErrno(errno, concat("inspect the file system of ", description_));
  }
  return fileSystem.f_type == TMPFS_MAGIC;
}

void FileStore::noteUnsupported(ClearMethod method) {
  (method == ClearMethod::PunchHole ? canPunchHole_ : canZeroRange_)
      .store(false, std::memory_order_relaxed);
}

Result<bool> isStoreLocked(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file) return Error::fromErrno(errno, concat("open ", path));
  if (::flock(file.get(), LOCK_EX | LOCK_NB) == 0) return false;
  if (errno == EWOULDBLOCK) return true;
  return Error::fromErrno(errno, concat("lock ", path));
}

} // namespace argon
