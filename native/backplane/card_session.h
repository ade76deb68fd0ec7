// SPDX-License-Identifier: Apache-2.0
#pragma once

// The front end's end of one vhost-user connection to a card: sends a message, waits for its answer
// where there is one, then the next. Loop thread only.
//
// untrusted: what a card sends. A card that answers what it was not asked has lost its session.

#include "backplane/outbox.h"
#include "backplane/stored_message.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "vhost_user/message_table.h"
#include "vhost_user/spec/messages.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace argon::backplane {

struct CardAnswer {
  std::span<const std::byte> payload{};
  std::vector<UniqueFd> fds{};
};

/// Told what became of a session's messages. Each call may end and give up the session.
class CardSessionOwner {
public:
  /// A message whose sending had to wait was sent, and has no answer.
  virtual void onCardTook() = 0;
  /// The payload points into the session until the next message is sent.
  virtual void onCardAnswered(CardAnswer answer) = 0;
  /// The card hung up (null), or broke the protocol. Nothing can be sent any more.
  virtual void onCardLost(const Error* reason) = 0;

protected:
  ~CardSessionOwner() = default;
};

class CardSession final : public EventHandler {
public:
  enum class Answer : std::uint8_t {
    /// None: the message takes effect in its order.
    None,
    /// An acknowledgment, which is asked for.
    Ack,
    /// An answer of its own.
    Own,
  };
  enum class Sent : std::uint8_t {
    /// Nothing is to come.
    Done,
    /// The owner will be told.
    Waits,
  };

  /// Loop and owner outlive the session.
  CardSession(UniqueFd socket, EventLoop& loop, CardSessionOwner& owner)
      : socket_(std::move(socket)), loop_(loop), owner_(owner) {}
  CardSession(const CardSession&) = delete;
  CardSession& operator=(const CardSession&) = delete;
  ~CardSession() { close(); }

  [[nodiscard]] Result<void> start();
  /// Sends a message; the one before must be through. An error means that the card is lost.
  [[nodiscard]] Result<Sent> send(const StoredMessage& message, Answer answer);
  /// Hangs up; the owner is told nothing more.
  void close();

  void onEvents(std::uint32_t events) override;

private:
  // Sends what is left, and watches for room if the card does not read.
  [[nodiscard]] Result<bool> flush();
  [[nodiscard]] Result<void> receive();
  // True when `into` is full; false if the rest is not there yet.
  [[nodiscard]] Result<bool> fill(std::span<std::byte> into, std::size_t& haveCount);
  [[nodiscard]] Result<void> checkHeader() const;

  UniqueFd socket_;
  EventLoop& loop_;
  CardSessionOwner& owner_;
  Outbox outbox_;
  // While an answer is to come.
  const vhost_user::MessageRule* asked_ = nullptr;
  bool isWaitingForRoom_ = false;
  vhost_user::spec::Header header_{};
  std::size_t headerCount_ = 0;
  std::array<std::byte, vhost_user::kPayloadBytesMax> payload_{};
  std::size_t payloadCount_ = 0;
  std::vector<UniqueFd> fds_;
};

} // namespace argon::backplane
