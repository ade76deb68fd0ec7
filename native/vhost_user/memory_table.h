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

/// Regions that were added again while they were there. QEMU before 8.0 has a device for each pair
/// of rings of an interface, and each of them adds and removes all of the guest's memory over the
/// one session; it goes on without a pair that is refused. A region counts as the same if every
/// field is, and the file behind its descriptor. What the session maps does not change.
class RepeatedRegions {
public:
  /// `repeatMax`: how often a region may be added beside the first time.
  explicit RepeatedRegions(std::size_t repeatMax) : repeatMax_(repeatMax) {}

  /// ADD_MEM_REG: true if `region` with the file of `fd` is one of `memory` and may be added again.
  /// Then it is counted, and has to be removed once more.
  [[nodiscard]] bool add(const GuestMemory& memory, const spec::MemoryRegion& region, int fd);
  /// REM_MEM_REG: true if `region` was added again. Then it stays, and is counted off.
  [[nodiscard]] bool remove(const spec::MemoryRegion& region);
  /// There is a new table.
  void clear() { repeated_.clear(); }

private:
  struct Repeated {
    RegionDescription region;
    std::size_t count = 0;
  };

  std::size_t repeatMax_;
  std::vector<Repeated> repeated_;
};

} // namespace argon::vhost_user
