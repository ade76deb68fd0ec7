// SPDX-License-Identifier: Apache-2.0

// Security groups by the published sentences about them; each case is named by its rule.

#include "support/packet_maker.h"
#include "support/policy_maker.h"
#include "support/test.h"
#include "vpc/drop_reason.h"
#include "vpc/vpc_scene.h"

#include <cstddef>
#include <vector>

namespace argon::vpc {

using test::net;

TEST_CASE("SG-1: any rule of any group allows, and nothing else does") {
  VpcScene scene;
  scene.policy.interfaces[1].rulesIn = {
      {.peer = net("10.0.0.10/32"), .protocol = kTcp, .portFirst = 22, .portLast = 22},
      {.peer = net("10.0.0.0/16"), .protocol = kTcp, .portFirst = 80, .portLast = 81}};
  scene.apply();

  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 22)) == "to 1");
  CHECK(scene.fate(2, scene.tcp(2, 1, 5000, 22)) == "security-group-in");
  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 79)) == "security-group-in");
  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 80)) == "to 1");
  CHECK(scene.fate(2, scene.tcp(2, 1, 5000, 81)) == "to 1");
  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 82)) == "security-group-in");
  CHECK(scene.fate(0, scene.udp(0, 1, 5000, 80)) == "security-group-in");
}

TEST_CASE("SG-1: a new group lets nothing in") {
  VpcScene scene;

  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 80)) == "security-group-in");
  CHECK(scene.fate(0, scene.ping(0, 1)) == "security-group-in");
}

TEST_CASE("SG-1: without a rule for it nothing leaves") {
  VpcScene scene;
  scene.policy.interfaces[1].rulesIn = {{}};
  scene.policy.interfaces[0].rulesOut.clear();
  scene.apply();

  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 80)) == "security-group-out");
}

TEST_CASE("SG-2: rules are the interface's, for every address that it has") {
  VpcScene scene;
  scene.policy.interfaces[1].addresses.push_back(net("10.0.0.77"));
  scene.policy.interfaces[1].rulesIn = {{.protocol = kTcp, .portFirst = 80, .portLast = 80}};
  scene.apply();
  test::PacketText packet = scene.tcp(0, 1, 5000, 80);
  packet.destination = test::ip("10.0.0.77");

  CHECK(scene.fate(0, packet) == "to 1");
  packet.destinationPort = 81;
  CHECK(scene.fate(0, packet) == "security-group-in");
}

TEST_CASE("SG-3: IPv4 and IPv6 have rules of their own") {
  VpcScene scene;
  scene.policy.interfaces[1].rulesIn = {{}};
  scene.policy.interfaces[3].rulesIn = {{.peer = net("::/0")}};
  scene.apply();

  CHECK(scene.fate(0, scene.packet(0, 1)) == "to 1");
  CHECK(scene.fate(0, scene.packetV6(0, 1)) == "security-group-in");
  CHECK(scene.fate(0, scene.packet(0, 3)) == "security-group-in");
  CHECK(scene.fate(0, scene.packetV6(0, 3)) == "to 3");
}

TEST_CASE("SG-3: ICMP rules are for types and codes") {
  VpcScene scene;
  scene.policy.interfaces[1].rulesIn = {{.protocol = kIcmp, .portFirst = 8, .portLast = 0xFFFF},
                                        {.protocol = kIcmp, .portFirst = 3, .portLast = 4}};
  scene.apply();
  test::PacketText other = scene.ping(0, 1);

  CHECK(scene.fate(0, scene.ping(0, 1)) == "to 1");
  other.icmpType = 3;
  other.icmpCode = 4;
  CHECK(scene.fate(0, other) == "to 1");
  other.icmpCode = 3;
  CHECK(scene.fate(0, other) == "security-group-in");
  other.icmpType = 13;
  CHECK(scene.fate(0, other) == "security-group-in");
}

TEST_CASE("SG-4: a group as peer is who carries it, by its private addresses") {
  VpcScene scene;
  scene.policy.interfaces[1].rulesIn = {{.group = 5}};
  scene.policy.interfaces[0].groups = {5, 7};
  scene.policy.interfaces[2].groups = {7};
  scene.apply();

  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 80)) == "to 1");
  CHECK(scene.fate(0, scene.packetV6(0, 1)) == "to 1");
  CHECK(scene.fate(2, scene.tcp(2, 1, 5000, 80)) == "security-group-in");
}

TEST_CASE("SG-4: a group as peer does not import that group's rules") {
  VpcScene scene;
  scene.policy.interfaces[0].groups = {5};
  scene.policy.interfaces[0].rulesIn = {{}};
  scene.policy.interfaces[1].groups = {5};
  scene.policy.interfaces[1].rulesIn = {{.group = 6}};
  scene.apply();

  CHECK(scene.fate(2, scene.tcp(2, 1, 5000, 80)) == "security-group-in");
}

TEST_CASE("SG-4: a group as peer is not seen through a middlebox") {
  // Interface 3 is an appliance that passes on what interface 0 sends; it has no group.
  VpcScene scene;
  scene.policy.interfaces[0].groups = {5};
  scene.policy.interfaces[3].checksAddresses = false;
  scene.policy.interfaces[1].rulesIn = {{.group = 5}};
  scene.apply();
  test::PacketText passedOn = scene.tcp(3, 1, 5000, 80);
  passedOn.source = test::ip("10.0.0.10");

  CHECK(scene.fate(3, passedOn) == "security-group-in");
  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 80)) == "to 1");
}

TEST_CASE("SG-6: services and the router are not filtered") {
  VpcScene scene;
  scene.policy.interfaces[0].rulesOut.clear();
  scene.policy.subnets[0].aclOut.clear();
  scene.policy.subnets[0].aclIn.clear();
  scene.apply();
  test::PacketText dns = scene.udp(0, 1, 5000, 53);
  dns.destination = test::ip("10.0.0.2");
  test::PacketText metadata = scene.tcp(0, 1, 5000, 80);
  metadata.destination = test::ip("169.254.169.254");
  test::PacketText router = scene.ping(0, 1);
  router.destination = test::ip("10.0.0.1");

  CHECK(scene.fate(0, dns) == "punt");
  CHECK(scene.fate(0, metadata) == "punt");
  CHECK(scene.fate(0, router) == "answer");
}

TEST_CASE("SG-7: both ends are asked, the sender's for what leaves, the receiver's for the rest") {
  VpcScene scene;
  scene.policy.interfaces[0].rulesOut = {{.protocol = kTcp, .portFirst = 80, .portLast = 90}};
  scene.policy.interfaces[1].rulesIn = {{.protocol = kTcp, .portFirst = 85, .portLast = 99}};
  scene.apply();

  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 80)) == "security-group-in");
  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 87)) == "to 1");
  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 95)) == "security-group-out");
  CHECK(scene.counters(0).drops[static_cast<std::size_t>(DropReason::SecurityGroupOut)].get() == 1);
  CHECK(scene.counters(1).drops[static_cast<std::size_t>(DropReason::SecurityGroupIn)].get() == 1);
}

} // namespace argon::vpc
