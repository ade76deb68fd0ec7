// SPDX-License-Identifier: Apache-2.0

// What passes an uplink, by the same published sentences as within a VPC; each case is named by its
// rule.

#include "support/packet_maker.h"
#include "support/policy_maker.h"
#include "support/test.h"
#include "vpc/vpc_scene.h"

#include <cstdint>

namespace argon::vpc {

namespace {

using test::ip;
using test::net;

} // namespace

TEST_CASE("AD-4: from outside nobody has an address of the VPC, and any other") {
  VpcScene scene(test::withUplink());
  scene.policy.interfaces[0].rulesIn = {{}};
  scene.apply();
  test::PacketText packet = scene.udp(4, 0, 5000, 53);

  CHECK(scene.fate(4, packet) == "to 0");
  packet.source = ip("203.0.113.9");
  CHECK(scene.fate(4, packet) == "to 0");
  for (const char* local : {"10.0.0.11", "10.0.0.10", "10.0.255.1"}) {
    packet.source = ip(local);
    CHECK(scene.fate(4, packet) == "spoofed-source");
  }
  packet.source = ip("224.0.0.1");
  CHECK(scene.fate(4, packet) == "spoofed-source");
  packet.source = ip("198.51.100.2");
  packet.sourceMac = scene.policy.interfaces[0].mac;
  CHECK(scene.fate(4, packet) == "spoofed-mac");
}

TEST_CASE("SG-1: what comes from outside is let in by rules alone, and their answers out") {
  VpcScene scene(test::withUplink());
  scene.policy.interfaces[0].rulesIn = {
      {.peer = net("198.51.100.0/30"), .protocol = kTcp, .portFirst = 22, .portLast = 22}};
  scene.policy.interfaces[0].rulesOut = {};
  scene.apply();

  CHECK(scene.fate(4, scene.tcp(4, 0, 5000, 80)) == "security-group-in");
  CHECK(scene.fate(0, scene.tcp(0, 4, 22, 5000)) == "security-group-out");
  CHECK(scene.fate(4, scene.tcp(4, 0, 5000, 22)) == "to 0");
  CHECK(scene.fate(0, scene.tcp(0, 4, 22, 5000, kSyn | kAck)) == "to 4");

  scene.policy.subnets[0].aclIn = {{.peer = net("198.51.100.0/24"), .denies = true}, {}};
  scene.apply();
  CHECK(scene.fate(4, scene.tcp(4, 0, 5000, 22, kAck)) == "acl-in");
}

TEST_CASE("RT-1: outside is where a route leads to an uplink, and from there only what is local") {
  VpcScene scene(test::withUplink());
  scene.policy.interfaces[2].rulesIn = {{}};
  scene.apply();
  test::PacketText packet = scene.udp(0, 4, 5000, 53);

  CHECK(scene.fate(0, packet) == "to 4");
  packet.destination = ip("203.0.113.9");
  CHECK(scene.fate(0, packet) == "to 4");
  CHECK(scene.fate(2, scene.udp(2, 4, 5000, 53)) == "no-route");
  CHECK(scene.fate(4, scene.udp(4, 2, 5000, 53)) == "to 2");
  packet = scene.udp(4, 0, 5000, 53);
  packet.destination = ip("203.0.113.9");
  CHECK(scene.fate(4, packet) == "no-route");
  packet.destination = ip("10.0.0.99");
  CHECK(scene.fate(4, packet) == "no-mapping");
}

TEST_CASE("LL-1: there are no services outside") {
  VpcScene scene(test::withUplink());
  scene.apply();
  test::PacketText packet = scene.udp(4, 0, 5000, 53);

  packet.destination = ip("10.0.0.2");
  CHECK(scene.fate(4, packet) == "no-mapping");
  packet.destination = ip("169.254.169.253");
  CHECK(scene.fate(4, packet) == "link-local");
  packet = scene.tcp(4, 0, 5000, 80);
  packet.destination = ip("169.254.169.254");
  CHECK(scene.fate(4, packet) == "link-local");
  packet = scene.ping(4, 0);
  packet.destination = ip("198.51.100.1");
  CHECK(scene.fate(4, packet) == "answer");
}

TEST_CASE("RT-1: outside is of IPv6 what the route is for, and rules are asked as for IPv4") {
  VpcScene scene(test::withUplink());
  scene.apply();
  const auto udp = [&](std::uint32_t from, std::uint32_t to, std::uint16_t sourcePort,
                       std::uint16_t destinationPort) {
    test::PacketText packet = scene.udp(from, to, sourcePort, destinationPort);
    packet.source = scene.policy.interfaces[from].addresses[1].network;
    packet.destination = scene.policy.interfaces[to].addresses[1].network;
    return packet;
  };

  CHECK(scene.fate(4, udp(4, 0, 5000, 53)) == "security-group-in");
  scene.policy.interfaces[0].rulesIn = {
      {.peer = net("fd00:ffff::/64"), .protocol = kUdp, .portFirst = 53, .portLast = 53}};
  scene.apply();
  CHECK(scene.fate(4, udp(4, 0, 5000, 54)) == "security-group-in");
  CHECK(scene.fate(4, udp(4, 0, 5000, 53)) == "to 0");
  CHECK(scene.fate(0, udp(0, 4, 53, 5000)) == "to 4");
  CHECK(scene.fate(2, udp(2, 4, 5000, 53)) == "no-route");

  test::PacketText packet = udp(4, 0, 5000, 53);
  packet.source = ip("fd00:1:0:0::11");
  CHECK(scene.fate(4, packet) == "spoofed-source");
  packet = udp(4, 0, 5000, 53);
  packet.destination = ip("fd00:ec2::253");
  CHECK(scene.fate(4, packet) == "link-local");
  packet = udp(0, 4, 5000, 53);
  packet.destination = ip("fd00:ffff::3");
  CHECK(scene.fate(0, packet) == "blackhole");
}

} // namespace argon::vpc
