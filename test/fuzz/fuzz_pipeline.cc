// SPDX-License-Identifier: Apache-2.0

// Guests' frames through a policy of two VPCs with the same addresses, while rules change and time
// goes by: whatever is sent, nothing crosses from one VPC to the other, no allowance is exceeded,
// and every answer is a right frame.

#include "base/check.h"
#include "fuzz/target.h"
#include "packet/frame.h"
#include "packet/headers.h"
#include "support/byte_source.h"
#include "support/packet_maker.h"
#include "support/policy_maker.h"
#include "vpc/drop_reason.h"
#include "vpc/pipeline.h"
#include "vpc/services.h"
#include "vpc/snapshot.h"
#include "vpc/snapshot_format.h"
#include "vpc/verdict.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace argon::fuzz {

namespace {

using vpc::InterfaceIndex;
using vpc::Verdict;

constexpr std::uint32_t kInterfaceCount = 8;
constexpr std::uint32_t kFlowCountMax = 16;
constexpr std::uint32_t kTrackedMax = 6;

// Interfaces 0 to 3 in one VPC, 4 to 7 with their addresses in another.
test::PolicyText twoVpcs() {
  test::PolicyText policy = test::twoSubnets();
  const test::PolicyText other = test::twoSubnets();
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
  policy.instances[1].packets = {.perSecond = 10, .burst = 5};
  policy.interfaces[3].checksAddresses = false;
  return policy;
}

test::RuleText ruleFrom(test::ByteSource& source) {
  test::RuleText rule;
  const std::uint8_t choice = source.u8();
  if ((choice & 1U) != 0) {
    rule.peer = test::net((choice & 2U) != 0 ? "::/0" : "10.0.0.0/24");
  }
  if ((choice & 4U) != 0) {
    rule.protocol = (choice & 8U) != 0 ? 6 : 17;
    rule.portLast = (choice & 16U) != 0 ? 0xFFFF : 4;
  }
  return rule;
}

void changePolicy(test::PolicyText& policy, test::ByteSource& source) {
  test::InterfaceText& interface = policy.interfaces[source.u8() % kInterfaceCount];
  const std::uint8_t choice = source.u8();
  switch (choice % 5) {
  case 0:
    interface.rulesIn = {ruleFrom(source)};
    break;
  case 1:
    interface.rulesOut = {ruleFrom(source)};
    break;
  case 2:
    policy.subnets[interface.subnet].aclIn = {ruleFrom(source), ruleFrom(source)};
    policy.subnets[interface.subnet].aclIn[0].denies = true;
    break;
  case 3:
    interface.rulesIn.clear();
    break;
  default:
    // Gone, or another in its place.
    interface.identity = interface.identity == 0 ? 1000U + choice : 0;
  }
}

// A packet that is mostly right, between interfaces of one VPC.
test::Bytes packetFrom(const test::PolicyText& policy, std::uint32_t from,
                       test::ByteSource& source) {
  constexpr std::array<std::uint8_t, 5> kProtocols = {6, 17, 1, 58, 47};
  const std::uint8_t choice = source.u8();
  const test::InterfaceText& sender = policy.interfaces[from];
  const test::InterfaceText& receiver = policy.interfaces[from / 4 * 4 + choice % 4];
  const std::size_t address = choice >> 7U;
  test::PacketText text{.destinationMac = receiver.mac,
                        .sourceMac = sender.mac,
                        .source = sender.addresses[address].network,
                        .destination = receiver.addresses[address].network,
                        .protocol = source.pick(kProtocols),
                        .sourcePort = static_cast<std::uint16_t>(source.u8() % 8),
                        .destinationPort = static_cast<std::uint16_t>(source.u8() % 8),
                        .tcpFlags = source.u8(),
                        .icmpType = source.u8(),
                        .hasMoreFragments = (choice & 0x40U) != 0};
  if ((choice & 0x20U) != 0) {
    text.fragmentOffset = 24;
  }
  text.payload = test::pattern(source.u8() / 8 * std::size_t{8});
  test::Bytes frame = test::makeFrame(text);
  // Damaged, now and then.
  const std::uint8_t place = source.u8();
  if (place < 64 && place < frame.size()) {
    frame[place] ^= static_cast<std::byte>(source.u8());
  }
  return frame;
}

void checkVerdict(const vpc::Snapshot& snapshot, InterfaceIndex from, const packet::Frame& frame,
                  const Verdict& verdict) {
  ARGON_CHECK_EQ(verdict.kind == Verdict::Kind::Drop, verdict.reason != vpc::DropReason::None);
  ARGON_CHECK_EQ(verdict.kind == Verdict::Kind::Punt, verdict.service != vpc::Service::None);
  if (verdict.kind == Verdict::Kind::Answer) {
    ARGON_CHECK_EQ(test::wrongIn(verdict.answer), "");
  }
  if (verdict.kind != Verdict::Kind::Deliver) return;
  const vpc::format::Interface* sender = snapshot.interfaceAt(from);
  const vpc::format::Interface* receiver = snapshot.interfaceAt(verdict.at);
  ARGON_CHECK(sender != nullptr && receiver != nullptr);
  ARGON_CHECK_EQ(snapshot.subnetOf(*sender).vpc.get(), snapshot.subnetOf(*receiver).vpc.get());
  ARGON_CHECK(verdict.destinationMac == vpc::macOf(receiver->mac));
  ARGON_CHECK(verdict.lengthBytes > 14 && verdict.lengthBytes <= frame.lengthBytes);
}

} // namespace

void runTarget(std::span<const std::byte> input) {
  test::ByteSource source(input);
  vpc::Pipeline pipeline({.interfaceCountMax = kInterfaceCount,
                          .instanceCountMax = kInterfaceCount,
                          .flowCountMax = kFlowCountMax});
  test::PolicyText policy = twoVpcs();
  std::shared_ptr<const vpc::Snapshot> snapshot = test::makeSnapshot(policy);
  std::uint64_t nowNs = 1'000'000'000;
  ARGON_CHECK(pipeline.setPolicy(snapshot, nowNs).has_value());
  while (!source.isEmpty()) {
    const std::uint8_t step = source.u8();
    const std::uint32_t from = step % kInterfaceCount;
    if (step >= 0xF0) {
      changePolicy(policy, source);
      snapshot = test::makeSnapshot(policy);
      ARGON_CHECK(pipeline.setPolicy(snapshot, nowNs).has_value());
    } else if (step >= 0xE0) {
      nowNs += std::uint64_t{source.u8()} * 1'000'000'000;
      static_cast<void>(pipeline.tick(nowNs));
    } else {
      const bool isRaw = step >= 0xD0;
      const std::span<const std::byte> raw = source.bytes(isRaw ? source.u8() : 0);
      const test::OwnedFrame owned(isRaw ? test::Bytes(raw.begin(), raw.end())
                                         : packetFrom(policy, from, source));
      const packet::Frame frame = owned.frame();
      checkVerdict(*snapshot, InterfaceIndex(from), frame,
                   pipeline.handle(InterfaceIndex(from), frame, packet::parse(frame), nowNs));
    }
    ARGON_CHECK(pipeline.flows().size() <= kFlowCountMax);
    for (std::uint32_t owner = 0; owner < 4; ++owner) {
      ARGON_CHECK(pipeline.flows().trackedCount(owner) <= kTrackedMax);
    }
  }
}

} // namespace argon::fuzz
