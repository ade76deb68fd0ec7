// SPDX-License-Identifier: Apache-2.0
#include "support/ring_start.h"

#include "base/check.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "frontend/arena.h"
#include "frontend/driver_ring.h"
#include "memory/guest_memory.h"
#include "memory/memory_region.h"
#include "support/vhost_peer.h"
#include "vhost_user/device.h"
#include "vhost_user/memory_table.h"
#include "vhost_user/vring.h"

#include <fcntl.h>

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace argon::test {

std::shared_ptr<const GuestMemory> mapArena(const frontend::Arena& arena) {
  std::vector<UniqueFd> fds;
  fds.reserve(arena.regions().size());
  for (std::size_t count = 0; count < arena.regions().size(); ++count) {
    fds.emplace_back(::fcntl(arena.fd(), F_DUPFD_CLOEXEC, 3));
  }
  Result<std::shared_ptr<const GuestMemory>> memory = vhost_user::readMemoryTable(
      memoryTablePayload(arena.regions()), std::move(fds), RegionPolicy::AllowUnsealed);
  ARGON_CHECK(memory.has_value());
  return *std::move(memory);
}

vhost_user::RingStart makeRingStart(const frontend::Arena& arena, const frontend::DriverRing& ring,
                                    const std::shared_ptr<const GuestMemory>& memory,
                                    const RingOptions& options) {
  vhost_user::Vring vring;
  vring.size = ring.size();
  vring.base = options.base;
  vring.addresses =
      vhost_user::RingAddresses{.descriptors = arena.frontendAddressOf(ring.descriptorsAddress()),
                                .used = arena.frontendAddressOf(ring.usedAddress()),
                                .available = arena.frontendAddressOf(ring.availableAddress())};
  vring.hasKick = true;
  vring.enablement = vhost_user::Vring::Enablement::Enabled;
  vring.kick = options.kick;
  vring.call = options.call;
  vring.err = options.err;
  Result<vhost_user::RingStart> start = vhost_user::prepareStart(
      vring, options.index, {.memory = memory, .features = options.features});
  ARGON_CHECK(start.has_value());
  return *std::move(start);
}

vhost_user::SharedFd makeSharedEventFd() {
  Result<UniqueFd> fd = createEventFd();
  ARGON_CHECK(fd.has_value());
  return std::make_shared<const UniqueFd>(*std::move(fd));
}

} // namespace argon::test
