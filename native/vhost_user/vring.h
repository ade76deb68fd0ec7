// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "memory/guest_address.h"
#include "memory/guest_memory.h"
#include "vhost_user/device.h"
#include "vhost_user/dirty_log.h"
#include "vhost_user/inflight_region.h"
#include "virtio/features.h"

#include <cstdint>
#include <memory>
#include <optional>

namespace argon::vhost_user {

/// Where the parts of a ring are, as SET_VRING_ADDR said. Not translated: memory may change.
struct RingAddresses {
  FrontendAddress descriptors;
  FrontendAddress used;
  FrontendAddress available;

  friend bool operator==(const RingAddresses&, const RingAddresses&) = default;
};

/// What the session knows of a ring ("vring": the virtqueue's vhost-user side).
///
///                 has size, addresses, kick, memory and features, is enabled or drained
///     Stopped ────────────────────────────────────────────────────────────▶ Started
///        ▲                                                                     │
///        │ the device answered everything                     GET_VRING_BASE,  │
///        └──────────────────────── Stopping ◀──────────────────────────────────┘
///                                        enabled or disabled, new kick or memory, session ends
///
/// The session drives these from one place (Session::settleRing), whatever message caused it.
struct Vring {
  enum class State : std::uint8_t { Stopped, Started, Stopping };
  State state = State::Stopped;

  std::uint16_t size = 0;
  /// Where to go on: from SET_VRING_BASE, then from the device when it stops.
  std::uint32_t base = 0;
  std::optional<RingAddresses> addresses;
  /// SET_VRING_KICK came; the descriptor itself is null when the ring is to be polled.
  bool hasKick = false;
  SharedFd kick;
  SharedFd call;
  SharedFd err;
  /// What SET_VRING_ENABLE said last. Before it has said anything a ring rests, also one that is
  /// drained while it is disabled: front ends kick a ring first and enable it then, and what a
  /// guest has sent to a card that was started again is not lost between the two.
  enum class Enablement : std::uint8_t { Unset, Disabled, Enabled };
  Enablement enablement = Enablement::Unset;
  /// The last start failed for what the front end configured; not tried again until it changes.
  bool isRefused = false;

  [[nodiscard]] bool isConfigured() const {
    return size != 0 && addresses.has_value() && hasKick && !isRefused;
  }
};

/// What the rings of a session share.
struct VringContext {
  std::shared_ptr<const GuestMemory> memory;
  virtio::FeatureSet features;
  /// Null without in-flight tracking.
  std::shared_ptr<const InflightRegion> inflight{};
  /// Null while nothing is logged.
  std::shared_ptr<const DirtyLog> log{};
  /// DeviceKind's.
  bool answersInOrder = false;
};

/// Translates a configured ring. Each part must lie within one memory region. With in-flight
/// tracking the ring goes on where it really was, and first with what was not answered.
[[nodiscard]] Result<RingStart> prepareStart(const Vring& vring, std::uint16_t index,
                                             const VringContext& context);

} // namespace argon::vhost_user
