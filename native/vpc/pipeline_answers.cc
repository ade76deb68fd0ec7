// SPDX-License-Identifier: Apache-2.0

// The pipeline as the subnet's router: what it answers by itself.

#include "packet/address.h"
#include "packet/answers.h"
#include "packet/frame.h"
#include "packet/headers.h"
#include "packet/spec/protocols.h"
#include "vpc/connections.h"
#include "vpc/conntrack.h"
#include "vpc/drop_reason.h"
#include "vpc/interface_state.h"
#include "vpc/pipeline.h"
#include "vpc/services.h"
#include "vpc/snapshot.h"
#include "vpc/snapshot_format.h"
#include "vpc/verdict.h"

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace argon::vpc {

namespace {

using packet::Headers;
using packet::IpAddress;
using packet::MacAddress;
namespace spec = packet::spec;

constexpr IpAddress kLinkLocalV6 = {.high = 0xFE80'0000'0000'0000, .low = 0};
constexpr unsigned kLinkLocalV6Bits = 10;
// A router advertisement holds for so long (RFC 4861, 6.2.1: three times the longest pause).
constexpr std::uint16_t kRouterLifetimeSeconds = 1800;

bool isPing(const Headers& headers) {
  return headers.icmp == Headers::Icmp::Query &&
         (headers.icmpType == spec::ICMP_ECHO || headers.icmpType == spec::ICMPV6_ECHO);
}

} // namespace

bool Pipeline::takeService(const Passage& passage) {
  if (passage.state.services.take(1, passage.nowNs) == 0) return true;
  passage.state.counters.linklocal_allowance_exceeded.add(1);
  return false;
}

Verdict Pipeline::answer(const Passage& passage, std::size_t bytes) {
  passage.state.counters.answers.add(1);
  return {.kind = Verdict::Kind::Answer,
          .at = passage.from.index,
          .answer = std::span(answer_).first(bytes)};
}

// Of an address that is not the end's own (AD-4). From outside nobody has an address of the VPC.
bool Pipeline::maySend(const End& end, IpAddress source) const {
  if (checksAddresses(*end.interface) || source.isGroup()) return false;
  return !isUplink(*end.interface) || !snapshot_->isLocal(snapshot_->vpcOf(*end.subnet), source);
}

// Who in the subnet has an address; null for nobody, and for the one that asks.
const format::Mapping* Pipeline::neighbor(const End& end, IpAddress address) const {
  const format::Mapping* mapping = snapshot_->findMapping(end.subnet->vpc.get(), address);
  return mapping == nullptr || mapping->interface.get() == end.index.get() ? nullptr : mapping;
}

// AD-3: the subnet's own by their addresses, and the router for all that is not in the subnet.
Verdict Pipeline::handleArp(const Passage& passage) {
  const End& from = passage.from;
  const Headers& headers = passage.headers;
  // 0 asks before an address is used (RFC 5227).
  const bool isOwn = headers.tuple.source == IpAddress::v4(0) ||
                     snapshot_->hasAddress(*from.interface, headers.tuple.source);
  if (headers.arpSenderMac != headers.sourceMac || (checksAddresses(*from.interface) && !isOwn)) {
    return drop(from.index, DropReason::SpoofedArp);
  }
  const IpAddress target = headers.tuple.destination;
  const bool isInside = holds(from.subnet->v4, target) && !isRouter(*from.subnet, target);
  const format::Mapping* mapping = isInside ? neighbor(from, target) : nullptr;
  if (headers.arpOperation != spec::ARP_REQUEST || (isInside && mapping == nullptr)) {
    return drop(from.index, DropReason::Unanswered);
  }
  if (!takeService(passage)) return drop(from.index, DropReason::LinkLocalAllowance);
  const MacAddress owner =
      mapping == nullptr
          ? macOf(from.subnet->routerMac)
          : macOf(snapshot_->interfaceAt(InterfaceIndex(mapping->interface.get()))->mac);
  return answer(passage, packet::writeArpReply(headers, owner, answer_));
}

// The same for IPv6, whose link-local addresses are in no subnet's prefix.
std::optional<MacAddress> Pipeline::ownerOf(const End& end, IpAddress address) const {
  const bool isInside =
      holds(end.subnet->v6, address) || address.isIn(kLinkLocalV6, kLinkLocalV6Bits);
  if (isRouter(*end.subnet, address) || !isInside) return macOf(end.subnet->routerMac);
  const format::Mapping* mapping = neighbor(end, address);
  if (mapping == nullptr) return std::nullopt;
  return macOf(snapshot_->interfaceAt(InterfaceIndex(mapping->interface.get()))->mac);
}

Verdict Pipeline::handleDiscovery(const Passage& passage) {
  const End& from = passage.from;
  const Headers& headers = passage.headers;
  const MacAddress routerMac = macOf(from.subnet->routerMac);
  if (headers.icmpType == spec::ICMPV6_ROUTER_SOLICITATION) {
    if (!takeService(passage)) return drop(from.index, DropReason::LinkLocalAllowance);
    return answer(passage, packet::writeRouterAdvertisement(
                               headers,
                               {.mac = routerMac,
                                .linkLocal = addressOf(from.subnet->routerLinkLocal),
                                .mtuBytes = kMtuBytes,
                                .lifetimeSeconds = kRouterLifetimeSeconds},
                               answer_));
  }
  const bool isAsking = headers.icmpType == spec::ICMPV6_NEIGHBOR_SOLICITATION;
  const std::optional<IpAddress> target =
      isAsking ? packet::solicitedTarget(passage.frame, headers) : std::nullopt;
  if (!target) return drop(from.index, DropReason::Unanswered);
  const std::optional<MacAddress> owner = ownerOf(from, *target);
  if (!owner) return drop(from.index, DropReason::Unanswered);
  if (!takeService(passage)) return drop(from.index, DropReason::LinkLocalAllowance);
  return answer(passage, packet::writeNeighborAdvertisement(headers, *target, *owner,
                                                            *owner == routerMac, answer_));
}

// From whatever address, since link-local ones are in no policy: the answer goes back to who asked.
Verdict Pipeline::handleToRouter(const Passage& passage) {
  const InterfaceIndex from = passage.from.index;
  if (!isPing(passage.headers)) return drop(from, DropReason::RouterAddress);
  if (!takeService(passage)) return drop(from, DropReason::LinkLocalAllowance);
  const std::optional<std::size_t> bytes =
      packet::writeEchoReply(passage.frame, passage.headers, answer_);
  return bytes ? answer(passage, *bytes) : drop(from, DropReason::RouterAddress);
}

// MT-1: dropped, and the sender is told of what would pass where the packet says that nobody is to
// cut it. To its groups that is a message like others: it is of a connection that is tracked, or
// needs a rule (CT-9).
Verdict Pipeline::handleTooBig(const Passage& passage) {
  const Verdict dropped = drop(passage.from.index, DropReason::TooBig);
  const format::Subnet& subnet = *passage.from.subnet;
  const bool isV6 = passage.headers.network == Headers::Network::Ipv6;
  const std::optional<std::size_t> bytes =
      packet::writeTooBig(passage.frame, passage.headers,
                          {.mac = macOf(subnet.routerMac),
                           .router = addressOf(isV6 ? subnet.routerLinkLocal : subnet.routerV4),
                           .mtuBytes = kMtuBytes},
                          answer_);
  if (!bytes) return dropped;
  const std::span<std::byte> message = std::span(answer_).first(*bytes);
  const std::size_t copied = std::min(*bytes, packet::kHeaderBytesMax);
  const iovec rest{.iov_base = message.data() + copied, .iov_len = *bytes - copied};
  const Headers headers = packet::parse({.header = message.first(copied),
                                         .payload = std::span(&rest, rest.iov_len > 0 ? 1 : 0),
                                         .lengthBytes = static_cast<std::uint32_t>(*bytes)});
  const End end = endOf(passage.from.index, Direction::In);
  const bool mayCome =
      connections_.decide(*snapshot_, end, headers, std::nullopt, passage.nowNs).reason ==
      DropReason::None;
  if (!mayCome || !takeService(passage)) return dropped;
  Verdict told = answer(passage, *bytes);
  told.reason = DropReason::TooBig;
  return told;
}

} // namespace argon::vpc
