// SPDX-License-Identifier: Apache-2.0
#include "vpc/flow_table.h"

#include "base/check.h"
#include "vpc/flow_hash.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace argon::vpc {

namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;
constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
// Half of the ways are used at most: two choices of eight are then all but never both full.
constexpr std::uint32_t kFlowsPerBucket = 4;
// Full tables look for what is idle first; arbitrary, a fraction of what a packet costs anyway.
constexpr unsigned kLookCountWhenFull = 16;

} // namespace

FlowTable::FlowTable(const Options& options)
    : secret_(options.secret), capacity_(options.capacity),
      bucketMask_(std::bit_ceil(std::max(2U, options.capacity / kFlowsPerBucket + 1)) - 1),
      buckets_(std::size_t{bucketMask_} + 1), flows_(std::size_t{options.capacity} + 1),
      interfaceHeads_(options.interfaceCountMax), trackedCounts_(options.ownerCountMax) {}

FlowTable::Place FlowTable::placeOf(const FlowKey& key) const {
  const std::array<std::uint64_t, 6> words = {
      key.local.high,
      key.local.low,
      key.remote.high,
      key.remote.low,
      std::uint64_t{key.interface} << 32U | std::uint32_t{key.localPort} << 16U | key.remotePort,
      key.protocol};
  const std::uint64_t hash = flowHash(secret_, words);
  const auto first = static_cast<std::uint32_t>(hash) & bucketMask_;
  const auto second = static_cast<std::uint32_t>(hash >> 24U) & bucketMask_;
  return {.buckets = {first, second == first ? first ^ 1U : second},
          .tag = static_cast<std::uint16_t>(hash >> 48U | 1U)};
}

std::uint32_t FlowTable::findIndex(const FlowKey& key, const Place& place) const {
  for (const std::uint32_t bucketIndex : place.buckets) {
    const Bucket& bucket = buckets_[bucketIndex];
    for (std::size_t way = 0; way < kWays; ++way) {
      if (bucket.tags[way] == place.tag && flows_[bucket.indexes[way]].key == key) {
        return bucket.indexes[way];
      }
    }
  }
  return 0;
}

bool FlowTable::isIdle(const Flow& flow, std::uint64_t nowNs) const {
  return nowNs - flow.lastSeenNs >= flow.idleMs * kNsPerMs;
}

std::uint32_t FlowTable::indexOf(const Flow& flow) const {
  return static_cast<std::uint32_t>(&flow - flows_.data());
}

Flow* FlowTable::find(const FlowKey& key, std::uint64_t nowNs) {
  const std::uint32_t index = findIndex(key, placeOf(key));
  if (index == 0) return nullptr;
  Flow& flow = flows_[index];
  if (isIdle(flow, nowNs)) {
    remove(flow);
    return nullptr;
  }
  return &flow;
}

const Flow* FlowTable::peek(const FlowKey& key, std::uint64_t nowNs) const {
  const std::uint32_t index = findIndex(key, placeOf(key));
  const bool isThere = index != 0 && !isIdle(flows_[index], nowNs);
  return isThere ? &flows_[index] : nullptr;
}

Flow* FlowTable::insert(const FlowKey& key, Insertion insertion, std::uint64_t nowNs) {
  if (size_ == 0) {
    // Nothing is waiting: the wheel need not turn through the time that has passed.
    wheelSecond_ = nowNs / kNsPerSecond;
  }
  if (size_ == capacity_) {
    static_cast<void>(expire(nowNs, kLookCountWhenFull));
  }
  if (size_ == capacity_) return nullptr;
  const Place place = placeOf(key);
  const std::uint32_t index = freeHead_ != 0 ? freeHead_ : usedCount_ + 1;
  if (!addToBucket(place, index)) return nullptr;
  if (freeHead_ != 0) {
    freeHead_ = flows_[index].inSlot.next;
  } else {
    ++usedCount_;
  }
  ++size_;
  Flow& flow = flows_[index];
  flow = Flow{};
  flow.key = key;
  flow.lastSeenNs = nowNs;
  flow.idleMs = insertion.idleMs;
  flow.owner = insertion.owner;
  setTracked(flow, insertion.isTracked);
  link(interfaceHeads_[key.interface], index, &Flow::inInterface);
  schedule(index);
  return &flow;
}

void FlowTable::remove(Flow& flow) {
  const std::uint32_t index = indexOf(flow);
  setTracked(flow, false);
  dropFromBucket(placeOf(flow.key), index);
  unlink(interfaceHeads_[flow.key.interface], index, &Flow::inInterface);
  unlink(slotHeads_[flow.slot], index, &Flow::inSlot);
  flow.inSlot.next = freeHead_;
  freeHead_ = index;
  --size_;
}

void FlowTable::removeInterface(std::uint32_t interface) {
  while (interfaceHeads_[interface] != 0) {
    remove(flows_[interfaceHeads_[interface]]);
  }
}

void FlowTable::setOwner(std::uint32_t interface, std::uint32_t owner) {
  for (std::uint32_t index = interfaceHeads_[interface]; index != 0;
       index = flows_[index].inInterface.next) {
    Flow& flow = flows_[index];
    const bool isTracked = flow.isTracked;
    setTracked(flow, false);
    flow.owner = owner;
    setTracked(flow, isTracked);
  }
}

void FlowTable::setTracked(Flow& flow, bool isTracked) {
  if (flow.isTracked == isTracked) return;
  flow.isTracked = isTracked;
  std::uint32_t& count = trackedCounts_[flow.owner];
  count = isTracked ? count + 1 : count - 1;
}

bool FlowTable::expire(std::uint64_t nowNs, unsigned lookCountMax) {
  const std::uint64_t nowSecond = nowNs / kNsPerSecond;
  // A turn of the wheel has seen every list.
  wheelSecond_ = std::max(wheelSecond_, nowSecond > kSlotCount ? nowSecond - kSlotCount : 0);
  for (; wheelSecond_ < nowSecond; ++wheelSecond_) {
    const auto slot = static_cast<std::uint32_t>(wheelSecond_ % kSlotCount);
    std::uint32_t next = 0;
    for (std::uint32_t index = slotHeads_[slot]; index != 0; index = next) {
      if (lookCountMax-- == 0) return true;
      next = flows_[index].inSlot.next;
      if (isIdle(flows_[index], nowNs)) {
        remove(flows_[index]);
      } else if (slotOf(flows_[index]) != slot) {
        unlink(slotHeads_[slot], index, &Flow::inSlot);
        schedule(index);
      }
    }
  }
  return false;
}

void FlowTable::note(Flow& flow, std::uint32_t idleMs, std::uint64_t nowNs) {
  const bool isSooner = idleMs < flow.idleMs;
  flow.lastSeenNs = nowNs;
  flow.idleMs = idleMs;
  if (isSooner) {
    const std::uint32_t index = indexOf(flow);
    unlink(slotHeads_[flow.slot], index, &Flow::inSlot);
    schedule(index);
  }
}

void FlowTable::link(std::uint32_t& head, std::uint32_t index, LinksOf links) {
  (flows_[index].*links) = {.next = head, .previous = 0};
  if (head != 0) {
    (flows_[head].*links).previous = index;
  }
  head = index;
}

void FlowTable::unlink(std::uint32_t& head, std::uint32_t index, LinksOf links) {
  const Flow::Links own = flows_[index].*links;
  if (own.previous != 0) {
    (flows_[own.previous].*links).next = own.next;
  } else {
    head = own.next;
  }
  if (own.next != 0) {
    (flows_[own.next].*links).previous = own.previous;
  }
}

std::uint32_t FlowTable::slotOf(const Flow& flow) const {
  const std::uint64_t dueSecond = (flow.lastSeenNs + flow.idleMs * kNsPerMs) / kNsPerSecond;
  const std::uint64_t second = std::clamp(dueSecond, wheelSecond_, wheelSecond_ + kSlotCount - 1);
  return static_cast<std::uint32_t>(second % kSlotCount);
}

void FlowTable::schedule(std::uint32_t index) {
  Flow& flow = flows_[index];
  flow.slot = slotOf(flow);
  link(slotHeads_[flow.slot], index, &Flow::inSlot);
}

bool FlowTable::addToBucket(const Place& place, std::uint32_t index) {
  const auto freeWays = [this](std::uint32_t bucket) {
    return std::ranges::count(buckets_[bucket].tags, 0);
  };
  const bool isSecond = freeWays(place.buckets[1]) > freeWays(place.buckets[0]);
  Bucket& bucket = buckets_[place.buckets[isSecond ? 1 : 0]];
  const auto free = std::ranges::find(bucket.tags, 0);
  if (free == bucket.tags.end()) return false;
  const auto way = static_cast<std::size_t>(free - bucket.tags.begin());
  bucket.tags[way] = place.tag;
  bucket.indexes[way] = index;
  return true;
}

void FlowTable::dropFromBucket(const Place& place, std::uint32_t index) {
  for (const std::uint32_t bucketIndex : place.buckets) {
    Bucket& bucket = buckets_[bucketIndex];
    for (std::size_t way = 0; way < kWays; ++way) {
      if (bucket.tags[way] != 0 && bucket.indexes[way] == index) {
        bucket.tags[way] = 0;
        return;
      }
    }
  }
  ARGON_UNREACHABLE();
}

} // namespace argon::vpc
