// SPDX-License-Identifier: Apache-2.0
#include "storage/map_memory.h"

#include "base/check.h"
#include "base/error.h"
#include "base/mapped_region.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace argon {

namespace {

constexpr std::size_t kVolumeIdBytes = 20;

// "ARGONMEM" in the host's byte order. Another number for another layout.
constexpr std::uint64_t kMagic = 0x4d45'4d4e'4f47'5241;

Result<std::uint64_t> sizeOf(int fd) {
  struct stat status{};
  if (::fstat(fd, &status) != 0) {
    return Error::fromErrno(errno, "inspect a map's memory");
  }
  return static_cast<std::uint64_t>(status.st_size);
}

Result<void> extend(int fd, std::uint64_t sizeBytes) {
  ARGON_TRY_ASSIGN(const std::uint64_t size, sizeOf(fd));
  if (size < sizeBytes && ::ftruncate(fd, static_cast<off_t>(sizeBytes)) != 0) {
    return Error::fromErrno(errno, concat("extend a map's memory to ", sizeBytes, " bytes"));
  }
  return {};
}

// What is stored is there for a process that comes after this one is killed, in this order.
void put(std::uint64_t& place, std::uint64_t value) {
  std::atomic_ref<std::uint64_t>(place).store(value, std::memory_order_release);
}

} // namespace

// In the host's byte order: it never leaves the host. A page of zeros is that of fresh memory.
struct MapMemory::Header {
  /// kMagic while the rest is good.
  std::uint64_t magic;
  std::array<char, kVolumeIdBytes> volumeId;
  std::array<std::byte, 4> zeros;
  /// The number that holds, and the one that is about to.
  std::uint64_t opening;
  std::uint64_t nextOpening;
};

Result<std::unique_ptr<MapMemory>> MapMemory::open(UniqueFd memory) {
  const int seals = ::fcntl(memory.get(), F_GET_SEALS);
  if (seals < 0 || (seals & F_SEAL_SHRINK) == 0) {
    return Error(ErrorKind::PermissionDenied, "a map's memory is no memfd, or may be cut short");
  }
  ARGON_TRY(extend(memory.get(), kHeaderBytes));
  ARGON_TRY_ASSIGN(MappedRegion page, MappedRegion::mapShared(memory.get(), 0, kHeaderBytes,
                                                              MappedRegion::Access::ReadWrite));
  return std::unique_ptr<MapMemory>(new MapMemory(std::move(memory), std::move(page)));
}

MapMemory::MapMemory(UniqueFd memory, MappedRegion headerPage)
    : memory_(std::move(memory)), headerPage_(std::move(headerPage)) {}

MapMemory::Header& MapMemory::header() const {
  static_assert(sizeof(Header) == 48 && sizeof(Header) <= kHeaderBytes);
  void* const place = headerPage_.bytes().data();
  return *static_cast<Header*>(place);
}

bool MapMemory::holds(std::string_view volumeId, std::uint64_t opening) const {
  // untrusted: copied, then looked at.
  const Header found = header();
  return found.magic == kMagic && std::ranges::equal(found.volumeId, volumeId) && opening != 0 &&
         (found.opening == opening || found.nextOpening == opening);
}

Result<void> MapMemory::erase() {
  put(header().magic, 0);
  return clearFrom(0);
}

void MapMemory::announceOpening(std::uint64_t opening) { put(header().nextOpening, opening); }

void MapMemory::confirmOpening(std::string_view volumeId, std::uint64_t opening) {
  ARGON_CHECK_EQ(volumeId.size(), kVolumeIdBytes);
  Header& page = header();
  put(page.opening, opening);
  if (page.magic != kMagic) {
    std::ranges::copy(volumeId, page.volumeId.begin());
    put(page.magic, kMagic);
  }
}

Result<MappedRegion> MapMemory::mapBits(std::uint64_t byteCountMax) const {
  return MappedRegion::mapShared(memory_.get(), kHeaderBytes, byteCountMax,
                                 MappedRegion::Access::ReadWrite);
}

Result<void> MapMemory::makeRoom(std::uint64_t byteCount) const {
  return extend(memory_.get(), kHeaderBytes + byteCount);
}

Result<void> MapMemory::readBits(std::uint64_t firstByte, std::span<std::byte> into) const {
  while (!into.empty()) {
    const ssize_t count = ::pread(memory_.get(), into.data(), into.size(),
                                  static_cast<off_t>(kHeaderBytes + firstByte));
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count < 0) {
      return Error::fromErrno(errno, "read a map's memory");
    }
    if (count == 0) {
      return Error(ErrorKind::Corrupt, "a map's memory is cut short");
    }
    into = into.subspan(static_cast<std::size_t>(count));
    firstByte += static_cast<std::uint64_t>(count);
  }
  return {};
}

Result<void> MapMemory::clearFrom(std::uint64_t firstByte) const {
  const std::uint64_t begin = kHeaderBytes + firstByte;
  ARGON_TRY_ASSIGN(const std::uint64_t end, sizeOf(memory_.get()));
  if (begin < end && ::fallocate(memory_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                 static_cast<off_t>(begin), static_cast<off_t>(end - begin)) != 0) {
    return Error::fromErrno(errno, "clear a map's memory");
  }
  return {};
}

} // namespace argon
