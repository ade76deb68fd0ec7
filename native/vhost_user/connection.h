// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bytes to messages and back, on one connected socket. A stream socket may deliver a message in
// any pieces; nothing is read beyond the message at hand, so that the descriptors that arrive are
// its own. Session thread only.

#include "base/check.h"
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
#include <type_traits>
#include <vector>

namespace argon::vhost_user {

/// A message whose syntax is right. untrusted: every value in the payload is the front end's word.
struct Message {
  const MessageRule* rule = nullptr;
  bool needsReply = false;
  std::span<const std::byte> payload{};
  std::vector<UniqueFd> fds{};

  /// A copy of the payload's first bytes as a wire struct. Checked to be there by the rule's sizes.
  template <typename Struct>
    requires std::is_trivially_copyable_v<Struct>
  [[nodiscard]] Struct as() const {
    Struct value{};
    ARGON_CHECK(payload.size() >= sizeof value);
    std::memcpy(&value, payload.data(), sizeof value);
    return value;
  }
};

class Connection {
public:
  explicit Connection(UniqueFd socket) : socket_(std::move(socket)) {}

  struct Outcome {
    enum class State : std::uint8_t { Message, Incomplete, Closed };
    State state = State::Incomplete;
    /// With State::Message. Its payload points into the connection until the next receive.
    Message message{};
  };

  /// Reads what is there, up to the end of one message; never blocks. An error means that the peer
  /// broke the protocol or the socket failed; the stream is then out of step and must be dropped.
  [[nodiscard]] Result<Outcome> receive();

  /// Answers `message` with a payload of its own and possibly a descriptor.
  [[nodiscard]] Result<void> reply(const MessageRule& rule, std::span<const std::byte> payload,
                                   std::span<const int> fds = {});
  [[nodiscard]] Result<void> replyU64(const MessageRule& rule, std::uint64_t value);

  [[nodiscard]] int fd() const { return socket_.get(); }

private:
  [[nodiscard]] Result<std::optional<Outcome>> fill(std::span<std::byte> into,
                                                    std::size_t& haveCount);

  UniqueFd socket_;
  spec::Header header_{};
  std::size_t headerCount_ = 0;
  std::array<std::byte, kPayloadBytesMax> payload_{};
  std::size_t payloadCount_ = 0;
  std::vector<UniqueFd> fds_;
};

} // namespace argon::vhost_user
