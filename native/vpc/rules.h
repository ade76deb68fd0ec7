// SPDX-License-Identifier: Apache-2.0
#pragma once

// Rules of security groups and network ACLs against one packet.

#include "packet/address.h"
#include "packet/headers.h"
#include "vpc/snapshot.h"
#include "vpc/snapshot_format.h"

#include <cstdint>
#include <optional>
#include <span>

namespace argon::vpc {

/// What rules look at.
struct RuleSubject {
  /// The other end: destination of what goes out, source of what comes in.
  packet::IpAddress peer;
  /// Who the peer is, if the packet goes there or comes from there directly (SG-4); else null.
  const format::Mapping* peerMapping = nullptr;
  std::uint8_t protocol = 0;
  bool isIcmp = false;
  std::uint8_t icmpType = 0;
  std::uint8_t icmpCode = 0;
  std::uint16_t destinationPort = 0;
};

/// The subject of a packet, by its own tuple.
[[nodiscard]] RuleSubject subjectOf(const packet::Headers& headers, packet::IpAddress peer);

/// True if one rule covers the packet, whatever it then says.
[[nodiscard]] bool covers(const Snapshot& snapshot, const format::Rule& rule,
                          const RuleSubject& subject);

struct GroupDecision {
  bool isAllowed = false;
  /// If the flow has to be remembered for its answers (CT-2, CT-3). Of what is allowed.
  bool isTracked = true;
  /// The first that allows it; null if none does. The snapshot's.
  const format::Rule* rule = nullptr;
};

/// Security groups: any rule that covers the packet allows it (SG-1). `opposite` are the rules of
/// the other direction.
[[nodiscard]] GroupDecision decideByGroups(const Snapshot& snapshot,
                                           std::span<const format::Rule> rules,
                                           std::span<const format::Rule> opposite,
                                           const RuleSubject& subject);

struct AclDecision {
  bool isAllowed = false;
  /// The one that decides; null if none covers the packet. The snapshot's.
  const format::Rule* rule = nullptr;
};

/// What a trace says of a rule; none for null.
[[nodiscard]] inline std::optional<std::uint32_t> ruleIdOf(const format::Rule* rule) {
  return rule == nullptr ? std::nullopt : std::optional(rule->id.get());
}

/// A network ACL: the first rule that covers the packet; without one it is denied (NA-1).
[[nodiscard]] AclDecision decideByAcl(const Snapshot& snapshot, std::span<const format::Rule> rules,
                                      const RuleSubject& subject);

} // namespace argon::vpc
