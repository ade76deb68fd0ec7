// SPDX-License-Identifier: Apache-2.0
#include "frontend/channel.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/fd_socket.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "vhost_user/spec/messages.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace argon::frontend {

namespace spec = vhost_user::spec;

namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;
// Longer than any answer the protocol knows.
constexpr std::uint32_t kAnswerBytesMax = 4096;
// For a listener's backlog to get shorter; connect() would wait for ever.
constexpr timeval kConnectTimeout{.tv_sec = 5, .tv_usec = 0};

} // namespace

Result<Channel> Channel::connectTo(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return Error(ErrorKind::InvalidArgument, concat("\"", path, "\" is not a socket path"));
  }
  std::memcpy(static_cast<void*>(address.sun_path), path.data(), path.size());
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket ||
      ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &kConnectTimeout,
                   sizeof kConnectTimeout) != 0 ||
      ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Error::fromErrno(errno, concat("connect to ", path));
  }
  return Channel(std::move(socket));
}

Result<void> Channel::send(spec::Request request, std::span<const std::byte> payload,
                           std::span<const int> fds, std::uint32_t flags) {
  const spec::Header header{.request = static_cast<std::uint32_t>(request),
                            .flags = spec::kVersion | flags,
                            .size = static_cast<std::uint32_t>(payload.size())};
  std::vector<std::byte> bytes(sizeof header + payload.size());
  std::memcpy(bytes.data(), &header, sizeof header);
  std::ranges::copy(payload, bytes.begin() + sizeof header);
  return sendRaw(bytes, fds);
}

Result<void> Channel::sendRaw(std::span<const std::byte> bytes, std::span<const int> fds) {
  return sendWithFds(socket_.get(), bytes, fds);
}

Result<void> Channel::receiveAll(std::span<std::byte> into, std::vector<UniqueFd>& fds,
                                 std::uint64_t deadlineNs) {
  while (!into.empty()) {
    ARGON_TRY_ASSIGN(const Received received, receiveWithFds(socket_.get(), into, fds));
    if (received.state == Received::State::Closed) {
      return Error(ErrorKind::Closed, "the back end closed the connection");
    }
    if (received.state == Received::State::Data) {
      into = into.subspan(received.byteCount);
      continue;
    }
    const std::uint64_t nowNs = monotonicNs();
    if (nowNs >= deadlineNs) {
      return Error(ErrorKind::TimedOut, "the back end did not answer in time");
    }
    pollfd waiting{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    ::poll(&waiting, 1, static_cast<int>((deadlineNs - nowNs) / kNsPerMs) + 1);
  }
  return {};
}

Result<Answer> Channel::receive() {
  const std::uint64_t deadlineNs =
      monotonicNs() + static_cast<std::uint64_t>(timeoutMs_) * kNsPerMs;
  Answer answer;
  ARGON_TRY(
      receiveAll(std::as_writable_bytes(std::span(&answer.header, 1)), answer.fds, deadlineNs));
  if (answer.header.size > kAnswerBytesMax) {
    return Error(ErrorKind::Protocol, concat("an answer of ", answer.header.size, " bytes"));
  }
  answer.payload.resize(answer.header.size);
  ARGON_TRY(receiveAll(answer.payload, answer.fds, deadlineNs));
  return answer;
}

Result<Answer> Channel::ask(spec::Request request, std::span<const std::byte> payload,
                            std::span<const int> fds) {
  ARGON_TRY(send(request, payload, fds));
  ARGON_TRY_ASSIGN(Answer answer, receive());
  if (answer.header.request != static_cast<std::uint32_t>(request) ||
      (answer.header.flags & spec::REPLY) == 0) {
    return Error(ErrorKind::Protocol, concat("an answer to message ", answer.header.request,
                                             " where one to ", request, " belongs"));
  }
  return answer;
}

Result<void> Channel::tell(spec::Request request, std::span<const std::byte> payload,
                           std::span<const int> fds) {
  ARGON_TRY(send(request, payload, fds, spec::NEED_REPLY));
  ARGON_TRY_ASSIGN(const Answer answer, receive());
  std::uint64_t code = 1;
  if (answer.header.request != static_cast<std::uint32_t>(request) ||
      answer.payload.size() != sizeof code) {
    return Error(ErrorKind::Protocol, concat("no acknowledgment of message ", request));
  }
  std::memcpy(&code, answer.payload.data(), sizeof code);
  if (code != 0) {
    return Error(ErrorKind::InvalidArgument, concat("the back end refused message ", request));
  }
  return {};
}

} // namespace argon::frontend
