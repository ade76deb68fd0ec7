// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace argon::vpc {

/// Why a frame goes no further: one list for counters, flow logs, traces and tests. In brackets the
/// rules of docs/network-semantics.md.
enum class DropReason : std::uint8_t {
  None,
  NoPolicy,             // the interface is in no policy
  Malformed,            // the parser has refused it; its fault says why
  SpoofedMac,           // not from the interface's MAC address (AD-4)
  SpoofedSource,        // not from one of its addresses (AD-4)
  SpoofedArp,           // says of another that it has an address (AD-4)
  NotOwnDestination,    // arrives where it is not meant for (AD-4)
  Unanswered,           // address resolution for what nobody has, or that asks for nothing (AD-3)
  Multicast,            // several or all are meant (AD-2)
  LinkLocal,            // link-local or a service's address, and no service (RT-4)
  RouterAddress,        // to the router, and no ping
  LinkLocalAllowance,   // services' packets over their rate (LL-1)
  FragmentAllowance,    // fragments over their rate (BW-6)
  BandwidthInAllowance, // over the receiver's bytes (BW-1)
  PacketAllowance,      // over the receiver's packets (BW-2)
  ConntrackAllowance,   // no room for what must be tracked (CT-8)
  SecurityGroupOut,     // no rule of the sender's groups (SG-1)
  SecurityGroupIn,      // no rule of the receiver's groups (SG-1)
  AclOut,               // denied when it leaves its subnet (NA-2)
  AclIn,                // denied when it enters a subnet (NA-2)
  NoRoute,              // no route is for it (RT-1)
  Blackhole,            // what its route went to is gone (RT-6)
  NoMapping,            // nobody has the address (AD-6)
  TooBig,               // more than the MTU (MT-1)
  FragmentWithoutFirst, // of a packet whose first fragment was not let through before it
};
inline constexpr std::size_t kDropReasonCount = 25;

/// As metrics and traces spell it: `security-group-in`.
[[nodiscard]] std::string_view dropReasonName(DropReason reason);

} // namespace argon::vpc
