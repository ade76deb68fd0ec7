// SPDX-License-Identifier: Apache-2.0
#include "support/vhost_peer.h"

#include "base/check.h"
#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "frontend/arena.h"
#include "frontend/channel.h"
#include "memory/guest_address.h"
#include "memory/memory_region.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"
#include "virtio/spec/features.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace argon::test {

namespace spec = vhost_user::spec;

namespace {

constexpr std::size_t kArenaBytes = std::size_t{64} * 1024;
// Each ring has a part of the arena, and each of its parts a page of that.
constexpr std::uint64_t kRingStride = 0x4000;
constexpr std::uint64_t kPartStride = 0x1000;

spec::MemoryRegion wireOf(const RegionDescription& region) {
  return {.guestAddress = region.guestStart.get(),
          .size = region.sizeBytes,
          .userAddress = region.frontendStart.get(),
          .mmapOffset = region.fileOffsetBytes};
}

UniqueFd makeEventFd() {
  Result<UniqueFd> fd = createEventFd();
  ARGON_CHECK(fd.has_value());
  return *std::move(fd);
}

} // namespace

Told toldOf(const Result<void>& result) {
  if (result) {
    return Told::Accepted;
  }
  switch (result.error().kind()) {
  case ErrorKind::InvalidArgument:
    return Told::Refused;
  case ErrorKind::Closed:
    return Told::HungUp;
  default:
    return Told::Failed;
  }
}

std::vector<std::byte> memoryTablePayload(std::span<const RegionDescription> regions) {
  const spec::MemoryTableHeader header{.regionCount = static_cast<std::uint32_t>(regions.size()),
                                       .padding = 0};
  std::vector<std::byte> payload(sizeof header + regions.size() * sizeof(spec::MemoryRegion));
  std::memcpy(payload.data(), &header, sizeof header);
  for (std::size_t index = 0; index < regions.size(); ++index) {
    const spec::MemoryRegion wire = wireOf(regions[index]);
    std::memcpy(payload.data() + sizeof header + index * sizeof wire, &wire, sizeof wire);
  }
  return payload;
}

spec::SingleMemoryRegion singleRegionPayload(const RegionDescription& region) {
  return {.padding = 0, .region = wireOf(region)};
}

VhostPeer::VhostPeer(frontend::Channel& channel)
    : channel_(channel), kick_(makeEventFd()), call_(makeEventFd()) {
  Result<std::unique_ptr<frontend::Arena>> arena =
      frontend::Arena::create({.sizeBytes = kArenaBytes});
  ARGON_CHECK(arena.has_value());
  arena_ = *std::move(arena);
}

std::optional<std::uint64_t> VhostPeer::askU64(Request request) {
  const Result<frontend::Answer> answer = channel_.ask(request, {});
  std::uint64_t value = 0;
  if (!answer || answer->payload.size() != sizeof value) {
    return std::nullopt;
  }
  std::memcpy(&value, answer->payload.data(), sizeof value);
  return value;
}

Told VhostPeer::negotiate(virtio::FeatureSet features) {
  const std::optional<std::uint64_t> offered = askU64(Request::GET_PROTOCOL_FEATURES);
  if (!offered) {
    return Told::Failed;
  }
  // Acknowledged too: from here on REPLY_ACK is there.
  if (const Told told = tellU64(Request::SET_PROTOCOL_FEATURES, *offered); told != Told::Accepted) {
    return told;
  }
  if (const Told told = tell(Request::SET_OWNER, {}); told != Told::Accepted) {
    return told;
  }
  return tellU64(Request::SET_FEATURES, features.bits());
}

Told VhostPeer::negotiate() {
  return negotiate(
      virtio::FeatureSet().with(virtio::spec::F_VERSION_1).with(spec::F_PROTOCOL_FEATURES));
}

Told VhostPeer::tell(Request request, std::span<const std::byte> payload,
                     std::span<const int> fds) {
  return toldOf(channel_.tell(request, payload, fds));
}

Told VhostPeer::tellU64(Request request, std::uint64_t value) {
  return tell(request, bytesOf(value));
}

Told VhostPeer::tellState(Request request, std::uint32_t ring, std::uint32_t number) {
  return tell(request, bytesOf(spec::VringState{.index = ring, .num = number}));
}

Told VhostPeer::tellFd(Request request, std::uint64_t value, int fd) {
  return tell(request, bytesOf(value), std::span(&fd, 1));
}

Told VhostPeer::setMemTable() {
  const std::vector<int> fds(arena_->regions().size(), arena_->fd());
  return tell(Request::SET_MEM_TABLE, memoryTablePayload(arena_->regions()), fds);
}

spec::VringAddress VhostPeer::addressOf(std::uint16_t ring) const {
  const std::uint64_t start =
      arena_->frontendAddressOf(arena_->startAddress()).get() + ring * kRingStride;
  return {.index = ring,
          .flags = 0,
          .descriptor = start,
          .used = start + kPartStride,
          .available = start + 2 * kPartStride,
          .log = 0};
}

Told VhostPeer::setAddr(std::uint16_t ring) {
  return tell(Request::SET_VRING_ADDR, bytesOf(addressOf(ring)));
}

std::optional<std::uint32_t> VhostPeer::getBase(std::uint16_t ring) {
  const Result<frontend::Answer> answer =
      channel_.ask(Request::GET_VRING_BASE, bytesOf(spec::VringState{.index = ring, .num = 0}));
  spec::VringState state{};
  if (!answer || answer->payload.size() != sizeof state) {
    return std::nullopt;
  }
  std::memcpy(&state, answer->payload.data(), sizeof state);
  return state.index == ring ? std::optional(state.num) : std::nullopt;
}

Told VhostPeer::configureRing(std::uint16_t ring, std::uint16_t base) {
  for (const Told told : {tellState(Request::SET_VRING_NUM, ring, kRingSize),
                          tellState(Request::SET_VRING_BASE, ring, base), setAddr(ring),
                          tellFd(Request::SET_VRING_CALL, ring, call_.get()),
                          tellFd(Request::SET_VRING_KICK, ring, kick_.get())}) {
    if (told != Told::Accepted) {
      return told;
    }
  }
  return Told::Accepted;
}

Told VhostPeer::startRing(std::uint16_t ring, std::uint16_t base) {
  if (const Told told = negotiate(); told != Told::Accepted) {
    return told;
  }
  if (const Told told = setMemTable(); told != Told::Accepted) {
    return told;
  }
  if (const Told told = configureRing(ring, base); told != Told::Accepted) {
    return told;
  }
  return tellState(Request::SET_VRING_ENABLE, ring, 1);
}

} // namespace argon::test
