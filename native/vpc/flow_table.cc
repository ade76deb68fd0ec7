// SPDX-License-Identifier: Apache-2.0
#include "vpc/flow_table.h"

#include "base/check.h"
#include "vpc/flow_hash.h"

#include <emmintrin.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace argon::vpc {

namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;
constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
// Half of the ways are used at most: two choices of eight are then all but never both full.
constexpr std::uint32_t kFlowsPerBucket = 4;
// A flow's first bucket is taken while it has as many.
constexpr std::ptrdiff_t kFreeWaysMin = 4;
// Full tables look for what is idle first; arbitrary, a fraction of what a packet costs anyway.
constexpr unsigned kLookCountWhenFull = 16;

// Where in a bucket a tag is: two bits for each way.
std::uint32_t waysOf(std::span<const std::uint16_t, 8> tags, std::uint16_t tag) {
  __m128i all;
  std::memcpy(&all, tags.data(), sizeof all);
  const __m128i isEqual = _mm_cmpeq_epi16(all, _mm_set1_epi16(static_cast<std::int16_t>(tag)));
  return static_cast<std::uint32_t>(_mm_movemask_epi8(isEqual));
}
std::size_t firstOf(std::uint32_t ways) {
  return static_cast<std::size_t>(std::countr_zero(ways)) / 2;
}
std::uint32_t withoutFirst(std::uint32_t ways) {
  ways &= ways - 1;
  return ways & (ways - 1);
}

} // namespace

FlowTable::FlowTable(const Options& options)
    : secret_(options.secret), capacity_(options.capacity),
      bucketMask_(std::bit_ceil(std::max(2U, options.capacity / kFlowsPerBucket + 1)) - 1),
      buckets_(std::size_t{bucketMask_} + 1), flows_(std::size_t{options.capacity} + 1),
      interfaceHeads_(options.interfaceCountMax), trackedCounts_(options.ownerCountMax) {
  ARGON_CHECK(options.interfaceCountMax <= FlowKey::kNoInterface);
}

FlowProbe FlowTable::probe(const FlowKey& key) const {
  FlowProbe probe{.key = key};
  aim(probe);
  return probe;
}

void FlowTable::aim(FlowProbe& probe) const {
  const FlowKey& key = probe.key;
  const std::uint64_t rest = std::uint64_t{key.interface} << 40U |
                             std::uint64_t{key.protocol} << 32U |
                             std::uint64_t{key.localPort} << 16U | key.remotePort;
  const bool isV4 = key.local.isV4() && key.remote.isV4();
  // The hash takes its words' number into account, so the two never meet.
  const std::uint64_t hash =
      isV4 ? flowHash(secret_,
                      std::array{std::uint64_t{key.local.v4Number()} << 32U | key.remote.v4Number(),
                                 rest})
           : flowHash(secret_, std::array{key.local.high, key.local.low, key.remote.high,
                                          key.remote.low, rest});
  const auto first = static_cast<std::uint32_t>(hash) & bucketMask_;
  const auto second = static_cast<std::uint32_t>(hash >> 24U) & bucketMask_;
  probe.buckets = {first, second == first ? first ^ 1U : second};
  probe.tag = static_cast<std::uint16_t>(hash >> 48U | 1U);
}

void FlowTable::prefetch(const FlowProbe& probe) const {
  __builtin_prefetch(&buckets_[probe.buckets[0]]);
  __builtin_prefetch(&buckets_[probe.buckets[1]]);
}

std::uint32_t FlowTable::prefetchFlow(const FlowProbe& probe) const {
  for (const std::uint32_t bucketIndex : probe.buckets) {
    const Bucket& bucket = buckets_[bucketIndex];
    if (const std::uint32_t ways = waysOf(bucket.tags, probe.tag); ways != 0) {
      const std::uint32_t index = bucket.indexes[firstOf(ways)];
      __builtin_prefetch(&flows_[index], 1);
      return index;
    }
  }
  return 0;
}

void FlowTable::prefetchPeer(std::uint32_t place) const {
  if (place != 0) {
    __builtin_prefetch(&flows_[flows_[place].peer], 1);
  }
}

std::uint32_t FlowTable::findIndex(const FlowProbe& probe) const {
  for (const std::uint32_t bucketIndex : probe.buckets) {
    const Bucket& bucket = buckets_[bucketIndex];
    for (std::uint32_t ways = waysOf(bucket.tags, probe.tag); ways != 0;
         ways = withoutFirst(ways)) {
      const std::uint32_t index = bucket.indexes[firstOf(ways)];
      if (flows_[index].key == probe.key) return index;
    }
  }
  return 0;
}

std::uint32_t FlowTable::indexOf(const Flow& flow) const {
  return static_cast<std::uint32_t>(&flow - flows_.data());
}

Flow* FlowTable::unlessIdle(Flow& flow, std::uint64_t nowNs) {
  if (nowNs < flow.dueNs) [[likely]] {
    return &flow;
  }
  remove(flow);
  return nullptr;
}

Flow* FlowTable::find(const FlowProbe& probe, std::uint64_t nowNs) {
  const std::uint32_t index = findIndex(probe);
  return index == 0 ? nullptr : unlessIdle(flows_[index], nowNs);
}

Flow* FlowTable::findPeer(Flow& flow, const FlowKey& key, std::uint64_t nowNs) {
  // Whatever is in that place by now: no two flows have one key, and a forgotten one has none.
  Flow& met = flows_[flow.peer];
  if (flow.peer != 0 && met.key == key) [[likely]] {
    return unlessIdle(met, nowNs);
  }
  Flow* peer = find(key, nowNs);
  if (peer != nullptr) {
    flow.peer = indexOf(*peer);
    peer->peer = indexOf(flow);
  }
  return peer;
}

const Flow* FlowTable::peek(const FlowKey& key, std::uint64_t nowNs) const {
  const std::uint32_t index = findIndex(probe(key));
  const bool isThere = index != 0 && nowNs < flows_[index].dueNs;
  return isThere ? &flows_[index] : nullptr;
}

Flow* FlowTable::insert(const FlowProbe& probe, Insertion insertion, std::uint64_t nowNs) {
  if (size_ == 0) {
    // Nothing is waiting: the wheel need not turn through the time that has passed.
    wheelSecond_ = nowNs / kNsPerSecond;
  }
  if (size_ == capacity_) {
    static_cast<void>(expire(nowNs, kLookCountWhenFull));
  }
  if (size_ == capacity_) return nullptr;
  const std::uint32_t index = freeHead_ != 0 ? freeHead_ : usedCount_ + 1;
  if (!addToBucket(probe, index)) return nullptr;
  if (freeHead_ != 0) {
    freeHead_ = flows_[index].inSlot.next;
  } else {
    ++usedCount_;
  }
  ++size_;
  Flow& flow = flows_[index];
  flow = Flow{};
  flow.key = probe.key;
  flow.dueNs = nowNs + insertion.idleMs * kNsPerMs;
  flow.owner = insertion.owner;
  setTracked(flow, insertion.isTracked);
  link(interfaceHeads_[probe.key.interface], index, &Flow::inInterface);
  schedule(index);
  return &flow;
}

void FlowTable::remove(Flow& flow) {
  const std::uint32_t index = indexOf(flow);
  setTracked(flow, false);
  dropFromBucket(probe(flow.key), index);
  unlink(interfaceHeads_[flow.key.interface], index, &Flow::inInterface);
  unlink(slotHeads_[flow.slot], index, &Flow::inSlot);
  flow.key.interface = FlowKey::kNoInterface; // Nobody's peer any more.
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
      if (nowNs >= flows_[index].dueNs) {
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
  const std::uint64_t dueNs = nowNs + idleMs * kNsPerMs;
  const bool isSooner = dueNs < flow.dueNs;
  flow.dueNs = dueNs;
  if (isSooner) [[unlikely]] {
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
  const std::uint64_t dueSecond = flow.dueNs / kNsPerSecond;
  const std::uint64_t second = std::clamp(dueSecond, wheelSecond_, wheelSecond_ + kSlotCount - 1);
  return static_cast<std::uint32_t>(second % kSlotCount);
}

void FlowTable::schedule(std::uint32_t index) {
  Flow& flow = flows_[index];
  flow.slot = slotOf(flow);
  link(slotHeads_[flow.slot], index, &Flow::inSlot);
}

bool FlowTable::addToBucket(const FlowProbe& probe, std::uint32_t index) {
  const auto freeWays = [this](std::uint32_t bucket) {
    return std::ranges::count(buckets_[bucket].tags, 0);
  };
  // Most are in the first, which is looked at first.
  const auto inFirst = freeWays(probe.buckets[0]);
  const bool isSecond = inFirst < kFreeWaysMin && freeWays(probe.buckets[1]) > inFirst;
  Bucket& bucket = buckets_[probe.buckets[isSecond ? 1 : 0]];
  const auto free = std::ranges::find(bucket.tags, 0);
  if (free == bucket.tags.end()) return false;
  const auto way = static_cast<std::size_t>(free - bucket.tags.begin());
  bucket.tags[way] = probe.tag;
  bucket.indexes[way] = index;
  return true;
}

void FlowTable::dropFromBucket(const FlowProbe& probe, std::uint32_t index) {
  for (const std::uint32_t bucketIndex : probe.buckets) {
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
