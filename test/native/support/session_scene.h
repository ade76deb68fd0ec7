// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "memory/memory_region.h"
#include "support/fake_device.h"
#include "support/loop_thread.h"
#include "support/session_host.h"
#include "support/vhost_peer.h"

#include <cstdint>

namespace argon::test {

/// A session over a fake device and the front end that talks to it.
struct SessionScene {
  explicit SessionScene(std::uint16_t queueCount = 2,
                        RegionPolicy regionPolicy = RegionPolicy::RequireSealed)
      : device(thread.loop(), queueCount), host(thread, device, {.regionPolicy = regionPolicy}),
        peer(host.channel()) {}

  // In the order in which they need each other.
  LoopThread thread;
  FakeDevice device;
  SessionHost host;
  VhostPeer peer;
};

} // namespace argon::test
