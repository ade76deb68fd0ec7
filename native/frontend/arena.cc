// SPDX-License-Identifier: Apache-2.0
#include "frontend/arena.h"

#include "base/check.h"
#include "base/checked_math.h"
#include "base/error.h"
#include "base/mapped_region.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "memory/guest_address.h"
#include "memory/memory_region.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace argon::frontend {

namespace {

// What a guest address of 0 would be; modulo 2^64, as arenas may lie anywhere. Not the mapping's
// address, nor the guest's, so that no kind of address is ever mistaken for another.
constexpr std::uint64_t kFrontendStart = 0x6fff'0000'0000;
// From one place to the next; far apart, so that addresses beyond an arena's end are of none.
constexpr std::uint64_t kPlaceBytes = 0x1'0000'0000;

} // namespace

Result<std::unique_ptr<Arena>> Arena::create(const Options& options) {
  ARGON_CHECK(options.sizeBytes > 0 && options.regionCount >= 1 && options.regionCount <= 2);
  const std::size_t unit = pageBytes() * options.regionCount;
  const std::size_t size = (options.sizeBytes + unit - 1) / unit * unit;
  UniqueFd file(::memfd_create("argon-frontend", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file || ::ftruncate(file.get(), narrow<off_t>(size)) != 0) {
    return Error::fromErrno(errno, concat("create guest memory of ", size, " bytes"));
  }
  if (options.sealing == Sealing::Sealed &&
      ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return Error::fromErrno(errno, "seal guest memory");
  }
  ARGON_TRY_ASSIGN(MappedRegion mapping,
                   MappedRegion::mapShared(file.get(), 0, size, MappedRegion::Access::ReadWrite));
  std::vector<RegionDescription> regions;
  regions.reserve(options.regionCount);
  const std::size_t regionBytes = size / options.regionCount;
  for (std::size_t index = 0; index < options.regionCount; ++index) {
    const std::uint64_t start =
        options.guestStart.get() + options.place * kPlaceBytes + index * regionBytes;
    regions.push_back({.guestStart = GuestAddress(start),
                       .sizeBytes = regionBytes,
                       .frontendStart = FrontendAddress(kFrontendStart + start),
                       .fileOffsetBytes = index * regionBytes});
  }
  return std::unique_ptr<Arena>(new Arena(std::move(file), std::move(mapping), std::move(regions)));
}

Arena::Arena(UniqueFd file, MappedRegion mapping, std::vector<RegionDescription> regions)
    : file_(std::move(file)), mapping_(std::move(mapping)), regions_(std::move(regions)) {}

Result<ArenaBlock> Arena::allocate(std::size_t sizeBytes, std::size_t alignment) {
  const std::size_t start = (usedBytes_ + alignment - 1) & ~(alignment - 1);
  if (!isWithin(start, sizeBytes, bytes().size())) {
    return Error(ErrorKind::Exhausted, "guest memory of the front end is used up");
  }
  usedBytes_ = start + sizeBytes;
  return ArenaBlock{.address = GuestAddress(startAddress().get() + start),
                    .bytes = bytes().subspan(start, sizeBytes)};
}

GuestAddress Arena::endAddress() const {
  return GuestAddress(startAddress().get() + bytes().size());
}

GuestAddress Arena::borderAddress() const {
  return regions_.size() > 1 ? regions_[1].guestStart : endAddress();
}

FrontendAddress Arena::frontendAddressOf(GuestAddress address) const {
  return FrontendAddress(kFrontendStart + address.get());
}

} // namespace argon::frontend
