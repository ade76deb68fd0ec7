// SPDX-License-Identifier: Apache-2.0
#include "fuzz/slot_peers.h"

#include "base/check.h"
#include "base/fd_socket.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "support/byte_source.h"
#include "vhost_user/slot_channel.h"
#include "vhost_user/spec/messages.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace argon::fuzz {

namespace spec = vhost_user::spec;
using spec::Request;
using test::ByteSource;

namespace {

std::vector<std::byte> withPayload(const spec::Header& header, std::span<const std::byte> payload) {
  std::vector<std::byte> bytes(sizeof header + payload.size());
  std::memcpy(bytes.data(), &header, sizeof header);
  if (!payload.empty()) {
    std::memcpy(bytes.data() + sizeof header, payload.data(), payload.size());
  }
  return bytes;
}

bool answersItself(Request request) {
  switch (request) {
  case Request::GET_FEATURES:
  case Request::GET_PROTOCOL_FEATURES:
  case Request::GET_QUEUE_NUM:
  case Request::GET_VRING_BASE:
  case Request::GET_CONFIG:
  case Request::GET_INFLIGHT_FD:
  case Request::GET_MAX_MEM_SLOTS:
  case Request::GET_STATUS:
  case Request::SET_LOG_BASE:
    return true;
  default:
    return false;
  }
}

} // namespace

bool MessageBuffer::fill(int socket) {
  std::array<std::byte, 8192> chunk{};
  std::vector<UniqueFd> fds;
  for (;;) {
    const Result<Received> received = receiveWithFds(socket, chunk, fds);
    fds.clear();
    if (!received || received->state == Received::State::Closed) {
      return false;
    }
    if (received->state == Received::State::WouldBlock) {
      return true;
    }
    const auto taken = std::span(chunk).first(received->byteCount);
    bytes_.insert(bytes_.end(), taken.begin(), taken.end());
  }
}

std::optional<MessageBuffer::Message> MessageBuffer::next() {
  Message message;
  if (bytes_.size() < sizeof message.header) {
    return std::nullopt;
  }
  std::memcpy(&message.header, bytes_.data(), sizeof message.header);
  const std::size_t end = sizeof message.header + message.header.size;
  if (bytes_.size() < end) {
    return std::nullopt;
  }
  message.payload.assign(bytes_.begin() + sizeof message.header,
                         bytes_.begin() + static_cast<std::ptrdiff_t>(end));
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(end));
  return message;
}

SlotFrontEnd::SlotFrontEnd(const std::string& path)
    : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ARGON_CHECK(socket_.isOpen() && path.size() < sizeof address.sun_path);
  std::memcpy(static_cast<void*>(address.sun_path), path.data(), path.size());
  if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    socket_.reset();
  }
}

void SlotFrontEnd::send(std::span<const std::byte> bytes, std::span<const int> fds, bool isWhole) {
  const Result<void> sent = sendWithFds(socket_.get(), bytes, fds);
  if (!sent) {
    socket_.reset();
    return;
  }
  spec::Header header{};
  if (!isWhole || bytes.size() < sizeof header) {
    isOdd_ = true;
    return;
  }
  std::memcpy(&header, bytes.data(), sizeof header);
  asked_.push_back(header);
}

void SlotFrontEnd::listen() {
  const bool isOpen = buffer_.fill(socket_.get());
  while (const std::optional<MessageBuffer::Message> answer = buffer_.next()) {
    checkAnswer(answer->header);
  }
  if (!isOpen) {
    socket_.reset();
  }
}

void SlotFrontEnd::checkAnswer(const spec::Header& answer) {
  ++answerCount_;
  if (isOdd_) {
    return;
  }
  ARGON_CHECK((answer.flags & spec::REPLY) != 0);
  while (!asked_.empty() && asked_.front().request != answer.request) {
    asked_.pop_front(); // Was answered with nothing, as most are.
  }
  ARGON_CHECK(!asked_.empty());
  const spec::Header asked = asked_.front();
  asked_.pop_front();
  ARGON_CHECK((asked.flags & spec::NEED_REPLY) != 0 ||
              answersItself(static_cast<Request>(asked.request)));
}

void SlotCard::takeOffers() {
  for (;;) {
    Result<std::optional<vhost_user::SlotOffer>> received =
        vhost_user::receiveSlotOffer(channel_.get());
    if (!received) {
      return;
    }
    std::optional<vhost_user::SlotOffer> offer = *std::move(received);
    if (!offer) {
      return;
    }
    vhost_user::SlotOffer taken = *std::move(offer);
    const std::uint32_t slot = taken.slot;
    sessions_[slot] = {.offer = std::move(taken), .buffer = {}};
  }
}

void SlotCard::work(Manner manner, ByteSource& source) {
  for (auto& [slot, session] : sessions_) {
    const bool isOpen = session.buffer.fill(session.offer.socket.get());
    while (const std::optional<MessageBuffer::Message> message = session.buffer.next()) {
      answer(session.offer.socket.get(), *message, manner, source);
    }
    if (!isOpen && manner == Manner::Honest) {
      endSession(slot, vhost_user::SlotEnd::PeerClosed);
      return; // The others have their turn the next time.
    }
  }
}

void SlotCard::endSession(std::uint32_t slot, vhost_user::SlotEnd reason) {
  const auto found = sessions_.find(slot);
  if (found == sessions_.end()) {
    return;
  }
  const vhost_user::SlotEnded ended{
      .slot = slot, .session = found->second.offer.session, .reason = reason};
  sessions_.erase(found);
  [[maybe_unused]] const Result<void> sent = vhost_user::sendSlotEnded(channel_.get(), ended);
}

void SlotCard::babble(ByteSource& source) {
  vhost_user::SlotPacket packet{};
  const std::span<const std::byte> bytes = source.bytes(sizeof packet);
  if (!bytes.empty()) {
    std::memcpy(&packet, bytes.data(), bytes.size());
  }
  if (source.u8() % 4 != 0) {
    packet.magic = vhost_user::kSlotPacketMagic;
    packet.kind = vhost_user::kSlotEnded;
    packet.slot %= 3;
    packet.session %= 16;
  }
  [[maybe_unused]] const Result<void> sent =
      sendWithFds(channel_.get(), std::as_bytes(std::span(&packet, 1)), {});
}

void SlotCard::answer(int socket, const MessageBuffer::Message& message, Manner manner,
                      ByteSource& source) const {
  if (manner == Manner::Raw) {
    answerRaw(socket, message, source);
    return;
  }
  const auto request = static_cast<Request>(message.header.request);
  const bool isWanted = answersItself(request) || (message.header.flags & spec::NEED_REPLY) != 0;
  if (manner == Manner::Silent || !isWanted) {
    return;
  }
  std::vector<std::byte> payload(sizeof(std::uint64_t));
  std::vector<int> fds;
  if (request == Request::GET_FEATURES || request == Request::GET_PROTOCOL_FEATURES) {
    const std::uint64_t features = manner == Manner::Honest ? ~std::uint64_t{0} : source.u64();
    std::memcpy(payload.data(), &features, sizeof features);
  } else if (request == Request::GET_CONFIG || request == Request::GET_VRING_BASE) {
    payload = message.payload;
  } else if (request == Request::GET_INFLIGHT_FD) {
    const spec::InflightDescription region{
        .mmapSize = 4096, .mmapOffset = 0, .queueCount = 1, .queueSize = 8};
    payload.resize(sizeof region);
    std::memcpy(payload.data(), &region, sizeof region);
    fds.push_back(inflight_.get());
  } else if (manner == Manner::Refusing) {
    payload.front() = std::byte{1};
  }
  const spec::Header header{.request = message.header.request,
                            .flags = spec::kVersion | spec::REPLY,
                            .size = static_cast<std::uint32_t>(payload.size())};
  [[maybe_unused]] const Result<void> sent = sendWithFds(socket, withPayload(header, payload), fds);
}

void SlotCard::answerRaw(int socket, const MessageBuffer::Message& message,
                         ByteSource& source) const {
  const std::span<const std::byte> payload = source.bytes(source.u8() % 64);
  const bool isRequestKept = source.u8() % 2 == 0;
  const bool isSizeKept = source.u8() % 4 != 0;
  const spec::Header header{.request = isRequestKept ? message.header.request : source.u8(),
                            .flags = source.u8(),
                            .size = isSizeKept ? static_cast<std::uint32_t>(payload.size())
                                               : source.u32()};
  std::vector<int> fds;
  if (source.u8() % 8 == 0) {
    fds.push_back(inflight_.get());
  }
  [[maybe_unused]] const Result<void> sent = sendWithFds(socket, withPayload(header, payload), fds);
}

} // namespace argon::fuzz
