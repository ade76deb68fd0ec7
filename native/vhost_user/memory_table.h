// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "base/unique_fd.h"
#include "memory/guest_memory.h"
#include "memory/memory_region.h"
#include "vhost_user/spec/messages.h"

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace argon::vhost_user {

/// Regions that one session can have. A constant, because QEMU refuses a back end whose number
/// shrinks over a reconnect; 64 leaves room for every DIMM slot of a q35 machine.
constexpr std::size_t kMemorySlotCountMax = 64;

/// Reads SET_MEM_TABLE's payload and maps what its descriptors name.
[[nodiscard]] Result<std::shared_ptr<const GuestMemory>>
readMemoryTable(std::span<const std::byte> payload, std::vector<UniqueFd> fds, RegionPolicy policy);

/// `current` and one region more (ADD_MEM_REG).
[[nodiscard]] Result<std::shared_ptr<const GuestMemory>> addRegion(const GuestMemory& current,
                                                                   const spec::MemoryRegion& region,
                                                                   UniqueFd fd,
                                                                   RegionPolicy policy);

/// `current` without the region that has this guest address, user address and size (REM_MEM_REG).
[[nodiscard]] Result<std::shared_ptr<const GuestMemory>>
removeRegion(const GuestMemory& current, const spec::MemoryRegion& region);

} // namespace argon::vhost_user
