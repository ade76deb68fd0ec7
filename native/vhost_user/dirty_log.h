// SPDX-License-Identifier: Apache-2.0
#pragma once

// The front end's bitmap of guest pages that we wrote to, for live migration (SET_LOG_BASE,
// "Migration" in the vhost-user specification): one bit for 4096 bytes of guest physical memory.
// Any thread.

#include "base/result.h"
#include "base/unique_fd.h"
#include "memory/guest_memory.h"
#include "memory/memory_region.h"
#include "vhost_user/spec/messages.h"

#include <cstddef>
#include <memory>
#include <span>

namespace argon::vhost_user {

class DirtyLog {
public:
  /// Maps the bitmap. The descriptor is closed either way.
  static Result<std::shared_ptr<const DirtyLog>> map(const spec::LogDescription& description,
                                                     UniqueFd fd, RegionPolicy policy);

  /// Notes that `bytes`, which lie in one region of `memory`, were written. After the
  /// write. Pages that the bitmap has no bit for are left out.
  void note(const GuestMemory& memory, std::span<const std::byte> bytes) const;

private:
  explicit DirtyLog(std::shared_ptr<const MemoryRegion> bitmap) : bitmap_(std::move(bitmap)) {}

  std::shared_ptr<const MemoryRegion> bitmap_;
};

} // namespace argon::vhost_user
