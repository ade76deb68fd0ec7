// SPDX-License-Identifier: Apache-2.0
#include "support/socket_pair.h"

#include "base/check.h"
#include "base/unique_fd.h"

#include <sys/socket.h>

#include <array>

namespace argon::test {

SocketPair makeSocketPair() {
  std::array<int, 2> fds{};
  ARGON_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) == 0);
  return {.frontend = UniqueFd(fds[0]), .backend = UniqueFd(fds[1])};
}

} // namespace argon::test
