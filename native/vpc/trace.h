// SPDX-License-Identifier: Apache-2.0
#pragma once

// What would become of a packet, and why. The live pipeline is asked for what it remembers that
// matters (a look-up at each end), and a pipeline of its own, with the same policy and these flows,
// is given the packet on another thread. So a trace goes by the rules themselves and by no copy of
// them, makes no flow, takes no allowance, counts nothing, and does not hold up the engine.
//
// A rehearsal has its allowances untouched: it never says that a packet would be over a rate. Room
// for connections is that of the live pipeline.

#include "base/result.h"
#include "packet/address.h"
#include "packet/headers.h"
#include "vpc/drop_reason.h"
#include "vpc/flow_table.h"
#include "vpc/services.h"
#include "vpc/snapshot.h"
#include "vpc/trace_recorder.h"
#include "vpc/verdict.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace argon::vpc {

/// A packet that the guest of `from` might send.
struct TraceQuestion {
  InterfaceIndex from;
  /// None: the interface's first address of the destination's family.
  std::optional<packet::IpAddress> source;
  packet::IpAddress destination;
  std::uint8_t protocol = 0;
  /// Of TCP and UDP. Of ICMP the source port is the identifier of a request to echo.
  std::uint16_t sourcePort = 0;
  std::uint16_t destinationPort = 0;
  std::uint8_t tcpFlags = 0;
};

/// What a pipeline remembers that matters to one packet.
struct TraceSeed {
  /// The engine and whoever rehearses own it.
  std::shared_ptr<const Snapshot> snapshot;
  /// At the ends of the packet's way.
  std::vector<Flow> flows;
  /// By instance: its tracked flows, those of `flows` among them.
  std::vector<std::uint32_t> trackedCounts;
  bool hasRoom = false;
  std::uint64_t nowNs = 0;
};

struct Trace {
  /// Of the policy.
  std::uint64_t generation = 0;
  std::vector<TraceStep> steps;
  /// As Verdict has them.
  Verdict::Kind kind = Verdict::Kind::Drop;
  DropReason reason = DropReason::None;
  Service service = Service::None;
  InterfaceIndex at;
};

/// The packet's tuple, with its source; of ICMP both ports are the identifier. NotFound if the
/// interface is in no policy; InvalidArgument if it has no address of the destination's family, or
/// the source is of another.
[[nodiscard]] Result<packet::Tuple> tupleOf(const Snapshot& snapshot,
                                            const TraceQuestion& question);

/// Gives a pipeline of its own the packet. Any thread.
[[nodiscard]] Result<Trace> rehearse(const TraceSeed& seed, const TraceQuestion& question);

/// As interfaces of people and programs spell them: `security-groups`, `deliver`, `dns`.
[[nodiscard]] std::string_view traceStageName(TraceStep::Stage stage);
[[nodiscard]] std::string_view verdictKindName(Verdict::Kind kind);
[[nodiscard]] std::string_view serviceName(Service service);

} // namespace argon::vpc
