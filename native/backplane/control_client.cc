// SPDX-License-Identifier: Apache-2.0
#include "backplane/control_client.h"

#include "backplane/spec/control.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/fd_socket.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace argon::backplane {

namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;

// Until the socket can be read.
Result<void> waitReadable(int socket, std::uint64_t deadlineNs) {
  for (;;) {
    const std::uint64_t nowNs = monotonicNs();
    if (nowNs >= deadlineNs) {
      return Error(ErrorKind::TimedOut, "the backplane does not answer");
    }
    pollfd wanted{.fd = socket, .events = POLLIN, .revents = 0};
    const std::uint64_t waitMs = std::min<std::uint64_t>((deadlineNs - nowNs) / kNsPerMs + 1, 1000);
    const int count = ::poll(&wanted, 1, static_cast<int>(waitMs));
    if (count > 0) {
      return {};
    }
    if (count < 0 && errno != EINTR) {
      return Error::fromErrno(errno, "wait for the backplane");
    }
  }
}

} // namespace

Result<ControlClient::Frame> ControlClient::exchange(std::span<const std::byte> bytes,
                                                     std::span<const int> fds,
                                                     std::uint64_t timeoutMs) {
  const std::uint64_t deadlineNs = monotonicNs() + timeoutMs * kNsPerMs;
  // A request is small and nothing else is under way, so there is room for it.
  ARGON_TRY(sendWithFds(socket_.get(), bytes, fds));
  Frame frame;
  spec::FrameHeader header{};
  ARGON_TRY(receiveAll(std::as_writable_bytes(std::span(&header, 1)), frame.fds, deadlineNs));
  if (header.magic != spec::kMagic || header.payloadBytes > spec::kAnswerBytesMax) {
    return Error(ErrorKind::Protocol, concat("what answers is no backplane: ", hex(header.magic),
                                             ", ", header.payloadBytes, " bytes"));
  }
  frame.bytes.resize(sizeof header + header.payloadBytes);
  std::memcpy(frame.bytes.data(), &header, sizeof header);
  ARGON_TRY(receiveAll(std::span(frame.bytes).subspan(sizeof header), frame.fds, deadlineNs));
  return frame;
}

Result<void> ControlClient::receiveAll(std::span<std::byte> into, std::vector<UniqueFd>& fds,
                                       std::uint64_t deadlineNs) const {
  while (!into.empty()) {
    ARGON_TRY_ASSIGN(const Received received, receiveWithFds(socket_.get(), into, fds));
    switch (received.state) {
    case Received::State::Closed:
      return Error(ErrorKind::Closed, "the backplane hung up");
    case Received::State::WouldBlock:
      ARGON_TRY(waitReadable(socket_.get(), deadlineNs));
      break;
    case Received::State::Data:
      into = into.subspan(received.byteCount);
    }
  }
  return {};
}

void ControlClient::interrupt() const { ::shutdown(socket_.get(), SHUT_RDWR); }

} // namespace argon::backplane
