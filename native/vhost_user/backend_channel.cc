// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/backend_channel.h"

#include "base/error.h"
#include "base/fd_socket.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "vhost_user/spec/messages.h"

#include <sys/socket.h>

#include <cstdint>
#include <span>
#include <utility>

namespace argon::vhost_user {

Result<BackendChannel> BackendChannel::create(UniqueFd socket) {
  int type = 0;
  socklen_t size = sizeof type;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM) {
    return Error(ErrorKind::Protocol, "a channel for requests that is no stream socket");
  }
  return BackendChannel(std::move(socket));
}

Result<void> BackendChannel::sendConfigChange() const {
  const spec::Header header{.request =
                                static_cast<std::uint32_t>(spec::BackendRequest::CONFIG_CHANGE_MSG),
                            .flags = spec::kVersion,
                            .size = 0};
  return sendWithFds(socket_.get(), std::as_bytes(std::span(&header, 1)), {});
}

} // namespace argon::vhost_user
