// SPDX-License-Identifier: Apache-2.0
#include "backplane/plane.h"

#include "backplane/card_link.h"
#include "backplane/slot.h"
#include "backplane/spec/control.h"
#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "vhost_user/slot_channel.h"

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace argon::backplane {

namespace {

// What has bounds between messages, as the channel wants, is a packet socket.
Result<void> checkChannel(const UniqueFd& channel) {
  int type = 0;
  socklen_t size = sizeof type;
  if (::getsockopt(channel.get(), SOL_SOCKET, SO_TYPE, &type, &size) != 0 ||
      type != SOCK_SEQPACKET) {
    return Error(ErrorKind::InvalidArgument, "a card's channel is a SOCK_SEQPACKET socket");
  }
  return {};
}

} // namespace

Result<void> Plane::openSlot(const Slot::Options& options) {
  if (options.number >= spec::kSlotCountMax || options.mapBytes > spec::kMapBytesMax) {
    return Error(ErrorKind::InvalidArgument,
                 concat("slot ", options.number, " with a map of ", options.mapBytes, " bytes"));
  }
  if (const auto found = slots_.find(options.number); found != slots_.end()) {
    return found->second->options() == options
               ? Result<void>()
               : Error(ErrorKind::AlreadyExists,
                       concat("slot ", options.number, " is open in another way"));
  }
  ARGON_TRY_ASSIGN(std::unique_ptr<Slot> slot, Slot::open(options, loop_, lastSession_, log_));
  slots_.emplace(options.number, std::move(slot));
  return {};
}

Result<void> Plane::attachCard(const std::string& name, UniqueFd channel) {
  ARGON_TRY(checkChannel(channel));
  detachCard(name);
  if (cards_.size() >= spec::kCardCountMax) {
    return Error(ErrorKind::Exhausted, concat(cards_.size(), " cards are attached already"));
  }
  CardLinkOwner& owner = *this;
  auto card = std::make_unique<CardLink>(name, std::move(channel), loop_, owner);
  ARGON_TRY(card->start());
  cards_.emplace(name, std::move(card));
  log_.info(concat("card ", name, " attached"));
  return {};
}

void Plane::detachCard(const std::string& name) {
  const auto found = cards_.find(name);
  if (found == cards_.end()) {
    return;
  }
  for (const auto& [number, slot] : slots_) {
    slot->onCardGone(*found->second);
  }
  cards_.erase(found);
}

Result<void> Plane::assign(std::uint32_t slot, const std::string& card) {
  const auto place = slots_.find(slot);
  if (place == slots_.end()) {
    return Error(ErrorKind::NotFound, concat("slot ", slot, " is not open"));
  }
  if (card.empty()) {
    place->second->unassign();
    return {};
  }
  const auto found = cards_.find(card);
  if (found == cards_.end()) {
    return Error(ErrorKind::NotFound, concat("card ", card, " is not attached"));
  }
  place->second->assign(*found->second);
  return {};
}

std::vector<spec::SlotRecord> Plane::describeSlots() const {
  std::vector<spec::SlotRecord> records;
  records.reserve(slots_.size());
  for (const auto& [number, slot] : slots_) {
    records.push_back(slot->describe());
  }
  return records;
}

std::string Plane::cardNames() const {
  std::string text;
  for (const auto& [name, card] : cards_) {
    text += name;
    text += '\n';
  }
  return text;
}

void Plane::onSessionEnded(CardLink& card, const vhost_user::SlotEnded& ended) {
  // A slot that was closed meanwhile, or that the card made up, is nobody's.
  if (const auto found = slots_.find(ended.slot); found != slots_.end()) {
    found->second->onSessionEnded(card, ended);
  }
}

void Plane::onCardGone(CardLink& card, const Error* reason) {
  log_.warn(concat("card ", card.name(),
                   reason == nullptr ? " is gone" : concat(": ", reason->message())));
  detachCard(std::string(card.name()));
}

} // namespace argon::backplane
