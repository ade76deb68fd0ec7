// SPDX-License-Identifier: Apache-2.0
#pragma once

// The socket on which a back end asks its front end (SET_BACKEND_REQ_FD). Session thread only. We
// send and never wait for an answer: a front end that does not read only misses what it asked for.

#include "base/result.h"
#include "base/unique_fd.h"

namespace argon::vhost_user {

class BackendChannel {
public:
  /// Refuses what is no connected unix stream socket, and the other end of `connection`, on which
  /// the front end's messages come. Nothing can be sent to `socket` afterwards: descriptors that
  /// wait in a queue of ours, the front end's end of its connection among them, would stay open for
  /// as long as we are, and its end would never be heard of.
  static Result<BackendChannel> create(UniqueFd socket, int connection);

  /// The configuration space changed; the driver is to read it again (CONFIG_CHANGE_MSG).
  [[nodiscard]] Result<void> sendConfigChange() const;

private:
  explicit BackendChannel(UniqueFd socket) : socket_(std::move(socket)) {}

  UniqueFd socket_;
};

} // namespace argon::vhost_user
