// SPDX-License-Identifier: Apache-2.0
#pragma once

// One message on its way out of a socket that may take it in pieces. Who has a peer that does not
// read waits, and holds one message for it. Loop thread only.

#include "backplane/stored_message.h"
#include "base/result.h"

#include <cstddef>
#include <span>
#include <vector>

namespace argon::backplane {

class Outbox {
public:
  /// Puts in a message; there must be none.
  void put(std::vector<std::byte> bytes, std::vector<SharedFd> fds);
  /// Sends what the socket takes. True when nothing is left.
  [[nodiscard]] Result<bool> flush(int socket);
  [[nodiscard]] bool isEmpty() const { return bytes_.empty(); }

private:
  std::vector<std::byte> bytes_;
  std::size_t sentCount_ = 0;
  // Until the first byte was sent.
  std::vector<SharedFd> fds_;
};

/// A vhost-user message's bytes.
[[nodiscard]] std::vector<std::byte> encodeMessage(vhost_user::spec::Request request,
                                                   std::uint32_t flags,
                                                   std::span<const std::byte> payload);

} // namespace argon::backplane
