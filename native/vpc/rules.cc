// SPDX-License-Identifier: Apache-2.0
#include "vpc/rules.h"

#include "packet/address.h"
#include "packet/headers.h"
#include "packet/spec/protocols.h"
#include "vpc/snapshot.h"
#include "vpc/snapshot_format.h"

#include <algorithm>
#include <cstdint>
#include <span>

namespace argon::vpc {

namespace {

namespace spec = packet::spec;
using packet::IpAddress;

bool hasPorts(std::uint8_t protocol) {
  return protocol == spec::PROTOCOL_TCP || protocol == spec::PROTOCOL_UDP;
}

bool coversProtocol(const format::Rule& rule, const RuleSubject& subject) {
  if ((rule.flags & format::RULE_ANY_PROTOCOL) != 0) return true;
  if (rule.protocol != subject.protocol) return false;
  if (hasPorts(rule.protocol)) {
    return subject.destinationPort >= rule.portFirst.get() &&
           subject.destinationPort <= rule.portLast.get();
  }
  if (!subject.isIcmp) return true;
  const std::uint16_t type = rule.portFirst.get();
  const std::uint16_t code = rule.portLast.get();
  return (type == format::kAnyIcmp || type == subject.icmpType) &&
         (code == format::kAnyIcmp || code == subject.icmpCode);
}

// 0.0.0.0/0 or ::/0, that of the address's family.
bool isForAll(const format::Rule& rule, IpAddress address) {
  const unsigned bits = address.isV4() ? IpAddress::kV4PrefixBits : 0;
  return (rule.flags & format::RULE_PEER_IS_GROUP) == 0 && rule.prefixBits == bits &&
         holds(rule.network, rule.prefixBits, address);
}

// CT-2: a rule that permits all responses of that protocol, to any port.
bool permitsAllResponses(const format::Rule& rule, const RuleSubject& subject) {
  if (!isForAll(rule, subject.peer)) return false;
  if ((rule.flags & format::RULE_ANY_PROTOCOL) != 0) return true;
  return rule.protocol == subject.protocol && rule.portFirst.get() == 0 &&
         rule.portLast.get() == 0xFFFF;
}

} // namespace

RuleSubject subjectOf(const packet::Headers& headers, IpAddress peer) {
  return {.peer = peer,
          .protocol = headers.tuple.protocol,
          .isIcmp = headers.icmp != packet::Headers::Icmp::None,
          .icmpType = headers.icmpType,
          .icmpCode = headers.icmpCode,
          .destinationPort = headers.tuple.destinationPort};
}

bool covers(const Snapshot& snapshot, const format::Rule& rule, const RuleSubject& subject) {
  if (!coversProtocol(rule, subject)) return false;
  if ((rule.flags & format::RULE_PEER_IS_GROUP) != 0) {
    return subject.peerMapping != nullptr &&
           snapshot.isInGroup(*subject.peerMapping, rule.group.get());
  }
  return holds(rule.network, rule.prefixBits, subject.peer);
}

GroupDecision decideByGroups(const Snapshot& snapshot, std::span<const format::Rule> rules,
                             std::span<const format::Rule> opposite, const RuleSubject& subject) {
  GroupDecision decision;
  bool isForEverybody = false;
  for (const format::Rule& rule : rules) {
    if (covers(snapshot, rule, subject)) {
      decision.rule = decision.isAllowed ? decision.rule : &rule;
      decision.isAllowed = true;
      isForEverybody = isForEverybody || isForAll(rule, subject.peer);
    }
  }
  if (decision.isAllowed && isForEverybody && hasPorts(subject.protocol)) {
    decision.isTracked = std::ranges::none_of(
        opposite, [&](const format::Rule& rule) { return permitsAllResponses(rule, subject); });
  }
  return decision;
}

AclDecision decideByAcl(const Snapshot& snapshot, std::span<const format::Rule> rules,
                        const RuleSubject& subject) {
  const auto first = std::ranges::find_if(
      rules, [&](const format::Rule& rule) { return covers(snapshot, rule, subject); });
  if (first == rules.end()) return {};
  return {.isAllowed = (first->flags & format::RULE_DENIES) == 0, .rule = &*first};
}

} // namespace argon::vpc
