// SPDX-License-Identifier: Apache-2.0
#include "base/peer_credentials.h"

#include "base/error.h"
#include "base/result.h"

#include <sys/socket.h>
#include <sys/types.h>

#include <cerrno>

namespace argon {

Result<PeerCredentials> peerCredentialsOf(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return Error::fromErrno(errno, "ask for a socket's peer");
  }
  // Linux answers for a socket of another family too, with a peer that is nobody.
  if (peer.pid <= 0) {
    return Error(ErrorKind::PermissionDenied, "a socket without a known peer");
  }
  return PeerCredentials{.pid = peer.pid, .uid = peer.uid, .gid = peer.gid};
}

} // namespace argon
