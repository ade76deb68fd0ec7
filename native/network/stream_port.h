// SPDX-License-Identifier: Apache-2.0
#pragma once

// Carries segments between guests and a ServiceNamespace: out of the lane into its TUN device, and
// back. Lives on its loop's thread.

#include "base/event_loop.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "network/interface.h"
#include "network/peer_addresses.h"
#include "network/punt_lane.h"
#include "network/punt_ring.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace argon::network {

class StreamPort final : private EventHandler {
public:
  /// Takes the TUN device. Loop and lane outlive the port; nobody else serves the lane. From the
  /// return of start() until the loop ends, the port stays where it is.
  StreamPort(UniqueFd tun, EventLoop& loop, PuntLane& lane);
  StreamPort(const StreamPort&) = delete;
  StreamPort& operator=(const StreamPort&) = delete;
  ~StreamPort() = default;

  [[nodiscard]] Result<void> start();
  /// What the interface's connections were is forgotten: its number may be another's next.
  void forget(InterfaceIndex interface) { peers_.forget(interface); }

private:
  void onEvents(std::uint32_t events) override;
  void carryQuestions();
  void carry(const PuntRing::Entry& question);

  UniqueFd tun_;
  EventLoop& loop_;
  PuntLane& lane_;
  PeerAddresses peers_;
  std::array<std::byte, kPuntBytesMax> in_{};
  std::array<std::byte, kPuntBytesMax> out_{};
};

} // namespace argon::network
