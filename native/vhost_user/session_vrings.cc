// SPDX-License-Identifier: Apache-2.0

// The session's handlers for messages about one ring.

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "memory/guest_address.h"
#include "vhost_user/connection.h"
#include "vhost_user/device.h"
#include "vhost_user/session.h"
#include "vhost_user/spec/messages.h"
#include "vhost_user/vring.h"
#include "virtio/spec/features.h"
#include "virtio/spec/ring.h"

#include <bit>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

namespace argon::vhost_user {

Result<Vring*> Session::findVring(std::uint64_t index) {
  if (index >= vrings_.size()) {
    return Error(ErrorKind::Protocol,
                 concat("ring ", index, " of a device with ", vrings_.size(), " rings"));
  }
  return &vrings_[index];
}

Result<Session::VringFd> Session::takeVringFd(Message& message) {
  const auto value = message.as<std::uint64_t>();
  const std::uint64_t index = value & spec::VRING_IDX_MASK;
  const bool hasNoFd = (value & spec::VRING_NOFD_MASK) != 0;
  if ((value & ~(spec::VRING_IDX_MASK | spec::VRING_NOFD_MASK)) != 0 ||
      hasNoFd != message.fds.empty()) {
    return Error(ErrorKind::Protocol,
                 concat("ring ", hex(value), " with ", message.fds.size(), " file descriptors"));
  }
  ARGON_TRY(findVring(index));
  // A worker polls kicks and writes to calls: anything but an eventfd could make it spin.
  if (!hasNoFd && !isEventFd(message.fds.front().get())) {
    return Error(ErrorKind::Protocol, concat("ring ", index, " with what is no eventfd"));
  }
  // Calls and errors are written to, and a full eventfd must not hold up a worker with the rings of
  // others. Kicks are only polled, and stay as they are.
  if (!hasNoFd && message.rule->request != spec::Request::SET_VRING_KICK) {
    ARGON_TRY(makeNonBlocking(message.fds.front().get()));
  }
  return VringFd{.index = static_cast<std::uint16_t>(index),
                 .fd = hasNoFd ? nullptr
                               : std::make_shared<const UniqueFd>(std::move(message.fds.front()))};
}

Result<Session::Handled> Session::handleSetVringNum(const Message& message) {
  const auto state = message.as<spec::VringState>();
  ARGON_TRY_ASSIGN(Vring * vring, findVring(state.index));
  // At most 32768 entries, and a split ring's are a power of two (virtio 1.2, 2.7 and 2.8.10.1).
  if (state.num == 0 || state.num > virtio::spec::kQueueSizeMax ||
      (!std::has_single_bit(state.num) && !features_.has(virtio::spec::F_RING_PACKED))) {
    return Error(ErrorKind::Protocol,
                 concat("ring ", state.index, " with ", state.num, " entries"));
  }
  // Buffers sized for a running ring must not be outgrown (CVE-2026-86565).
  if (vring->state != Vring::State::Stopped) {
    return Error(ErrorKind::Protocol, concat("ring ", state.index, " is started"));
  }
  vring->size = static_cast<std::uint16_t>(state.num);
  vring->isRefused = false;
  settleRing(static_cast<std::uint16_t>(state.index));
  return Handled::Done;
}

Result<Session::Handled> Session::handleSetVringAddr(const Message& message) {
  const auto address = message.as<spec::VringAddress>();
  ARGON_TRY_ASSIGN(Vring * vring, findVring(address.index));
  const RingAddresses addresses{.descriptors = FrontendAddress(address.descriptor),
                                .used = FrontendAddress(address.used),
                                .available = FrontendAddress(address.available)};
  // QEMU repeats the message for a running ring when it only changes the log flag.
  if (vring->state != Vring::State::Stopped && addresses != vring->addresses) {
    return Error(ErrorKind::Protocol, concat("ring ", address.index, " is started"));
  }
  vring->addresses = addresses;
  vring->isRefused = false;
  settleRing(static_cast<std::uint16_t>(address.index));
  return Handled::Done;
}

Result<Session::Handled> Session::handleSetVringBase(const Message& message) {
  const auto state = message.as<spec::VringState>();
  ARGON_TRY_ASSIGN(Vring * vring, findVring(state.index));
  // A split ring's has 16 bits; a packed ring's says where available and used entries go on.
  if (state.num > UINT16_MAX && !features_.has(virtio::spec::F_RING_PACKED)) {
    return Error(ErrorKind::Protocol, concat("ring ", state.index, " from entry ", state.num));
  }
  if (vring->state != Vring::State::Stopped) {
    return Error(ErrorKind::Protocol, concat("ring ", state.index, " is started"));
  }
  vring->base = state.num;
  vring->isRefused = false;
  return Handled::Done;
}

Result<Session::Handled> Session::handleGetVringBase(const Message& message) {
  const auto state = message.as<spec::VringState>();
  ARGON_TRY_ASSIGN(Vring * vring, findVring(state.index));
  const MessageRule& rule = *message.rule;
  return afterStopping([vring](const Vring& candidate) { return &candidate == vring; },
                       [this, vring, index = state.index, &rule]() -> Result<Handled> {
                         // A stopped ring starts again with the next kick descriptor; enabled it
                         // may stay.
                         vring->hasKick = false;
                         vring->kick = nullptr;
                         const spec::VringState answer{.index = index, .num = vring->base};
                         ARGON_TRY(connection_.reply(rule, std::as_bytes(std::span(&answer, 1))));
                         return Handled::Replied;
                       });
}

Result<Session::Handled> Session::handleSetVringKick(Message& message) {
  ARGON_TRY_ASSIGN(const VringFd given, takeVringFd(message));
  Vring* vring = &vrings_[given.index];
  return afterStopping([vring](const Vring& candidate) { return &candidate == vring; },
                       [this, vring, given]() -> Result<Handled> {
                         vring->kick = given.fd;
                         vring->hasKick = true;
                         settleRing(given.index);
                         return Handled::Done;
                       });
}

Result<Session::Handled> Session::handleSetVringCall(Message& message) {
  ARGON_TRY_ASSIGN(const VringFd given, takeVringFd(message));
  Vring& vring = vrings_[given.index];
  vring.call = given.fd;
  if (vring.state == Vring::State::Started) {
    device_.setCall(given.index, given.fd);
  }
  return Handled::Done;
}

Result<Session::Handled> Session::handleSetVringErr(Message& message) {
  ARGON_TRY_ASSIGN(const VringFd given, takeVringFd(message));
  // A started ring keeps the one it has; a front end sets it before it starts a ring.
  vrings_[given.index].err = given.fd;
  return Handled::Done;
}

Result<Session::Handled> Session::handleSetVringEnable(const Message& message) {
  const auto state = message.as<spec::VringState>();
  ARGON_TRY_ASSIGN(Vring * vring, findVring(state.index));
  if (state.num > 1) {
    return Error(ErrorKind::Protocol, concat("ring ", state.index, " enabled with ", state.num));
  }
  const auto enablement = state.num == 1 ? Vring::Enablement::Enabled : Vring::Enablement::Disabled;
  if (vring->enablement == enablement) {
    return Handled::Done;
  }
  vring->enablement = enablement;
  return afterStopping([vring](const Vring& candidate) { return &candidate == vring; },
                       [this, index = state.index]() -> Result<Handled> {
                         settleRing(static_cast<std::uint16_t>(index));
                         return Handled::Done;
                       });
}

} // namespace argon::vhost_user
