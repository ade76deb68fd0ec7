// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/vring.h"

#include "base/check.h"
#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "memory/guest_address.h"
#include "memory/guest_memory.h"
#include "vhost_user/device.h"
#include "virtio/features.h"
#include "virtio/spec/features.h"
#include "virtio/spec/ring.h"
#include "virtio/split_queue.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

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

} // namespace

Result<RingStart> prepareStart(const Vring& vring, std::uint16_t index,
                               const std::shared_ptr<const GuestMemory>& memory,
                               virtio::FeatureSet features) {
  ARGON_CHECK(vring.isConfigured() && vring.addresses.has_value());
  const RingAddresses& addresses = *vring.addresses;
  ARGON_TRY_ASSIGN(const std::span<std::byte> descriptors,
                   translatePart(*memory, addresses.descriptors,
                                 virtio::spec::descriptorTableBytes(vring.size),
                                 "descriptor table"));
  ARGON_TRY_ASSIGN(const std::span<std::byte> available,
                   translatePart(*memory, addresses.available,
                                 virtio::spec::availRingBytes(vring.size), "available ring"));
  ARGON_TRY_ASSIGN(
      const std::span<std::byte> used,
      translatePart(*memory, addresses.used, virtio::spec::usedRingBytes(vring.size), "used ring"));
  ARGON_TRY_ASSIGN(
      const virtio::SplitQueue queue,
      virtio::SplitQueue::create({.descriptors = descriptors, .available = available, .used = used},
                                 {.size = vring.size,
                                  .nextAvailable = vring.nextAvailable,
                                  .hasEventIdx = features.has(virtio::spec::F_EVENT_IDX)}));
  return RingStart{.index = index,
                   .memory = memory,
                   .queue = queue,
                   .features = features,
                   .kick = vring.kick,
                   .call = vring.call,
                   .err = vring.err};
}

} // namespace argon::vhost_user
