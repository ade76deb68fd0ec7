// SPDX-License-Identifier: Apache-2.0
#include "memory/memory_region.h"

#include "base/checked_math.h"
#include "base/error.h"
#include "base/mapped_region.h"
#include "base/result.h"
#include "base/sigbus_guard.h"
#include "base/text.h"
#include "base/unique_fd.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace argon {

namespace {

struct FileFacts {
  FileIdentity identity;
  std::uint64_t sizeBytes = 0;
  std::size_t pageBytes = 0;
};

Result<FileFacts> inspectFile(int fd, RegionPolicy policy) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) {
    return Error::fromErrno(errno, "inspect a guest memory file");
  }
  if (!S_ISREG(status.st_mode)) {
    return Error(ErrorKind::Protocol, "guest memory is not a regular file or memfd");
  }
  struct statfs fileSystem{};
  if (::fstatfs(fd, &fileSystem) != 0) {
    return Error::fromErrno(errno, "inspect a guest memory file system");
  }
  const bool isHuge = fileSystem.f_type == HUGETLBFS_MAGIC;
  if (policy == RegionPolicy::RequireSealed) {
    // Another file system could hang our page faults (FUSE) or change under us.
    if (!isHuge && fileSystem.f_type != TMPFS_MAGIC) {
      return Error(ErrorKind::PermissionDenied, "guest memory is not a memfd");
    }
    const int seals = ::fcntl(fd, F_GET_SEALS);
    if (seals < 0 || (seals & F_SEAL_SHRINK) == 0) {
      return Error(ErrorKind::PermissionDenied,
                   "guest memory is not sealed against shrinking (use memory-backend-memfd)");
    }
  }
  return FileFacts{
      .identity = {.device = status.st_dev, .inode = status.st_ino},
      .sizeBytes = static_cast<std::uint64_t>(status.st_size),
      .pageBytes = isHuge ? static_cast<std::size_t>(fileSystem.f_bsize) : pageBytes(),
  };
}

} // namespace

Result<std::shared_ptr<const MemoryRegion>> MemoryRegion::map(const RegionDescription& description,
                                                              UniqueFd fd, RegionPolicy policy) {
  ARGON_TRY_ASSIGN(const FileFacts facts, inspectFile(fd.get(), policy));
  const std::uint64_t size = description.sizeBytes;
  if (size == 0 || !addChecked(description.guestStart.get(), size) ||
      !addChecked(description.frontendStart.get(), size)) {
    return Error(ErrorKind::Protocol,
                 concat("memory region of ", size, " bytes at guest address ",
                        hex(description.guestStart.get()), " is empty or wraps around"));
  }
  if (!isWithin(description.fileOffsetBytes, size, facts.sizeBytes)) {
    return Error(ErrorKind::Protocol,
                 concat("memory region of ", size, " bytes at file offset ",
                        description.fileOffsetBytes, " ends after its file of ", facts.sizeBytes,
                        " bytes"));
  }
  // A mapping of hugetlbfs starts and ends on its own, larger pages.
  const std::uint64_t lead = description.fileOffsetBytes % facts.pageBytes;
  const std::optional<std::uint64_t> padded = roundUp(lead + size, facts.pageBytes);
  if (!padded || (facts.pageBytes != pageBytes() && lead != 0)) {
    return Error(ErrorKind::Protocol, "memory region does not start on a page of its file");
  }
  const bool isHuge = facts.pageBytes != pageBytes();
  ARGON_TRY_ASSIGN(MappedRegion mapping,
                   MappedRegion::mapShared(fd.get(), description.fileOffsetBytes,
                                           isHuge ? *padded : size,
                                           MappedRegion::Access::ReadWrite));
  // Guest memory is not for core files, and a child has no business with it. Under mlockall, which
  // a card uses for its keys, the guest's pages stay its front end's affair.
  ::madvise(mapping.pages().data(), mapping.pages().size(), MADV_DONTDUMP);
  ::madvise(mapping.pages().data(), mapping.pages().size(), MADV_DONTFORK);
  ::munlock(mapping.pages().data(), mapping.pages().size());
  ARGON_TRY_ASSIGN(SigbusGuard guard, SigbusGuard::create(mapping.pages(), facts.pageBytes));
  return std::shared_ptr<const MemoryRegion>(
      new MemoryRegion(description, facts.identity, std::move(mapping), std::move(guard)));
}

Result<FileIdentity> identifyFile(int fd) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) {
    return Error::fromErrno(errno, "inspect a guest memory file");
  }
  return FileIdentity{.device = status.st_dev, .inode = status.st_ino};
}

} // namespace argon
