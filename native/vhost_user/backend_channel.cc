// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/backend_channel.h"

#include "base/error.h"
#include "base/fd_socket.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "vhost_user/spec/messages.h"

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

namespace argon::vhost_user {

namespace {

std::optional<int> optionOf(int socket, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(socket, SOL_SOCKET, option, &value, &size) == 0 ? std::optional(value)
                                                                      : std::nullopt;
}

bool isConnectedUnixStream(int socket) {
  sockaddr address{};
  socklen_t size = sizeof address;
  return optionOf(socket, SO_DOMAIN) == AF_UNIX && optionOf(socket, SO_TYPE) == SOCK_STREAM &&
         ::getpeername(socket, &address, &size) == 0;
}

// Received without room for descriptors, what comes is closed by the kernel.
void discardReceived(int socket) {
  std::array<std::byte, 4096> bytes{};
  while (::recv(socket, bytes.data(), bytes.size(), MSG_DONTWAIT) > 0) {
  }
}

} // namespace

Result<BackendChannel> BackendChannel::create(UniqueFd socket, int connection) {
  if (!isConnectedUnixStream(socket.get()) || ::shutdown(socket.get(), SHUT_RD) != 0) {
    return Error(ErrorKind::Protocol,
                 "a channel for requests that is no connected unix stream socket");
  }
  discardReceived(socket.get());
  // Nothing of no bytes is sent, but a connection whose other end was just shut refuses it.
  if (::send(connection, nullptr, 0, MSG_NOSIGNAL | MSG_DONTWAIT) != 0) {
    return Error(ErrorKind::Protocol, "a channel for requests that is the connection itself");
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
