// SPDX-License-Identifier: Apache-2.0
#include "storage/map_file.h"

#include "base/check.h"
#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "crypto/random.h"
#include "storage/allocation_map.h"
#include "storage/map_memory.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace argon {

namespace {

constexpr std::uint64_t kUnitsPerPage = AllocationMap::kPageBytes * 8;
constexpr std::size_t kVolumeIdBytes = 20;

// In the host's byte order, which is x86's little-endian.
struct Header {
  std::array<char, 8> magic;
  std::uint32_t version;
  std::uint32_t unitBytes;
  // When the volume was made; it may have grown since.
  std::uint64_t unitCount;
  std::array<char, kVolumeIdBytes> volumeId;
  std::array<std::byte, 4> gap;
  // Drawn by whoever opened it last; 0 if nobody ever has.
  std::uint64_t opening;
  std::array<std::byte, kMapHeaderBytes - 56> zeros;

  friend bool operator==(const Header&, const Header&) = default;
};
static_assert(sizeof(Header) == kMapHeaderBytes);

constexpr std::array<char, 8> kMagic = {'A', 'R', 'G', 'O', 'N', 'M', 'A', 'P'};
constexpr std::uint32_t kVersion = 1;

Header headerOf(std::uint64_t unitCount, std::string_view volumeId) {
  ARGON_CHECK_EQ(volumeId.size(), kVolumeIdBytes);
  Header header{.magic = kMagic,
                .version = kVersion,
                .unitBytes = AllocationMap::kUnitBytes,
                .unitCount = unitCount,
                .volumeId = {},
                .gap = {},
                .opening = 0,
                .zeros = {}};
  std::ranges::copy(volumeId, header.volumeId.begin());
  return header;
}

Result<void> readAll(int fd, std::span<std::byte> into, const std::string& path) {
  std::size_t count = 0;
  while (count < into.size()) {
    const ssize_t got = ::read(fd, into.data() + count, into.size() - count);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return Error::fromErrno(errno, concat("read ", path));
    }
    if (got == 0) {
      return Error(ErrorKind::Corrupt, concat(path, " is cut short"));
    }
    count += static_cast<std::size_t>(got);
  }
  return {};
}

Result<Header> readHeader(int file, const std::string& path, std::uint64_t unitCount,
                          std::string_view volumeId) {
  struct stat status{};
  if (::fstat(file, &status) != 0) {
    return Error::fromErrno(errno, concat("inspect ", path));
  }
  if (!S_ISREG(status.st_mode) ||
      static_cast<std::uint64_t>(status.st_size) < mapFileBytes(unitCount)) {
    return Error(ErrorKind::Corrupt,
                 concat(path, " does not have the size of a map of ", unitCount, " units"));
  }
  Header header{};
  ARGON_TRY(readAll(file, std::as_writable_bytes(std::span(&header, 1)), path));
  Header expected = headerOf(header.unitCount, volumeId);
  expected.opening = header.opening;
  if (header.unitCount == 0 || header.unitCount > unitCount || header != expected) {
    return Error(ErrorKind::Corrupt, concat(path, " is not the allocation map of ", volumeId));
  }
  return header;
}

// From now on memory that others may have of this map is stale. Not made durable: it matters only
// for as long as that memory is there.
Result<void> noteOpening(int file, const std::string& path, std::string_view volumeId,
                         MapMemory* memory) {
  std::uint64_t opening = 0;
  ARGON_TRY(fillRandom(std::as_writable_bytes(std::span(&opening, 1))));
  opening |= 1; // Never 0.
  if (memory != nullptr) {
    memory->announceOpening(opening);
  }
  if (::pwrite(file, &opening, sizeof opening, offsetof(Header, opening)) !=
      ssize_t{sizeof opening}) {
    return Error::fromErrno(errno, concat("write ", path));
  }
  if (memory != nullptr) {
    memory->confirmOpening(volumeId, opening);
  }
  return {};
}

} // namespace

std::uint64_t mapFileBytes(std::uint64_t unitCount) {
  return kMapHeaderBytes +
         (unitCount + kUnitsPerPage - 1) / kUnitsPerPage * AllocationMap::kPageBytes;
}

Result<void> createMapFile(const std::string& path, std::uint64_t unitCount,
                           std::string_view volumeId) {
  const Header header = headerOf(unitCount, volumeId);
  const UniqueFd file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file) {
    return Error::fromErrno(errno, concat("create ", path));
  }
  if (::fallocate(file.get(), 0, 0, static_cast<off_t>(mapFileBytes(unitCount))) != 0 ||
      ::pwrite(file.get(), &header, sizeof header, 0) != ssize_t{sizeof header} ||
      ::fsync(file.get()) != 0) {
    Error error = Error::fromErrno(errno, concat("write ", path));
    ::unlink(path.c_str());
    return error;
  }
  return {};
}

Result<std::unique_ptr<AllocationMap>> openMapFile(const std::string& path, std::uint64_t unitCount,
                                                   std::string_view volumeId,
                                                   std::unique_ptr<MapMemory> memory) {
  // A pipe must not be waited for, only to be refused.
  const UniqueFd file(::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!file) {
    return Error::fromErrno(errno, concat("open ", path));
  }
  ARGON_TRY_ASSIGN(const Header header, readHeader(file.get(), path, unitCount, volumeId));
  // What a card wrote that was killed then may be in a cache yet. A flush leaves out what it takes
  // for stored, so what is read here must be.
  if (::fdatasync(file.get()) != 0) {
    return Error::fromErrno(errno, concat("flush ", path));
  }
  std::vector<std::byte> bits(mapFileBytes(unitCount) - kMapHeaderBytes);
  ARGON_TRY(readAll(file.get(), bits, path));
  MapMemory* const shared = memory.get();
  const bool isAdopted = shared != nullptr && shared->holds(volumeId, header.opening);
  if (shared != nullptr && !isAdopted) {
    ARGON_TRY(shared->erase());
  }
  ARGON_TRY_ASSIGN(std::unique_ptr<AllocationMap> map,
                   AllocationMap::create(unitCount, std::move(memory)));
  if (isAdopted) {
    ARGON_TRY(map->adopt(bits));
  } else {
    map->load(bits);
  }
  ARGON_TRY(noteOpening(file.get(), path, volumeId, shared));
  return map;
}

} // namespace argon
