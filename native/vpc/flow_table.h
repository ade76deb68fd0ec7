// SPDX-License-Identifier: Apache-2.0
#pragma once

// All connections of an engine: one object for each connection and interface, since each end tracks
// for itself. Memory is allocated once; a full table says so and forgets nobody (CT-8).
//
// Found by a keyed hash in two buckets of eight, so a look-up has an end whatever a guest sends.
// Idle flows are forgotten by a wheel of lists, one for each second: the packet path writes only
// when a flow was last seen, and a list's turn moves those that were seen meanwhile; only a flow
// that may be idle for a shorter time than before changes its list. Timeouts differ by interface,
// so lists by class of timeout, in the order of their making, would not do.
//
// What a packet's look-up will touch can be fetched ahead: probe(), prefetchFlow() and
// prefetchPeer() change nothing, and what they say is a guess that find() and findAt() hold against
// the whole key.
//
// One thread. Times are nanoseconds of one clock that does not go back.

#include "base/huge_page_allocator.h"
#include "packet/address.h"
#include "vpc/conntrack.h"
#include "vpc/flow_hash.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace argon::vpc {

/// A connection as its interface sees it. Ports are 0 where a protocol has none.
struct FlowKey {
  /// No interface's.
  static constexpr std::uint16_t kNoInterface = 0xFFFF;

  packet::IpAddress local;
  packet::IpAddress remote;
  std::uint16_t interface = 0;
  std::uint16_t localPort = 0;
  std::uint16_t remotePort = 0;
  std::uint8_t protocol = 0;

  friend bool operator==(const FlowKey&, const FlowKey&) = default;
};

/// Two cache lines; the first has what every packet needs, and known flows touch no more.
struct alignas(64) Flow {
  FlowKey key;
  /// The table's. Forgotten if not seen until then.
  std::uint64_t dueNs = 0;

  /// The interface's epoch when `decision` was made.
  std::uint32_t epoch = 0;
  /// The table's. Where the flow of the connection's other end was seen last, whose place may be
  /// another's by now; 0 for nowhere.
  std::uint32_t peer = 0;
  FlowDecision decision;
  Connection connection;

  /// The table's: set through it alone.
  std::uint32_t owner = 0;
  bool isTracked = false;
  struct Links {
    std::uint32_t next = 0;
    std::uint32_t previous = 0;
  };
  Links inSlot;
  Links inInterface;
  std::uint32_t slot = 0;
};
static_assert(sizeof(Flow) == 128 && offsetof(Flow, owner) == 64);

/// A key, and what its hash says of where its flow is.
struct FlowProbe {
  FlowKey key;
  std::array<std::uint32_t, 2> buckets{};
  std::uint16_t tag = 0;
};

class FlowTable {
public:
  struct Options {
    std::uint32_t capacity = 0;
    /// Instances, whose tracked flows are counted.
    std::uint32_t ownerCountMax = 0;
    /// Below FlowKey::kNoInterface.
    std::uint32_t interfaceCountMax = 0;
    HashSecret secret;
  };
  explicit FlowTable(const Options& options);

  /// What the other look-ups take. The same key's is always the same.
  [[nodiscard]] FlowProbe probe(const FlowKey& key) const;
  /// Has a probe that has its key say where that is.
  void aim(FlowProbe& probe) const;
  /// Has the processor fetch where find() will look first.
  void prefetch(const FlowProbe& probe) const;
  /// Then what find() will probably find. Its place, which may be another's; 0 for none.
  [[nodiscard]] std::uint32_t prefetchFlow(const FlowProbe& probe) const;
  /// Then what is probably at the other end of what is in a place that prefetchFlow() said.
  void prefetchPeer(std::uint32_t place) const;

  /// Null if there is none, or it has been idle too long: then it is forgotten.
  [[nodiscard]] Flow* find(const FlowProbe& probe, std::uint64_t nowNs);
  [[nodiscard]] Flow* find(const FlowKey& key, std::uint64_t nowNs) {
    return find(probe(key), nowNs);
  }
  /// The same of the other end of `flow`, without a look at the buckets if they have met before.
  [[nodiscard]] Flow* findPeer(Flow& flow, const FlowKey& key, std::uint64_t nowNs);
  /// The same, and nothing is forgotten.
  [[nodiscard]] const Flow* peek(const FlowKey& key, std::uint64_t nowNs) const;
  struct Insertion {
    std::uint32_t owner = 0;
    bool isTracked = false;
    std::uint32_t idleMs = 0;
  };
  /// Null if the table is full. There is no flow of that key.
  [[nodiscard]] Flow* insert(const FlowProbe& probe, Insertion insertion, std::uint64_t nowNs);
  [[nodiscard]] Flow* insert(const FlowKey& key, Insertion insertion, std::uint64_t nowNs) {
    return insert(probe(key), insertion, nowNs);
  }
  /// A packet of the flow: it may be idle for so long from now on.
  void note(Flow& flow, std::uint32_t idleMs, std::uint64_t nowNs);
  void remove(Flow& flow);
  /// Forgets all flows of an interface that is gone.
  void removeInterface(std::uint32_t interface);
  /// Has an interface's tracked flows counted with another owner's.
  void setOwner(std::uint32_t interface, std::uint32_t owner);
  void setTracked(Flow& flow, bool isTracked);
  /// Has an owner's tracked flows counted as so many: those of another table with them.
  void assumeTracked(std::uint32_t owner, std::uint32_t count) { trackedCounts_[owner] = count; }
  /// Forgets what has been idle too long since a second that is over, looking at no more than
  /// `lookCountMax` flows. True if there is more to look at.
  [[nodiscard]] bool expire(std::uint64_t nowNs, unsigned lookCountMax);

  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] std::uint32_t capacity() const { return capacity_; }
  [[nodiscard]] std::uint32_t trackedCount(std::uint32_t owner) const {
    return trackedCounts_[owner];
  }
  /// The flows of an interface, newest first, until `visit` says no.
  template <typename Visit>
  void visitInterface(std::uint32_t interface, Visit visit) const {
    for (std::uint32_t index = interfaceHeads_[interface]; index != 0;
         index = flows_[index].inInterface.next) {
      if (!visit(flows_[index])) return;
    }
  }

private:
  static constexpr std::size_t kWays = 8;
  // Longer timeouts are looked at once in a turn of the wheel.
  static constexpr std::uint32_t kSlotCount = 1024;

  // Flows by 16 bits of their hash, which are never 0, and their index; the tag is 0 where there is
  // none.
  struct alignas(64) Bucket {
    std::array<std::uint16_t, kWays> tags{};
    std::array<std::uint32_t, kWays> indexes{};
  };
  using LinksOf = Flow::Links Flow::*;

  [[nodiscard]] std::uint32_t findIndex(const FlowProbe& probe) const;
  [[nodiscard]] Flow* unlessIdle(Flow& flow, std::uint64_t nowNs);
  [[nodiscard]] std::uint32_t indexOf(const Flow& flow) const;
  void link(std::uint32_t& head, std::uint32_t index, LinksOf links);
  void unlink(std::uint32_t& head, std::uint32_t index, LinksOf links);
  // Of the second in which a flow will have been idle too long, or the last one of a turn.
  [[nodiscard]] std::uint32_t slotOf(const Flow& flow) const;
  void schedule(std::uint32_t index);
  bool addToBucket(const FlowProbe& probe, std::uint32_t index);
  void dropFromBucket(const FlowProbe& probe, std::uint32_t index);

  HashSecret secret_;
  std::uint32_t capacity_;
  std::uint32_t size_ = 0;
  std::uint32_t bucketMask_;
  std::vector<Bucket, HugePageAllocator<Bucket>> buckets_;
  // Index 0 is nobody's.
  std::vector<Flow, HugePageAllocator<Flow>> flows_;
  // Forgotten ones, linked by inSlot.next; and how many have ever been used.
  std::uint32_t freeHead_ = 0;
  std::uint32_t usedCount_ = 0;
  std::array<std::uint32_t, kSlotCount> slotHeads_{};
  std::vector<std::uint32_t> interfaceHeads_;
  std::vector<std::uint32_t> trackedCounts_;
  // The next second whose list is to be looked at.
  std::uint64_t wheelSecond_ = 0;
};

} // namespace argon::vpc
