// SPDX-License-Identifier: Apache-2.0
#include "backplane/card_link.h"

#include "base/error.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "vhost_user/slot_channel.h"

#include <sys/epoll.h>

#include <cstdint>
#include <optional>
#include <utility>

namespace argon::backplane {

namespace {

constexpr int kPacketsPerTurn = 64; // Arbitrary; what is left comes with the loop's next round.

} // namespace

Result<void> CardLink::start() { return loop_.watch(channel_.get(), EPOLLIN, *this); }

void CardLink::close() {
  if (channel_) {
    loop_.unwatch(channel_.get());
    channel_.reset();
    offers_.clear();
  }
}

void CardLink::offer(vhost_user::SlotOffer offer) {
  const std::uint32_t slot = offer.slot;
  offers_.insert_or_assign(slot, std::move(offer));
  // From the loop, which is also where a card is found to be gone.
  isWaitingForRoom_ = true;
  [[maybe_unused]] const Result<void> watching =
      loop_.watch(channel_.get(), EPOLLIN | EPOLLOUT, *this);
}

Result<void> CardLink::sendOffers() {
  while (!offers_.empty()) {
    const auto next = offers_.begin();
    if (const Result<void> sent = vhost_user::sendSlotOffer(channel_.get(), next->second); !sent) {
      return sent.error().kind() == ErrorKind::Exhausted ? Result<void>() : sent;
    }
    offers_.erase(next);
  }
  isWaitingForRoom_ = false;
  return loop_.watch(channel_.get(), EPOLLIN, *this);
}

void CardLink::onEvents(std::uint32_t events) {
  Result<void> outcome;
  if (isWaitingForRoom_ && (events & EPOLLOUT) != 0) {
    outcome = sendOffers();
  }
  if (outcome) {
    outcome = receiveEnds();
  }
  if (!outcome) {
    const bool isGone = outcome.error().kind() == ErrorKind::Closed;
    owner_.onCardGone(*this, isGone ? nullptr : &outcome.error());
  }
}

Result<void> CardLink::receiveEnds() {
  for (int count = 0; count < kPacketsPerTurn && channel_; ++count) {
    ARGON_TRY_ASSIGN(const std::optional<vhost_user::SlotEnded> ended,
                     vhost_user::receiveSlotEnded(channel_.get()));
    if (!ended) {
      break;
    }
    owner_.onSessionEnded(*this, *ended);
  }
  return {};
}

} // namespace argon::backplane
