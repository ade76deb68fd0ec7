// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/slot_desk.h"

#include "base/check.h"
#include "base/error.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "vhost_user/slot_channel.h"
#include "vhost_user/slot_port.h"

#include <sys/epoll.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace argon::vhost_user {

namespace {

// Offers handled in one go before the loop's sessions get their turn.
constexpr int kOffersPerTurn = 16;

} // namespace

SlotDesk::~SlotDesk() {
  ARGON_CHECK(ports_.empty());
  hangUp(Error(ErrorKind::Closed, "the card stops"));
}

Result<void> SlotDesk::start() {
  ARGON_TRY(loop_.watch(channel_.get(), EPOLLIN, *this));
  isWatching_ = true;
  return {};
}

void SlotDesk::onEvents(std::uint32_t /*events*/) {
  for (int count = 0; count < kOffersPerTurn; ++count) {
    Result<std::optional<SlotOffer>> received = receiveSlotOffer(channel_.get());
    if (!received) {
      log_.warn(received.error().message());
      hangUp(received.error());
      return;
    }
    std::optional<SlotOffer> offer = *std::move(received);
    if (!offer) {
      return;
    }
    handle(*std::move(offer));
  }
}

void SlotDesk::handle(SlotOffer offer) {
  const auto port = ports_.find(offer.slot);
  if (port != ports_.end()) {
    port->second->take(std::move(offer));
  } else {
    keep(std::move(offer));
  }
}

void SlotDesk::keep(SlotOffer offer) {
  const std::uint32_t slot = offer.slot;
  const auto older = offers_.find(slot);
  if (older != offers_.end()) {
    reportEnded({.slot = slot, .session = older->second.session, .reason = SlotEnd::PeerClosed});
    offers_.erase(older);
  }
  if (offers_.size() >= kWaitingOfferCountMax) {
    log_.error(concat("slot ", slot, ": too many slots wait for their devices"));
    reportEnded({.slot = slot, .session = offer.session, .reason = SlotEnd::DeviceRemoved});
    return;
  }
  offers_.emplace(slot, std::move(offer));
  const std::vector<MapWait> waits = std::exchange(waits_, {});
  for (const MapWait& wait : waits) {
    if (const std::shared_ptr<MapPromise> promise = wait.promise.lock()) {
      awaitMap(wait.slot, promise);
    }
  }
}

void SlotDesk::awaitMap(std::uint32_t slot, const std::shared_ptr<MapPromise>& promise) {
  if (ports_.contains(slot)) {
    promise->set_value(
        Error(ErrorKind::AlreadyExists, concat("slot ", slot, " has a device already")));
    return;
  }
  const auto offer = offers_.find(slot);
  if (offer != offers_.end()) {
    promise->set_value(offer->second.map ? offer->second.map.duplicate() : UniqueFd());
    return;
  }
  if (!isWatching_) {
    promise->set_value(Error(ErrorKind::Closed, "the backplane is gone"));
    return;
  }
  std::erase_if(waits_, [](const MapWait& wait) { return wait.promise.expired(); });
  waits_.push_back({.slot = slot, .promise = promise});
}

Result<void> SlotDesk::enter(std::uint32_t slot, SlotPort& port) {
  if (!ports_.emplace(slot, &port).second) {
    return Error(ErrorKind::AlreadyExists, concat("slot ", slot, " has a device already"));
  }
  const auto offer = offers_.find(slot);
  if (offer != offers_.end()) {
    SlotOffer taken = std::move(offer->second);
    offers_.erase(offer);
    port.take(std::move(taken));
  }
  return {};
}

void SlotDesk::leave(std::uint32_t slot) { ports_.erase(slot); }

void SlotDesk::reportEnded(const SlotEnded& ended) {
  if (!isWatching_) {
    return;
  }
  if (const Result<void> sent = sendSlotEnded(channel_.get(), ended); !sent) {
    log_.error(concat("slot ", ended.slot, ": ", sent.error().message()));
  }
}

void SlotDesk::hangUp(const Error& reason) {
  if (std::exchange(isWatching_, false)) {
    loop_.unwatch(channel_.get());
  }
  offers_.clear();
  for (const MapWait& wait : std::exchange(waits_, {})) {
    if (const std::shared_ptr<MapPromise> promise = wait.promise.lock()) {
      promise->set_value(reason);
    }
  }
  channel_.reset();
}

} // namespace argon::vhost_user
