// SPDX-License-Identifier: Apache-2.0
#pragma once

// A network namespace for services over TCP, so that the kernel's TCP does the work and no guest
// gets near the host's networks: its one link is a TUN device whose other end is a descriptor, it
// forwards nothing, and nobody outside can reach what listens in it. It lives as long as its
// descriptors; a socket stays where it was made, whoever uses it.

#include "base/result.h"
#include "base/unique_fd.h"

#include <cstddef>

namespace argon::network {

/// The MTU of its link: a frame of that fits a PuntRing.
inline constexpr std::size_t kStreamMtuBytes = 1500;

/// Sockets that listen at the services' addresses (peer_addresses.h) and do not block. There are
/// none of IPv6 on a host without it.
struct StreamSockets {
  UniqueFd metadataV4;
  UniqueFd metadataV6;
  UniqueFd resolverV4;
  UniqueFd resolverV6;
};

struct ServiceNamespace {
  /// IP packets, one a read or a write; does not block.
  UniqueFd tun;
  StreamSockets sockets;

  /// Makes one. PermissionDenied without CAP_NET_ADMIN and CAP_SYS_ADMIN, which root has. Any
  /// thread, whose own namespace stays what it is.
  static Result<ServiceNamespace> create();
};

} // namespace argon::network
