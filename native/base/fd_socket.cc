// SPDX-License-Identifier: Apache-2.0
#include "base/fd_socket.h"

#include "base/check.h"
#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

namespace argon {

namespace {

// Space for the control message with the most descriptors we accept.
struct ControlBuffer {
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(int) * kReceivedFdCountMax)> bytes{};
};

// Wraps every descriptor of the message before anything else looks at it.
void takeFds(msghdr& message, std::vector<UniqueFd>& fds) {
  for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr;
       control = CMSG_NXTHDR(&message, control)) {
    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) {
      continue;
    }
    const std::size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t index = 0; index < count; ++index) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(control) + index * sizeof(int), sizeof fd);
      fds.emplace_back(fd);
    }
  }
}

} // namespace

Result<Received> receiveWithFds(int socket, std::span<std::byte> into, std::vector<UniqueFd>& fds) {
  ARGON_CHECK(!into.empty());
  iovec part{.iov_base = into.data(), .iov_len = into.size()};
  ControlBuffer control;
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  ssize_t count = 0;
  do {
    count = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  } while (count < 0 && errno == EINTR);
  if (count < 0) {
    if (errno == EAGAIN) {
      return Received{.state = Received::State::WouldBlock};
    }
    if (errno == ECONNRESET) {
      return Received{.state = Received::State::Closed};
    }
    return Error::fromErrno(errno, "receive from a socket");
  }
  takeFds(message, fds);
  const bool isTruncated = (message.msg_flags & MSG_CTRUNC) != 0;
  if (count == 0) {
    return Received{.state = Received::State::Closed, .isTruncated = isTruncated};
  }
  return Received{.state = Received::State::Data,
                  .byteCount = static_cast<std::size_t>(count),
                  .isTruncated = isTruncated};
}

Result<std::size_t> sendSomeWithFds(int socket, std::span<const std::byte> bytes,
                                    std::span<const int> fds) {
  ARGON_CHECK(!bytes.empty() && fds.size() <= kReceivedFdCountMax);
  ControlBuffer control;
  // sendmsg does not write through iov_base; the type is shared with recvmsg.
  iovec part{.iov_base = const_cast<std::byte*>(bytes.data()), .iov_len = bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control.bytes.data();
    message.msg_controllen = CMSG_SPACE(fds.size_bytes());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
  }
  ssize_t count = 0;
  do {
    count = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (count < 0 && errno == EINTR);
  if (count < 0) {
    return errno == EAGAIN ? Result<std::size_t>(0) : Error::fromErrno(errno, "send to a socket");
  }
  return static_cast<std::size_t>(count);
}

Result<void> sendWithFds(int socket, std::span<const std::byte> bytes, std::span<const int> fds) {
  ARGON_CHECK(!bytes.empty());
  while (!bytes.empty()) {
    ARGON_TRY_ASSIGN(const std::size_t count, sendSomeWithFds(socket, bytes, fds));
    if (count == 0) {
      return Error(ErrorKind::Exhausted, "the peer does not read what is sent to it");
    }
    bytes = bytes.subspan(count);
    fds = {};
  }
  return {};
}

} // namespace argon
