// SPDX-License-Identifier: Apache-2.0
#include "fuzz/pipeline_policies.h"

#include "support/policy_maker.h"
#include "vpc/snapshot_format.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace argon::fuzz {

namespace {

using test::net;
using test::PolicyText;
using test::RuleText;
using vpc::format::RouteTarget;

// With those made by hand about as many as a byte tells apart; arbitrary.
constexpr std::size_t kRandomCount = 100;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kIcmp = 1;
constexpr std::uint8_t kIcmpV6 = 58;

// Interfaces 0 to 3 in one VPC, 4 to 7 with their addresses in another. Nothing comes in.
PolicyText closed() {
  PolicyText policy = test::twoSubnets();
  const PolicyText other = test::twoSubnets();
  policy.vpcs.push_back(other.vpcs[0]);
  for (test::SubnetText subnet : other.subnets) {
    subnet.vpc = 1;
    policy.subnets.push_back(subnet);
  }
  for (test::InterfaceText interface : other.interfaces) {
    interface.identity += 100;
    interface.subnet += 2;
    policy.interfaces.push_back(interface);
  }
  for (test::InstanceText& instance : policy.instances) {
    instance.trackedMax = kTrackedMax;
  }
  policy.instances[kSlowInstance].packets = kSlowPackets;
  policy.interfaces[3].checksAddresses = false;
  for (const std::size_t index : {0U, 2U, 4U, 6U}) {
    policy.interfaces[index].groups = {1};
  }
  return policy;
}

PolicyText withRulesIn(const std::vector<RuleText>& rules) {
  PolicyText policy = closed();
  for (test::InterfaceText& interface : policy.interfaces) {
    interface.rulesIn = rules;
  }
  return policy;
}

PolicyText open() { return withRulesIn({{}, {.peer = net("::/0")}}); }

PolicyText withAcls() {
  PolicyText policy = open();
  policy.subnets[1].aclIn = {
      {.protocol = kTcp, .portFirst = 0, .portLast = 4, .denies = true}, {}, {.peer = net("::/0")}};
  policy.subnets[0].aclOut = {{.peer = net("fd00:1:0:1::/64"), .denies = true},
                              {.protocol = kUdp, .portFirst = 0, .portLast = 0xFFFF},
                              {.protocol = kTcp, .portFirst = 2, .portLast = 53}};
  policy.subnets[2].aclIn.clear();
  return policy;
}

PolicyText withRoutes() {
  PolicyText policy = open();
  policy.subnets[0].routes.push_back({.to = net("10.0.1.12/32"), .target = RouteTarget::Blackhole});
  policy.subnets[0].routes.push_back(
      {.to = net("10.0.1.0/24"), .target = RouteTarget::Interface, .interface = 3});
  policy.subnets[0].routes.push_back(
      {.to = net("0.0.0.0/0"), .target = RouteTarget::Interface, .interface = 3});
  policy.subnets[3].routes.clear();
  return policy;
}

PolicyText withoutInterface(std::size_t index) {
  PolicyText policy = open();
  policy.interfaces[index].identity = 0;
  return policy;
}

// Another one in an interface's place, in the other VPC.
PolicyText withMoved(std::size_t index) {
  PolicyText policy = open();
  test::InterfaceText& interface = policy.interfaces[index];
  interface.identity += 1000;
  interface.subnet = interface.subnet < 2 ? 2 : 0;
  interface.addresses = {net("10.0.0.77"), net("fd00:1::77")};
  return policy;
}

// Interfaces of one instance and with prefixes of their own.
PolicyText withShared() {
  PolicyText policy = open();
  policy.interfaces[2].instance = 3;
  policy.interfaces[4].instance = 2;
  policy.interfaces[0].addresses.push_back(net("10.0.1.64/28"));
  policy.interfaces[6].udpSeconds = 60;
  policy.interfaces[6].udpStreamSeconds = 60;
  policy.interfaces[0].tcpEstablishedSeconds = 60;
  return policy;
}

PolicyText withLimits() {
  PolicyText policy = open();
  policy.instances[0].bandwidthOut = {.perSecond = 10'000, .burst = 2'000};
  policy.instances[2].bandwidthIn = {.perSecond = 1'000, .burst = 3'000};
  policy.instances[3].packets = {.perSecond = 1, .burst = 1};
  return policy;
}

RuleText randomRule(std::mt19937& engine) {
  constexpr std::array kPeers = {"0.0.0.0/0", "::/0", "10.0.0.0/24", "fd00:1:0:1::/64",
                                 "10.0.0.10"};
  constexpr std::array kProtocols = {kTcp, kUdp, kIcmp, kIcmpV6};
  RuleText rule{.peer = net(kPeers[engine() % kPeers.size()])};
  const std::uint_fast32_t choice = engine();
  if ((choice & 1U) != 0) {
    rule.protocol = kProtocols[engine() % kProtocols.size()];
    const bool isPing = *rule.protocol == kIcmp || *rule.protocol == kIcmpV6;
    const std::uint16_t last = isPing ? vpc::format::kAnyIcmp : std::uint16_t{4};
    rule.portFirst = isPing ? vpc::format::kAnyIcmp : static_cast<std::uint16_t>(choice >> 4 & 3U);
    rule.portLast = (choice & 2U) != 0 ? std::uint16_t{0xFFFF} : last;
  }
  if ((choice & 0xCU) == 0) {
    rule.peer = {};
    rule.group = 1;
  }
  return rule;
}

void changeAtRandom(PolicyText& policy, std::mt19937& engine) {
  test::InterfaceText& interface = policy.interfaces[engine() % kInterfaceCount];
  test::SubnetText& subnet = policy.subnets[interface.subnet];
  switch (engine() % 6) {
  case 0:
    interface.rulesIn = {randomRule(engine), randomRule(engine)};
    break;
  case 1:
    interface.rulesOut = {randomRule(engine), randomRule(engine)};
    break;
  case 2: {
    RuleText first = randomRule(engine);
    RuleText second = randomRule(engine);
    // ACLs know no groups.
    first = first.group ? RuleText{} : first;
    second = second.group ? RuleText{} : second;
    first.denies = true;
    (engine() % 2 == 0 ? subnet.aclIn : subnet.aclOut) = {first, second};
    break;
  }
  case 3:
    interface.rulesIn.clear();
    break;
  case 4:
    interface.checksAddresses = !interface.checksAddresses;
    break;
  default:
    // Gone, or another in its place.
    interface.identity = engine() % 2 == 0 ? interface.identity + 1000 : 0;
  }
}

} // namespace

std::vector<Policy> makePolicies() {
  std::vector<PolicyText> texts = {
      closed(),
      open(),
      withRulesIn({{.peer = net("10.0.0.0/24"), .protocol = kTcp, .portLast = 4},
                   {.peer = net("fd00:1::/56"), .protocol = kUdp, .portLast = 0xFFFF}}),
      withRulesIn({{.peer = {}, .group = 1}}),
      withAcls(),
      withRoutes(),
      withoutInterface(1),
      withMoved(1),
      withMoved(6),
      withShared(),
      withLimits()};
  // The same engine everywhere: its numbers are the standard's.
  std::mt19937 engine(1); // NOLINT(cert-msc32-c,cert-msc51-cpp): the same policies each time
  while (texts.size() < kRandomCount) {
    // What has routes to an interface keeps the interface.
    PolicyText text = texts[engine() % 5];
    for (unsigned change = 0; change < 4; ++change) {
      changeAtRandom(text, engine);
    }
    texts.push_back(std::move(text));
  }
  std::vector<Policy> policies;
  for (PolicyText& text : texts) {
    text.generation = policies.size() + 1;
    auto snapshot = test::makeSnapshot(text);
    policies.push_back({.text = std::move(text), .snapshot = std::move(snapshot)});
  }
  return policies;
}

} // namespace argon::fuzz
