// SPDX-License-Identifier: Apache-2.0
#pragma once

// Decides what happens to a frame, on the engine's thread (docs/design/0017). The order of stages:
//
//     parsed ── MAC ── ARP, neighbor discovery ── allowances ── services ── groups of addresses
//        ── source ── security groups out ── ACL out ── route ── size
//        ── ACL in ── security groups in ── allowances in ── delivered
//
// What a first packet was found to be is kept with its flow; the next ones take a look-up at each
// end. No packet allocates.

#include "base/result.h"
#include "packet/frame.h"
#include "packet/headers.h"
#include "vpc/connections.h"
#include "vpc/flow_table.h"
#include "vpc/interface_state.h"
#include "vpc/rules.h"
#include "vpc/snapshot.h"
#include "vpc/trace.h"
#include "vpc/trace_recorder.h"
#include "vpc/verdict.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace argon::vpc {

/// The MTU inside a VPC (MT-1).
inline constexpr std::size_t kMtuBytes = 9001;
/// BW-6.
inline constexpr std::uint64_t kFragmentsPerSecond = 1024;

class Pipeline {
public:
  struct Options {
    std::uint32_t interfaceCountMax = 0;
    std::uint32_t instanceCountMax = 0;
    std::uint32_t flowCountMax = 0;
    HashSecret secret;
    /// Of a rehearsal (vpc/trace.h): outlives the pipeline. Null in the live one.
    TraceRecorder* recorder = nullptr;
  };
  explicit Pipeline(const Options& options);
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;
  ~Pipeline() = default;

  /// Puts a policy in the place of the one before, between two frames. Interfaces whose hash is the
  /// same keep what was decided, others decide anew; those that are gone are forgotten. Fails with
  /// Exhausted if it has more interfaces or instances than there is room for, and changes nothing.
  Result<void> setPolicy(std::shared_ptr<const Snapshot> snapshot, std::uint64_t nowNs);

  /// Where a frame's flow is looked for. For frames that wait for their turn: made before it, with
  /// pauses between the three steps, it spares the turn most waits for memory. It decides nothing,
  /// changes nothing, and holds whatever is handled meanwhile.
  struct Foresight {
    bool hasProbe = false;
    FlowProbe probe;
    std::uint32_t place = 0;
  };
  /// `headers` is parse()'s, of a frame that `from`'s guest has sent; a fault is no matter.
  void foresee(InterfaceIndex from, const packet::Headers& headers, Foresight& foresight) const;
  void prefetchFlow(Foresight& foresight) const {
    foresight.place = foresight.hasProbe ? table_.prefetchFlow(foresight.probe) : 0;
  }
  void prefetchPeer(const Foresight& foresight) const { table_.prefetchPeer(foresight.place); }

  /// What becomes of a frame that `from`'s guest has sent. `headers` is parse()'s.
  [[nodiscard]] Verdict handle(InterfaceIndex from, const packet::Frame& frame,
                               const packet::Headers& headers, std::uint64_t nowNs) {
    Foresight foresight;
    foresee(from, headers, foresight);
    return handle(from, frame, headers, foresight, nowNs);
  }
  /// `foresight` is what foresee() said of it.
  [[nodiscard]] Verdict handle(InterfaceIndex from, const packet::Frame& frame,
                               const packet::Headers& headers, const Foresight& foresight,
                               std::uint64_t nowNs);

  /// The first frame of those that wait for `at` (Verdict::isQueued), of `bytes` as its verdict
  /// said: 0 if it goes now and is out of the queue, else when to ask again.
  [[nodiscard]] std::uint64_t release(InterfaceIndex at, std::uint32_t bytes, std::uint64_t nowNs);
  /// True if frames for an interface may have to wait, under the latest policy.
  [[nodiscard]] bool mayQueueFor(InterfaceIndex at) const;
  /// How many frames wait for an interface. None after a policy that has another in its place, or
  /// none: whoever holds them lets go of them.
  [[nodiscard]] std::uint32_t backlogCount(InterfaceIndex at) const {
    return states_[at.get()].backlog.frameCount;
  }

  /// What is remembered that matters to a packet, for rehearse(). Changes nothing.
  [[nodiscard]] TraceSeed seedTrace(const TraceQuestion& question, std::uint64_t nowNs) const;
  /// Has a rehearsal's pipeline, which has the seed's policy and no flow, remember the same.
  void adopt(const TraceSeed& seed);

  /// Forgets idle flows; once in each turn of the engine. True if there is more to look at.
  [[nodiscard]] bool tick(std::uint64_t nowNs);

  /// The latest policy; null before the first.
  [[nodiscard]] const std::shared_ptr<const Snapshot>& policy() const { return snapshot_; }
  /// Any thread. Below interfaceCountMax.
  [[nodiscard]] const InterfaceCounters& counters(InterfaceIndex index) const {
    return states_[index.get()].counters;
  }
  [[nodiscard]] const FlowTable& flows() const { return table_; }
  /// conntrack_allowance_available: how many more connections the interface's instance may have.
  /// None if it is in no policy.
  [[nodiscard]] std::optional<std::uint32_t> conntrackAvailable(InterfaceIndex index) const;

private:
  // A frame on its way, and what was found out about it so far.
  struct Passage {
    const packet::Frame& frame;
    const packet::Headers& headers;
    std::uint64_t nowNs = 0;
    End from;
    InterfaceState& state;
    const Foresight& foresight;
  };
  struct Resolution {
    DropReason reason = DropReason::None;
    std::optional<InterfaceIndex> target;
  };

  // What a packet is over, if anything, and until when.
  struct Wait {
    DropReason reason = DropReason::None;
    std::uint64_t retryAtNs = 0;
  };

  void setInstances(const Snapshot& snapshot, std::uint64_t nowNs);
  [[nodiscard]] End endOf(InterfaceIndex index, Direction direction) const;
  Verdict drop(InterfaceIndex at, DropReason reason);
  Verdict handleArp(const Passage& passage);
  Verdict handleDiscovery(const Passage& passage);
  Verdict handleIp(const Passage& passage);
  Verdict handleToRouter(const Passage& passage);
  Verdict handleTooBig(const Passage& passage);
  Verdict forward(const Passage& passage, Flow* flow);
  Verdict forwardLaterFragment(const Passage& passage);
  Verdict deliver(const Passage& passage, const End& end);
  Verdict answer(const Passage& passage, std::size_t bytes);
  [[nodiscard]] std::optional<std::uint64_t> takeOut(const Passage& passage);
  [[nodiscard]] static Wait takeIn(const InterfaceState& state, std::uint32_t bytes,
                                   std::uint64_t nowNs);
  [[nodiscard]] static bool enqueue(InterfaceState& state, std::uint32_t bytes, DropReason over);
  [[nodiscard]] bool takeService(const Passage& passage);
  [[nodiscard]] DropReason leave(const Passage& passage, Flow*& flow, InterfaceIndex& target);
  [[nodiscard]] DropReason arrive(const Passage& passage, const End& end, Flow* sent);
  [[nodiscard]] bool maySend(const End& end, packet::IpAddress source) const;
  [[nodiscard]] Resolution resolve(const End& end, packet::IpAddress destination) const;
  [[nodiscard]] DropReason aclOut(const Passage& passage, const Resolution& resolution) const;
  [[nodiscard]] DropReason admitIn(const Passage& passage, const End& end) const;
  [[nodiscard]] std::optional<packet::MacAddress> ownerOf(const End& end,
                                                          packet::IpAddress address) const;
  [[nodiscard]] const format::Mapping* neighbor(const End& end, packet::IpAddress address) const;

  [[nodiscard]] bool isAllowedByAcl(const End& end, const RuleSubject& subject) const;

  TraceRecorder* recorder_;
  std::shared_ptr<const Snapshot> snapshot_;
  FlowTable table_;
  Connections connections_;
  std::vector<InterfaceState> states_;
  // As the policy numbers them: each stays where it is as long as policies have its identity.
  std::vector<std::unique_ptr<InstanceState>> instances_;
  std::uint32_t instanceCountMax_;
  std::vector<std::byte> answer_;
};

} // namespace argon::vpc
