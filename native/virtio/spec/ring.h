// SPDX-License-Identifier: Apache-2.0
#pragma once

// Split virtqueues as virtio 1.2 lays them out (section 2.7). Names are the spec's, without the
// prefix VIRTQ_ that the namespace stands for.

#include "base/little_endian.h"

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace argon::virtio::spec {

// 2.7.5 The Virtqueue Descriptor Table
constexpr std::uint16_t DESC_F_NEXT = 1;
constexpr std::uint16_t DESC_F_WRITE = 2;
constexpr std::uint16_t DESC_F_INDIRECT = 4;

struct Descriptor {
  Le<std::uint64_t> addr;
  Le<std::uint32_t> len;
  Le<std::uint16_t> flags;
  Le<std::uint16_t> next;
};
static_assert(sizeof(Descriptor) == 16 && std::is_trivially_copyable_v<Descriptor>);

// 2.7.6 The Virtqueue Available Ring: flags, idx, ring[size], used_event
constexpr std::uint16_t AVAIL_F_NO_INTERRUPT = 1;
constexpr std::size_t kAvailFlagsOffset = 0;
constexpr std::size_t kAvailIdxOffset = 2;
constexpr std::size_t kAvailRingOffset = 4;
constexpr std::size_t kAvailElementBytes = 2;

// 2.7.8 The Virtqueue Used Ring: flags, idx, ring[size], avail_event
constexpr std::uint16_t USED_F_NO_NOTIFY = 1;
constexpr std::size_t kUsedFlagsOffset = 0;
constexpr std::size_t kUsedIdxOffset = 2;
constexpr std::size_t kUsedRingOffset = 4;

struct UsedElement {
  Le<std::uint32_t> id;
  Le<std::uint32_t> len;
};
static_assert(sizeof(UsedElement) == 8 && std::is_trivially_copyable_v<UsedElement>);

// used_event and avail_event, behind the last element (2.7.10).
constexpr std::size_t kEventBytes = 2;

// 2.7 Split Virtqueues: alignment of the three parts, and the largest queue.
constexpr std::size_t kDescriptorTableAlignment = 16;
constexpr std::size_t kAvailAlignment = 2;
constexpr std::size_t kUsedAlignment = 4;
constexpr std::uint16_t kQueueSizeMax = 32768;

constexpr std::size_t descriptorTableBytes(std::uint16_t queueSize) {
  return sizeof(Descriptor) * queueSize;
}
constexpr std::size_t availRingBytes(std::uint16_t queueSize) {
  return kAvailRingOffset + kAvailElementBytes * queueSize + kEventBytes;
}
constexpr std::size_t usedRingBytes(std::uint16_t queueSize) {
  return kUsedRingOffset + sizeof(UsedElement) * queueSize + kEventBytes;
}

} // namespace argon::virtio::spec
