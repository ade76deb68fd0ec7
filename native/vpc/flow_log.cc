// SPDX-License-Identifier: Apache-2.0
#include "vpc/flow_log.h"

#include "packet/address.h"
#include "packet/headers.h"
#include "packet/spec/protocols.h"
#include "vpc/conntrack.h"
#include "vpc/drop_reason.h"
#include "vpc/flow_hash.h"
#include "vpc/snapshot.h"
#include "vpc/snapshot_format.h"
#include "vpc/verdict.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace argon::vpc {

namespace {

using packet::Headers;
using packet::IpAddress;
using packet::Tuple;
namespace spec = packet::spec;

// Entries that tick() looks at; arbitrary, so that a turn of the engine stays short.
constexpr unsigned kSweepCount = 64;
// Entries of one place of the table: with a keyed hash more is as good as a full table.
constexpr unsigned kChainMax = 16;

enum class Outcome : std::uint8_t { Accepted, Rejected, Unlogged };

// What is lost for another reason than rules is in the counters alone.
Outcome outcomeAt(const Verdict& verdict, DropReason byGroups, DropReason byAcl) {
  if (verdict.kind == Verdict::Kind::Deliver) return Outcome::Accepted;
  const bool isByRules = verdict.reason == byGroups || verdict.reason == byAcl;
  return isByRules ? Outcome::Rejected : Outcome::Unlogged;
}

// A packet that was dropped by its receiver's policy has left its sender.
bool hasLeft(const Verdict& verdict, InterfaceIndex from) {
  return verdict.kind == Verdict::Kind::Deliver || verdict.at != from ||
         verdict.reason == DropReason::SecurityGroupIn || verdict.reason == DropReason::AclIn;
}

bool hasPorts(const Tuple& tuple) {
  return tuple.protocol == spec::PROTOCOL_TCP || tuple.protocol == spec::PROTOCOL_UDP;
}

// FL-3: the bits that begin and end connections; an ACK is told of those that answer.
std::uint8_t loggedFlags(const Headers& headers) {
  constexpr unsigned kShown = spec::TCP_FIN | spec::TCP_SYN | spec::TCP_RST;
  if (headers.tuple.protocol != spec::PROTOCOL_TCP) return 0;
  const unsigned ack = (headers.tcpFlags & spec::TCP_SYN) != 0 ? spec::TCP_ACK : 0U;
  return static_cast<std::uint8_t>(headers.tcpFlags & (kShown | ack));
}

std::optional<IpAddress> primaryV4Of(const Snapshot& snapshot, const format::Interface& interface) {
  for (const format::Prefix& prefix : snapshot.prefixes(interface.addresses)) {
    const IpAddress address = addressOf(prefix.network);
    if (prefix.bits == IpAddress::kBits && address.isV4()) return address;
  }
  return std::nullopt;
}

} // namespace

FlowLog::FlowLog(const Options& options, FlowLogRing& ring)
    : ring_(ring), secret_(options.secret), shareMax_(options.entryShareMax),
      interfaces_(options.interfaceCountMax), heads_(std::bit_ceil(options.entryCountMax)),
      entries_(std::size_t{options.entryCountMax} + 1) {
  logged_.reserve(options.interfaceCountMax);
}

void FlowLog::setPolicy(std::shared_ptr<const Snapshot> snapshot, std::uint64_t nowNs) {
  snapshot_ = std::move(snapshot);
  const std::vector<std::uint32_t> logged = logged_;
  for (const std::uint32_t index : logged) {
    const format::Interface* interface = snapshot_->interfaceAt(InterfaceIndex(index));
    if (interface == nullptr || interface->identity.get() != interfaces_[index].identity) {
      stop(InterfaceIndex(index), nowNs);
    } else {
      interfaces_[index].primaryV4 = primaryV4Of(*snapshot_, *interface);
    }
  }
}

bool FlowLog::start(InterfaceIndex index, std::uint64_t intervalNs, std::uint64_t nowNs) {
  const format::Interface* interface =
      snapshot_ == nullptr ? nullptr : snapshot_->interfaceAt(index);
  if (interface == nullptr) return false;
  Interface& state = interfaces_[index.get()];
  if (!state.isOn) {
    state.isOn = true;
    state.hasData = false;
    state.hasSkipped = false;
    ++state.interval;
    state.startNs = nowNs;
    state.identity = interface->identity.get();
    state.primaryV4 = primaryV4Of(*snapshot_, *interface);
    logged_.push_back(index.get());
  }
  state.intervalNs = intervalNs;
  updateDue();
  return true;
}

void FlowLog::stop(InterfaceIndex index, std::uint64_t nowNs) {
  Interface& state = interfaces_[index.get()];
  if (!state.isOn) return;
  endInterval(state, nowNs);
  state.isOn = false;
  std::erase(logged_, index.get());
  sweepCount_ = usedCount_;
  updateDue();
}

// FL-4: what is answered or handed to a service is not logged, and no more is what is held.
void FlowLog::note(InterfaceIndex from, const Headers& headers, const Verdict& verdict,
                   std::uint64_t nowNs) {
  const bool isDecided =
      verdict.kind == Verdict::Kind::Deliver || verdict.kind == Verdict::Kind::Drop;
  if (logged_.empty() || !isDecided || headers.fault != packet::ParseFault::None ||
      !headers.isIp()) {
    return;
  }
  if (!hasLeft(verdict, from)) {
    if (outcomeAt(verdict, DropReason::SecurityGroupOut, DropReason::AclOut) == Outcome::Rejected) {
      add(from, Direction::Out, Action::Reject, headers, nowNs);
    }
    return;
  }
  add(from, Direction::Out, Action::Accept, headers, nowNs);
  const Outcome outcome = outcomeAt(verdict, DropReason::SecurityGroupIn, DropReason::AclIn);
  if (outcome != Outcome::Unlogged) {
    add(verdict.at, Direction::In, outcome == Outcome::Accepted ? Action::Accept : Action::Reject,
        headers, nowNs);
  }
}

void FlowLog::add(InterfaceIndex index, Direction direction, Action action, const Headers& headers,
                  std::uint64_t nowNs) {
  Interface& state = interfaces_[index.get()];
  if (!state.isOn) return;
  Key key{
      .interface = index.get(), .direction = direction, .action = action, .tuple = headers.tuple};
  if (!hasPorts(key.tuple)) {
    key.tuple.sourcePort = 0;
    key.tuple.destinationPort = 0;
  }
  const std::uint64_t hash = hashOf(key);
  Entry* entry = find(key, hash);
  if (entry == nullptr) {
    entry = insert(key, hash);
    if (entry == nullptr) {
      state.hasSkipped = true;
      return;
    }
    begin(*entry, key, nowNs);
  } else if (entry->interval != state.interval) {
    put(state, entry->record);
    begin(*entry, key, nowNs);
  }
  state.hasData = true;
  entry->record.tcpFlags |= loggedFlags(headers);
  ++entry->record.packets;
  entry->record.bytes += headers.endBytes - spec::kEthernetBytes;
  entry->record.endNs = nowNs;
}

std::uint64_t FlowLog::hashOf(const Key& key) const {
  const std::array<std::uint64_t, 6> words = {
      key.tuple.source.high,
      key.tuple.source.low,
      key.tuple.destination.high,
      key.tuple.destination.low,
      std::uint64_t{key.tuple.sourcePort} << 32U | key.tuple.destinationPort,
      std::uint64_t{key.interface} << 32U | std::uint32_t{key.tuple.protocol} << 16U |
          static_cast<std::uint32_t>(key.direction) << 8U | static_cast<std::uint32_t>(key.action)};
  return flowHash(secret_, words);
}

FlowLog::Entry* FlowLog::find(const Key& key, std::uint64_t hash) {
  for (std::uint32_t place = heads_[hash & (heads_.size() - 1)]; place != 0;
       place = entries_[place].next) {
    Entry& entry = entries_[place];
    if (entry.hash == hash && entry.interface == key.interface &&
        entry.record.direction == key.direction && entry.record.action == key.action &&
        entry.tuple == key.tuple && entry.record.identity == interfaces_[key.interface].identity) {
      return &entry;
    }
  }
  return nullptr;
}

FlowLog::Entry* FlowLog::insert(const Key& key, std::uint64_t hash) {
  Interface& state = interfaces_[key.interface];
  std::uint32_t& head = heads_[hash & (heads_.size() - 1)];
  unsigned chain = 0;
  for (std::uint32_t place = head; place != 0; place = entries_[place].next) {
    ++chain;
  }
  const bool isFull = freeHead_ == 0 && usedCount_ + 1 == entries_.size();
  if (isFull || chain == kChainMax || state.entryCount == shareMax_) return nullptr;
  const std::uint32_t place = freeHead_ != 0 ? freeHead_ : ++usedCount_;
  if (freeHead_ != 0) {
    freeHead_ = entries_[place].next;
  }
  ++state.entryCount;
  Entry& entry = entries_[place];
  entry.hash = hash;
  entry.isUsed = true;
  entry.next = std::exchange(head, place);
  return &entry;
}

void FlowLog::begin(Entry& entry, const Key& key, std::uint64_t nowNs) {
  const Interface& state = interfaces_[key.interface];
  entry.interface = key.interface;
  entry.interval = state.interval;
  entry.tuple = key.tuple;
  entry.record = {.action = key.action,
                  .identity = state.identity,
                  .tuple = key.tuple,
                  .packetSource = key.tuple.source,
                  .packetDestination = key.tuple.destination,
                  .direction = key.direction,
                  .startNs = nowNs};
  Tuple& shown = entry.record.tuple;
  IpAddress& own = key.direction == Direction::Out ? shown.source : shown.destination;
  if (own.isV4()) {
    own = state.primaryV4.value_or(own); // FL-2
  }
}

void FlowLog::put(Interface& interface, const FlowLogRecord& record) {
  interface.hasSkipped = !ring_.push(record) || interface.hasSkipped;
}

void FlowLog::endInterval(Interface& interface, std::uint64_t nowNs) {
  FlowLogRecord record{.identity = interface.identity,
                       .startNs = interface.startNs,
                       .endNs = std::min(nowNs, interface.startNs + interface.intervalNs)};
  if (interface.hasSkipped) {
    record.status = FlowLogRecord::Status::SkipData;
    interface.hasSkipped = !ring_.push(record);
  } else if (!interface.hasData) {
    record.status = FlowLogRecord::Status::NoData;
    put(interface, record);
  }
  ++interface.interval;
  interface.hasData = false;
  interface.startNs += interface.intervalNs;
  if (interface.startNs + interface.intervalNs <= nowNs) {
    interface.startNs = nowNs; // The engine slept: what nobody saw is no interval.
  }
}

void FlowLog::tick(std::uint64_t nowNs) {
  if (!logged_.empty() && nowNs >= nextEndNs_) {
    for (const std::uint32_t index : logged_) {
      Interface& interface = interfaces_[index];
      if (nowNs >= interface.startNs + interface.intervalNs) {
        endInterval(interface, nowNs);
      }
    }
    sweepCount_ = usedCount_;
    updateDue();
  }
  for (unsigned looked = 0; looked < kSweepCount && sweepCount_ > 0; ++looked, --sweepCount_) {
    const Entry& entry = entries_[sweepCount_];
    Interface& interface = interfaces_[entry.interface];
    if (entry.isUsed && (entry.interval != interface.interval || !interface.isOn)) {
      put(interface, entry.record);
      remove(sweepCount_);
    }
  }
}

void FlowLog::remove(std::uint32_t place) {
  Entry& entry = entries_[place];
  std::uint32_t* link = &heads_[entry.hash & (heads_.size() - 1)];
  while (*link != place) {
    link = &entries_[*link].next;
  }
  *link = entry.next;
  --interfaces_[entry.interface].entryCount;
  entry.isUsed = false;
  entry.next = std::exchange(freeHead_, place);
}

std::optional<std::uint64_t> FlowLog::dueNs() const {
  if (sweepCount_ > 0) return 0;
  return logged_.empty() ? std::nullopt : std::optional(nextEndNs_);
}

void FlowLog::updateDue() {
  nextEndNs_ = std::numeric_limits<std::uint64_t>::max();
  for (const std::uint32_t index : logged_) {
    const Interface& interface = interfaces_[index];
    nextEndNs_ = std::min(nextEndNs_, interface.startNs + interface.intervalNs);
  }
}

} // namespace argon::vpc
