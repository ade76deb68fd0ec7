// SPDX-License-Identifier: Apache-2.0
#include "base/unique_fd.h"

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string_view>

namespace argon {

void UniqueFd::reset(int fd) {
  if (fd_ >= 0) {
    // Linux frees the descriptor even when close reports EINTR or EIO; retrying could close
    // somebody else's.
    ::close(fd_);
  }
  fd_ = fd;
}

Result<UniqueFd> UniqueFd::duplicate() const {
  const int copy = ::fcntl(fd_, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) {
    return Error::fromErrno(errno, "duplicate a file descriptor");
  }
  return UniqueFd(copy);
}

Result<UniqueFd> createEventFd() {
  const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) {
    return Error::fromErrno(errno, "create an eventfd");
  }
  return UniqueFd(fd);
}

bool isEventFd(int fd) {
  // Files that have a path begin with a slash there, so none can have this name.
  static constexpr std::string_view kName = "anon_inode:[eventfd]";
  std::array<char, kName.size() + 1> target{};
  const ssize_t size =
      ::readlink(concat("/proc/self/fd/", fd).c_str(), target.data(), target.size());
  return size == ssize_t{kName.size()} && std::string_view(target.data(), kName.size()) == kName;
}

Result<void> makeNonBlocking(int fd) {
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
    return Error::fromErrno(errno, "make a file descriptor non-blocking");
  }
  return {};
}

void signalEventFd(int fd) {
  const std::uint64_t one = 1;
  // EAGAIN: the counter is full and the reader has a signal pending. Another error means that the
  // peer gave us something that is no eventfd, and then it only misses its own notifications.
  [[maybe_unused]] const ssize_t written = ::write(fd, &one, sizeof one);
}

} // namespace argon
