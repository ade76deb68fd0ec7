// SPDX-License-Identifier: Apache-2.0
#pragma once

// Packed virtqueues as virtio 1.2 lays them out (section 2.8). Names are the spec's, without the
// prefix VIRTQ_ that the namespace stands for. Sizes and DESC_F_NEXT, _WRITE and _INDIRECT are
// those of split virtqueues (virtio/spec/ring.h).

#include "base/little_endian.h"

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace argon::virtio::spec {

// 2.8.1 Driver and Device Ring Wrap Counters
constexpr std::uint16_t DESC_F_AVAIL = 1U << 7;
constexpr std::uint16_t DESC_F_USED = 1U << 15;

// 2.8.13 The Virtqueue Descriptor Ring
struct PackedDescriptor {
  Le<std::uint64_t> addr;
  Le<std::uint32_t> len;
  Le<std::uint16_t> id;
  Le<std::uint16_t> flags;
};
static_assert(sizeof(PackedDescriptor) == 16 && std::is_trivially_copyable_v<PackedDescriptor>);
constexpr std::size_t kPackedFlagsOffset = 14;
static_assert(offsetof(PackedDescriptor, flags) == kPackedFlagsOffset);

// 2.8.14 Event Suppression Structure Format: an offset of 15 bits with the wrap counter above it,
// then the flags.
constexpr std::uint16_t RING_EVENT_FLAGS_ENABLE = 0;
constexpr std::uint16_t RING_EVENT_FLAGS_DISABLE = 1;
constexpr std::uint16_t RING_EVENT_FLAGS_DESC = 2;
constexpr std::uint16_t kRingEventFlagsMask = 3;
constexpr std::uint16_t kRingOffsetMask = 0x7fff;
constexpr unsigned kRingWrapShift = 15;
constexpr std::size_t kEventSuppressionBytes = 4;

// 2.8.10.1: alignment of the three parts.
constexpr std::size_t kDescriptorRingAlignment = 16;
constexpr std::size_t kEventSuppressionAlignment = 4;

constexpr std::size_t descriptorRingBytes(std::uint16_t queueSize) {
  return sizeof(PackedDescriptor) * queueSize;
}

} // namespace argon::virtio::spec
