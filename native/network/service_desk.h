// SPDX-License-Identifier: Apache-2.0
#pragma once

// Between the engine and the services of a card: says which of two lanes a question takes, and
// brings the answers of both to their interfaces.
//
//     datagrams   DHCP, DNS, time         whole frames, answered by JavaScript
//     streams     metadata, DNS over TCP  segments with their checksums, for the kernel
//     (StreamPort)

#include "network/engine.h"
#include "network/frame_finisher.h"
#include "network/interface.h"
#include "network/punt_lane.h"
#include "network/punt_sink.h"
#include "packet/frame.h"
#include "vpc/services.h"

namespace argon::network {

class ServiceDesk final : public PuntSink {
public:
  /// The engine outlives the desk's last call and the desk the engine's thread.
  explicit ServiceDesk(Engine& engine);
  ServiceDesk(const ServiceDesk&) = delete;
  ServiceDesk& operator=(const ServiceDesk&) = delete;
  ~ServiceDesk() = default;

  [[nodiscard]] PuntLane& datagrams() { return datagrams_; }
  [[nodiscard]] PuntLane& streams() { return streams_; }

  // On the engine's thread.

  [[nodiscard]] bool offer(InterfaceIndex from, vpc::Service service,
                           const packet::Frame& frame) override;

private:
  [[nodiscard]] bool offerSegments(InterfaceIndex from, vpc::Service service,
                                   const packet::Frame& frame);
  void deliver(PuntLane& lane);

  Engine& engine_;
  PuntLane datagrams_;
  PuntLane streams_;
  FrameFinisher finisher_;
};

} // namespace argon::network
