// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/dirty_log.h"

#include "base/result.h"
#include "base/unique_fd.h"
#include "memory/guest_address.h"
#include "memory/guest_memory.h"
#include "memory/memory_region.h"
#include "memory/shared_copy.h"
#include "vhost_user/spec/messages.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace argon::vhost_user {

namespace {

// "VHOST_LOG_PAGE 0x1000", whatever the guest's pages are.
constexpr std::uint64_t kLogPageBytes = 4096;
constexpr std::uint64_t kBitsPerByte = 8;

} // namespace

Result<std::shared_ptr<const DirtyLog>> DirtyLog::map(const spec::LogDescription& description,
                                                      UniqueFd fd, RegionPolicy policy) {
  // Its addresses are nobody's; a memory region is only what checks and guards the mapping.
  ARGON_TRY_ASSIGN(std::shared_ptr<const MemoryRegion> bitmap,
                   MemoryRegion::map({.guestStart = GuestAddress(0),
                                      .sizeBytes = description.size,
                                      .frontendStart = FrontendAddress(0),
                                      .fileOffsetBytes = description.offset},
                                     std::move(fd), policy));
  return std::shared_ptr<const DirtyLog>(new DirtyLog(std::move(bitmap)));
}

void DirtyLog::note(const GuestMemory& memory, std::span<const std::byte> bytes) const {
  const std::optional<GuestAddress> start = memory.guestAddressOf(bytes.data());
  if (!start || bytes.empty()) {
    return;
  }
  const std::span<std::byte> bitmap = bitmap_->bytes();
  const std::uint64_t firstPage = start->get() / kLogPageBytes;
  const std::uint64_t lastPage = (start->get() + bytes.size() - 1) / kLogPageBytes;
  for (std::uint64_t page = firstPage; page <= lastPage && page / kBitsPerByte < bitmap.size();
       ++page) {
    // The front end takes bits out of the same byte meanwhile. Release: who finds the bit copies
    // what was written before it.
    sharedU8(&bitmap[page / kBitsPerByte])
        .fetch_or(static_cast<std::uint8_t>(1U << page % kBitsPerByte), std::memory_order_release);
  }
}

} // namespace argon::vhost_user
