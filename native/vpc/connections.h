// SPDX-License-Identifier: Apache-2.0
#pragma once

// What security groups let through, with the connections that they remember (network.md 4.1, 4.2).
//
// A flow has an entry at each interface that it passes. A tracked one keeps the verdict of the
// security groups until it is idle too long, whatever becomes of the rules (CT-6). An untracked one
// is decided anew in each epoch, always as the packet that began it; if it is denied then, it is so
// in both directions, so that answers to what is no longer let in do not begin it once more.
//
// One thread: the engine's.

#include "packet/headers.h"
#include "vpc/conntrack.h"
#include "vpc/drop_reason.h"
#include "vpc/flow_table.h"
#include "vpc/rules.h"
#include "vpc/snapshot.h"
#include "vpc/snapshot_format.h"
#include "vpc/trace_recorder.h"

#include <cstdint>
#include <optional>

namespace argon::vpc {

/// One end of a packet's way: an interface that it leaves or reaches.
struct End {
  InterfaceIndex index;
  const format::Interface* interface = nullptr;
  const format::Subnet* subnet = nullptr;
  Direction direction = Direction::Out;
  std::uint32_t epoch = 0;
};

/// The address at the other end.
[[nodiscard]] inline packet::IpAddress peerOf(const End& end, const packet::Headers& headers) {
  return end.direction == Direction::Out ? headers.tuple.destination : headers.tuple.source;
}

class Connections {
public:
  /// `recorder`: null, or what decisions are written down in.
  explicit Connections(FlowTable& table, TraceRecorder* recorder = nullptr)
      : table_(table), recorder_(recorder) {}

  /// Writes down what find() looks for, of a packet that the interface's guest has sent. False if
  /// such have no flow.
  [[nodiscard]] bool aim(InterfaceIndex from, const packet::Headers& headers,
                         FlowProbe& probe) const;
  /// The flow of a packet if all is decided in this epoch; null if decide() has to be asked.
  [[nodiscard]] Flow* find(const End& end, const packet::Headers& headers, const FlowProbe& probe,
                           std::uint64_t nowNs);
  [[nodiscard]] Flow* find(const End& end, const packet::Headers& headers, std::uint64_t nowNs);
  /// The same where a packet arrives whose flow where it left is `sent`.
  [[nodiscard]] Flow* findPeer(Flow& sent, const End& end, const packet::Headers& headers,
                               std::uint64_t nowNs);

  /// What is known of packets of a tuple, which is no ICMP answer's or error's; null for nothing.
  [[nodiscard]] const Flow* peek(const End& end, const packet::Tuple& tuple,
                                 std::uint64_t nowNs) const;

  struct Admission {
    DropReason reason = DropReason::None;
    /// Null if nothing is remembered of the packet.
    Flow* flow = nullptr;
  };
  /// Decides about a packet of an untold flow. `other` is the interface at the other end, where
  /// the packet comes from or goes to directly.
  [[nodiscard]] Admission decide(const Snapshot& snapshot, const End& end,
                                 const packet::Headers& headers,
                                 std::optional<InterfaceIndex> other, std::uint64_t nowNs);
  /// A packet of the flow is let through by the security groups.
  void note(Flow& flow, const End& end, const packet::Headers& headers, std::uint64_t nowNs);

private:
  [[nodiscard]] GroupDecision evaluate(const Snapshot& snapshot, const End& end,
                                       Direction direction, RuleSubject subject,
                                       std::optional<InterfaceIndex> other) const;
  [[nodiscard]] Admission renew(const Snapshot& snapshot, const End& end, Flow& flow,
                                std::optional<InterfaceIndex> other);
  [[nodiscard]] Admission begin(const Snapshot& snapshot, const End& end,
                                const packet::Headers& headers, const FlowProbe& probe,
                                GroupDecision decision, std::uint64_t nowNs);
  [[nodiscard]] bool isOfTracked(const End& end, const packet::Headers& headers,
                                 std::uint64_t nowNs);
  [[nodiscard]] bool hasRoom(const Snapshot& snapshot, const End& end) const;

  void record(const End& end, TraceStep step) const;

  FlowTable& table_;
  TraceRecorder* recorder_;
};

} // namespace argon::vpc
