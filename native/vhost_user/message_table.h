// SPDX-License-Identifier: Apache-2.0
#pragma once

// The syntax of every front-end message in one table: payload size, number of file descriptors,
// the protocol feature it belongs to, and whether it has a reply of its own. What a message means,
// and whether it fits the session's state, is the session's affair.

#include "base/result.h"
#include "vhost_user/spec/messages.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace argon::vhost_user {

struct MessageRule {
  spec::Request request;
  std::string_view name;
  std::uint32_t payloadBytesMin;
  std::uint32_t payloadBytesMax;
  std::uint8_t fdCountMin;
  std::uint8_t fdCountMax;
  /// The protocol feature without which the message must not be sent; nullopt for the base set.
  std::optional<unsigned> protocolFeature;
  /// The message is answered with a payload of its own, whether REPLY_ACK is there or not.
  bool hasReply;
};

/// Payload bytes of the longest message we read at all; compared before anything is received.
constexpr std::uint32_t kPayloadBytesMax = 4096;

/// The rule for a request number, or null if the specification has none.
[[nodiscard]] const MessageRule* findRule(std::uint32_t request);

/// Checks what can be known from the header alone: version, flags, size.
[[nodiscard]] Result<void> checkHeader(const spec::Header& header);

/// Checks the number of descriptors that came with a message of known rule.
[[nodiscard]] Result<void> checkFdCount(const MessageRule& rule, std::size_t fdCount);

} // namespace argon::vhost_user
