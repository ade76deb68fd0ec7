// SPDX-License-Identifier: Apache-2.0
#include "vpc/pipeline.h"

#include "base/check.h"
#include "base/counter.h"
#include "packet/address.h"
#include "packet/frame.h"
#include "packet/headers.h"
#include "packet/spec/protocols.h"
#include "vpc/connections.h"
#include "vpc/conntrack.h"
#include "vpc/drop_reason.h"
#include "vpc/flow_table.h"
#include "vpc/interface_state.h"
#include "vpc/rules.h"
#include "vpc/services.h"
#include "vpc/snapshot.h"
#include "vpc/snapshot_format.h"
#include "vpc/trace_recorder.h"
#include "vpc/verdict.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace argon::vpc {

namespace {

using packet::Headers;
using packet::IpAddress;
using Network = Headers::Network;
namespace spec = packet::spec;

constexpr IpAddress kLinkLocalV6 = {.high = 0xFE80'0000'0000'0000, .low = 0};
constexpr unsigned kLinkLocalV6Bits = 10;
// Flows looked at in a turn of the engine; arbitrary, about what a turn's frames may begin.
constexpr unsigned kExpiryLookCount = 32;

// Router and neighbor discovery (RFC 4861), from the link.
bool isDiscovery(const Headers& headers) {
  return headers.network == Network::Ipv6 && headers.icmp == Headers::Icmp::Other &&
         headers.icmpType >= spec::ICMPV6_ROUTER_SOLICITATION &&
         headers.icmpType <= spec::ICMPV6_NEIGHBOR_ADVERTISEMENT;
}

// MT-1; of what is to be segmented, the largest segment (network.md, T-24).
bool isTooBig(const packet::Frame& frame, const Headers& headers) {
  const bool isSegmented = frame.offload.segmentation != packet::Offload::Segmentation::None;
  const std::size_t end =
      isSegmented ? std::min<std::size_t>(headers.endBytes,
                                          headers.payloadOffset + frame.offload.segmentBytes)
                  : headers.endBytes;
  return end > spec::kEthernetBytes + kMtuBytes;
}

TraceStep neighborStep(const End& end, IpAddress destination) {
  const format::Prefix& prefix = destination.isV4() ? end.subnet->v4 : end.subnet->v6;
  return {.stage = TraceStep::Stage::Route,
          .at = end.index,
          .isAllowed = true,
          .routeTarget = format::RouteTarget::Local,
          .routeNetwork = addressOf(prefix.network),
          .routeBits = prefix.bits};
}

TraceStep routeStep(const End& end, const format::Route* route) {
  TraceStep step{.stage = TraceStep::Stage::Route, .at = end.index};
  if (route == nullptr) return step;
  step.routeTarget = static_cast<format::RouteTarget>(route->target);
  step.isAllowed = step.routeTarget != format::RouteTarget::Blackhole;
  step.routeNetwork = addressOf(route->network);
  step.routeBits = route->prefixBits;
  return step;
}

} // namespace

Pipeline::Pipeline(const Options& options)
    : recorder_(options.recorder), table_({.capacity = options.flowCountMax,
                                           .ownerCountMax = options.instanceCountMax,
                                           .interfaceCountMax = options.interfaceCountMax,
                                           .secret = options.secret}),
      connections_(table_, options.recorder), states_(options.interfaceCountMax),
      instanceCountMax_(options.instanceCountMax), answer_(spec::kEthernetBytes + kMtuBytes) {}

bool Pipeline::tick(std::uint64_t nowNs) { return table_.expire(nowNs, kExpiryLookCount); }

End Pipeline::endOf(InterfaceIndex index, Direction direction) const {
  const format::Interface* interface = snapshot_->interfaceAt(index);
  ARGON_DCHECK(interface != nullptr);
  return {.index = index,
          .interface = interface,
          .subnet = &snapshot_->subnetOf(*interface),
          .direction = direction,
          .epoch = states_[index.get()].epoch};
}

Verdict Pipeline::drop(InterfaceIndex at, DropReason reason) {
  InterfaceCounters& counters = states_[at.get()].counters;
  counters.drops[static_cast<std::size_t>(reason)].add(1);
  if (reason == DropReason::ConntrackAllowance) {
    counters.conntrack_allowance_exceeded.add(1);
  }
  return {.reason = reason, .at = at};
}

void Pipeline::foresee(InterfaceIndex from, const Headers& headers, Foresight& foresight) const {
  foresight.hasProbe =
      headers.fault == packet::ParseFault::None && connections_.aim(from, headers, foresight.probe);
  if (foresight.hasProbe) {
    table_.prefetch(foresight.probe);
  }
}

Verdict Pipeline::handle(InterfaceIndex from, const packet::Frame& frame, const Headers& headers,
                         const Foresight& foresight, std::uint64_t nowNs) {
  InterfaceState& state = states_[from.get()];
  if (headers.fault != packet::ParseFault::None) {
    state.counters.faults[static_cast<std::size_t>(headers.fault)].add(1);
    return drop(from, DropReason::Malformed);
  }
  if (snapshot_ == nullptr || snapshot_->interfaceAt(from) == nullptr) {
    return drop(from, DropReason::NoPolicy);
  }
  const Passage passage{.frame = frame,
                        .headers = headers,
                        .nowNs = nowNs,
                        .from = endOf(from, Direction::Out),
                        .state = state,
                        .foresight = foresight};
  if (headers.sourceMac != macOf(passage.from.interface->mac)) {
    return drop(from, DropReason::SpoofedMac);
  }
  if (headers.network == Network::Arp) return handleArp(passage);
  return isDiscovery(headers) ? handleDiscovery(passage) : handleIp(passage);
}

// BW-1, BW-2: none if the sender may send; else when to ask again.
std::optional<std::uint64_t> Pipeline::takeOut(const Passage& passage) {
  InstanceState& instance = *passage.state.shared;
  InterfaceCounters& counters = passage.state.counters;
  const auto hold = [&](Counter& counter, std::uint64_t retryAtNs) {
    // Once for each packet, however often the engine looks at it.
    counter.add(passage.state.isHolding ? 0 : 1);
    passage.state.isHolding = true;
    return retryAtNs;
  };
  if (const std::uint64_t retry = instance.packets.take(1, passage.nowNs); retry != 0) {
    return hold(counters.pps_allowance_exceeded, retry);
  }
  if (const std::uint64_t retry =
          instance.bandwidthOut.take(passage.headers.endBytes, passage.nowNs);
      retry != 0) {
    instance.packets.giveBack(1);
    return hold(counters.bw_out_allowance_exceeded, retry);
  }
  passage.state.isHolding = false;
  return std::nullopt;
}

Verdict Pipeline::handleIp(const Passage& passage) {
  const InterfaceIndex from = passage.from.index;
  const format::Subnet& subnet = *passage.from.subnet;
  const Headers& headers = passage.headers;
  if (const auto retryAtNs = takeOut(passage)) {
    return {.kind = Verdict::Kind::Hold, .at = from, .retryAtNs = *retryAtNs};
  }
  const bool isLaterFragment = headers.isFragment && !headers.isFirstFragment;
  Flow* flow = nullptr;
  if (passage.foresight.hasProbe && !isLaterFragment) {
    flow = connections_.find(passage.from, headers, passage.foresight.probe, passage.nowNs);
    // What is asked below of addresses was asked of the packet that had it decided in this epoch.
    const bool isKnown = flow != nullptr && flow->decision.hasOut && !headers.isFragment &&
                         headers.icmp == Headers::Icmp::None && !headers.destinationMac.isGroup();
    if (isKnown && serviceOf(*snapshot_, subnet, headers) == Service::None) {
      return forward(passage, flow);
    }
  }
  const bool isOwn = snapshot_->hasAddress(*passage.from.interface, headers.tuple.source);
  const Service service =
      isUplink(*passage.from.interface) ? Service::None : serviceOf(*snapshot_, subnet, headers);
  if (service != Service::None) {
    // Whoever asks for an address has none yet.
    const bool isAsking = service == Service::Dhcpv4 || service == Service::Dhcpv6;
    if (!isOwn && !isAsking) return drop(from, DropReason::SpoofedSource);
    if (!takeService(passage)) return drop(from, DropReason::LinkLocalAllowance);
    passage.state.counters.punts.add(1);
    return {.kind = Verdict::Kind::Punt, .service = service, .at = from};
  }
  const IpAddress destination = headers.tuple.destination;
  if (destination.isGroup() || headers.destinationMac.isGroup()) {
    return drop(from, DropReason::Multicast);
  }
  if (isRouter(subnet, destination)) return handleToRouter(passage);
  const bool isLinkLocal =
      destination.isIn(kLinkLocalV6, kLinkLocalV6Bits) ||
      destination.isIn(IpAddress::v4(169, 254, 0, 0), IpAddress::kV4PrefixBits + 16);
  if (isLinkLocal || isServiceRange(destination)) return drop(from, DropReason::LinkLocal);
  if (!isOwn && !maySend(passage.from, headers.tuple.source)) {
    return drop(from, DropReason::SpoofedSource);
  }
  return isLaterFragment ? forwardLaterFragment(passage) : forward(passage, flow);
}

Pipeline::Resolution Pipeline::resolve(const End& end, IpAddress destination) const {
  const bool isInside = holds(end.subnet->v4, destination) || holds(end.subnet->v6, destination);
  const bool isLocal = isInside && (destination.isV4() || end.subnet->v6.bits > 0);
  const format::Route* route = isLocal ? nullptr : snapshot_->findRoute(*end.subnet, destination);
  if (recorder_ != nullptr) {
    recorder_->add(isLocal ? neighborStep(end, destination) : routeStep(end, route));
  }
  if (!isLocal) {
    if (route == nullptr) return {.reason = DropReason::NoRoute};
    const auto target = static_cast<format::RouteTarget>(route->target);
    if (target == format::RouteTarget::Blackhole) return {.reason = DropReason::Blackhole};
    if (target == format::RouteTarget::Interface) {
      return {.target = InterfaceIndex(route->interface.get())};
    }
  }
  const format::Mapping* mapping = snapshot_->findMapping(end.subnet->vpc.get(), destination);
  if (mapping == nullptr) return {.reason = DropReason::NoMapping};
  return {.target = InterfaceIndex(mapping->interface.get())};
}

// Of the end's subnet, for what leaves or enters it.
bool Pipeline::isAllowedByAcl(const End& end, const RuleSubject& subject) const {
  const bool isOut = end.direction == Direction::Out;
  const AclDecision decision = decideByAcl(
      *snapshot_, snapshot_->rules(isOut ? end.subnet->aclOut : end.subnet->aclIn), subject);
  if (recorder_ != nullptr) {
    recorder_->add({.stage = TraceStep::Stage::Acl,
                    .at = end.index,
                    .direction = end.direction,
                    .isAllowed = decision.isAllowed,
                    .rule = ruleIdOf(decision.rule)});
  }
  return decision.isAllowed;
}

DropReason Pipeline::aclOut(const Passage& passage, const Resolution& resolution) const {
  if (!resolution.target) return resolution.reason;
  const format::Interface& target = *snapshot_->interfaceAt(*resolution.target);
  // NA-2: not within a subnet.
  if (target.subnet == passage.from.interface->subnet) return DropReason::None;
  const Headers& headers = passage.headers;
  return isAllowedByAcl(passage.from, subjectOf(headers, headers.tuple.destination))
             ? DropReason::None
             : DropReason::AclOut;
}

// The sender's side. `flow`: what find() found, and then the packet's if it has one; `target` is
// set if there is no reason.
DropReason Pipeline::leave(const Passage& passage, Flow*& flow, InterfaceIndex& target) {
  const End& end = passage.from;
  const Headers& headers = passage.headers;
  // Messages of ICMP differ in type within a flow, and ACLs look at that: each is decided (CT-3).
  const bool isCached = headers.icmp == Headers::Icmp::None;
  std::optional<Resolution> resolution;
  if (flow == nullptr) {
    resolution = resolve(end, headers.tuple.destination);
    const Connections::Admission admission =
        connections_.decide(*snapshot_, end, headers, resolution->target, passage.nowNs);
    flow = admission.flow;
    if (flow == nullptr && admission.reason != DropReason::None) return admission.reason;
  }
  if (flow != nullptr) {
    connections_.note(*flow, end, headers, passage.nowNs);
    if (!flow->decision.isAllowed) return DropReason::SecurityGroupOut;
    if (isCached && flow->decision.hasOut) {
      target = InterfaceIndex(flow->decision.other);
      return static_cast<DropReason>(flow->decision.outReason);
    }
  }
  if (!resolution) {
    resolution = resolve(end, headers.tuple.destination);
  }
  const DropReason reason = aclOut(passage, *resolution);
  target = resolution->target.value_or(end.index);
  if (flow != nullptr) {
    flow->decision.setOut(static_cast<std::uint8_t>(reason), target.get());
  }
  return reason;
}

// What is asked of a packet that arrives, before the security groups.
DropReason Pipeline::admitIn(const Passage& passage, const End& end) const {
  const Headers& headers = passage.headers;
  if (checksAddresses(*end.interface) &&
      !snapshot_->hasAddress(*end.interface, headers.tuple.destination)) {
    return DropReason::NotOwnDestination;
  }
  if (end.interface->subnet == passage.from.interface->subnet) return DropReason::None;
  return isAllowedByAcl(end, subjectOf(headers, headers.tuple.source)) ? DropReason::None
                                                                       : DropReason::AclIn;
}

// The receiver's side. `sent`: the packet's flow at the sender's, or null.
DropReason Pipeline::arrive(const Passage& passage, const End& end, Flow* sent) {
  const Headers& headers = passage.headers;
  const std::uint32_t source = passage.from.index.get();
  const bool isCached = headers.icmp == Headers::Icmp::None;
  Flow* flow = sent == nullptr ? connections_.find(end, headers, passage.nowNs)
                               : connections_.findPeer(*sent, end, headers, passage.nowNs);
  const bool isKnown =
      flow != nullptr && isCached && flow->decision.hasIn && flow->decision.other == source;
  const DropReason reason =
      isKnown ? static_cast<DropReason>(flow->decision.inReason) : admitIn(passage, end);
  if (reason == DropReason::None && flow == nullptr) {
    const Connections::Admission admission =
        connections_.decide(*snapshot_, end, headers, passage.from.index, passage.nowNs);
    flow = admission.flow;
    if (flow == nullptr) return admission.reason;
  }
  if (flow == nullptr) return reason;
  if (!isKnown) {
    flow->decision.setIn(static_cast<std::uint8_t>(reason), source);
  }
  if (reason != DropReason::None) return reason;
  connections_.note(*flow, end, headers, passage.nowNs);
  return flow->decision.isAllowed ? DropReason::None : DropReason::SecurityGroupIn;
}

// `flow`: what find() found of it.
Verdict Pipeline::forward(const Passage& passage, Flow* flow) {
  const InterfaceIndex from = passage.from.index;
  const Headers& headers = passage.headers;
  if (headers.isFragment && passage.state.fragments.take(1, passage.nowNs) != 0) {
    return drop(from, DropReason::FragmentAllowance);
  }
  InterfaceIndex target;
  if (const DropReason reason = leave(passage, flow, target); reason != DropReason::None) {
    return drop(from, reason);
  }
  if (isTooBig(passage.frame, headers)) [[unlikely]] {
    return handleTooBig(passage);
  }
  const End end = endOf(target, Direction::In);
  if (const DropReason reason = arrive(passage, end, flow); reason != DropReason::None) {
    return drop(target, reason);
  }
  if (headers.isFragment) {
    passage.state.fragmentTable.add(headers, target.get(), passage.nowNs);
  }
  return deliver(passage, end);
}

// Without ports there is nothing to decide by: it goes where its first fragment went.
Verdict Pipeline::forwardLaterFragment(const Passage& passage) {
  const InterfaceIndex from = passage.from.index;
  if (passage.state.fragments.take(1, passage.nowNs) != 0) {
    return drop(from, DropReason::FragmentAllowance);
  }
  const FragmentTable::Found found =
      passage.state.fragmentTable.find(passage.headers, passage.nowNs);
  const InterfaceIndex target(found.target);
  if (!found.isThere || snapshot_->interfaceAt(target) == nullptr) {
    return drop(from, DropReason::FragmentWithoutFirst);
  }
  if (isTooBig(passage.frame, passage.headers)) return drop(from, DropReason::TooBig);
  return deliver(passage, endOf(target, Direction::In));
}

// BW-1, BW-2 at the receiver. Takes nothing if the packet has to wait.
Pipeline::Wait Pipeline::takeIn(const InterfaceState& state, std::uint32_t bytes,
                                std::uint64_t nowNs) {
  InstanceState& instance = *state.shared;
  if (const std::uint64_t retry = instance.packets.take(1, nowNs); retry != 0) {
    return {.reason = DropReason::PacketAllowance, .retryAtNs = retry};
  }
  if (const std::uint64_t retry = instance.bandwidthIn.take(bytes, nowNs); retry != 0) {
    instance.packets.giveBack(1);
    return {.reason = DropReason::BandwidthInAllowance, .retryAtNs = retry};
  }
  return {};
}

// BW-3: "queue, then drop". Counted once, whatever becomes of it. False if there is no room.
bool Pipeline::enqueue(InterfaceState& state, std::uint32_t bytes, DropReason over) {
  InterfaceCounters& counters = state.counters;
  (over == DropReason::PacketAllowance ? counters.pps_allowance_exceeded
                                       : counters.bw_in_allowance_exceeded)
      .add(1);
  Backlog& backlog = state.backlog;
  if (backlog.frameCount == kBacklogFramesMax || bytes > kBacklogBytesMax - backlog.bytes) {
    return false;
  }
  ++backlog.frameCount;
  backlog.bytes += bytes;
  backlog.over = over;
  return true;
}

std::uint64_t Pipeline::release(InterfaceIndex at, std::uint32_t bytes, std::uint64_t nowNs) {
  InterfaceState& state = states_[at.get()];
  Backlog& backlog = state.backlog;
  ARGON_CHECK(backlog.frameCount > 0 && backlog.bytes >= bytes);
  const Wait wait = takeIn(state, bytes, nowNs);
  if (wait.reason != DropReason::None) {
    backlog.over = wait.reason;
    return wait.retryAtNs;
  }
  --backlog.frameCount;
  backlog.bytes -= bytes;
  return 0;
}

// AD-3: whoever is in another subnet sees the router of its own.
Verdict Pipeline::deliver(const Passage& passage, const End& end) {
  const InterfaceIndex target = end.index;
  const std::uint32_t bytes = passage.headers.endBytes;
  InterfaceState& state = states_[target.get()];
  // While others wait it waits behind them.
  const DropReason over = state.backlog.frameCount > 0 ? state.backlog.over
                                                       : takeIn(state, bytes, passage.nowNs).reason;
  const bool isQueued = over != DropReason::None;
  if (isQueued && !enqueue(state, bytes, over)) [[unlikely]] {
    return drop(target, over);
  }
  InterfaceCounters& counters = state.counters;
  passage.state.counters.framesOut.add(1);
  passage.state.counters.bytesOut.add(bytes);
  counters.framesIn.add(1);
  counters.bytesIn.add(bytes);
  const bool isNeighbor = end.interface->subnet == passage.from.interface->subnet;
  return {.kind = Verdict::Kind::Deliver,
          .at = target,
          .isQueued = isQueued,
          .lengthBytes = bytes,
          .destinationMac = macOf(end.interface->mac),
          .sourceMac = macOf(isNeighbor ? passage.from.interface->mac : end.subnet->routerMac)};
}

} // namespace argon::vpc
