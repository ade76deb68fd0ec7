// SPDX-License-Identifier: Apache-2.0
#pragma once

// A network card with a hostile guest at one end of a cable, an honest one at the other, and a
// second cable that is nobody's business.

#include "frontend/net_driver.h"
#include "frontend/session.h"
#include "support/net_backend.h"
#include "support/packet_maker.h"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace argon::hostile {

/// An honest guest with one pair of rings.
class NetGuest {
public:
  NetGuest(const test::NetBackend& backend, std::uint32_t index,
           const frontend::Session::Options& options = test::NetBackend::sessionOptions());
  /// The same over a session that is there, with both rings idle.
  explicit NetGuest(frontend::Session& session);

  /// Offers a frame, and gives up if the ring is full.
  void offer(const test::Bytes& frame);
  /// Waits until all that was offered was taken.
  void waitSent();
  /// Takes what has come, and has all buffers free again.
  void drain();
  /// Fails the test if the frame does not come.
  void expect(const test::Bytes& frame);

private:
  std::unique_ptr<frontend::Session> owned_;
  std::unique_ptr<frontend::NetDriver> driver_;
  unsigned offeredCount_ = 0;
};

/// Sends a frame each way. What else is under way to either of them must have come.
void checkServed(NetGuest& left, NetGuest& right);

class NetRig {
public:
  /// `regionCount` and `queueSize`: the hostile guest's.
  explicit NetRig(std::size_t regionCount = 1, std::uint16_t queueSize = 128);
  NetRig(const NetRig&) = delete;
  NetRig& operator=(const NetRig&) = delete;
  ~NetRig() = default;

  [[nodiscard]] test::NetBackend& backend() { return backend_; }
  /// The hostile guest's, interface 0.
  [[nodiscard]] frontend::Session& session() { return *session_; }
  [[nodiscard]] NetGuest& peer() { return *peer_; }

  /// Stops a ring of the hostile guest and starts it anew; returns when the engine has it.
  void restart(std::uint16_t ring, std::uint32_t base = 0);
  /// Frames of the honest guest for the hostile one. Returns when the engine has taken them.
  void sendToHostile(unsigned count);
  /// The honest guest at the hostile one's cable comes back with no offload agreed to.
  void connectPlainPeer();
  /// The other cable works.
  void checkNeighbors() { checkServed(left_, right_); }
  /// Both cables work: the hostile guest is honest for once, with its rings started anew.
  void checkAllServed();

private:
  test::NetBackend backend_;
  std::unique_ptr<frontend::Session> session_;
  std::unique_ptr<NetGuest> peer_;
  NetGuest left_;
  NetGuest right_;
};

} // namespace argon::hostile
