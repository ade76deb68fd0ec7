// SPDX-License-Identifier: Apache-2.0
#pragma once

// The TAP device that a host, or a network namespace of it, reaches a VPC by. It is as new as its
// descriptor and gone with it, whoever closes that: the kernel does for a process that is killed.
//
// Nothing of IPv4 is forwarded for it: what comes out of it is for this host or is lost, whatever
// the host's ip_forward says. Linux has no such switch of one device for IPv6: whoever sends it
// frames sees to it that they are for the device's address. No router advertisement and no redirect
// makes it a way out.

#include "base/result.h"
#include "base/unique_fd.h"
#include "packet/address.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace argon::uplink {

/// Letters and digits of a device's name at most (IFNAMSIZ, without the 0 behind it).
inline constexpr std::size_t kTapNameBytesMax = 15;

/// A block of addresses; `bits` as it is written, so at most 32 or 128.
struct Block {
  packet::IpAddress network;
  unsigned bits = 0;
};

/// What a device has of one family; all its addresses are of that.
struct TapLink {
  /// The host's end and the card's. Of IPv4 they are in one block; of IPv6 the card's may be
  /// link-local.
  packet::IpAddress address;
  packet::IpAddress gateway;
  unsigned bits = 0;
  /// What is behind the gateway.
  std::vector<Block> routes;
};

struct TapOptions {
  /// Of the device: small letters, digits and dashes, a letter first; no other device's.
  std::string name;
  /// A file that is a network namespace, or empty: this process's own.
  std::string namespacePath;
  packet::MacAddress mac;
  TapLink v4;
  /// Nothing: the device has no IPv6.
  std::optional<TapLink> v6;
};

/// Makes the device, with its addresses and routes, and sets it up. Its descriptor reads and writes
/// whole frames behind a virtio-net header of 12 bytes, little-endian, with checksums and TCP
/// segments to be completed by the reader, and does not block. PermissionDenied without
/// CAP_NET_ADMIN, AlreadyExists if there is such a device, NotFound without that namespace,
/// Unsupported for IPv6 where the kernel has none. Any thread, whose own namespace stays what it
/// is.
[[nodiscard]] Result<UniqueFd> openTap(const TapOptions& options);

} // namespace argon::uplink
