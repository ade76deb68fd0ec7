// SPDX-License-Identifier: Apache-2.0
#include "backplane/card_session.h"

#include "backplane/outbox.h"
#include "backplane/stored_message.h"
#include "base/check.h"
#include "base/error.h"
#include "base/event_loop.h"
#include "base/fd_socket.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "vhost_user/message_table.h"
#include "vhost_user/spec/messages.h"

#include <sys/epoll.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace argon::backplane {

namespace spec = vhost_user::spec;

Result<void> CardSession::start() { return loop_.watch(socket_.get(), EPOLLIN, *this); }

void CardSession::close() {
  if (socket_) {
    loop_.unwatch(socket_.get());
    socket_.reset();
  }
}

Result<CardSession::Sent> CardSession::send(const StoredMessage& message, Answer answer) {
  ARGON_CHECK(outbox_.isEmpty() && asked_ == nullptr);
  const bool wantsReply = message.needsReply || answer == Answer::Ack;
  outbox_.put(encodeMessage(message.request(), wantsReply ? spec::NEED_REPLY : 0, message.payload),
              message.fds);
  asked_ = answer == Answer::None ? nullptr : message.rule;
  ARGON_TRY_ASSIGN(const bool isSent, flush());
  return isSent && asked_ == nullptr ? Sent::Done : Sent::Waits;
}

Result<bool> CardSession::flush() {
  ARGON_TRY_ASSIGN(const bool isSent, outbox_.flush(socket_.get()));
  if (isWaitingForRoom_ == isSent) {
    isWaitingForRoom_ = !isSent;
    ARGON_TRY(loop_.watch(socket_.get(), isSent ? EPOLLIN : EPOLLIN | EPOLLOUT, *this));
  }
  return isSent;
}

void CardSession::onEvents(std::uint32_t /*events*/) {
  if (isWaitingForRoom_) {
    const Result<bool> sent = flush();
    if (!sent) {
      return owner_.onCardLost(&sent.error());
    }
    if (*sent && asked_ == nullptr) {
      return owner_.onCardTook();
    }
  }
  const Result<void> received = receive();
  if (!received) {
    const bool hasHungUp = received.error().kind() == ErrorKind::Closed;
    return owner_.onCardLost(hasHungUp ? nullptr : &received.error());
  }
  if (asked_ == nullptr || headerCount_ < sizeof header_ || payloadCount_ < header_.size) {
    return;
  }
  asked_ = nullptr;
  headerCount_ = 0;
  payloadCount_ = 0;
  owner_.onCardAnswered(
      {.payload = std::span(payload_).first(header_.size), .fds = std::exchange(fds_, {})});
}

// Up to the end of one answer.
Result<void> CardSession::receive() {
  if (headerCount_ < sizeof header_) {
    ARGON_TRY_ASSIGN(const bool isWhole,
                     fill(std::as_writable_bytes(std::span(&header_, 1)), headerCount_));
    if (!isWhole) {
      return {};
    }
    ARGON_TRY(checkHeader());
  }
  ARGON_TRY(fill(std::span(payload_).first(header_.size), payloadCount_));
  return {};
}

Result<bool> CardSession::fill(std::span<std::byte> into, std::size_t& haveCount) {
  while (haveCount < into.size()) {
    ARGON_TRY_ASSIGN(const Received received,
                     receiveWithFds(socket_.get(), into.subspan(haveCount), fds_));
    if (received.isTruncated || fds_.size() > kReceivedFdCountMax) {
      return Error(ErrorKind::Protocol, "the card answers with too many descriptors");
    }
    switch (received.state) {
    case Received::State::Closed:
      return Error(ErrorKind::Closed, "the card hung up");
    case Received::State::WouldBlock:
      return false;
    case Received::State::Data:
      haveCount += received.byteCount;
    }
  }
  return true;
}

Result<void> CardSession::checkHeader() const {
  constexpr std::uint32_t kAnswerFlags = spec::kVersion | spec::REPLY;
  const bool isAsked = asked_ != nullptr && outbox_.isEmpty() &&
                       header_.request == static_cast<std::uint32_t>(asked_->request);
  if (!isAsked || (header_.flags & (spec::kVersionMask | spec::REPLY)) != kAnswerFlags ||
      header_.size > payload_.size()) {
    return Error(ErrorKind::Protocol, concat("the card sends message ", header_.request, " of ",
                                             header_.size, " bytes, which nobody asked for"));
  }
  return {};
}

} // namespace argon::backplane
