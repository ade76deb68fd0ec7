// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/slot_port.h"

#include "base/check.h"
#include "base/error.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "base/text.h"
#include "vhost_user/session.h"
#include "vhost_user/slot_channel.h"
#include "vhost_user/slot_desk.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace argon::vhost_user {

SlotPort::~SlotPort() { ARGON_CHECK(session_ == nullptr && !next_); }

Result<void> SlotPort::start() { return desk_.enter(slot_, *this); }

void SlotPort::stop(std::function<void()> done) {
  ARGON_CHECK(!stopped_);
  stopped_ = std::move(done);
  desk_.leave(slot_);
  if (next_) {
    report(next_->session, SlotEnd::DeviceRemoved);
    next_.reset();
  }
  if (session_ != nullptr) {
    session_->end();
  } else {
    loop_.post(stopped_);
  }
}

void SlotPort::notifyConfigChanged() {
  if (session_ != nullptr) {
    session_->notifyConfigChanged();
  }
}

void SlotPort::take(SlotOffer offer) {
  if (session_ == nullptr) {
    serve(std::move(offer));
    return;
  }
  if (next_) {
    report(next_->session, SlotEnd::PeerClosed);
  }
  next_ = std::move(offer);
  // Its socket is closed already, and it ends by itself; sooner so.
  session_->end();
}

void SlotPort::serve(SlotOffer offer) {
  sessionNumber_ = offer.session;
  session_ =
      std::make_unique<Session>(std::move(offer.socket), loop_, device_, *this, log_, options_);
  if (const Result<void> started = session_->start(); !started) {
    log_.error(started.error().message());
    session_ = nullptr;
    report(sessionNumber_, SlotEnd::FrontEndFault);
    return;
  }
  log_.info(concat("slot ", slot_, ": session ", sessionNumber_, " has begun"));
}

void SlotPort::onSessionEnded(const Error* reason) {
  const bool isFault = reason != nullptr && reason->kind() != ErrorKind::Closed;
  if (reason != nullptr) {
    log_.warn(concat("session ended: ", reason->message()));
  }
  session_ = nullptr;
  report(sessionNumber_, stopped_  ? SlotEnd::DeviceRemoved
                         : isFault ? SlotEnd::FrontEndFault
                                   : SlotEnd::PeerClosed);
  if (stopped_) {
    // From the loop, because whoever is told may destroy the port, and this function with it.
    loop_.post(std::move(stopped_));
    return;
  }
  if (next_) {
    SlotOffer offer = *std::move(next_);
    next_.reset();
    serve(std::move(offer));
  }
}

void SlotPort::report(std::uint64_t session, SlotEnd reason) {
  log_.info(concat("slot ", slot_, ": session ", session, " has ended: ", slotEndName(reason)));
  desk_.reportEnded({.slot = slot_, .session = session, .reason = reason});
}

} // namespace argon::vhost_user
