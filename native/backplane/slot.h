// SPDX-License-Identifier: Apache-2.0
#pragma once

// One device's place on the host: QEMU on one side, the card of the moment on the other. Messages
// are passed on one at a time, and what sets state is journaled, so that another card can take over
// while QEMU sees nothing but a pause.
//
//                assign                 all replayed
//     Parked ───────────▶ Replaying ───────────────▶ Serving
//       ▲ ▲                   │                          │
//       │ └───────────────────┴──────────────────────────┘
//       │       the card or its session is lost, or refuses what it is told
//       └── Draining: the slot goes to another card, and the one before has not let go of it yet
//
// While the slot is not served, one message of QEMU is held and the rest stays in its socket. The
// message that was under way when a card was lost is sent again after the replay, unless its answer
// had come. QEMU hanging up ends the card's session and the journal; the slot listens again.
//
// A session that its card ends for a fault of the front end (SlotEnd::FrontEndFault) has QEMU hung
// up on, as it would be without a backplane: sent again, the message would only do the same again.
//
// Loop thread only. Nothing here waits: a slow or hostile side of one slot is that slot's affair.

#include "backplane/acceptor.h"
#include "backplane/card_link.h"
#include "backplane/card_session.h"
#include "backplane/front_end.h"
#include "backplane/journal.h"
#include "backplane/spec/control.h"
#include "backplane/stored_message.h"
#include "base/event_loop.h"
#include "base/log.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "vhost_user/slot_channel.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace argon::backplane {

class Slot final : private AcceptorOwner, private FrontEndOwner, private CardSessionOwner {
public:
  struct Options {
    std::uint32_t number = 0;
    std::string socketPath{};
    /// Size of the allocation map's memory; 0: none.
    std::uint64_t mapBytes = 0;

    friend bool operator==(const Options&, const Options&) = default;
  };

  /// Listens. `lastSession` numbers the sessions of all slots; it and the loop outlive the slot.
  static Result<std::unique_ptr<Slot>> open(const Options& options, EventLoop& loop,
                                            std::uint64_t& lastSession, const Log& log);
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
  /// Hangs up on both sides.
  ~Slot() = default;

  /// Has `card` serve the slot. Nothing happens if it does. The link outlives its onCardGone().
  void assign(CardLink& card);
  /// Parks the slot.
  void unassign();
  /// A card, this slot's or another, is not attached any more.
  void onCardGone(const CardLink& card);
  void onSessionEnded(const CardLink& card, const vhost_user::SlotEnded& ended);

  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] spec::SlotRecord describe() const;

private:
  struct InHand {
    StoredMessage message;
    bool isSent = false;
  };
  struct Replay {
    std::vector<StoredMessage> messages;
    std::size_t next = 0;
    // SET_PROTOCOL_FEATURES was among what was sent.
    bool hasAgreed = false;
  };
  struct Draining {
    const CardLink* card = nullptr;
    std::uint64_t session = 0;
  };

  Slot(const Options& options, UniqueFd map, EventLoop& loop, std::uint64_t& lastSession, Log log);

  void onAccepted(UniqueFd socket) override;
  void onMessage(StoredMessage message) override;
  void onFrontEndLost(const Error* reason) override;
  void onCardTook() override;
  void onCardAnswered(CardAnswer answer) override;
  void onCardLost(const Error* reason) override;

  void beginSession();
  [[nodiscard]] Result<vhost_user::SlotOffer> connectSession();
  void dropSession(std::string_view reason);
  // Gives the slot up in its old card, which has to say that it has let go.
  void drainSession();
  void hangUp();

  void startReplay();
  void continueReplay();
  // Why the card cannot go on after this answer; empty if it can.
  [[nodiscard]] std::string problemOf(const StoredMessage& message, const CardAnswer& answer) const;
  void finishReplay();

  void forward();
  void finishMessage(CardAnswer answer);
  [[nodiscard]] CardSession::Answer answerTo(const StoredMessage& message) const;
  void noteParked(std::string_view reason);

  Options options_;
  // The allocation map's memory, or none.
  UniqueFd map_;
  EventLoop& loop_;
  std::uint64_t& lastSession_;
  Log log_;
  // A front end can connect and be hung up on as fast as it likes.
  RateLimiter notes_{8};
  std::unique_ptr<Acceptor> acceptor_;

  std::unique_ptr<FrontEnd> frontEnd_;
  Journal journal_;
  std::optional<InHand> inHand_;

  std::string cardName_;
  // Null if the card is not attached.
  CardLink* card_ = nullptr;
  std::unique_ptr<CardSession> session_;
  // Of session_, or of the last one.
  std::uint64_t sessionNumber_ = 0;
  bool wasReplaying_ = false;
  // Something of the front end's was sent on session_.
  bool isSessionUsed_ = false;
  std::optional<Replay> replay_;
  std::optional<Draining> draining_;
  std::string reason_;

  // 0 while the front end is served, or not there.
  std::uint64_t parkedSinceNs_ = 0;
  std::uint64_t replayCount_ = 0;
  std::uint64_t lastStallNs_ = 0;
  std::uint64_t longestStallNs_ = 0;
  std::uint64_t messageCount_ = 0;
  std::uint64_t frontEndCount_ = 0;
};

} // namespace argon::backplane
