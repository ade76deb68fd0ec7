// SPDX-License-Identifier: Apache-2.0
#pragma once

// Serves one device to a slot of the backplane: one session after another, each on a socket that
// the backplane offers. A newer offer ends the session that is there, and is served when that one's
// rings have stopped; of two that wait, the newer one counts.

#include "base/event_loop.h"
#include "base/log.h"
#include "base/result.h"
#include "vhost_user/device.h"
#include "vhost_user/port.h"
#include "vhost_user/session.h"
#include "vhost_user/slot_channel.h"
#include "vhost_user/slot_desk.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace argon::vhost_user {

class SlotPort final : public Port, public SessionOwner {
public:
  /// Desk, loop and device outlive the port.
  SlotPort(std::uint32_t slot, SlotDesk& desk, EventLoop& loop, Device& device, Log log,
           Session::Options options)
      : slot_(slot), desk_(desk), loop_(loop), device_(device), log_(std::move(log)),
        options_(options) {}
  SlotPort(const SlotPort&) = delete;
  SlotPort& operator=(const SlotPort&) = delete;
  ~SlotPort() override;

  [[nodiscard]] Result<void> start() override;
  void stop(std::function<void()> done) override;
  void notifyConfigChanged() override;

  /// For the desk: an offer of this slot.
  void take(SlotOffer offer);

  void onSessionEnded(const Error* reason) override;

private:
  void serve(SlotOffer offer);
  void report(std::uint64_t session, SlotEnd reason);

  std::uint32_t slot_;
  SlotDesk& desk_;
  EventLoop& loop_;
  Device& device_;
  Log log_;
  Session::Options options_;
  std::unique_ptr<Session> session_;
  std::uint64_t sessionNumber_ = 0;
  // What is served when the session has ended.
  std::optional<SlotOffer> next_;
  std::function<void()> stopped_;
};

} // namespace argon::vhost_user
