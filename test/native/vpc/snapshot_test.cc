// SPDX-License-Identifier: Apache-2.0
#include "vpc/snapshot.h"

#include "base/error.h"
#include "packet/address.h"
#include "support/policy_maker.h"
#include "support/random.h"
#include "support/test.h"
#include "vpc/snapshot_format.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace argon::vpc {

namespace {

using test::ip;
using test::net;
using test::PolicyText;

// Lines of hex digits.
std::vector<std::byte> readHex(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::byte> bytes;
  for (std::string line; std::getline(file, line);) {
    for (std::size_t at = 0; at + 1 < line.size(); at += 2) {
      bytes.push_back(static_cast<std::byte>(std::stoul(line.substr(at, 2), nullptr, 16)));
    }
  }
  return bytes;
}

bool isTaken(const std::vector<std::byte>& buffer) { return Snapshot::create(buffer).has_value(); }

bool isTakenWith(const std::function<void(PolicyText&)>& change) {
  PolicyText text = test::twoSubnets();
  change(text);
  return isTaken(test::makePolicy(text));
}

// Asks a snapshot for all there is; the sanitizer and the spans see every index.
void readAll(const Snapshot& snapshot) {
  for (std::uint32_t index = 0; index < snapshot.interfaceCount(); ++index) {
    const format::Interface* interface = snapshot.interfaceAt(InterfaceIndex(index));
    if (interface == nullptr) continue;
    const format::Subnet& subnet = snapshot.subnetOf(*interface);
    CHECK(interface->instance.get() < snapshot.instances().size());
    (void)snapshot.prefixes(snapshot.vpcOf(subnet).cidrs);
    (void)snapshot.hasAddress(*interface, ip("10.0.0.10"));
    std::vector<packet::IpAddress> addresses = {ip("10.0.0.10"), ip("fd00:1::"), ip("8.8.8.8")};
    for (const packet::IpAddress address : addresses) {
      const format::Route* route = snapshot.findRoute(subnet, address);
      if (route != nullptr && route->target == 2) {
        CHECK(snapshot.interfaceAt(InterfaceIndex(route->interface.get())) != nullptr);
      }
      const format::Mapping* mapping = snapshot.findMapping(subnet.vpc.get(), address);
      if (mapping != nullptr) {
        (void)snapshot.isInGroup(*mapping, 0);
        CHECK(snapshot.interfaceAt(InterfaceIndex(mapping->interface.get())) != nullptr);
      }
    }
    for (const format::Range range :
         {interface->rulesIn, interface->rulesOut, subnet.aclIn, subnet.aclOut}) {
      for (const format::Rule& rule : snapshot.rules(range)) {
        (void)holds(rule.network, rule.prefixBits, addresses[0]);
      }
    }
  }
}

} // namespace

// test/unit/network/compile.test.ts holds the controller's compiler against the same bytes.
TEST_CASE("what the controller compiles is taken, and means what its records mean") {
  const auto taken = Snapshot::create(readHex(ARGON_TEST_FIXTURES "/network-policy.hex"));

  REQUIRE(taken.has_value());
  const Snapshot& snapshot = **taken;
  readAll(snapshot);
  CHECK(snapshot.generation() == 7);
  REQUIRE(snapshot.interfaceCount() == 3);
  CHECK(snapshot.interfaceAt(InterfaceIndex(1)) == nullptr);
  const format::Interface& first = *snapshot.interfaceAt(InterfaceIndex(0));
  const format::Interface& middle = *snapshot.interfaceAt(InterfaceIndex(2));
  CHECK(snapshot.hasAddress(first, ip("10.0.1.10")));
  CHECK(snapshot.hasAddress(middle, ip("10.0.2.9")));
  CHECK(checksAddresses(first));
  CHECK_FALSE(checksAddresses(middle));
  CHECK(snapshot.rules(first.rulesIn).size() == 3);
  // The third of the first group's.
  CHECK(snapshot.rules(first.rulesIn)[2].id.get() == 0x1'0003);

  const format::Subnet& subnet = snapshot.subnetOf(first);
  CHECK(addressOf(subnet.routerV4) == ip("10.0.1.1"));
  CHECK(addressOf(snapshot.vpcOf(subnet).dns) == ip("10.0.0.2"));
  CHECK(snapshot.findRoute(subnet, ip("10.0.2.9"))->target == 1);
  CHECK(snapshot.findRoute(subnet, ip("192.0.2.1"))->interface.get() == 2);
  CHECK(snapshot.findRoute(subnet, ip("8.8.8.8"))->target == 3);
  const format::Mapping* mapping = snapshot.findMapping(subnet.vpc.get(), ip("10.0.2.9"));
  REQUIRE(mapping != nullptr);
  CHECK(mapping->interface.get() == 2);
  CHECK_FALSE(snapshot.isInGroup(*mapping, 0));
  CHECK(snapshot.isInGroup(*mapping, 1));
}

TEST_CASE("a policy holds what it was made of") {
  PolicyText text = test::twoSubnets();
  text.interfaces[1].identity = 0;
  text.interfaces[2].groups = {3};
  text.generation = 77;
  const auto snapshot = test::makeSnapshot(text);

  CHECK(snapshot->generation() == 77);
  CHECK(snapshot->interfaceCount() == 4);
  CHECK(snapshot->interfaceAt(InterfaceIndex(1)) == nullptr);
  CHECK(snapshot->interfaceAt(InterfaceIndex(4)) == nullptr);
  const format::Interface& interface = *snapshot->interfaceAt(InterfaceIndex(2));
  CHECK(interface.identity.get() == 102);
  CHECK(snapshot->hasAddress(interface, ip("10.0.1.12")));
  CHECK(!snapshot->hasAddress(interface, ip("10.0.1.13")));
  CHECK(snapshot->findMapping(0, ip("10.0.0.11")) == nullptr);
  CHECK(snapshot->findMapping(1, ip("10.0.1.12")) == nullptr);
  const format::Mapping* mapping = snapshot->findMapping(0, ip("fd00:1:0:1::12"));
  REQUIRE(mapping != nullptr);
  CHECK(mapping->interface.get() == 2);
  CHECK(snapshot->isInGroup(*mapping, 3));
  CHECK(!snapshot->isInGroup(*mapping, 2));
  CHECK(snapshot->rules(interface.rulesOut).size() == 2);
}

TEST_CASE("routes are found by the longest prefix, as a slow search finds them") {
  for (const std::uint64_t seed : test::seeds()) {
    test::Random random(seed);
    PolicyText text = test::twoSubnets();
    std::vector<test::RouteText>& routes = text.subnets[0].routes;
    routes.clear();
    for (int count = 0; count < 200; ++count) {
      test::PrefixText to{.network =
                              packet::IpAddress::v4(static_cast<std::uint32_t>(random.next())),
                          .bits = static_cast<unsigned>(random.between(96, 108))};
      if (random.chance(40)) {
        to = {.network = {.high = random.next(), .low = 0},
              .bits = static_cast<unsigned>(random.below(12))};
      }
      const std::uint64_t low = to.bits <= 64 ? 0 : ~0ULL << (128 - to.bits);
      const std::uint64_t high = to.bits == 0 ? 0 : to.bits >= 64 ? ~0ULL : ~0ULL << (64 - to.bits);
      to.network = {.high = to.network.high & high, .low = to.network.low & low};
      const bool isKnown = std::ranges::any_of(routes, [&](const test::RouteText& route) {
        return route.to.bits == to.bits && route.to.network == to.network;
      });
      if (!isKnown) {
        routes.push_back({.to = to});
      }
    }
    const auto snapshot = test::makeSnapshot(text);
    const format::Subnet& subnet = snapshot->subnetOf(*snapshot->interfaceAt(InterfaceIndex(0)));
    for (int round = 0; round < test::rounds(500); ++round) {
      packet::IpAddress address{.high = random.next(), .low = random.next()};
      if (random.chance(50)) {
        address = packet::IpAddress::v4(static_cast<std::uint32_t>(random.next()));
      }
      unsigned best = 0;
      bool isFound = false;
      for (const test::RouteText& route : routes) {
        if (route.to.network.isV4() == address.isV4() &&
            address.isIn(route.to.network, route.to.bits)) {
          best = std::max(best, route.to.bits);
          isFound = true;
        }
      }
      const format::Route* route = snapshot->findRoute(subnet, address);
      REQUIRE((route != nullptr) == isFound);
      if (isFound) {
        CHECK(route->prefixBits == best);
      }
    }
  }
}

TEST_CASE("a header that is not a policy's is refused") {
  const std::vector<std::byte> good = test::makePolicy(test::twoSubnets());
  REQUIRE(isTaken(good));
  const auto isTakenAt = [&](std::size_t offset, unsigned value) {
    std::vector<std::byte> buffer = good;
    buffer[offset] = static_cast<std::byte>(value);
    return isTaken(buffer);
  };

  CHECK(!isTaken({}));
  CHECK(!isTaken({good.begin(), good.end() - 1}));
  CHECK(!isTakenAt(0, 0));
  CHECK(!isTakenAt(4, 1));
  CHECK(!isTakenAt(4, 3));
  CHECK(!isTakenAt(8, 0xFF));
  CHECK(!isTakenAt(12, 0));
  CHECK(!isTakenAt(12, 65));
  const auto refused = Snapshot::create({});
  REQUIRE(!refused);
  CHECK(refused.error().kind() == ErrorKind::Corrupt);
}

TEST_CASE("records that make no sense are refused") {
  CHECK(isTakenWith([](PolicyText&) {}));
  // Bits behind a prefix, and prefixes of IPv4 that reach out of it.
  CHECK(
      !isTakenWith([](PolicyText& text) { text.interfaces[0].addresses = {net("10.0.0.1/24")}; }));
  CHECK(!isTakenWith([](PolicyText& text) {
    text.interfaces[0].addresses = {{.network = ip("0.0.0.0"), .bits = 80}};
  }));
  CHECK(!isTakenWith([](PolicyText& text) { text.interfaces[0].addresses.clear(); }));
  CHECK(!isTakenWith([](PolicyText& text) { text.interfaces[0].instance = 4; }));
  CHECK(!isTakenWith([](PolicyText& text) { text.instances[0].identity = 0; }));
  CHECK(!isTakenWith(
      [](PolicyText& text) { text.instances[0].identity = text.instances[3].identity; }));
  CHECK(!isTakenWith([](PolicyText& text) { text.interfaces[0].mac.bytes[0] = std::byte{1}; }));
  CHECK(!isTakenWith([](PolicyText& text) { text.subnets[0].vpc = 1; }));
  CHECK(!isTakenWith([](PolicyText& text) { text.subnets[0].routerV4 = ip("10.0.1.1"); }));
  CHECK(!isTakenWith([](PolicyText& text) { text.subnets[0].routerLinkLocal = ip("fd00::1"); }));
  CHECK(!isTakenWith([](PolicyText& text) { text.vpcs[0].dns = ip("fd00::2"); }));
}

TEST_CASE("CT-7: timeouts are within the published bounds") {
  const auto isTakenFor = [](std::uint32_t test::InterfaceText::* field, std::uint32_t seconds) {
    return isTakenWith([&](PolicyText& text) { text.interfaces[0].*field = seconds; });
  };
  const auto check = [&](std::uint32_t test::InterfaceText::* field, std::uint32_t first,
                         std::uint32_t last) {
    CHECK(isTakenFor(field, first));
    CHECK(isTakenFor(field, last));
    CHECK(!isTakenFor(field, first - 1));
    CHECK(!isTakenFor(field, last + 1));
  };
  check(&test::InterfaceText::tcpEstablishedSeconds, 60, 432'000);
  check(&test::InterfaceText::udpSeconds, 30, 60);
  check(&test::InterfaceText::udpStreamSeconds, 60, 180);
}

TEST_CASE("rules that make no sense are refused") {
  const auto isTakenAs = [](test::RuleText rule) {
    return isTakenWith([&](PolicyText& text) { text.interfaces[0].rulesIn = {rule}; });
  };
  CHECK(isTakenAs({.protocol = 6, .portFirst = 80, .portLast = 80}));
  CHECK(!isTakenAs({.protocol = 6, .portFirst = 81, .portLast = 80}));
  CHECK(!isTakenAs({.portLast = 80}));
  CHECK(!isTakenAs({.protocol = 47, .portLast = 80}));
  CHECK(isTakenAs({.protocol = 1, .portFirst = 255, .portLast = 255}));
  CHECK(!isTakenAs({.protocol = 1, .portFirst = 256, .portLast = 0}));
  CHECK(!isTakenAs({.protocol = 1, .portFirst = 0xFFFF, .portLast = 0}));
  CHECK(isTakenAs({.group = 63}));
  CHECK(!isTakenAs({.group = 64}));
  CHECK(!isTakenAs({.peer = net("10.0.0.1/8")}));
  // Security groups do not deny, network ACLs know no groups.
  CHECK(!isTakenAs({.denies = true}));
  CHECK(!isTakenWith([](PolicyText& text) { text.subnets[0].aclIn = {{.group = 1}}; }));
}

TEST_CASE("RT-4: there is no route within the services' ranges") {
  const auto isTakenTo = [](const char* prefix) {
    return isTakenWith(
        [&](PolicyText& text) { text.subnets[0].routes.push_back({.to = net(prefix)}); });
  };
  CHECK(isTakenTo("169.254.0.0/16"));
  CHECK(isTakenTo("0.0.0.0/0"));
  CHECK(isTakenTo("fd00::/16"));
  CHECK(!isTakenTo("169.254.168.0/22"));
  CHECK(!isTakenTo("169.254.169.254/32"));
  CHECK(!isTakenTo("fd00:ec2::/32"));
  CHECK(!isTakenTo("fd00:ec2::254/128"));
}

TEST_CASE("routes and mappings lead to interfaces that are there, and come once") {
  CHECK(!isTakenWith(
      [](PolicyText& text) { text.subnets[0].routes.push_back({.to = net("10.0.0.0/16")}); }));
  CHECK(!isTakenWith([](PolicyText& text) {
    text.subnets[0].routes.push_back(
        {.to = net("192.168.0.0/16"), .target = format::RouteTarget::Interface, .interface = 4});
  }));
  CHECK(!isTakenWith([](PolicyText& text) {
    text.subnets[0].routes.push_back({.to = net("192.168.0.0/16"), .interface = 1});
  }));
  CHECK(!isTakenWith([](PolicyText& text) {
    text.interfaces[1].addresses.push_back(text.interfaces[0].addresses[0]);
  }));
}

TEST_CASE("a damaged policy is refused, or is one that can be read all over") {
  const std::vector<std::byte> good = test::makePolicy(test::twoSubnets());
  for (const std::uint64_t seed : test::seeds()) {
    test::Random random(seed);
    for (int round = 0; round < test::rounds(5000); ++round) {
      std::vector<std::byte> buffer = good;
      for (std::uint64_t count = random.between(1, 3); count > 0; --count) {
        const std::size_t place =
            random.chance(30) ? random.below(sizeof(format::Header)) : random.below(buffer.size());
        buffer[place] = static_cast<std::byte>(random.number());
      }
      const auto snapshot = Snapshot::create(buffer);
      if (snapshot) {
        readAll(**snapshot);
      }
    }
  }
}

} // namespace argon::vpc
