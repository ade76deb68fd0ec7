// SPDX-License-Identifier: Apache-2.0
#include "backplane/slot.h"

#include "backplane/acceptor.h"
#include "backplane/card_link.h"
#include "backplane/card_session.h"
#include "backplane/front_end.h"
#include "backplane/journal.h"
#include "backplane/spec/control.h"
#include "backplane/stored_message.h"
#include "base/check.h"
#include "base/checked_math.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/event_loop.h"
#include "base/log.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "vhost_user/slot_channel.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace argon::backplane {

using vhost_user::spec::Request;
using virtio::FeatureSet;

namespace {

constexpr std::string_view kNotAssigned = "the slot is not assigned to a card";

// Memory that a card keeps its allocation map in. It may grow with its volume, never shrink.
Result<UniqueFd> createMap(std::uint64_t sizeBytes) {
  if (sizeBytes == 0) {
    return UniqueFd();
  }
  UniqueFd file(::memfd_create("argon-map", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file || ::ftruncate(file.get(), narrow<off_t>(sizeBytes)) != 0 ||
      ::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK) != 0) {
    return Error::fromErrno(errno, "make memory for an allocation map");
  }
  return file;
}

std::optional<std::uint64_t> numberIn(std::span<const std::byte> payload) {
  std::uint64_t number = 0;
  if (payload.size() != sizeof number) {
    return std::nullopt;
  }
  std::memcpy(&number, payload.data(), sizeof number);
  return number;
}

template <std::size_t Size>
void copyText(char (&field)[Size], std::string_view text) {
  text.copy(field, Size);
}

} // namespace

Result<std::unique_ptr<Slot>> Slot::open(const Options& options, EventLoop& loop,
                                         std::uint64_t& lastSession, const Log& log) {
  ARGON_TRY_ASSIGN(UniqueFd map, createMap(options.mapBytes));
  std::unique_ptr<Slot> slot(new Slot(options, std::move(map), loop, lastSession,
                                      log.child(concat("slot ", options.number))));
  ARGON_TRY_ASSIGN(slot->acceptor_, Acceptor::open(options.socketPath, loop, *slot, slot->log_));
  return slot;
}

Slot::Slot(const Options& options, UniqueFd map, EventLoop& loop, std::uint64_t& lastSession,
           Log log)
    : options_(options), map_(std::move(map)), loop_(loop), lastSession_(lastSession),
      log_(std::move(log)), reason_(kNotAssigned) {}

// Cards

void Slot::assign(CardLink& card) {
  if (card_ == &card && (session_ != nullptr || draining_)) {
    return;
  }
  drainSession();
  card_ = &card;
  cardName_ = card.name();
  if (!draining_) {
    beginSession();
  }
}

void Slot::unassign() {
  drainSession();
  card_ = nullptr;
  cardName_.clear();
  reason_ = kNotAssigned;
}

void Slot::drainSession() {
  if (session_ == nullptr) {
    return;
  }
  dropSession(concat("card ", cardName_, " has not let go of the slot yet"));
  draining_ = Draining{.card = card_, .session = sessionNumber_};
}

void Slot::onCardGone(const CardLink& card) {
  if (card_ == &card) {
    dropSession(concat("card ", cardName_, " is gone"));
    card_ = nullptr;
  }
  if (draining_ && draining_->card == &card) {
    draining_.reset();
    if (card_ != nullptr) {
      beginSession();
    }
  }
}

void Slot::onSessionEnded(const CardLink& card, const vhost_user::SlotEnded& ended) {
  if (draining_ && draining_->card == &card && draining_->session == ended.session) {
    draining_.reset();
    if (card_ != nullptr) {
      beginSession();
    }
    return;
  }
  if (card_ != &card || ended.session != sessionNumber_) {
    return; // An older one, which was given up here first.
  }
  if (session_ == nullptr && ended.reason == vhost_user::SlotEnd::PeerClosed) {
    return; // Closed here, for a reason that is known.
  }
  const bool isInReplay = session_ == nullptr ? wasReplaying_ : replay_.has_value();
  dropSession(concat("the card ended its session: ", vhost_user::slotEndName(ended.reason)));
  if (ended.reason == vhost_user::SlotEnd::FrontEndFault && !isInReplay) {
    hangUp();
  }
}

// A session with the assigned card

void Slot::beginSession() {
  ARGON_CHECK(card_ != nullptr && session_ == nullptr && !draining_);
  Result<vhost_user::SlotOffer> offer = connectSession();
  if (!offer) {
    log_.error(offer.error().message());
    session_ = nullptr;
    noteParked(offer.error().message());
    return;
  }
  card_->offer(*std::move(offer));
  isSessionUsed_ = false;
  startReplay();
}

Result<vhost_user::SlotOffer> Slot::connectSession() {
  std::array<int, 2> fds{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) != 0) {
    return Error::fromErrno(errno, "create a connection to a card");
  }
  CardSessionOwner& owner = *this;
  session_ = std::make_unique<CardSession>(UniqueFd(fds[0]), loop_, owner);
  vhost_user::SlotOffer offer{
      .slot = options_.number, .session = ++lastSession_, .socket = UniqueFd(fds[1])};
  sessionNumber_ = offer.session;
  ARGON_TRY(session_->start());
  if (map_) {
    // A card makes it larger with its volume.
    struct stat status{};
    if (::fstat(map_.get(), &status) != 0) {
      return Error::fromErrno(errno, "look at an allocation map");
    }
    offer.mapBytes = narrow<std::uint64_t>(status.st_size);
    ARGON_TRY_ASSIGN(offer.map, map_.duplicate());
  }
  return offer;
}

void Slot::dropSession(std::string_view reason) {
  if (session_ != nullptr) {
    wasReplaying_ = replay_.has_value();
    session_ = nullptr;
  }
  replay_.reset();
  if (inHand_) {
    inHand_->isSent = false;
  }
  noteParked(reason);
}

void Slot::noteParked(std::string_view reason) {
  reason_ = reason;
  if (frontEnd_ != nullptr && parkedSinceNs_ == 0) {
    parkedSinceNs_ = monotonicNs();
    if (notes_.allow(parkedSinceNs_)) {
      log_.info(concat("parked: ", reason));
    }
  }
}

void Slot::onCardLost(const Error* reason) {
  dropSession(reason == nullptr ? "the card closed its session" : reason->message());
}

// Replay

void Slot::startReplay() {
  reason_ = "the card is being told what the front end has set";
  Replay replay;
  if (!journal_.isEmpty()) {
    replay.messages = journal_.replay();
    // What was accepted of an older card's offers must be among the new one's.
    const std::array asked = {makeMessage(Request::GET_FEATURES),
                              makeMessage(Request::GET_PROTOCOL_FEATURES)};
    const bool hasProtocol = journal_.protocolFeatures() != FeatureSet();
    replay.messages.insert(replay.messages.begin(), asked.begin(),
                           asked.end() - (hasProtocol ? 0 : 1));
  }
  replay_ = std::move(replay);
  continueReplay();
}

void Slot::continueReplay() {
  ARGON_CHECK(replay_.has_value());
  Replay& replay = *replay_;
  while (replay.next < replay.messages.size()) {
    const StoredMessage& message = replay.messages[replay.next];
    CardSession::Answer wanted = CardSession::Answer::None;
    if (message.rule->hasReply) {
      wanted = CardSession::Answer::Own;
    } else if (replay.hasAgreed && journal_.hasReplyAck()) {
      wanted = CardSession::Answer::Ack;
    }
    // Before it is told so, a card does not acknowledge.
    replay.hasAgreed = replay.hasAgreed || message.request() == Request::SET_PROTOCOL_FEATURES;
    const Result<CardSession::Sent> sent = session_->send(message, wanted);
    if (!sent) {
      return onCardLost(&sent.error());
    }
    if (*sent == CardSession::Sent::Waits) {
      return;
    }
    ++replay.next;
  }
  finishReplay();
}

std::string Slot::problemOf(const StoredMessage& message, const CardAnswer& answer) const {
  const std::optional<std::uint64_t> number = numberIn(answer.payload);
  FeatureSet wanted;
  switch (message.request()) {
  case Request::GET_FEATURES:
    wanted = journal_.features();
    break;
  case Request::GET_PROTOCOL_FEATURES:
    wanted = journal_.protocolFeatures();
    break;
  case Request::SET_LOG_BASE:
    return {};
  default:
    return number == 0U ? std::string() : concat("the card refused ", message.rule->name);
  }
  const FeatureSet offered(number.value_or(0));
  if (number && wanted.isSubsetOf(offered)) {
    return {};
  }
  return concat("the card does not offer what was accepted: ", hex(wanted.bits() & ~offered.bits()),
                " of ", message.rule->name);
}

void Slot::finishReplay() {
  ARGON_CHECK(replay_.has_value());
  const bool isTakeOver = !replay_->messages.empty();
  replay_.reset();
  reason_.clear();
  if (parkedSinceNs_ != 0) {
    if (isTakeOver) {
      lastStallNs_ = monotonicNs() - parkedSinceNs_;
      longestStallNs_ = std::max(longestStallNs_, lastStallNs_);
      log_.info(concat("card ", cardName_, " took over after ", lastStallNs_ / 1000, " us"));
    }
    parkedSinceNs_ = 0;
  }
  if (isTakeOver) {
    ++replayCount_;
    isSessionUsed_ = true;
  }
  forward();
}

// The front end

void Slot::onAccepted(UniqueFd socket) {
  acceptor_->pause();
  FrontEndOwner& owner = *this;
  frontEnd_ = std::make_unique<FrontEnd>(std::move(socket), loop_, owner);
  ++frontEndCount_;
  if (!reason_.empty()) {
    parkedSinceNs_ = monotonicNs();
  }
  if (const Result<void> reading = frontEnd_->readNext(); !reading) {
    return onFrontEndLost(&reading.error());
  }
  if (notes_.allow(monotonicNs())) {
    log_.info("front end connected");
  }
}

void Slot::onMessage(StoredMessage message) {
  ARGON_CHECK(!inHand_);
  ++messageCount_;
  inHand_ = InHand{.message = std::move(message)};
  forward();
}

void Slot::onFrontEndLost(const Error* reason) {
  if (notes_.allow(monotonicNs())) {
    log_.info(reason == nullptr ? "front end disconnected"
                                : concat("hung up on the front end: ", reason->message()));
  }
  hangUp();
}

void Slot::hangUp() {
  frontEnd_ = nullptr;
  journal_.clear();
  inHand_.reset();
  parkedSinceNs_ = 0;
  if (session_ != nullptr && (isSessionUsed_ || replay_)) {
    dropSession("the front end is gone");
  }
  // A card that is there is ready before the next front end is.
  if (session_ == nullptr && card_ != nullptr && !draining_) {
    beginSession();
  }
  if (const Result<void> listening = acceptor_->resume(); !listening) {
    log_.error(listening.error().message());
  }
}

// Messages

CardSession::Answer Slot::answerTo(const StoredMessage& message) const {
  if (message.rule->hasReply) {
    return CardSession::Answer::Own;
  }
  // An acknowledgment is asked for wherever there can be one, whether the front end did or not:
  // the journal then holds what the card has accepted, and nothing else.
  const bool hasReplyAck =
      message.request() == Request::SET_PROTOCOL_FEATURES
          ? message.needsReply &&
                FeatureSet(message.as<std::uint64_t>()).has(vhost_user::spec::PROTOCOL_F_REPLY_ACK)
          : journal_.hasReplyAck();
  return hasReplyAck ? CardSession::Answer::Ack : CardSession::Answer::None;
}

void Slot::forward() {
  if (!inHand_ || inHand_->isSent || session_ == nullptr || replay_) {
    return;
  }
  inHand_->isSent = true;
  isSessionUsed_ = true;
  const Result<CardSession::Sent> sent =
      session_->send(inHand_->message, answerTo(inHand_->message));
  if (!sent) {
    return onCardLost(&sent.error());
  }
  if (*sent == CardSession::Sent::Done) {
    finishMessage({});
  }
}

void Slot::onCardTook() {
  if (replay_) {
    ++replay_->next;
    return continueReplay();
  }
  finishMessage({});
}

void Slot::onCardAnswered(CardAnswer answer) {
  if (!replay_) {
    return finishMessage(std::move(answer));
  }
  const std::string problem = problemOf(replay_->messages[replay_->next], answer);
  if (!problem.empty()) {
    log_.error(problem);
    return dropSession(problem);
  }
  ++replay_->next;
  continueReplay();
}

void Slot::finishMessage(CardAnswer answer) {
  ARGON_CHECK(inHand_ && inHand_->isSent && frontEnd_ != nullptr);
  const CardSession::Answer kind = answerTo(inHand_->message);
  const StoredMessage message = std::move(inHand_->message);
  inHand_.reset();
  if (kind != CardSession::Answer::Ack || numberIn(answer.payload) == 0U) {
    journal_.record(message, answer.payload);
  }
  const bool isWanted =
      kind == CardSession::Answer::Own || (kind == CardSession::Answer::Ack && message.needsReply);
  const Result<void> going =
      isWanted ? frontEnd_->reply(*message.rule, answer.payload, std::move(answer.fds))
               : frontEnd_->readNext();
  if (!going) {
    onFrontEndLost(&going.error());
  }
}

spec::SlotRecord Slot::describe() const {
  spec::SlotRecord record{};
  record.slot = options_.number;
  record.flags = (frontEnd_ != nullptr ? spec::FRONT_END_CONNECTED : 0) |
                 (reason_.empty() ? spec::SERVED : 0) |
                 (journal_.isDriverOk() ? spec::DRIVER_OK : 0);
  record.mapBytes = options_.mapBytes;
  record.parkedForNs = parkedSinceNs_ == 0 ? 0 : monotonicNs() - parkedSinceNs_;
  record.replayCount = replayCount_;
  record.lastStallNs = lastStallNs_;
  record.longestStallNs = longestStallNs_;
  record.messageCount = messageCount_;
  record.frontEndCount = frontEndCount_;
  copyText(record.card, cardName_);
  copyText(record.reason, reason_);
  return record;
}

} // namespace argon::backplane
