// SPDX-License-Identifier: Apache-2.0
#pragma once

// A front end's message as the backplane keeps it: a copy of its payload, and its descriptors.

#include "base/check.h"
#include "base/unique_fd.h"
#include "vhost_user/device.h"
#include "vhost_user/message_table.h"
#include "vhost_user/spec/messages.h"

#include <cstddef>
#include <cstring>
#include <type_traits>
#include <vector>

namespace argon::backplane {

/// Its owners are the journal and the message under way, each with a copy of the message.
using vhost_user::SharedFd;

struct StoredMessage {
  /// Of the table; never null in a message.
  const vhost_user::MessageRule* rule = nullptr;
  /// The front end asked for an acknowledgment.
  bool needsReply = false;
  std::vector<std::byte> payload{};
  std::vector<SharedFd> fds{};

  [[nodiscard]] vhost_user::spec::Request request() const { return rule->request; }

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

/// A message with a wire struct as its payload, as the backplane sends it by itself.
template <typename Struct>
  requires std::is_trivially_copyable_v<Struct>
[[nodiscard]] StoredMessage makeMessage(vhost_user::spec::Request request, const Struct& value) {
  StoredMessage message{.rule = vhost_user::findRule(static_cast<std::uint32_t>(request)),
                        .payload = std::vector<std::byte>(sizeof value)};
  std::memcpy(message.payload.data(), &value, sizeof value);
  return message;
}

/// A message without a payload.
[[nodiscard]] inline StoredMessage makeMessage(vhost_user::spec::Request request) {
  return {.rule = vhost_user::findRule(static_cast<std::uint32_t>(request))};
}

} // namespace argon::backplane
