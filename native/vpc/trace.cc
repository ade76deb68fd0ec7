// SPDX-License-Identifier: Apache-2.0
#include "vpc/trace.h"

#include "base/error.h"
#include "base/result.h"
#include "packet/address.h"
#include "packet/frame.h"
#include "packet/headers.h"
#include "packet/probe.h"
#include "packet/spec/protocols.h"
#include "vpc/connections.h"
#include "vpc/conntrack.h"
#include "vpc/flow_table.h"
#include "vpc/pipeline.h"
#include "vpc/services.h"
#include "vpc/snapshot.h"
#include "vpc/snapshot_format.h"
#include "vpc/trace_recorder.h"
#include "vpc/verdict.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace argon::vpc {

namespace {

using packet::IpAddress;
namespace spec = packet::spec;

// What the packet itself may begin: a flow at each end.
constexpr std::uint32_t kOwnFlowCount = 2;
// A rehearsal is one moment: what is remembered then need not last longer.
constexpr std::uint32_t kSeedIdleMs = 1;

constexpr std::array<std::string_view, 4> kStageNames = {"connection", "security-groups", "acl",
                                                         "route"};
constexpr std::array<std::string_view, 5> kKindNames = {"drop", "deliver", "answer", "punt",
                                                        "hold"};
constexpr std::array<std::string_view, 7> kServiceNames = {"none", "dhcpv4",   "dhcpv6",      "dns",
                                                           "ntp",  "metadata", "dns-over-tcp"};

// The first address of a family; a delegated prefix is none.
std::optional<IpAddress> firstAddress(const Snapshot& snapshot, const format::Interface& interface,
                                      IpAddress like) {
  for (const format::Prefix& prefix : snapshot.prefixes(interface.addresses)) {
    const IpAddress address = addressOf(prefix.network);
    if (prefix.bits == IpAddress::kBits && address.isV4() == like.isV4()) return address;
  }
  return std::nullopt;
}

} // namespace

TraceSeed Pipeline::seedTrace(const TraceQuestion& question, std::uint64_t nowNs) const {
  TraceSeed seed{.snapshot = snapshot_, .nowNs = nowNs};
  if (snapshot_ == nullptr) return seed;
  const Result<packet::Tuple> asked = tupleOf(*snapshot_, question);
  if (!asked) return seed; // rehearse() says the same.
  const packet::Tuple& tuple = *asked;
  const auto add = [&](const End& end) {
    if (const Flow* flow = connections_.peek(end, tuple, nowNs); flow != nullptr) {
      seed.flows.push_back(*flow);
    }
  };
  const End end = endOf(question.from, Direction::Out);
  add(end);
  if (const Resolution resolution = resolve(end, tuple.destination); resolution.target) {
    add(endOf(*resolution.target, Direction::In));
  }
  for (std::uint32_t owner = 0; owner < snapshot_->instances().size(); ++owner) {
    seed.trackedCounts.push_back(table_.trackedCount(owner));
  }
  seed.hasRoom = table_.size() < table_.capacity();
  return seed;
}

void Pipeline::adopt(const TraceSeed& seed) {
  for (const Flow& flow : seed.flows) {
    Flow* own = table_.insert(
        flow.key, {.owner = flow.owner, .isTracked = flow.isTracked, .idleMs = kSeedIdleMs},
        seed.nowNs);
    if (own == nullptr) continue;
    own->connection = flow.connection;
    // Of an epoch before the policy's: it is decided anew, which says why, and by the same policy.
    own->decision = {.isAllowed = flow.decision.isAllowed};
  }
  for (std::uint32_t owner = 0; owner < seed.trackedCounts.size(); ++owner) {
    table_.assumeTracked(owner, seed.trackedCounts[owner]);
  }
}

Result<packet::Tuple> tupleOf(const Snapshot& snapshot, const TraceQuestion& question) {
  const format::Interface* interface = snapshot.interfaceAt(question.from);
  if (interface == nullptr) return Error(ErrorKind::NotFound, "the interface is in no policy");
  const std::optional<IpAddress> source =
      question.source ? question.source : firstAddress(snapshot, *interface, question.destination);
  if (!source) {
    return Error(ErrorKind::InvalidArgument,
                 "the interface has no address of the destination's family");
  }
  if (source->isV4() != question.destination.isV4()) {
    return Error(ErrorKind::InvalidArgument, "source and destination are of different families");
  }
  const bool isIcmp =
      question.protocol == spec::PROTOCOL_ICMP || question.protocol == spec::PROTOCOL_ICMPV6;
  return packet::Tuple{.source = *source,
                       .destination = question.destination,
                       .sourcePort = question.sourcePort,
                       .destinationPort = isIcmp ? question.sourcePort : question.destinationPort,
                       .protocol = question.protocol};
}

Result<Trace> rehearse(const TraceSeed& seed, const TraceQuestion& question) {
  if (seed.snapshot == nullptr) return Error(ErrorKind::NotFound, "the card has no policy");
  const Snapshot& snapshot = *seed.snapshot;
  ARGON_TRY_ASSIGN(const packet::Tuple tuple, tupleOf(snapshot, question));
  TraceRecorder recorder;
  const auto flowCount = static_cast<std::uint32_t>(seed.flows.size());
  Pipeline pipeline({.interfaceCountMax = snapshot.interfaceCount(),
                     .instanceCountMax = static_cast<std::uint32_t>(snapshot.instances().size()),
                     .flowCountMax = flowCount + (seed.hasRoom ? kOwnFlowCount : 0),
                     .recorder = &recorder});
  ARGON_TRY(pipeline.setPolicy(seed.snapshot, seed.nowNs));
  pipeline.adopt(seed);

  const format::Interface& interface = *snapshot.interfaceAt(question.from);
  std::array<std::byte, packet::kProbeBytesMax> bytes{};
  const std::size_t length =
      packet::writeProbe({.destinationMac = macOf(snapshot.subnetOf(interface).routerMac),
                          .sourceMac = macOf(interface.mac),
                          .tuple = tuple,
                          .tcpFlags = question.tcpFlags},
                         bytes);
  const packet::Frame frame{.header = std::span(bytes).first(length),
                            .lengthBytes = static_cast<std::uint32_t>(length)};
  const Verdict verdict = pipeline.handle(question.from, frame, packet::parse(frame), seed.nowNs);
  return Trace{.generation = snapshot.generation(),
               .steps = recorder.steps(),
               .kind = verdict.kind,
               .reason = verdict.reason,
               .service = verdict.service,
               .at = verdict.at};
}

std::string_view traceStageName(TraceStep::Stage stage) {
  return kStageNames[static_cast<std::size_t>(stage)];
}

std::string_view verdictKindName(Verdict::Kind kind) {
  return kKindNames[static_cast<std::size_t>(kind)];
}

std::string_view serviceName(Service service) {
  return kServiceNames[static_cast<std::size_t>(service)];
}

} // namespace argon::vpc
