// SPDX-License-Identifier: Apache-2.0
#include "support/scripted_backend.h"

#include "base/cpu.h"
#include "base/fd_socket.h"
#include "base/result.h"
#include "frontend/channel.h"
#include "support/socket_pair.h"
#include "support/vhost_peer.h"
#include "vhost_user/spec/messages.h"

#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace argon::test {

namespace {

bool receiveAll(int socket, std::span<std::byte> into) {
  return into.empty() ||
         ::recv(socket, into.data(), into.size(), MSG_WAITALL) == static_cast<ssize_t>(into.size());
}

} // namespace

ScriptedBackend::ScriptedBackend(Reply reply) : reply_(std::move(reply)) {
  SocketPair sockets = makeSocketPair();
  frontend_ = std::move(sockets.frontend);
  backend_ = std::move(sockets.backend);
  thread_ = startThread("test-backend", [this] { run(); });
}

ScriptedBackend::~ScriptedBackend() {
  frontend_.reset();
  thread_.join();
}

frontend::Channel ScriptedBackend::takeChannel() { return frontend::Channel(std::move(frontend_)); }

std::vector<std::byte> ScriptedBackend::answer(const Header& header,
                                               std::span<const std::byte> payload) {
  const Header reply{.request = header.request,
                     .flags = vhost_user::spec::kVersion | vhost_user::spec::REPLY,
                     .size = static_cast<std::uint32_t>(payload.size())};
  std::vector<std::byte> bytes(sizeof reply + payload.size());
  std::memcpy(bytes.data(), &reply, sizeof reply);
  std::ranges::copy(payload, bytes.begin() + sizeof reply);
  return bytes;
}

std::vector<std::byte> ScriptedBackend::answerU64(const Header& header, std::uint64_t value) {
  return answer(header, bytesOf(value));
}

void ScriptedBackend::run() {
  for (;;) {
    Header header{};
    if (!receiveAll(backend_.get(), std::as_writable_bytes(std::span(&header, 1)))) {
      return;
    }
    std::vector<std::byte> payload(header.size);
    if (!receiveAll(backend_.get(), payload)) {
      return;
    }
    const std::optional<std::vector<std::byte>> bytes = reply_(header, payload);
    if (!bytes) {
      backend_.reset();
      return;
    }
    if (!bytes->empty() && !sendWithFds(backend_.get(), *bytes, {}).has_value()) {
      return;
    }
  }
}

} // namespace argon::test
