// SPDX-License-Identifier: Apache-2.0
#include "fuzz/pipeline_judge.h"

#include "base/check.h"
#include "fuzz/pipeline_policies.h"
#include "packet/address.h"
#include "packet/frame.h"
#include "packet/headers.h"
#include "support/packet_maker.h"
#include "support/policy_maker.h"
#include "vpc/conntrack.h"
#include "vpc/drop_reason.h"
#include "vpc/interface_state.h"
#include "vpc/pipeline.h"
#include "vpc/services.h"
#include "vpc/snapshot.h"
#include "vpc/snapshot_format.h"
#include "vpc/verdict.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace argon::fuzz {

namespace {

using packet::Headers;
using packet::IpAddress;
using packet::Tuple;
using vpc::Direction;
using vpc::DropReason;
using vpc::Verdict;

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
constexpr std::uint64_t kFragmentNs = 2 * kNsPerSecond;
constexpr std::size_t kEthernetBytes = 14;
constexpr std::size_t kMtuBytes = 9001;
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;

// No policy here has longer ones, of whatever is left unseen (CT-5).
std::uint64_t idleMaxNs(std::uint8_t protocol) {
  switch (protocol) {
  case kTcp:
    return 432'000 * kNsPerSecond;
  case kUdp:
    return 180 * kNsPerSecond;
  default:
    return 600 * kNsPerSecond;
  }
}

bool isIn(const test::PrefixText& prefix, IpAddress address) {
  return prefix.network.isV4() == address.isV4() && address.isIn(prefix.network, prefix.bits);
}

Tuple turned(const Tuple& tuple) {
  return {.source = tuple.destination,
          .destination = tuple.source,
          .sourcePort = tuple.destinationPort,
          .destinationPort = tuple.sourcePort,
          .protocol = tuple.protocol};
}

bool coversProtocol(const test::RuleText& rule, const Headers& headers) {
  if (!rule.protocol) return true;
  if (*rule.protocol != headers.tuple.protocol) return false;
  if (headers.icmp != Headers::Icmp::None) {
    constexpr std::uint16_t kAny = vpc::format::kAnyIcmp;
    return (rule.portFirst == kAny || rule.portFirst == headers.icmpType) &&
           (rule.portLast == kAny || rule.portLast == headers.icmpCode);
  }
  if (*rule.protocol != kTcp && *rule.protocol != kUdp) return true;
  const std::uint16_t port = headers.tuple.destinationPort;
  return rule.portFirst <= port && port <= rule.portLast;
}

IpAddress peerOf(Direction direction, const Headers& headers) {
  return direction == Direction::Out ? headers.tuple.destination : headers.tuple.source;
}

bool isLaterFragment(const Headers& headers) {
  return headers.isFragment && !headers.isFirstFragment;
}

// Of a packet to whom fragments belong; IPv6 tells them apart without the protocol.
Tuple fragmentTuple(const Headers& headers) {
  const bool isV4 = headers.tuple.source.isV4();
  return {.source = headers.tuple.source,
          .destination = headers.tuple.destination,
          .protocol = isV4 ? headers.tuple.protocol : std::uint8_t{0}};
}

// The receiver's allowances come last.
bool isLetIn(const Verdict& verdict) {
  return verdict.kind == Verdict::Kind::Deliver ||
         verdict.reason == DropReason::BandwidthInAllowance ||
         verdict.reason == DropReason::PacketAllowance;
}

// Security groups have had a say, or whatever comes behind those of the sender.
bool isAskedOfRules(const Verdict& verdict) {
  switch (verdict.reason) {
  case DropReason::NotOwnDestination:
  case DropReason::ConntrackAllowance:
  case DropReason::SecurityGroupOut:
  case DropReason::SecurityGroupIn:
  case DropReason::AclOut:
  case DropReason::AclIn:
  case DropReason::NoRoute:
  case DropReason::Blackhole:
  case DropReason::NoMapping:
  case DropReason::TooBig:
    return true;
  default:
    return isLetIn(verdict);
  }
}

} // namespace

PipelineJudge::PipelineJudge(const Policy& policy, std::uint64_t nowNs)
    : policy_(&policy), startNs_(nowNs) {}

const test::InterfaceText& PipelineJudge::interfaceAt(std::uint32_t index) const {
  return policy_->text.interfaces[index];
}

const test::SubnetText& PipelineJudge::subnetAt(std::uint32_t index) const {
  return policy_->text.subnets[interfaceAt(index).subnet];
}

bool PipelineJudge::owns(std::uint32_t index, IpAddress address) const {
  return std::ranges::any_of(interfaceAt(index).addresses,
                             [&](const auto& prefix) { return isIn(prefix, address); });
}

std::optional<std::uint32_t> PipelineJudge::whoHas(std::uint32_t vpc, IpAddress address) const {
  for (std::uint32_t index = 0; index < kInterfaceCount; ++index) {
    const test::InterfaceText& interface = interfaceAt(index);
    const bool isThere = interface.identity != 0 && subnetAt(index).vpc == vpc;
    if (isThere && std::ranges::any_of(interface.addresses, [&](const auto& prefix) {
          return prefix.bits == IpAddress::kBits && prefix.network == address;
        })) {
      return index;
    }
  }
  return std::nullopt;
}

bool PipelineJudge::isInSubnet(std::uint32_t left, std::uint32_t right) const {
  return interfaceAt(left).subnet == interfaceAt(right).subnet;
}

void PipelineJudge::setPolicy(const Policy& policy) {
  const Policy& before = *std::exchange(policy_, &policy);
  for (std::uint32_t index = 0; index < kInterfaceCount; ++index) {
    if (before.text.interfaces[index].identity != interfaceAt(index).identity) {
      std::erase_if(talks_, [&](const Talk& talk) { return talk.interface == index; });
      std::erase_if(firstFragments_, [&](const auto& first) { return first.from == index; });
      continue;
    }
    const vpc::InterfaceIndex place(index);
    const vpc::format::Interface* older = before.snapshot->interfaceAt(place);
    const vpc::format::Interface* newer = policy.snapshot->interfaceAt(place);
    if (older != nullptr && older->policyHash.get() != newer->policyHash.get()) {
      std::erase_if(firstFragments_, [&](const auto& first) { return first.from == index; });
    }
  }
}

// SG-4: `other` is at the other end of the packet's way; without it anybody is.
bool PipelineJudge::allowsByGroups(std::uint32_t index, Direction direction, const Headers& headers,
                                   std::optional<std::uint32_t> other) const {
  const IpAddress peer = peerOf(direction, headers);
  const std::optional<std::uint32_t> owner = whoHas(subnetAt(index).vpc, peer);
  const bool isDirect = owner && (!other || *other == *owner);
  const test::InterfaceText& interface = interfaceAt(index);
  const auto& rules = direction == Direction::Out ? interface.rulesOut : interface.rulesIn;
  return std::ranges::any_of(rules, [&](const test::RuleText& rule) {
    if (!coversProtocol(rule, headers)) return false;
    if (!rule.group) return isIn(rule.peer, peer);
    return isDirect && std::ranges::count(interfaceAt(*owner).groups, *rule.group) > 0;
  });
}

bool PipelineJudge::allowsByAcl(std::uint32_t index, Direction direction,
                                const Headers& headers) const {
  const IpAddress peer = peerOf(direction, headers);
  const test::SubnetText& subnet = subnetAt(index);
  for (const test::RuleText& rule : direction == Direction::Out ? subnet.aclOut : subnet.aclIn) {
    if (coversProtocol(rule, headers) && isIn(rule.peer, peer)) return !rule.denies;
  }
  return false;
}

PipelineJudge::Talk* PipelineJudge::findTalk(std::uint32_t index, Direction direction,
                                             const Tuple& tuple, std::uint64_t nowNs) {
  const Tuple outgoing = direction == Direction::Out ? tuple : turned(tuple);
  const auto found = std::ranges::find_if(talks_, [&](const Talk& talk) {
    return talk.interface == index && talk.outgoing == outgoing &&
           nowNs - talk.seenNs < idleMaxNs(tuple.protocol);
  });
  return found == talks_.end() ? nullptr : &*found;
}

void PipelineJudge::remember(std::uint32_t index, Direction direction, const Headers& headers,
                             std::uint64_t nowNs) {
  Talk* talk = findTalk(index, direction, headers.tuple, nowNs);
  if (talk != nullptr) {
    talk->seenNs = nowNs;
  } else if (allowsByGroups(index, direction, headers, std::nullopt)) {
    talks_.push_back(
        {.interface = index,
         .outgoing = direction == Direction::Out ? headers.tuple : turned(headers.tuple),
         .seenNs = nowNs});
  }
}

// By the rules, as one of a conversation, or as an error that tells of one (CT-1, CT-4).
bool PipelineJudge::mayPass(std::uint32_t index, Direction direction, const Headers& headers,
                            std::uint32_t other, std::uint64_t nowNs) {
  if (allowsByGroups(index, direction, headers, other)) return true;
  const bool isTold = headers.icmp == Headers::Icmp::None || headers.icmp == Headers::Icmp::Query;
  if (isTold && findTalk(index, direction, headers.tuple, nowNs) != nullptr) return true;
  return headers.hasInner && findTalk(index, direction, turned(headers.inner), nowNs) != nullptr;
}

void PipelineJudge::judgeDelivery(std::uint32_t from, const packet::Frame& frame,
                                  const Headers& headers, const Verdict& verdict,
                                  std::uint64_t nowNs) {
  const std::uint32_t to = verdict.at.get();
  const test::InterfaceText& sender = interfaceAt(from);
  const test::InterfaceText& receiver = interfaceAt(to);
  ARGON_CHECK(receiver.identity != 0);
  ARGON_CHECK_EQ(subnetAt(from).vpc, subnetAt(to).vpc);
  ARGON_CHECK(headers.isIp() && !headers.tuple.destination.isGroup());
  ARGON_CHECK(!sender.checksAddresses || owns(from, headers.tuple.source));
  ARGON_CHECK(verdict.destinationMac == receiver.mac);
  ARGON_CHECK(verdict.sourceMac == (isInSubnet(from, to) ? sender.mac : subnetAt(to).routerMac));
  ARGON_CHECK_EQ(verdict.lengthBytes, headers.endBytes);
  ARGON_CHECK(verdict.lengthBytes > kEthernetBytes && verdict.lengthBytes <= frame.lengthBytes);
  const bool isSegmented = frame.offload.segmentation != packet::Offload::Segmentation::None;
  const std::size_t largest = isSegmented
                                  ? std::size_t{headers.payloadOffset} + frame.offload.segmentBytes
                                  : verdict.lengthBytes;
  ARGON_CHECK(std::min<std::size_t>(largest, verdict.lengthBytes) <= kEthernetBytes + kMtuBytes);
  if (isLaterFragment(headers)) {
    ARGON_CHECK(std::ranges::any_of(firstFragments_, [&](const FirstFragment& first) {
      return first.from == from && first.target == to && first.id == headers.fragmentId &&
             first.tuple == fragmentTuple(headers) && nowNs - first.seenNs < kFragmentNs;
    }));
    return;
  }
  ARGON_CHECK(!receiver.checksAddresses || owns(to, headers.tuple.destination));
  ARGON_CHECK(mayPass(from, Direction::Out, headers, to, nowNs));
  // What a guest sends to itself, to the port that it came from, is one conversation both ways.
  remember(from, Direction::Out, headers, nowNs);
  ARGON_CHECK(mayPass(to, Direction::In, headers, from, nowNs));
  if (!isInSubnet(from, to)) {
    ARGON_CHECK(allowsByAcl(from, Direction::Out, headers));
    ARGON_CHECK(allowsByAcl(to, Direction::In, headers));
  }
}

// What is refused is so for a reason that holds.
void PipelineJudge::judgeDrop(std::uint32_t from, const Headers& headers,
                              const Verdict& verdict) const {
  const bool isFaulty = headers.fault != packet::ParseFault::None;
  ARGON_CHECK_EQ(verdict.reason == DropReason::Malformed, isFaulty);
  if (isFaulty) return;
  ARGON_CHECK_EQ(verdict.reason == DropReason::NoPolicy, interfaceAt(from).identity == 0);
  if (interfaceAt(from).identity == 0) return;
  ARGON_CHECK_EQ(verdict.reason == DropReason::SpoofedMac,
                 headers.sourceMac != interfaceAt(from).mac);
  const std::uint32_t at = verdict.at.get();
  switch (verdict.reason) {
  case DropReason::SpoofedSource:
    ARGON_CHECK(!owns(from, headers.tuple.source));
    break;
  case DropReason::NotOwnDestination:
    ARGON_CHECK(!owns(at, headers.tuple.destination) && interfaceAt(at).checksAddresses);
    break;
  case DropReason::AclOut:
    ARGON_CHECK(!allowsByAcl(from, Direction::Out, headers));
    break;
  case DropReason::AclIn:
    ARGON_CHECK(!allowsByAcl(at, Direction::In, headers) && !isInSubnet(from, at));
    break;
  case DropReason::NoMapping:
    ARGON_CHECK(!whoHas(subnetAt(from).vpc, headers.tuple.destination));
    break;
  default:
    break;
  }
}

void PipelineJudge::count(std::uint32_t from, const Headers& headers, const Verdict& verdict,
                          std::uint64_t nowNs) {
  const std::uint32_t at = verdict.at.get();
  switch (verdict.kind) {
  case Verdict::Kind::Drop:
    ++counts_[at].drops[static_cast<std::size_t>(verdict.reason)];
    if (verdict.reason == DropReason::Malformed) {
      ++counts_[at].faults[static_cast<std::size_t>(headers.fault)];
    }
    break;
  case Verdict::Kind::Deliver:
    ++counts_[from].framesOut;
    counts_[from].bytesOut += verdict.lengthBytes;
    ++counts_[at].framesIn;
    counts_[at].bytesIn += verdict.lengthBytes;
    countSlow(from);
    if (!verdict.isQueued) {
      countSlow(at);
    }
    break;
  case Verdict::Kind::Answer:
    ++counts_[from].answers;
    counts_[from].drops[static_cast<std::size_t>(verdict.reason)] +=
        verdict.reason == DropReason::None ? 0U : 1U;
    break;
  case Verdict::Kind::Punt:
    ++counts_[from].punts;
    break;
  case Verdict::Kind::Hold:
    ARGON_CHECK(verdict.retryAtNs > nowNs);
  }
  judgeSlow(nowNs);
}

void PipelineJudge::countSlow(std::uint32_t index) {
  slowPackets_ += interfaceAt(index).instance == kSlowInstance ? 1U : 0U;
}

void PipelineJudge::judgeSlow(std::uint64_t nowNs) const {
  const std::uint64_t earned =
      (nowNs - startNs_) / (kNsPerSecond / kSlowPackets.perSecond) + kSlowPackets.burst + 1;
  ARGON_CHECK(slowPackets_ <= earned);
}

void PipelineJudge::judgeRelease(std::uint32_t at, std::uint64_t nowNs) {
  countSlow(at);
  judgeSlow(nowNs);
}

void PipelineJudge::judge(std::uint32_t from, const packet::Frame& frame, const Headers& headers,
                          const Verdict& verdict, std::uint64_t nowNs) {
  const bool isTold = verdict.kind == Verdict::Kind::Answer && verdict.reason == DropReason::TooBig;
  ARGON_CHECK_EQ(verdict.kind == Verdict::Kind::Drop || isTold, verdict.reason != DropReason::None);
  ARGON_CHECK_EQ(verdict.kind == Verdict::Kind::Punt, verdict.service != vpc::Service::None);
  count(from, headers, verdict, nowNs);
  if (verdict.kind == Verdict::Kind::Hold) return;
  if (verdict.kind == Verdict::Kind::Drop) {
    judgeDrop(from, headers, verdict);
  } else {
    ARGON_CHECK(headers.fault == packet::ParseFault::None && interfaceAt(from).identity != 0);
    ARGON_CHECK(headers.sourceMac == interfaceAt(from).mac);
  }
  if (verdict.kind == Verdict::Kind::Answer) {
    ARGON_CHECK_EQ(test::wrongIn(verdict.answer), "");
  }
  if (verdict.kind == Verdict::Kind::Deliver) {
    judgeDelivery(from, frame, headers, verdict, nowNs);
  }
  if (!isAskedOfRules(verdict) || isLaterFragment(headers)) return;
  const std::uint32_t at = verdict.at.get();
  remember(from, Direction::Out, headers, nowNs);
  remember(at, Direction::In, headers, nowNs);
  if (headers.isFirstFragment && isLetIn(verdict)) {
    firstFragments_.push_back({.from = from,
                               .target = at,
                               .tuple = fragmentTuple(headers),
                               .id = headers.fragmentId,
                               .seenNs = nowNs});
  }
}

void PipelineJudge::judgeCounters(const vpc::Pipeline& pipeline) const {
  for (std::uint32_t index = 0; index < kInterfaceCount; ++index) {
    const Counts& counts = counts_[index];
    const vpc::InterfaceCounters& counters = pipeline.counters(vpc::InterfaceIndex(index));
    ARGON_CHECK_EQ(counters.framesOut.get(), counts.framesOut);
    ARGON_CHECK_EQ(counters.bytesOut.get(), counts.bytesOut);
    ARGON_CHECK_EQ(counters.framesIn.get(), counts.framesIn);
    ARGON_CHECK_EQ(counters.bytesIn.get(), counts.bytesIn);
    ARGON_CHECK_EQ(counters.answers.get(), counts.answers);
    ARGON_CHECK_EQ(counters.punts.get(), counts.punts);
    for (std::size_t reason = 0; reason < counts.drops.size(); ++reason) {
      ARGON_CHECK_EQ(counters.drops[reason].get(), counts.drops[reason]);
    }
    for (std::size_t fault = 0; fault < counts.faults.size(); ++fault) {
      ARGON_CHECK_EQ(counters.faults[fault].get(), counts.faults[fault]);
    }
  }
}

} // namespace argon::fuzz
