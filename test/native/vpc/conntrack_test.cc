// SPDX-License-Identifier: Apache-2.0
#include "vpc/conntrack.h"

#include "packet/headers.h"
#include "support/test.h"

#include <cstdint>
#include <initializer_list>

namespace argon::vpc {

namespace {

constexpr std::uint8_t kSyn = 0x02;
constexpr std::uint8_t kAck = 0x10;
constexpr std::uint8_t kFin = 0x01;
constexpr std::uint8_t kRst = 0x04;
constexpr IdleTimes kTimes = {.tcpEstablishedSeconds = 432'000};

packet::Headers tcp(std::uint8_t flags) {
  packet::Headers headers;
  headers.tuple.protocol = 6;
  headers.tcpFlags = flags;
  return headers;
}

packet::Headers of(std::uint8_t protocol) {
  packet::Headers headers;
  headers.tuple.protocol = protocol;
  return headers;
}

struct Step {
  Direction direction;
  std::uint8_t flags;
};
constexpr Direction kOut = Direction::Out;
constexpr Direction kIn = Direction::In;

Connection after(std::initializer_list<Step> steps) {
  Connection connection{.originator = kOut};
  for (const Step& step : steps) {
    (void)advance(connection, tcp(step.flags), step.direction, kTimes);
  }
  return connection;
}

} // namespace

TEST_CASE("a TCP connection goes from opening to closed by its flags") {
  using Tcp = Connection::Tcp;
  CHECK(after({{kOut, kSyn}}).tcp == Tcp::Opening);
  CHECK(after({{kOut, kSyn}, {kIn, kSyn | kAck}}).tcp == Tcp::Opening);
  CHECK(after({{kOut, kSyn}, {kOut, kAck}, {kOut, kAck}}).tcp == Tcp::Opening);
  CHECK(after({{kOut, kSyn}, {kIn, kSyn | kAck}, {kOut, kAck}}).tcp == Tcp::Established);
  CHECK(after({{kOut, kAck}, {kIn, kAck}}).tcp == Tcp::Established);
  CHECK(after({{kOut, kAck}, {kIn, kAck}, {kIn, kFin | kAck}}).tcp == Tcp::Closing);
  CHECK(after({{kOut, kAck}, {kIn, kAck}, {kIn, kFin | kAck}, {kOut, kAck}}).tcp == Tcp::Closing);
  CHECK(after({{kOut, kAck}, {kIn, kFin | kAck}, {kIn, kFin | kAck}}).tcp == Tcp::Closing);
  CHECK(after({{kOut, kAck}, {kIn, kFin | kAck}, {kOut, kFin | kAck}}).tcp == Tcp::Closed);
  CHECK(after({{kOut, kSyn}, {kIn, kRst | kAck}}).tcp == Tcp::Closed);
  CHECK(after({{kOut, kSyn}, {kIn, kRst}, {kOut, kAck}, {kIn, kAck}}).tcp == Tcp::Closed);
}

TEST_CASE("how long TCP may be idle goes with its state") {
  Connection connection{.originator = kIn};
  CHECK(advance(connection, tcp(kSyn), kIn, kTimes) == kTcpOpeningMs);
  CHECK(advance(connection, tcp(kSyn | kAck), kOut, kTimes) == kTcpOpeningMs);
  CHECK(advance(connection, tcp(kAck), kIn, kTimes) == 432'000'000);
  CHECK(advance(connection, tcp(kFin | kAck), kIn, kTimes) == kTcpClosingMs);
  CHECK(advance(connection, tcp(kFin | kAck), kOut, kTimes) == kTcpClosedMs);
}

TEST_CASE("only a SYN alone begins another connection, where one is ending") {
  const Connection ended = after({{kOut, kSyn}, {kIn, kRst}});
  CHECK(isReopening(ended, tcp(kSyn)));
  CHECK(!isReopening(ended, tcp(kSyn | kAck)));
  CHECK(!isReopening(ended, tcp(kSyn | kRst)));
  CHECK(!isReopening(ended, tcp(kAck)));
  CHECK(!isReopening(after({{kOut, kSyn}}), tcp(kSyn)));
  CHECK(!isReopening(after({{kOut, kAck}, {kIn, kAck}}), tcp(kSyn)));
  CHECK(isReopening(after({{kOut, kAck}, {kIn, kFin}}), tcp(kSyn)));
}

TEST_CASE("UDP is a stream after two requests that were answered") {
  const packet::Headers udp = of(17);
  Connection connection{.originator = kOut};
  CHECK(advance(connection, udp, kOut, kTimes) == 30'000);
  CHECK(advance(connection, udp, kOut, kTimes) == 30'000);
  CHECK(advance(connection, udp, kIn, kTimes) == 30'000);
  CHECK(advance(connection, udp, kIn, kTimes) == 30'000);
  CHECK(advance(connection, udp, kOut, kTimes) == 30'000);
  CHECK(advance(connection, udp, kIn, kTimes) == 180'000);
  CHECK(advance(connection, udp, kOut, kTimes) == 180'000);
}

TEST_CASE("ICMP and other protocols have timeouts of their own") {
  Connection connection;
  packet::Headers icmp = of(1);
  icmp.icmp = packet::Headers::Icmp::Query;
  CHECK(advance(connection, icmp, kOut, kTimes) == kIcmpMs);
  CHECK(advance(connection, of(47), kOut, kTimes) == kOtherMs);
}

} // namespace argon::vpc
