// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/memory_table.h"

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "memory/guest_address.h"
#include "memory/guest_memory.h"
#include "memory/memory_region.h"
#include "vhost_user/spec/messages.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace argon::vhost_user {

namespace {

RegionDescription describe(const spec::MemoryRegion& region) {
  return {.guestStart = GuestAddress(region.guestAddress),
          .sizeBytes = region.size,
          .frontendStart = FrontendAddress(region.userAddress),
          .fileOffsetBytes = region.mmapOffset};
}

} // namespace

Result<std::shared_ptr<const GuestMemory>> readMemoryTable(std::span<const std::byte> payload,
                                                           std::vector<UniqueFd> fds,
                                                           RegionPolicy policy) {
  spec::MemoryTableHeader header{};
  std::memcpy(&header, payload.data(), sizeof header);
  const std::span<const std::byte> body = payload.subspan(sizeof header);
  // The count is checked against what came before it is used for anything.
  if (header.regionCount > spec::kTableRegionCountMax || header.regionCount != fds.size() ||
      body.size() != header.regionCount * sizeof(spec::MemoryRegion)) {
    return Error(ErrorKind::Protocol,
                 concat("a memory table of ", header.regionCount, " regions with ", fds.size(),
                        " file descriptors in ", payload.size(), " bytes"));
  }
  GuestMemory::Regions regions;
  for (std::uint32_t index = 0; index < header.regionCount; ++index) {
    spec::MemoryRegion region{};
    std::memcpy(&region, body.data() + index * sizeof region, sizeof region);
    ARGON_TRY_ASSIGN(std::shared_ptr<const MemoryRegion> mapped,
                     MemoryRegion::map(describe(region), std::move(fds[index]), policy));
    regions.push_back(std::move(mapped));
  }
  return GuestMemory::create(std::move(regions));
}

Result<std::shared_ptr<const GuestMemory>> addRegion(const GuestMemory& current,
                                                     const spec::MemoryRegion& region, UniqueFd fd,
                                                     RegionPolicy policy) {
  if (current.regions().size() >= kMemorySlotCountMax) {
    return Error(ErrorKind::Exhausted, "the front end uses more memory regions than were offered");
  }
  ARGON_TRY_ASSIGN(std::shared_ptr<const MemoryRegion> mapped,
                   MemoryRegion::map(describe(region), std::move(fd), policy));
  return current.with(std::move(mapped));
}

Result<std::shared_ptr<const GuestMemory>> removeRegion(const GuestMemory& current,
                                                        const spec::MemoryRegion& region) {
  GuestMemory::Regions regions = current.regions();
  const RegionDescription wanted = describe(region);
  const auto found = std::ranges::find_if(regions, [&wanted](const auto& candidate) {
    const RegionDescription& has = candidate->description();
    return has.guestStart == wanted.guestStart && has.frontendStart == wanted.frontendStart &&
           has.sizeBytes == wanted.sizeBytes;
  });
  if (found == regions.end()) {
    return Error(ErrorKind::Protocol,
                 concat("there is no memory region of ", wanted.sizeBytes,
                        " bytes at guest address ", hex(wanted.guestStart.get())));
  }
  regions.erase(found);
  return GuestMemory::create(std::move(regions));
}

} // namespace argon::vhost_user
