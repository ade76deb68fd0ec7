// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/connection.h"

#include "base/check.h"
#include "base/error.h"
#include "base/fd_socket.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "vhost_user/message_table.h"
#include "vhost_user/spec/messages.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace argon::vhost_user {

// Reads towards `into`; an outcome means that this is all for now.
Result<std::optional<Connection::Outcome>> Connection::fill(std::span<std::byte> into,
                                                            std::size_t& haveCount) {
  while (haveCount < into.size()) {
    ARGON_TRY_ASSIGN(const Received received,
                     receiveWithFds(socket_.get(), into.subspan(haveCount), fds_));
    if (received.isTruncated || fds_.size() > kReceivedFdCountMax) {
      return Error(ErrorKind::Protocol, "a message with too many file descriptors");
    }
    switch (received.state) {
    case Received::State::Closed:
      return std::optional<Outcome>(Outcome{.state = Outcome::State::Closed});
    case Received::State::WouldBlock:
      return std::optional<Outcome>(Outcome{.state = Outcome::State::Incomplete});
    case Received::State::Data:
      haveCount += received.byteCount;
    }
  }
  return std::optional<Outcome>();
}

Result<Connection::Outcome> Connection::receive() {
  if (headerCount_ < sizeof header_) {
    ARGON_TRY_ASSIGN(std::optional<Outcome> outcome,
                     fill(std::as_writable_bytes(std::span(&header_, 1)), headerCount_));
    if (outcome) {
      return *std::move(outcome);
    }
    ARGON_TRY(checkHeader(header_));
  }
  ARGON_TRY_ASSIGN(std::optional<Outcome> outcome,
                   fill(std::span(payload_).first(header_.size), payloadCount_));
  if (outcome) {
    return *std::move(outcome);
  }
  const MessageRule* rule = findRule(header_.request);
  ARGON_CHECK(rule != nullptr);
  ARGON_TRY(checkFdCount(*rule, fds_.size()));
  Outcome complete{
      .state = Outcome::State::Message,
      .message = {.rule = rule,
                  .needsReply = (header_.flags & spec::NEED_REPLY) != 0,
                  .payload = std::span(payload_).first(header_.size),
                  .fds = std::exchange(fds_, {})},
  };
  headerCount_ = 0;
  payloadCount_ = 0;
  return complete;
}

Result<void> Connection::reply(const MessageRule& rule, std::span<const std::byte> payload,
                               std::span<const int> fds) {
  ARGON_CHECK(payload.size() <= kPayloadBytesMax);
  std::array<std::byte, sizeof(spec::Header) + kPayloadBytesMax> bytes{};
  const spec::Header header{.request = static_cast<std::uint32_t>(rule.request),
                            .flags = spec::kVersion | spec::REPLY,
                            .size = static_cast<std::uint32_t>(payload.size())};
  std::memcpy(bytes.data(), &header, sizeof header);
  if (!payload.empty()) {
    std::memcpy(bytes.data() + sizeof header, payload.data(), payload.size());
  }
  return sendWithFds(socket_.get(), std::span(bytes).first(sizeof header + payload.size()), fds);
}

Result<void> Connection::replyU64(const MessageRule& rule, std::uint64_t value) {
  return reply(rule, std::as_bytes(std::span(&value, 1)));
}

} // namespace argon::vhost_user
