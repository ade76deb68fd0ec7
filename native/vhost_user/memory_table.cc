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

// As REM_MEM_REG names a region: its offset is not looked at.
bool isNamedBy(const RegionDescription& has, const RegionDescription& wanted) {
  return has.guestStart == wanted.guestStart && has.frontendStart == wanted.frontendStart &&
         has.sizeBytes == wanted.sizeBytes;
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
    return isNamedBy(candidate->description(), wanted);
  });
  if (found == regions.end()) {
    return Error(ErrorKind::Protocol,
                 concat("there is no memory region of ", wanted.sizeBytes,
                        " bytes at guest address ", hex(wanted.guestStart.get())));
  }
  regions.erase(found);
  return GuestMemory::create(std::move(regions));
}

bool RepeatedRegions::add(const GuestMemory& memory, const spec::MemoryRegion& region, int fd) {
  if (repeatMax_ == 0) {
    return false; // Without a look at the file.
  }
  const RegionDescription added = describe(region);
  const auto& regions = memory.regions();
  const auto same = std::ranges::find_if(
      regions, [&added](const auto& candidate) { return candidate->description() == added; });
  const Result<FileIdentity> file = identifyFile(fd);
  if (same == regions.end() || !file || *file != (*same)->file()) {
    return false;
  }
  const auto found = std::ranges::find(repeated_, added, &Repeated::region);
  if (found == repeated_.end()) {
    repeated_.push_back({.region = added, .count = 1});
    return true;
  }
  if (found->count == repeatMax_) {
    return false;
  }
  ++found->count;
  return true;
}

bool RepeatedRegions::remove(const spec::MemoryRegion& region) {
  const RegionDescription removed = describe(region);
  const auto found = std::ranges::find_if(repeated_, [&removed](const Repeated& candidate) {
    return isNamedBy(candidate.region, removed);
  });
  if (found == repeated_.end()) {
    return false;
  }
  if (--found->count == 0) {
    repeated_.erase(found);
  }
  return true;
}

} // namespace argon::vhost_user
