// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/vring.h"

#include "base/check.h"
#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "memory/guest_address.h"
#include "memory/guest_memory.h"
#include "vhost_user/device.h"
#include "vhost_user/inflight_region.h"
#include "vhost_user/ring_queue.h"
#include "virtio/packed_queue.h"
#include "virtio/spec/features.h"
#include "virtio/spec/packed_ring.h"
#include "virtio/spec/ring.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

namespace argon::vhost_user {

namespace {

Result<std::span<std::byte>> translatePart(const GuestMemory& memory, FrontendAddress address,
                                           std::size_t sizeBytes, std::string_view part) {
  const std::optional<std::span<std::byte>> bytes = memory.contiguous(address, sizeBytes);
  if (!bytes) {
    return Error(ErrorKind::Protocol,
                 concat("the ", part, " at ", hex(address.get()), " is not in guest memory"));
  }
  return *bytes;
}

struct PartSizes {
  std::size_t descriptors;
  std::size_t available;
  std::size_t used;
};

PartSizes sizesOf(RingLayout layout, std::uint16_t size) {
  if (layout == RingLayout::Packed) {
    return {.descriptors = virtio::spec::descriptorRingBytes(size),
            .available = virtio::spec::kEventSuppressionBytes,
            .used = virtio::spec::kEventSuppressionBytes};
  }
  return {.descriptors = virtio::spec::descriptorTableBytes(size),
          .available = virtio::spec::availRingBytes(size),
          .used = virtio::spec::usedRingBytes(size)};
}

Result<RingQueue::Parts> translateParts(const RingAddresses& addresses, const PartSizes& sizes,
                                        const GuestMemory& memory) {
  RingQueue::Parts parts;
  ARGON_TRY_ASSIGN(parts.descriptors, translatePart(memory, addresses.descriptors,
                                                    sizes.descriptors, "descriptor table"));
  ARGON_TRY_ASSIGN(parts.available,
                   translatePart(memory, addresses.available, sizes.available, "available ring"));
  ARGON_TRY_ASSIGN(parts.used, translatePart(memory, addresses.used, sizes.used, "used ring"));
  return parts;
}

// Bits 0 to 14 are the next available entry, bit 15 is its wrap counter, and the next used entry
// lies in the same way above. DPDK's virtio-user leaves that half at 0 for a new ring, which would
// be one that is full of chains taken by nobody.
virtio::PackedPosition usedPositionOf(std::uint32_t base) {
  const std::uint32_t newRing = virtio::PackedPosition{}.bits();
  return virtio::PackedPosition::fromBits(
      static_cast<std::uint16_t>(base == newRing ? newRing : base >> 16));
}

Result<RingQueue> createQueue(const Vring& vring, RingLayout layout, const RingQueue::Parts& parts,
                              const VringContext& context, std::span<std::byte> inflight) {
  const bool hasEventIdx = context.features.has(virtio::spec::F_EVENT_IDX);
  if (layout == RingLayout::Split) {
    return RingQueue::createSplit(parts, *context.memory,
                                  {.size = vring.size,
                                   .nextAvailable = static_cast<std::uint16_t>(vring.base),
                                   .hasEventIdx = hasEventIdx,
                                   .resumesAtUsed = context.answersInOrder},
                                  inflight);
  }
  return RingQueue::createPacked(parts, *context.memory,
                                 {.size = vring.size,
                                  .nextAvailable = virtio::PackedPosition::fromBits(
                                      static_cast<std::uint16_t>(vring.base & 0xffff)),
                                  .nextUsed = usedPositionOf(vring.base),
                                  .hasEventIdx = hasEventIdx},
                                 inflight);
}

} // namespace

Result<RingStart> prepareStart(const Vring& vring, std::uint16_t index,
                               const VringContext& context) {
  ARGON_CHECK(vring.isConfigured() && vring.addresses.has_value());
  const RingLayout layout =
      context.features.has(virtio::spec::F_RING_PACKED) ? RingLayout::Packed : RingLayout::Split;
  ARGON_TRY_ASSIGN(const RingQueue::Parts parts,
                   translateParts(*vring.addresses, sizesOf(layout, vring.size), *context.memory));
  std::span<std::byte> inflight;
  if (context.inflight != nullptr) {
    const std::optional<std::span<std::byte>> part =
        context.inflight->queue(index, layout, vring.size);
    if (!part) {
      return Error(ErrorKind::Protocol, "the in-flight region has no place for the ring");
    }
    inflight = *part;
  }
  ARGON_TRY_ASSIGN(RingQueue queue, createQueue(vring, layout, parts, context, inflight));
  queue.setLog(context.log);
  return RingStart{.index = index,
                   .memory = context.memory,
                   .inflight = context.inflight,
                   .queue = std::move(queue),
                   .features = context.features,
                   .isEnabled = vring.enablement == Vring::Enablement::Enabled,
                   .kick = vring.kick,
                   .call = vring.call,
                   .err = vring.err};
}

} // namespace argon::vhost_user
