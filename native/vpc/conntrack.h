// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a flow remembers of its connection, and how long it may be idle for it (CT-7). TCP by its
// flags alone: sequence numbers are not looked at (network.md, T-37).
//
//     Opening ──ACK of both ends──▶ Established ──FIN──▶ Closing ──FIN of both──▶ Closed
//        └──────────────────────────────┴───────RST───────────┴──────────────────▲
//
// Opening: one end has been seen, or both but not both with ACK. A connection that was under way
//   before it was first seen begins here too.
// Closing: one end has sent all it will. Closed: both have, or one has reset the connection.
// A SYN without ACK in Closing or Closed is another connection with the same ports: whoever asks
//   isReopening() first decides about it anew.

#include "packet/headers.h"

#include <cstdint>

namespace argon::vpc {

enum class Direction : std::uint8_t {
  Out, // from the interface's guest
  In,  // to it
};

// Both are packed, since a flow's first cache line has no byte to spare.

struct Connection {
  enum class Tcp : std::uint8_t { Opening, Established, Closing, Closed };
  /// Of the packet that began it.
  Direction originator : 1 = Direction::Out;
  Tcp tcp : 2 = Tcp::Opening;
  /// One bit for each end: the originator's is 1.
  std::uint8_t acks : 2 = 0;
  std::uint8_t fins : 2 = 0;
  /// UDP: requests that were answered, up to 2; and if the last packet was a request.
  std::uint8_t transactions : 2 = 0;
  bool isAsking : 1 = false;
};
static_assert(sizeof(Connection) == 2);

/// What was decided about a flow's packets, and is valid in one epoch.
struct FlowDecision {
  /// The interface at the other end: what is known of packets that leave is known of those that go
  /// there, and of packets that arrive, of those that come from there.
  std::uint16_t other = 0;
  /// By the security groups; else both directions are dropped.
  bool isAllowed : 1 = false;
  /// What is known of packets that leave and that arrive: routes and network ACLs.
  bool hasOut : 1 = false;
  bool hasIn : 1 = false;
  /// A DropReason; 0 to let through.
  std::uint8_t outReason = 0;
  std::uint8_t inReason = 0;

  void setOut(std::uint8_t reason, std::uint32_t target) {
    hasIn = hasIn && other == target;
    hasOut = true;
    outReason = reason;
    other = static_cast<std::uint16_t>(target);
  }
  void setIn(std::uint8_t reason, std::uint32_t source) {
    hasOut = hasOut && other == source;
    hasIn = true;
    inReason = reason;
    other = static_cast<std::uint16_t>(source);
  }
};

struct IdleTimes {
  std::uint32_t tcpEstablishedSeconds = 432'000;
  std::uint32_t udpSeconds = 30;
  std::uint32_t udpStreamSeconds = 180;
};

// AWS documents neither of these. Peers have 30 to 120 seconds; short ones keep tables from
// filling with what nobody finishes.
inline constexpr std::uint32_t kTcpOpeningMs = 30'000;
inline constexpr std::uint32_t kTcpClosingMs = 30'000;
inline constexpr std::uint32_t kTcpClosedMs = 10'000;
inline constexpr std::uint32_t kIcmpMs = 30'000;
/// CT-5.
inline constexpr std::uint32_t kOtherMs = 600'000;

/// True for a packet that begins another connection where one has ended.
[[nodiscard]] bool isReopening(const Connection& connection, const packet::Headers& headers);

/// Takes a packet that was let through into account; returns for how long the flow may be idle now,
/// in milliseconds.
std::uint32_t advance(Connection& connection, const packet::Headers& headers, Direction direction,
                      const IdleTimes& times);

} // namespace argon::vpc
