// SPDX-License-Identifier: Apache-2.0
#pragma once

// A ring as a session would hand it to a device, without a session.

#include "frontend/arena.h"
#include "frontend/driver_ring.h"
#include "memory/guest_memory.h"
#include "vhost_user/device.h"
#include "virtio/features.h"

#include <cstdint>
#include <memory>

namespace argon::test {

/// The arena's memory, mapped a second time, as a device has it.
[[nodiscard]] std::shared_ptr<const GuestMemory> mapArena(const frontend::Arena& arena);

struct RingOptions {
  std::uint16_t index = 0;
  /// As SET_VRING_BASE gives it.
  std::uint32_t base = 0;
  virtio::FeatureSet features{};
  vhost_user::SharedFd kick{};
  vhost_user::SharedFd call{};
  vhost_user::SharedFd err{};
};

/// The driver's ring in that memory.
[[nodiscard]] vhost_user::RingStart makeRingStart(const frontend::Arena& arena,
                                                  const frontend::DriverRing& ring,
                                                  const std::shared_ptr<const GuestMemory>& memory,
                                                  const RingOptions& options);

/// An eventfd that is shared as a ring's are.
[[nodiscard]] vhost_user::SharedFd makeSharedEventFd();

} // namespace argon::test
