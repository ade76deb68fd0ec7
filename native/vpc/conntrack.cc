// SPDX-License-Identifier: Apache-2.0
#include "vpc/conntrack.h"

#include "packet/headers.h"
#include "packet/spec/protocols.h"

#include <cstdint>

namespace argon::vpc {

namespace {

using packet::Headers;
using Tcp = Connection::Tcp;
namespace spec = packet::spec;

constexpr std::uint8_t kBothEnds = 3;
// More than one request and its answer make a stream (CT-7).
constexpr std::uint8_t kStreamTransactions = 2;
constexpr std::uint32_t kMsPerSecond = 1000;

std::uint32_t advanceTcp(Connection& connection, std::uint8_t flags, bool isOriginator,
                         const IdleTimes& times) {
  const std::uint8_t end = isOriginator ? 1 : 2;
  if ((flags & spec::TCP_ACK) != 0) {
    connection.acks = (connection.acks | end) & kBothEnds;
  }
  if ((flags & spec::TCP_FIN) != 0) {
    connection.fins = (connection.fins | end) & kBothEnds;
  }
  if ((flags & spec::TCP_RST) != 0 || connection.fins == kBothEnds) {
    connection.tcp = Tcp::Closed;
  } else if (connection.tcp != Tcp::Closed && connection.fins != 0) {
    connection.tcp = Tcp::Closing;
  } else if (connection.tcp == Tcp::Opening && connection.acks == kBothEnds) {
    connection.tcp = Tcp::Established;
  }
  switch (connection.tcp) {
  case Tcp::Opening:
    return kTcpOpeningMs;
  case Tcp::Established:
    return times.tcpEstablishedSeconds * kMsPerSecond;
  case Tcp::Closing:
    return kTcpClosingMs;
  case Tcp::Closed:
    return kTcpClosedMs;
  }
  return kTcpClosedMs;
}

std::uint32_t advanceUdp(Connection& connection, bool isOriginator, const IdleTimes& times) {
  if (!isOriginator && connection.isAsking) {
    connection.transactions = connection.transactions == kStreamTransactions
                                  ? kStreamTransactions
                                  : (connection.transactions + 1U) & 3U;
  }
  connection.isAsking = isOriginator;
  const bool isStream = connection.transactions == kStreamTransactions;
  return (isStream ? times.udpStreamSeconds : times.udpSeconds) * kMsPerSecond;
}

} // namespace

bool isReopening(const Connection& connection, const Headers& headers) {
  const bool isOver = connection.tcp == Tcp::Closing || connection.tcp == Tcp::Closed;
  return isOver && headers.tuple.protocol == spec::PROTOCOL_TCP &&
         (headers.tcpFlags & (spec::TCP_SYN | spec::TCP_ACK | spec::TCP_RST)) == spec::TCP_SYN;
}

std::uint32_t advance(Connection& connection, const Headers& headers, Direction direction,
                      const IdleTimes& times) {
  const bool isOriginator = direction == connection.originator;
  if (headers.tuple.protocol == spec::PROTOCOL_TCP) {
    return advanceTcp(connection, headers.tcpFlags, isOriginator, times);
  }
  if (headers.tuple.protocol == spec::PROTOCOL_UDP) {
    return advanceUdp(connection, isOriginator, times);
  }
  return headers.icmp == Headers::Icmp::None ? kOtherMs : kIcmpMs;
}

} // namespace argon::vpc
