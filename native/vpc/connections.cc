// SPDX-License-Identifier: Apache-2.0
#include "vpc/connections.h"

#include "packet/headers.h"
#include "packet/spec/protocols.h"
#include "vpc/conntrack.h"
#include "vpc/drop_reason.h"
#include "vpc/flow_table.h"
#include "vpc/rules.h"
#include "vpc/snapshot.h"
#include "vpc/snapshot_format.h"
#include "vpc/trace_recorder.h"

#include <cstdint>
#include <optional>
#include <span>

namespace argon::vpc {

namespace {

using packet::Headers;
using packet::Tuple;
namespace spec = packet::spec;

// How long a flow that has become denied is remembered behind its last packet; arbitrary, longer
// than the pauses between TCP's attempts.
constexpr std::uint32_t kDeniedMs = 120'000;

bool isRequest(const Headers& headers) {
  return headers.icmpType == spec::ICMP_ECHO || headers.icmpType == spec::ICMP_TIMESTAMP ||
         headers.icmpType == spec::ICMPV6_ECHO;
}

// ICMPv6 has none.
bool isTimestamp(const Headers& headers) {
  return headers.icmpType == spec::ICMP_TIMESTAMP || headers.icmpType == spec::ICMP_TIMESTAMP_REPLY;
}

// The guest's end and the other end of a tuple. For queries of ICMP the remote "port" says who
// asks and for what, since both ends may use one identifier at a time.
FlowKey keyOf(std::uint32_t interface, const Tuple& tuple, Direction direction) {
  const bool isOut = direction == Direction::Out;
  return {.local = isOut ? tuple.source : tuple.destination,
          .remote = isOut ? tuple.destination : tuple.source,
          .interface = static_cast<std::uint16_t>(interface),
          .localPort = isOut ? tuple.sourcePort : tuple.destinationPort,
          .remotePort = isOut ? tuple.destinationPort : tuple.sourcePort,
          .protocol = tuple.protocol};
}

bool isIcmp(std::uint8_t protocol) {
  return protocol == spec::PROTOCOL_ICMP || protocol == spec::PROTOCOL_ICMPV6;
}

// Of a request to echo that goes in a direction.
std::uint16_t remotePortOfEcho(Direction direction) { return direction == Direction::Out ? 0 : 1; }

FlowKey keyOf(InterfaceIndex index, Direction direction, const Headers& headers) {
  FlowKey key = keyOf(index.get(), headers.tuple, direction);
  if (headers.icmp == Headers::Icmp::Query) {
    const bool isOurs = isRequest(headers) == (direction == Direction::Out);
    key.remotePort =
        static_cast<std::uint16_t>((isOurs ? 0U : 1U) + (isTimestamp(headers) ? 2U : 0U));
  }
  return key;
}

FlowKey keyOf(const End& end, const Headers& headers) {
  return keyOf(end.index, end.direction, headers);
}

bool hasKey(const Headers& headers) {
  return headers.icmp == Headers::Icmp::None || headers.icmp == Headers::Icmp::Query;
}

// The flow, if what is known of it holds for the packet.
Flow* ifDecided(Flow* flow, const End& end, const Headers& headers) {
  const bool isDecided =
      flow != nullptr && flow->epoch == end.epoch && !isReopening(flow->connection, headers);
  return isDecided ? flow : nullptr;
}

// Messages that no answer follows, and answers that nobody has asked for, are not remembered: an
// entry would let through what is no answer to them.
bool isRemembered(const Headers& headers) {
  return headers.icmp == Headers::Icmp::None ||
         (headers.icmp == Headers::Icmp::Query && isRequest(headers));
}

DropReason deniedAt(Direction direction) {
  return direction == Direction::Out ? DropReason::SecurityGroupOut : DropReason::SecurityGroupIn;
}

IdleTimes idleTimesOf(const format::Interface& interface) {
  return {.tcpEstablishedSeconds = interface.tcpEstablishedSeconds.get(),
          .udpSeconds = interface.udpSeconds.get(),
          .udpStreamSeconds = interface.udpStreamSeconds.get()};
}

} // namespace

bool Connections::aim(InterfaceIndex from, const Headers& headers, FlowProbe& probe) const {
  if (!headers.isIp() || !hasKey(headers)) return false;
  probe.key = keyOf(from, Direction::Out, headers);
  table_.aim(probe);
  return true;
}

Flow* Connections::find(const End& end, const Headers& headers, const FlowProbe& probe,
                        std::uint64_t nowNs) {
  return ifDecided(table_.find(probe, nowNs), end, headers);
}

Flow* Connections::find(const End& end, const Headers& headers, std::uint64_t nowNs) {
  if (!hasKey(headers)) return nullptr;
  return find(end, headers, table_.probe(keyOf(end, headers)), nowNs);
}

Flow* Connections::findPeer(Flow& sent, const End& end, const Headers& headers,
                            std::uint64_t nowNs) {
  return ifDecided(table_.findPeer(sent, keyOf(end, headers), nowNs), end, headers);
}

const Flow* Connections::peek(const End& end, const Tuple& tuple, std::uint64_t nowNs) const {
  FlowKey key = keyOf(end.index.get(), tuple, end.direction);
  if (isIcmp(tuple.protocol)) {
    key.remotePort = remotePortOfEcho(end.direction);
  }
  return table_.peek(key, nowNs);
}

void Connections::note(Flow& flow, const End& end, const Headers& headers, std::uint64_t nowNs) {
  const std::uint32_t idleMs =
      flow.decision.isAllowed
          ? advance(flow.connection, headers, end.direction, idleTimesOf(*end.interface))
          : kDeniedMs;
  table_.note(flow, idleMs, nowNs);
}

Connections::Admission Connections::decide(const Snapshot& snapshot, const End& end,
                                           const Headers& headers,
                                           std::optional<InterfaceIndex> other,
                                           std::uint64_t nowNs) {
  if (headers.icmp == Headers::Icmp::Error && isOfTracked(end, headers, nowNs)) return {};
  const FlowProbe probe = table_.probe(keyOf(end, headers));
  Flow* flow = hasKey(headers) ? table_.find(probe, nowNs) : nullptr;
  if (flow != nullptr && isReopening(flow->connection, headers)) {
    table_.remove(*flow);
    flow = nullptr;
  }
  if (flow != nullptr) return renew(snapshot, end, *flow, other);

  const GroupDecision decision =
      evaluate(snapshot, end, end.direction, subjectOf(headers, peerOf(end, headers)), other);
  if (!decision.isAllowed) return {.reason = deniedAt(end.direction)};
  return isRemembered(headers) ? begin(snapshot, end, headers, probe, decision, nowNs)
                               : Admission{};
}

GroupDecision Connections::evaluate(const Snapshot& snapshot, const End& end, Direction direction,
                                    RuleSubject subject,
                                    std::optional<InterfaceIndex> other) const {
  const format::Mapping* mapping = snapshot.findMapping(end.subnet->vpc.get(), subject.peer);
  const bool isDirect = mapping != nullptr && other && mapping->interface.get() == other->get();
  subject.peerMapping = isDirect ? mapping : nullptr;
  const std::span<const format::Rule> rulesIn = snapshot.rules(end.interface->rulesIn);
  const std::span<const format::Rule> rulesOut = snapshot.rules(end.interface->rulesOut);
  const bool isOut = direction == Direction::Out;
  const GroupDecision decision =
      decideByGroups(snapshot, isOut ? rulesOut : rulesIn, isOut ? rulesIn : rulesOut, subject);
  if (recorder_ != nullptr) {
    record(end, {.stage = TraceStep::Stage::SecurityGroups,
                 .direction = direction,
                 .isAllowed = decision.isAllowed,
                 .isTracked = decision.isAllowed && decision.isTracked,
                 .rule = ruleIdOf(decision.rule)});
  }
  return decision;
}

Connections::Admission Connections::renew(const Snapshot& snapshot, const End& end, Flow& flow,
                                          std::optional<InterfaceIndex> other) {
  const bool keepsVerdict = flow.isTracked && flow.decision.isAllowed;
  bool isAllowed = keepsVerdict;
  if (keepsVerdict && recorder_ != nullptr) {
    record(end, {.stage = TraceStep::Stage::Connection,
                 .direction = end.direction,
                 .isAllowed = true,
                 .isTracked = true});
  }
  if (!keepsVerdict) {
    // As the packet that began it. Only TCP and UDP are ever untracked.
    const Direction originator = flow.connection.originator;
    const RuleSubject subject{.peer = flow.key.remote,
                              .protocol = flow.key.protocol,
                              .destinationPort = originator == Direction::Out ? flow.key.remotePort
                                                                              : flow.key.localPort};
    const GroupDecision decision = evaluate(snapshot, end, originator, subject, other);
    const bool isTracked = decision.isAllowed && decision.isTracked;
    if (isTracked && !hasRoom(snapshot, end)) return {.reason = DropReason::ConntrackAllowance};
    table_.setTracked(flow, isTracked);
    isAllowed = decision.isAllowed;
  }
  flow.decision = {.isAllowed = isAllowed};
  flow.epoch = end.epoch;
  return {.reason = isAllowed ? DropReason::None : deniedAt(end.direction), .flow = &flow};
}

Connections::Admission Connections::begin(const Snapshot& snapshot, const End& end,
                                          const Headers& headers, const FlowProbe& probe,
                                          GroupDecision decision, std::uint64_t nowNs) {
  if (decision.isTracked && !hasRoom(snapshot, end)) {
    return {.reason = DropReason::ConntrackAllowance};
  }
  Connection connection{.originator = end.direction};
  const std::uint32_t idleMs =
      advance(connection, headers, end.direction, idleTimesOf(*end.interface));
  Flow* flow = table_.insert(
      probe,
      {.owner = end.interface->instance.get(), .isTracked = decision.isTracked, .idleMs = idleMs},
      nowNs);
  if (flow == nullptr) {
    // What need not be remembered passes all the same, by the rules each time.
    return {.reason = decision.isTracked ? DropReason::ConntrackAllowance : DropReason::None};
  }
  flow->connection = connection;
  flow->decision = {.isAllowed = true};
  flow->epoch = end.epoch;
  return {.flow = flow};
}

bool Connections::isOfTracked(const End& end, const Headers& headers, std::uint64_t nowNs) {
  if (!headers.hasInner) return false;
  // The packet that the error tells of went the other way.
  const Direction sent = end.direction == Direction::In ? Direction::Out : Direction::In;
  FlowKey key = keyOf(end.index.get(), headers.inner, sent);
  if (isIcmp(key.protocol)) {
    // Errors tell of pings: that of the end which sent the packet.
    key.remotePort = remotePortOfEcho(sent);
  }
  const Flow* flow = table_.find(key, nowNs);
  return flow != nullptr && flow->isTracked && flow->decision.isAllowed;
}

void Connections::record(const End& end, TraceStep step) const {
  step.at = end.index;
  recorder_->add(step);
}

bool Connections::hasRoom(const Snapshot& snapshot, const End& end) const {
  const std::uint32_t owner = end.interface->instance.get();
  return table_.trackedCount(owner) < snapshot.instances()[owner].trackedMax.get();
}

} // namespace argon::vpc
