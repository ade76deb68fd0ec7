// SPDX-License-Identifier: Apache-2.0
#include "base/mapped_region.h"

#include "base/check.h"
#include "base/checked_math.h"
#include "base/error.h"
#include "base/result.h"
#include "base/text.h"

#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

namespace argon {

MappedRegion::MappedRegion(MappedRegion&& other) noexcept
    : mapping_(std::exchange(other.mapping_, nullptr)),
      mappingBytes_(std::exchange(other.mappingBytes_, 0)),
      start_(std::exchange(other.start_, nullptr)), sizeBytes_(std::exchange(other.sizeBytes_, 0)) {
}

MappedRegion& MappedRegion::operator=(MappedRegion&& other) noexcept {
  if (this != &other) {
    unmap();
    mapping_ = std::exchange(other.mapping_, nullptr);
    mappingBytes_ = std::exchange(other.mappingBytes_, 0);
    start_ = std::exchange(other.start_, nullptr);
    sizeBytes_ = std::exchange(other.sizeBytes_, 0);
  }
  return *this;
}

MappedRegion::~MappedRegion() { unmap(); }

void MappedRegion::unmap() {
  if (mapping_ != nullptr) {
    ARGON_CHECK_EQ(::munmap(mapping_, mappingBytes_), 0);
    mapping_ = nullptr;
  }
}

Result<MappedRegion> MappedRegion::allocate(std::size_t sizeBytes) {
  return mapPrivate(sizeBytes, PROT_READ | PROT_WRITE);
}

Result<MappedRegion> MappedRegion::reserve(std::size_t sizeBytes) {
  return mapPrivate(sizeBytes, PROT_NONE);
}

Result<void> MappedRegion::commit(std::size_t sizeBytes) const {
  ARGON_CHECK(sizeBytes <= sizeBytes_);
  const std::uint64_t rounded = (sizeBytes + pageBytes() - 1) / pageBytes() * pageBytes();
  if (::mprotect(mapping_, rounded, PROT_READ | PROT_WRITE) != 0) {
    return Error::fromErrno(errno, concat("commit ", rounded, " bytes"));
  }
  return {};
}

Result<MappedRegion> MappedRegion::mapPrivate(std::size_t sizeBytes, int protection) {
  const std::optional<std::uint64_t> rounded = roundUp(sizeBytes, pageBytes());
  if (sizeBytes == 0 || !rounded) {
    return Error(ErrorKind::InvalidArgument, concat("cannot allocate ", sizeBytes, " bytes"));
  }
  void* address = ::mmap(nullptr, *rounded, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (address == MAP_FAILED) {
    return Error::fromErrno(errno, concat("allocate ", *rounded, " bytes"));
  }
  MappedRegion region;
  region.mapping_ = static_cast<std::byte*>(address);
  region.mappingBytes_ = *rounded;
  region.start_ = region.mapping_;
  region.sizeBytes_ = sizeBytes;
  return region;
}

Result<MappedRegion> MappedRegion::mapShared(int fd, std::uint64_t offsetBytes,
                                             std::uint64_t sizeBytes, Access access) {
  const std::uint64_t lead = offsetBytes % pageBytes();
  const std::optional<std::uint64_t> end = addChecked(offsetBytes, sizeBytes);
  const std::optional<std::uint64_t> span = addChecked(lead, sizeBytes);
  const std::optional<std::uint64_t> rounded = span ? roundUp(*span, pageBytes()) : std::nullopt;
  if (sizeBytes == 0 || !end || !rounded ||
      *end > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max())) {
    return Error(ErrorKind::InvalidArgument,
                 concat("cannot map ", sizeBytes, " bytes at offset ", offsetBytes));
  }
  const int protection = access == Access::ReadOnly ? PROT_READ : PROT_READ | PROT_WRITE;
  void* address = ::mmap(nullptr, *rounded, protection, MAP_SHARED | MAP_NORESERVE, fd,
                         static_cast<off_t>(offsetBytes - lead));
  if (address == MAP_FAILED) {
    return Error::fromErrno(errno, concat("map ", sizeBytes, " bytes at offset ", offsetBytes));
  }
  MappedRegion region;
  region.mapping_ = static_cast<std::byte*>(address);
  region.mappingBytes_ = *rounded;
  region.start_ = region.mapping_ + lead;
  region.sizeBytes_ = sizeBytes;
  return region;
}

std::size_t pageBytes() {
  static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

} // namespace argon
