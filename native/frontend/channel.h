// SPDX-License-Identifier: Apache-2.0
#pragma once

// The front end's end of a vhost-user connection: sends messages, waits for answers with a
// deadline. Does what it is told, so that tests can send nonsense. One thread; blocks.

#include "base/result.h"
#include "base/unique_fd.h"
#include "vhost_user/spec/messages.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace argon::frontend {

struct Answer {
  vhost_user::spec::Header header{};
  std::vector<std::byte> payload;
  std::vector<UniqueFd> fds;
};

/// A message's payload, from the struct that it is.
template <typename Struct>
  requires std::is_trivially_copyable_v<Struct>
[[nodiscard]] std::span<const std::byte> payloadOf(const Struct& value) {
  return std::as_bytes(std::span(&value, 1));
}

class Channel {
public:
  explicit Channel(UniqueFd socket) : socket_(std::move(socket)) {}
  /// Connects to a listening unix socket. Not found or refused: an error that says so. A listener
  /// that accepts nobody and has too many waiting is an error too, after a few seconds.
  static Result<Channel> connectTo(const std::string& path);

  /// Sends one message with the given flags beside the version.
  [[nodiscard]] Result<void> send(vhost_user::spec::Request request,
                                  std::span<const std::byte> payload, std::span<const int> fds = {},
                                  std::uint32_t flags = 0);
  /// Sends bytes as they are.
  [[nodiscard]] Result<void> sendRaw(std::span<const std::byte> bytes,
                                     std::span<const int> fds = {});
  /// Waits for one message. TimedOut, or Closed if the back end hung up.
  [[nodiscard]] Result<Answer> receive();

  /// Sends and waits for the answer that belongs to the request.
  [[nodiscard]] Result<Answer> ask(vhost_user::spec::Request request,
                                   std::span<const std::byte> payload,
                                   std::span<const int> fds = {});
  /// Sends with NEED_REPLY and waits; an error if the back end refused.
  [[nodiscard]] Result<void> tell(vhost_user::spec::Request request,
                                  std::span<const std::byte> payload,
                                  std::span<const int> fds = {});

  void setTimeoutMs(int timeoutMs) { timeoutMs_ = timeoutMs; }
  void close() { socket_.reset(); }
  [[nodiscard]] int fd() const { return socket_.get(); }

private:
  [[nodiscard]] Result<void> receiveAll(std::span<std::byte> into, std::vector<UniqueFd>& fds,
                                        std::uint64_t deadlineNs);

  UniqueFd socket_;
  int timeoutMs_ = 10'000;
};

} // namespace argon::frontend
