// SPDX-License-Identifier: Apache-2.0
#pragma once

// Flow logs (network.md 4.9): what an interface sent and got, added up by 5-tuple, direction and
// action over an interval, for what security groups and network ACLs let through or denied. Records
// leave by a bounded ring for another thread.
//
// All memory is allocated when the log is made. An interface has a share of the entries, so that a
// guest which scans ports has its own log shed load and no other's. What does not fit, in the
// entries or in the ring, is told by a SKIPDATA record of the interface when its interval ends.
//
// An interval's records leave a few in each tick, so their order is none. One thread but for the
// ring: the engine's. Times are nanoseconds of its clock.

#include "base/spsc_ring.h"
#include "packet/address.h"
#include "packet/headers.h"
#include "vpc/conntrack.h"
#include "vpc/flow_hash.h"
#include "vpc/snapshot.h"
#include "vpc/verdict.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace argon::vpc {

struct FlowLogRecord {
  enum class Status : std::uint8_t {
    Ok,
    NoData,   // nothing was sent or got in the interval
    SkipData, // not all could be recorded
  };
  enum class Action : std::uint8_t { Accept, Reject };
  Status status = Status::Ok;
  /// Of Ok, as all that follow but identity and times.
  Action action = Action::Accept;
  /// By its record, since numbers are given again.
  std::uint64_t identity = 0;
  /// The interface's end as FL-2 has it. Ports are 0 but for TCP and UDP.
  packet::Tuple tuple;
  /// The addresses that packets had.
  packet::IpAddress packetSource;
  packet::IpAddress packetDestination;
  /// Seen from the interface.
  Direction direction = Direction::Out;
  /// Of TCP: what all packets had of FIN, SYN and RST, and ACK of those that have SYN too (FL-3).
  std::uint8_t tcpFlags = 0;
  std::uint64_t packets = 0;
  /// Of IP packets, their headers included.
  std::uint64_t bytes = 0;
  /// The first and the last packet; without one, the interval.
  std::uint64_t startNs = 0;
  std::uint64_t endNs = 0;
};

using FlowLogRing = SpscRing<FlowLogRecord>;

class FlowLog {
public:
  struct Options {
    std::uint32_t interfaceCountMax = 0;
    std::uint32_t entryCountMax = 0;
    /// Of one interface.
    std::uint32_t entryShareMax = 0;
    HashSecret secret;
  };
  /// The ring outlives the log, which alone puts in.
  FlowLog(const Options& options, FlowLogRing& ring);
  FlowLog(const FlowLog&) = delete;
  FlowLog& operator=(const FlowLog&) = delete;
  ~FlowLog() = default;

  /// Interfaces are those of a policy: one that is gone, or another now, is logged no more.
  void setPolicy(std::shared_ptr<const Snapshot> snapshot, std::uint64_t nowNs);
  /// Logs an interface from now on; one that is logged has its interval changed. False if it is in
  /// no policy.
  [[nodiscard]] bool start(InterfaceIndex index, std::uint64_t intervalNs, std::uint64_t nowNs);
  /// What was recorded leaves as if the interval had ended.
  void stop(InterfaceIndex index, std::uint64_t nowNs);

  /// A packet, and what became of it.
  void note(InterfaceIndex from, const packet::Headers& headers, const Verdict& verdict,
            std::uint64_t nowNs);
  /// Ends intervals and puts out a few of their records; once in each turn of the engine.
  void tick(std::uint64_t nowNs);
  /// When tick() has something to do; none while nothing is logged.
  [[nodiscard]] std::optional<std::uint64_t> dueNs() const;

private:
  struct Interface {
    bool isOn = false;
    /// Something of this interval has not been recorded.
    bool hasSkipped = false;
    /// Something of it has.
    bool hasData = false;
    std::uint32_t entryCount = 0;
    /// Counts intervals: entries of an earlier one are to leave.
    std::uint32_t interval = 0;
    std::uint64_t identity = 0;
    std::uint64_t intervalNs = 0;
    std::uint64_t startNs = 0;
    /// None if it has no address of IPv4.
    std::optional<packet::IpAddress> primaryV4;
  };
  struct Entry {
    FlowLogRecord record;
    /// As packets have it.
    packet::Tuple tuple;
    std::uint64_t hash = 0;
    std::uint32_t interface = 0;
    std::uint32_t interval = 0;
    bool isUsed = false;
    /// Of those in a place of the table, or of those that are free; 0 for none.
    std::uint32_t next = 0;
  };

  using Action = FlowLogRecord::Action;
  // What tells entries apart.
  struct Key {
    std::uint32_t interface = 0;
    Direction direction = Direction::Out;
    Action action = Action::Accept;
    packet::Tuple tuple;
  };

  void add(InterfaceIndex index, Direction direction, Action action, const packet::Headers& headers,
           std::uint64_t nowNs);
  [[nodiscard]] std::uint64_t hashOf(const Key& key) const;
  [[nodiscard]] Entry* find(const Key& key, std::uint64_t hash);
  // Null if there is no room.
  [[nodiscard]] Entry* insert(const Key& key, std::uint64_t hash);
  void begin(Entry& entry, const Key& key, std::uint64_t nowNs);
  void endInterval(Interface& interface, std::uint64_t nowNs);
  void put(Interface& interface, const FlowLogRecord& record);
  void remove(std::uint32_t place);
  void updateDue();

  FlowLogRing& ring_;
  HashSecret secret_;
  std::uint32_t shareMax_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::vector<Interface> interfaces_;
  // Numbers of those that are logged.
  std::vector<std::uint32_t> logged_;
  // By hash modulo their count, the first entry. Index 0 of entries is nobody's.
  std::vector<std::uint32_t> heads_;
  std::vector<Entry> entries_;
  std::uint32_t freeHead_ = 0;
  // Ever used.
  std::uint32_t usedCount_ = 0;
  // Entries that tick() has still to look at, from the last one down.
  std::uint32_t sweepCount_ = 0;
  std::uint64_t nextEndNs_ = 0;
};

} // namespace argon::vpc
