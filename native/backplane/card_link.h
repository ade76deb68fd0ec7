// SPDX-License-Identifier: Apache-2.0
#pragma once

// An attached card: the backplane's end of its slot channel (vhost_user/slot_channel.h). Offers
// wait here while the card does not read, one for each slot. Loop thread only.

#include "base/event_loop.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "vhost_user/slot_channel.h"

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace argon::backplane {

class CardLink;

class CardLinkOwner {
public:
  /// untrusted: which slot and which session.
  virtual void onSessionEnded(CardLink& card, const vhost_user::SlotEnded& ended) = 0;
  /// The card is gone (null), or broke the protocol. The link tells nothing more, and is given up.
  virtual void onCardGone(CardLink& card, const Error* reason) = 0;

protected:
  ~CardLinkOwner() = default;
};

class CardLink final : public EventHandler {
public:
  /// Loop and owner outlive the link.
  CardLink(std::string name, UniqueFd channel, EventLoop& loop, CardLinkOwner& owner)
      : name_(std::move(name)), channel_(std::move(channel)), loop_(loop), owner_(owner) {}
  CardLink(const CardLink&) = delete;
  CardLink& operator=(const CardLink&) = delete;
  ~CardLink() { close(); }

  [[nodiscard]] Result<void> start();
  /// Gives the card a session, as soon as it reads; in place of one for the slot that it has not
  /// got yet.
  void offer(vhost_user::SlotOffer offer);
  /// Closes the channel; the owner is told nothing more.
  void close();

  void onEvents(std::uint32_t events) override;
  [[nodiscard]] const std::string& name() const { return name_; }

private:
  [[nodiscard]] Result<void> sendOffers();
  [[nodiscard]] Result<void> receiveEnds();

  std::string name_;
  UniqueFd channel_;
  EventLoop& loop_;
  CardLinkOwner& owner_;
  std::map<std::uint32_t, vhost_user::SlotOffer> offers_;
  bool isWaitingForRoom_ = false;
};

} // namespace argon::backplane
