// SPDX-License-Identifier: Apache-2.0

// Network ACLs, routes, addresses, services, allowances and sizes by the published sentences about
// them; each case is named by its rule.

#include "support/packet_maker.h"
#include "support/policy_maker.h"
#include "support/test.h"
#include "vpc/services.h"
#include "vpc/snapshot_format.h"
#include "vpc/verdict.h"
#include "vpc/vpc_scene.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace argon::vpc {

namespace {

using format::RouteTarget;
using test::ip;
using test::net;

} // namespace

TEST_CASE("NA-1: the first rule that matches decides, and without one it is denied") {
  VpcScene scene = openScene();
  scene.policy.subnets[0].aclOut = {
      {.protocol = kTcp, .portFirst = 80, .portLast = 80, .denies = true},
      {.protocol = kTcp, .portFirst = 1, .portLast = 100}};
  scene.apply();

  CHECK(scene.fate(0, scene.tcp(0, 2, 5000, 80)) == "acl-out");
  CHECK(scene.fate(0, scene.tcp(0, 2, 5000, 81)) == "to 2");
  CHECK(scene.fate(0, scene.tcp(0, 2, 5000, 101)) == "acl-out");
}

TEST_CASE("NA-1: network ACLs know no connections") {
  VpcScene scene = openScene();
  scene.policy.subnets[0].aclIn = {{.protocol = kTcp, .portFirst = 80, .portLast = 80}};
  scene.apply();

  CHECK(scene.fate(0, scene.tcp(0, 2, 5000, 80)) == "to 2");
  CHECK(scene.fate(2, scene.tcp(2, 0, 80, 5000, kSyn | kAck)) == "acl-in");
}

TEST_CASE("NA-2: ACLs are for what enters or leaves a subnet, never within it") {
  VpcScene scene = openScene();
  for (test::SubnetText& subnet : scene.policy.subnets) {
    subnet.aclIn = {{.denies = true}};
    subnet.aclOut = {{.denies = true}};
  }
  scene.apply();

  CHECK(scene.fate(0, scene.packet(0, 1)) == "to 1");
  CHECK(scene.fate(0, scene.packet(0, 2)) == "acl-out");
  scene.policy.subnets[0].aclOut = {{}};
  scene.apply();
  CHECK(scene.fate(0, scene.packet(0, 2)) == "acl-in");
}

TEST_CASE("NA-5: an ACL without rules denies all") {
  VpcScene scene = openScene();
  scene.policy.subnets[0].aclOut.clear();
  scene.apply();

  CHECK(scene.fate(0, scene.packet(0, 2)) == "acl-out");
}

TEST_CASE("RT-1: the longest prefix wins, for each family") {
  VpcScene scene = openScene();
  scene.policy.interfaces[3].checksAddresses = false;
  scene.policy.interfaces[1].checksAddresses = false;
  for (const char* prefix : {"192.168.0.0/16", "fd77::/32"}) {
    scene.policy.subnets[0].routes.push_back(
        {.to = net(prefix), .target = RouteTarget::Interface, .interface = 3});
  }
  for (const char* prefix : {"192.168.7.0/24", "fd77:0:7::/48"}) {
    scene.policy.subnets[0].routes.push_back(
        {.to = net(prefix), .target = RouteTarget::Interface, .interface = 1});
  }
  scene.apply();
  const auto fateTo = [&](const char* destination) {
    test::PacketText text = ip(destination).isV4() ? scene.packet(0, 1) : scene.packetV6(0, 1);
    text.destination = ip(destination);
    return scene.fate(0, text);
  };

  CHECK(fateTo("192.168.6.1") == "to 3");
  CHECK(fateTo("192.168.7.1") == "to 1");
  CHECK(fateTo("192.169.0.1") == "no-route");
  CHECK(fateTo("fd77:0:6::1") == "to 3");
  CHECK(fateTo("fd77:0:7::1") == "to 1");
  CHECK(fateTo("fd78::1") == "no-route");
}

TEST_CASE("RT-2: local routes lead to who has the address") {
  VpcScene scene = openScene();

  CHECK(scene.fate(0, scene.packet(0, 3)) == "to 3");
  CHECK(scene.fate(0, scene.packetV6(0, 3)) == "to 3");
}

TEST_CASE("RT-3: a route to another subnet may lead through an interface") {
  VpcScene scene = openScene();
  scene.policy.interfaces[1].checksAddresses = false;
  scene.policy.subnets[0].routes.push_back(
      {.to = net("10.0.1.0/24"), .target = RouteTarget::Interface, .interface = 1});
  scene.apply();

  CHECK(scene.fate(0, scene.packet(0, 2)) == "to 1");
}

TEST_CASE("RT-4: packets to the services' ranges are never forwarded") {
  VpcScene scene = openScene();
  for (const char* everything : {"0.0.0.0/0", "::/0"}) {
    scene.policy.subnets[0].routes.push_back(
        {.to = net(everything), .target = RouteTarget::Interface, .interface = 1});
  }
  scene.policy.interfaces[1].checksAddresses = false;
  scene.apply();
  for (const char* destination : {"169.254.168.0", "169.254.169.254", "169.254.171.255",
                                  "169.254.1.1", "fd00:ec2::9", "fe80::77"}) {
    CAPTURE(destination);
    test::PacketText text = ip(destination).isV4() ? scene.packet(0, 1) : scene.packetV6(0, 1);
    text.destination = ip(destination);
    text.destinationPort = 4000;
    CHECK(scene.fate(0, text) == "link-local");
  }
  test::PacketText outside = scene.packet(0, 1);
  outside.destination = ip("8.8.8.8");
  CHECK(scene.fate(0, outside) == "to 1");
}

TEST_CASE("RT-6: what a route went to is gone: a blackhole") {
  VpcScene scene = openScene();
  scene.policy.subnets[0].routes.push_back(
      {.to = net("192.168.0.0/16"), .target = RouteTarget::Blackhole});
  scene.apply();
  test::PacketText text = scene.packet(0, 1);
  text.destination = ip("192.168.1.1");

  CHECK(scene.fate(0, text) == "blackhole");
}

TEST_CASE("AD-2: multicast and broadcast are dropped") {
  VpcScene scene = openScene();
  for (const char* destination : {"255.255.255.255", "224.0.0.251", "ff02::fb"}) {
    test::PacketText text =
        ip(destination).isV4() ? scene.udp(0, 1, 5353, 5353) : scene.packetV6(0, 1);
    text.destination = ip(destination);
    CHECK(scene.fate(0, text) == "multicast");
  }
  test::PacketText all = scene.packet(0, 1);
  all.destinationMac.bytes.fill(std::byte{0xFF});
  CHECK(scene.fate(0, all) == "multicast");
}

TEST_CASE("AD-3: another subnet sees the router's MAC address, a neighbor the sender's") {
  VpcScene scene = openScene();
  const Verdict within = scene.send(0, scene.packet(0, 1));
  CHECK(within.destinationMac == test::macOf(0x11));
  CHECK(within.sourceMac == test::macOf(0x10));
  const Verdict across = scene.send(0, scene.packet(0, 2));
  CHECK(across.destinationMac == test::macOf(0x12));
  CHECK(across.sourceMac == test::macOf(0xF1));
}

TEST_CASE("AD-4: an interface is source or destination of what it sends and gets") {
  VpcScene scene = openScene();
  test::PacketText text = scene.packet(0, 1);
  text.source = ip("10.0.0.11");
  CHECK(scene.fate(0, text) == "spoofed-source");
  text.source = ip("8.8.8.8");
  CHECK(scene.fate(0, text) == "spoofed-source");
  scene.policy.subnets[0].routes.push_back(
      {.to = net("0.0.0.0/0"), .target = RouteTarget::Interface, .interface = 1});
  scene.apply();
  test::PacketText outside = scene.packet(0, 1);
  outside.destination = ip("8.8.8.8");
  CHECK(scene.fate(0, outside) == "not-own-destination");

  scene.policy.interfaces[0].checksAddresses = false;
  scene.policy.interfaces[1].checksAddresses = false;
  scene.apply();
  CHECK(scene.fate(0, text) == "to 1");
  CHECK(scene.fate(0, outside) == "to 1");
}

TEST_CASE("AD-4: delegated prefixes are own addresses") {
  VpcScene scene = openScene();
  scene.policy.interfaces[0].addresses.push_back(net("10.0.0.64/28"));
  scene.apply();
  test::PacketText text = scene.packet(0, 1);
  text.source = ip("10.0.0.79");
  CHECK(scene.fate(0, text) == "to 1");
  text.source = ip("10.0.0.80");
  CHECK(scene.fate(0, text) == "spoofed-source");
}

TEST_CASE("AD-4: the MAC address is always the interface's") {
  VpcScene scene = openScene();
  scene.policy.interfaces[0].checksAddresses = false;
  scene.apply();
  test::PacketText text = scene.packet(0, 1);
  text.sourceMac = test::macOf(0x11);
  CHECK(scene.fate(0, text) == "spoofed-mac");
}

TEST_CASE("AD-6: an address that nobody has is a drop") {
  VpcScene scene = openScene();
  test::PacketText text = scene.packet(0, 1);
  for (const char* nobody : {"10.0.0.99", "10.0.1.99", "10.0.200.1"}) {
    text.destination = ip(nobody);
    CHECK(scene.fate(0, text) == "no-mapping");
  }
}

TEST_CASE("LL-1: 1,024 packets a second to services, over all of them") {
  VpcScene scene;
  test::PacketText ntp = scene.udp(0, 1, 5000, 123);
  ntp.destination = ip("169.254.169.123");
  const test::Bytes frame = test::makeFrame(ntp);
  for (int count = 0; count < 1024; ++count) {
    REQUIRE(VpcScene::fateOf(scene.sendBytes(0, frame)) == "punt");
  }

  CHECK(scene.fate(0, ntp) == "link-local-allowance");
  test::PacketText router = scene.ping(0, 1);
  router.destination = ip("10.0.0.1");
  CHECK(scene.fate(0, router) == "link-local-allowance");
  CHECK(scene.counters(0).linklocal_allowance_exceeded.get() == 2);
  test::PacketText neighbors = scene.udp(1, 0, 5000, 123);
  neighbors.destination = ip("169.254.169.123");
  CHECK(scene.fate(1, neighbors) == "punt");
  scene.waitMs(1);
  CHECK(scene.fate(0, ntp) == "punt");
  CHECK(scene.fate(0, ntp) == "link-local-allowance");
}

TEST_CASE("LL-1: the rate is what the interface's instance may, each interface for itself") {
  VpcScene scene = openScene();
  scene.policy.instances[0].servicePacketsPerSecond = 2;
  scene.policy.instances[1].servicePacketsPerSecond = 0;
  scene.policy.interfaces[2].instance = 0;
  scene.apply();
  const auto ask = [&](std::uint32_t from) {
    test::PacketText text = scene.udp(from, 1, 5000, 123);
    text.destination = ip("169.254.169.123");
    return scene.fate(from, text);
  };
  for (const std::uint32_t from : {0U, 2U}) {
    CHECK(ask(from) == "punt");
    CHECK(ask(from) == "punt");
    CHECK(ask(from) == "link-local-allowance");
  }
  for (int count = 0; count < 5000; ++count) {
    REQUIRE(ask(1) == "punt");
  }
}

TEST_CASE("LL-2: services have exactly their addresses, protocols and ports") {
  VpcScene scene;
  struct Row {
    const char* destination;
    std::uint8_t protocol;
    std::uint16_t port;
    Service service;
  };
  constexpr std::array kRows = {
      Row{"169.254.169.253", kUdp, 53, Service::Dns},
      Row{"fd00:ec2::253", kUdp, 53, Service::Dns},
      Row{"10.0.0.2", kUdp, 53, Service::Dns},
      Row{"169.254.169.253", kTcp, 53, Service::DnsOverTcp},
      Row{"fd00:ec2::253", kTcp, 53, Service::DnsOverTcp},
      Row{"10.0.0.2", kTcp, 53, Service::DnsOverTcp},
      Row{"169.254.169.123", kUdp, 123, Service::Ntp},
      Row{"fd00:ec2::123", kUdp, 123, Service::Ntp},
      Row{"169.254.169.254", kTcp, 80, Service::Metadata},
      Row{"fd00:ec2::254", kTcp, 80, Service::Metadata},
      Row{"10.0.0.1", kUdp, 67, Service::Dhcpv4},
  };
  for (const Row& row : kRows) {
    test::PacketText text = ip(row.destination).isV4() ? scene.packet(0, 1) : scene.packetV6(0, 1);
    text.destination = ip(row.destination);
    text.protocol = row.protocol;
    text.destinationPort = row.port;
    CAPTURE(row.destination);
    const Verdict verdict = scene.send(0, text);
    CHECK(verdict.kind == Verdict::Kind::Punt);
    CHECK(verdict.service == row.service);
    // One port, protocol or address beside it is nothing to hand over.
    text.destinationPort = static_cast<std::uint16_t>(row.port + 1);
    CHECK(scene.send(0, text).kind == Verdict::Kind::Drop);
    text.destinationPort = row.port;
    text.protocol = row.protocol == kUdp ? kTcp : kUdp;
    if (row.port != 53) { // The resolver has both.
      CHECK(scene.send(0, text).kind == Verdict::Kind::Drop);
    }
    text.protocol = row.protocol;
    text.destination.low ^= 0x40;
    CHECK(scene.send(0, text).kind == Verdict::Kind::Drop);
  }
}

TEST_CASE("LL-3: DHCP is heard before there is an address") {
  VpcScene scene;
  test::PacketText v4 = scene.udp(0, 1, 68, 67);
  v4.source = ip("0.0.0.0");
  v4.destination = ip("255.255.255.255");
  v4.destinationMac.bytes.fill(std::byte{0xFF});
  CHECK(scene.send(0, v4).service == Service::Dhcpv4);
  test::PacketText v6 = scene.packetV6(0, 1);
  v6.protocol = kUdp;
  v6.source = ip("fe80::5");
  v6.destination = ip("ff02::1:2");
  v6.destinationPort = 547;
  CHECK(scene.send(0, v6).service == Service::Dhcpv6);
  test::PacketText dns = scene.udp(0, 1, 5000, 53);
  dns.destination = ip("10.0.0.2");
  dns.source = ip("10.0.0.11");
  CHECK(scene.fate(0, dns) == "spoofed-source");
}

TEST_CASE("later fragments go where the first one went, for two seconds") {
  VpcScene scene;
  scene.policy.interfaces[1].rulesIn = {{.protocol = kUdp, .portFirst = 53, .portLast = 53}};
  scene.apply();
  test::PacketText first = scene.udp(0, 1, 5000, 53);
  first.hasMoreFragments = true;
  first.fragmentId = 77;
  first.payload = test::pattern(64);
  test::PacketText later = first;
  later.fragmentOffset = 72;
  later.hasMoreFragments = false;

  CHECK(scene.fate(0, later) == "fragment-without-first");
  CHECK(scene.fate(0, first) == "to 1");
  CHECK(scene.fate(0, later) == "to 1");
  later.fragmentId = 78;
  CHECK(scene.fate(0, later) == "fragment-without-first");
  later.fragmentId = 77;
  scene.wait(2);
  CHECK(scene.fate(0, later) == "fragment-without-first");
  first.destinationPort = 54;
  first.fragmentId = later.fragmentId = 79;
  CHECK(scene.fate(0, first) == "security-group-in");
  CHECK(scene.fate(0, later) == "fragment-without-first");
}

TEST_CASE("padding behind the packet is not delivered") {
  VpcScene scene = openScene();
  test::PacketText text = scene.packet(0, 1);
  text.paddingBytes = 6;
  CHECK(scene.send(0, text).lengthBytes == 54);
}

} // namespace argon::vpc
