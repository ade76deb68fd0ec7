// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "network/interface.h"
#include "packet/frame.h"
#include "vpc/services.h"

namespace argon::network {

/// Takes frames that guests sent to the card's services. Called on the engine's thread, so it
/// neither waits nor allocates. Answers come by Engine::send().
class PuntSink {
public:
  /// The frame is the engine's and its payload guest memory: copied here or not at all. False if
  /// there is no room, and the frame is lost.
  [[nodiscard]] virtual bool offer(InterfaceIndex from, vpc::Service service,
                                   const packet::Frame& frame) = 0;

protected:
  ~PuntSink() = default;
};

} // namespace argon::network
