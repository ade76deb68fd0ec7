// SPDX-License-Identifier: Apache-2.0
#pragma once

// Who is at the other end of a unix socket.

#include "base/result.h"

#include <sys/types.h>

namespace argon {

/// As the kernel noted them when the peer connected; it may have handed its socket on since.
struct PeerCredentials {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
};

/// Of a connected unix stream socket (SO_PEERCRED, unix(7)). Errors: what is no such socket.
[[nodiscard]] Result<PeerCredentials> peerCredentialsOf(int socket);

} // namespace argon
