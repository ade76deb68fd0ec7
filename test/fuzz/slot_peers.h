// SPDX-License-Identifier: Apache-2.0
#pragma once

// The two sides of a slot for its fuzz target: a front end that checks what it is answered, and a
// card that answers as it is told to. Neither ever waits.

#include "base/unique_fd.h"
#include "support/byte_source.h"
#include "vhost_user/slot_channel.h"
#include "vhost_user/spec/messages.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace argon::fuzz {

/// Takes whole messages from the front of what has been received.
class MessageBuffer {
public:
  struct Message {
    vhost_user::spec::Header header{};
    std::vector<std::byte> payload{};
  };

  /// Receives what is there; descriptors are dropped. False if the peer has closed the socket.
  bool fill(int socket);
  std::optional<Message> next();

private:
  std::vector<std::byte> bytes_;
};

/// QEMU's side of a slot: it knows what it has asked, and aborts if an answer is to nothing of
/// that.
class SlotFrontEnd {
public:
  /// Not connected if the slot takes no more.
  explicit SlotFrontEnd(const std::string& path);

  [[nodiscard]] bool isConnected() const { return socket_.isOpen(); }
  /// `isWhole`: it is one message of the specification's shape. After any other nobody knows what
  /// was asked, and answers are only counted.
  void send(std::span<const std::byte> bytes, std::span<const int> fds, bool isWhole);
  /// Takes the answers that are there.
  void listen();
  [[nodiscard]] std::size_t answerCount() const { return answerCount_; }

private:
  void checkAnswer(const vhost_user::spec::Header& answer);

  UniqueFd socket_;
  MessageBuffer buffer_;
  std::deque<vhost_user::spec::Header> asked_;
  bool isOdd_ = false;
  std::size_t answerCount_ = 0;
};

/// A card's side: takes what it is offered and answers as it is told to.
class SlotCard {
public:
  enum class Manner : std::uint8_t { Honest, Refusing, Raw, Silent };

  /// `channel`: the card's end. `inflight` is what GET_INFLIGHT_FD is answered with; outlives it.
  SlotCard(UniqueFd channel, const UniqueFd& inflight)
      : channel_(std::move(channel)), inflight_(inflight) {}

  void takeOffers();
  /// Answers what is there.
  void work(Manner manner, test::ByteSource& source);
  void endSession(std::uint32_t slot, vhost_user::SlotEnd reason);
  /// Says something of any shape on the channel.
  void babble(test::ByteSource& source);

private:
  struct Session {
    vhost_user::SlotOffer offer{};
    MessageBuffer buffer{};
  };

  void answer(int socket, const MessageBuffer::Message& message, Manner manner,
              test::ByteSource& source) const;
  void answerRaw(int socket, const MessageBuffer::Message& message, test::ByteSource& source) const;

  UniqueFd channel_;
  const UniqueFd& inflight_;
  std::map<std::uint32_t, Session> sessions_;
};

} // namespace argon::fuzz
