// SPDX-License-Identifier: Apache-2.0
#include "support/message_maker.h"

#include "memory/guest_address.h"
#include "memory/memory_region.h"
#include "support/byte_source.h"
#include "support/vhost_peer.h"
#include "vhost_user/message_table.h"
#include "vhost_user/spec/messages.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

namespace argon::test {

namespace spec = vhost_user::spec;

namespace {

constexpr std::uint64_t kModern = std::uint64_t{1} << 32 | std::uint64_t{1} << 30;
// MQ, LOG_SHMFD, REPLY_ACK, BACKEND_REQ, CONFIG, INFLIGHT_SHMFD, RESET_DEVICE,
// CONFIGURE_MEM_SLOTS, STATUS
constexpr std::uint64_t kProtocol = 0x1'b22b;
constexpr std::uint64_t kPageBytes = 4096;
// More than a session may have.
constexpr std::uint64_t kSlotCount = 80;

template <typename Struct>
std::vector<std::byte> payloadFrom(const Struct& value) {
  const std::span<const std::byte> bytes = bytesOf(value);
  return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> encode(std::uint32_t request, std::uint32_t flags, std::uint32_t size,
                              std::span<const std::byte> payload) {
  const spec::Header header{.request = request, .flags = flags, .size = size};
  std::vector<std::byte> bytes(sizeof header + payload.size());
  std::memcpy(bytes.data(), &header, sizeof header);
  std::ranges::copy(payload, bytes.begin() + sizeof header);
  return bytes;
}

std::uint32_t numberFrom(ByteSource& source) {
  const std::uint8_t choice = source.u8();
  if (choice == 255) {
    return source.u32();
  }
  constexpr std::array<std::uint32_t, 12> kNumbers = {1,   0,     16,    2,     128,   3,
                                                      256, 32768, 65535, 32769, 65536, UINT32_MAX};
  return kNumbers[choice % kNumbers.size()];
}

// Mostly one of those that the core supports.
std::uint32_t requestFrom(ByteSource& source) {
  constexpr std::array<std::uint8_t, 28> kSupported = {1,  2,  3,  4,  5,  8,  9,  10, 11, 12,
                                                       13, 14, 15, 16, 17, 18, 24, 25, 36, 37,
                                                       38, 6,  21, 31, 32, 34, 39, 40};
  const std::uint8_t choice = source.u8();
  return choice < 240 ? kSupported[choice % kSupported.size()]
                      : 1 + source.u8() % spec::kRequestMax;
}

std::uint32_t ringFrom(ByteSource& source) {
  const std::uint8_t choice = source.u8();
  return choice < 240 ? choice % 2 : numberFrom(source);
}

// A ring and whether a descriptor comes.
std::uint64_t ringFdFrom(ByteSource& source) {
  const std::uint8_t choice = source.u8();
  if (choice % 16 == 0) {
    return source.u64();
  }
  const std::uint64_t ring = choice / 16 % 2;
  return choice / 32 % 4 == 0 ? ring | spec::VRING_NOFD_MASK : ring;
}

std::vector<std::byte> configPayload(ByteSource& source) {
  constexpr std::array<std::uint32_t, 8> kSizes = {60, 0, 1, 256, 59, 72, 255, 2};
  constexpr std::array<std::uint32_t, 8> kOffsets = {0, 32, 1, 59, 60, 255, 256, UINT32_MAX};
  const std::uint32_t bytes = source.pick(kSizes);
  const bool isLying = source.u8() % 8 == 0;
  const spec::ConfigHeader header{.offset = source.pick(kOffsets),
                                  .size = isLying ? numberFrom(source) : bytes,
                                  .flags = source.u8() % 4U};
  std::vector<std::byte> payload = payloadFrom(header);
  payload.resize(sizeof header + bytes);
  return payload;
}

std::vector<std::byte> logPayload(ByteSource& source) {
  constexpr std::array<std::uint64_t, 6> kSizes = {4096, 16384, 1, 0, 16385, 8192};
  constexpr std::array<std::uint64_t, 6> kOffsets = {0, 4096, 8, 16384, 0, UINT64_MAX - 4095};
  return payloadFrom(
      spec::LogDescription{.size = source.u8() % 16 == 0 ? source.u64() : source.pick(kSizes),
                           .offset = source.u8() % 16 == 0 ? source.u64() : source.pick(kOffsets)});
}

// 16 bytes a queue of a split ring and 16 an entry, in steps of 64.
std::uint64_t inflightBytesFor(std::uint64_t queueCount, std::uint64_t queueSize) {
  return (queueSize + 1 + 3) / 4 * 64 * queueCount;
}

// With as many bytes as the parts of its queues need, or others.
std::vector<std::byte> inflightPayload(ByteSource& source) {
  constexpr std::array<std::uint16_t, 8> kQueueCounts = {2, 1, 2, 3, 0, 2, 1, 65535};
  constexpr std::array<std::uint16_t, 8> kQueueSizes = {16, 128, 64, 1, 0, 32768, 256, 65535};
  constexpr std::array<std::uint64_t, 8> kOffsets = {0, 0, 64, 4096, 8, 4, 0, UINT64_MAX - 4095};
  const std::uint16_t queueCount = source.pick(kQueueCounts);
  const std::uint16_t queueSize = source.pick(kQueueSizes);
  const std::uint64_t offset = source.u8() % 16 == 0 ? source.u64() : source.pick(kOffsets);
  const std::uint8_t choice = source.u8();
  const std::uint64_t needed = inflightBytesFor(queueCount, queueSize);
  const spec::InflightDescription description{.mmapSize = choice % 8 == 0   ? source.u64()
                                                          : choice % 8 == 1 ? needed - 1
                                                                            : needed,
                                              .mmapOffset = offset,
                                              .queueCount = queueCount,
                                              .queueSize = queueSize};
  // Either length that there is of this message; our struct is padded to the longer one.
  std::vector<std::byte> payload = payloadFrom(description);
  payload.resize(choice >= 128 ? spec::kInflightBytesMax : spec::kInflightBytesMin);
  return payload;
}

} // namespace

std::uint64_t MessageMaker::addressFrom(ByteSource& source) const {
  const std::uint8_t choice = source.u8();
  const std::uint64_t start = arena_.frontendAddressOf(arena_.startAddress()).get();
  const std::uint64_t end = arena_.frontendAddressOf(arena_.endAddress()).get();
  switch (choice % 8) {
  case 0:
    // Of all that there are, often the last ones.
    return choice < 128 ? source.u64() : UINT64_MAX - 4095 + choice / 8 % 16 * std::uint64_t{256};
  case 1:
    return end - source.u16();
  case 2:
    return start + source.u16();
  default:
    return start + choice / 8 * kPageBytes / 2;
  }
}

// The arena once more, somewhere behind itself.
RegionDescription MessageMaker::regionInSlot(std::uint64_t slot) const {
  RegionDescription region = arena_.regions().front();
  region.guestStart = GuestAddress(region.guestStart.get() + slot * region.sizeBytes);
  region.frontendStart = FrontendAddress(region.frontendStart.get() + slot * region.sizeBytes);
  return region;
}

RegionDescription MessageMaker::regionFrom(ByteSource& source) const {
  RegionDescription region = regionInSlot(source.u8() % kSlotCount);
  switch (source.u8() % 16) {
  case 0:
    region.sizeBytes = source.u64();
    break;
  case 1:
    region.guestStart = GuestAddress(source.u64());
    break;
  case 2:
    region.frontendStart = FrontendAddress(source.u64());
    break;
  case 3:
    region.fileOffsetBytes = source.u64();
    break;
  case 6:
    // So low that an offset in it is an address, nearly.
    region.frontendStart = FrontendAddress(source.u8() * std::uint64_t{16});
    break;
  case 7:
    // Behind all that a file may have, where the end is at its start.
    region.fileOffsetBytes = 0 - source.u8() * kPageBytes / 8;
    break;
  case 4:
    region.sizeBytes = source.u16();
    region.fileOffsetBytes = source.u16();
    break;
  case 5:
    region.sizeBytes = kPageBytes;
    break;
  default:
    break;
  }
  return region;
}

std::vector<std::byte> MessageMaker::tablePayload(ByteSource& source) const {
  std::vector<RegionDescription> table;
  const std::uint8_t choice = source.u8();
  const std::size_t count = choice < 128 ? 1 : choice % 9;
  table.reserve(count);
  for (std::size_t number = 0; number < count; ++number) {
    table.push_back(regionFrom(source));
  }
  std::vector<std::byte> payload = memoryTablePayload(table);
  if (source.u8() % 16 == 0) {
    const std::uint32_t claimed = numberFrom(source);
    std::memcpy(payload.data(), &claimed, sizeof claimed);
  }
  return payload;
}

std::vector<std::byte> MessageMaker::payloadOf(Request request, ByteSource& source) const {
  constexpr std::array<std::uint64_t, 4> kFeatures = {kModern, kModern | std::uint64_t{3} << 28,
                                                      std::uint64_t{1} << 32, 0};
  constexpr std::array<std::uint64_t, 8> kStatuses = {0, 1, 3, 11, 15, 128, 255, 256};
  switch (request) {
  case Request::SET_FEATURES:
    return payloadFrom(source.u8() % 8 == 0 ? source.u64() : source.pick(kFeatures));
  case Request::SET_PROTOCOL_FEATURES:
    return payloadFrom(source.u8() % 8 == 0 ? source.u64() : kProtocol);
  case Request::SET_MEM_TABLE:
    return tablePayload(source);
  case Request::ADD_MEM_REG:
  case Request::REM_MEM_REG:
    return payloadFrom(singleRegionPayload(regionFrom(source)));
  case Request::SET_VRING_NUM:
  case Request::SET_VRING_BASE:
  case Request::GET_VRING_BASE:
  case Request::SET_VRING_ENABLE:
    return payloadFrom(spec::VringState{.index = ringFrom(source), .num = numberFrom(source)});
  case Request::SET_VRING_ADDR:
    return payloadFrom(spec::VringAddress{.index = ringFrom(source),
                                          .flags = source.u8() % 2U,
                                          .descriptor = addressFrom(source),
                                          .used = addressFrom(source),
                                          .available = addressFrom(source),
                                          .log = 0});
  case Request::SET_VRING_KICK:
  case Request::SET_VRING_CALL:
  case Request::SET_VRING_ERR:
    return payloadFrom(ringFdFrom(source));
  case Request::GET_CONFIG:
  case Request::SET_CONFIG:
    return configPayload(source);
  case Request::SET_LOG_BASE:
    return logPayload(source);
  case Request::GET_INFLIGHT_FD:
  case Request::SET_INFLIGHT_FD:
    return inflightPayload(source);
  case Request::SET_STATUS:
    return payloadFrom(source.u8() % 8 == 0 ? source.u64() : source.pick(kStatuses));
  default:
    return std::vector<std::byte>(
        vhost_user::findRule(static_cast<std::uint32_t>(request))->payloadBytesMin);
  }
}

std::vector<std::size_t> MessageMaker::fdIndexesFrom(Request request, ByteSource& source,
                                                     std::span<const std::byte> payload) const {
  const std::uint8_t choice = source.u8();
  std::size_t count = vhost_user::findRule(static_cast<std::uint32_t>(request))->fdCountMin;
  // What fits best: memory for memory, an eventfd for an event.
  std::size_t best = kArenaFd;
  switch (request) {
  case Request::SET_MEM_TABLE:
    count = (payload.size() - sizeof(spec::MemoryTableHeader)) / sizeof(spec::MemoryRegion);
    break;
  case Request::SET_VRING_KICK:
  case Request::SET_VRING_CALL:
  case Request::SET_VRING_ERR:
    count = (payload[1] & std::byte{1}) != std::byte{0} ? 0 : 1;
    best = kEventFd + choice % 2U;
    break;
  case Request::SET_BACKEND_REQ_FD:
    best = kSocketFd;
    break;
  case Request::SET_INFLIGHT_FD:
    best = kInflightFd;
    break;
  case Request::SET_LOG_BASE:
    best = kLogFd;
    break;
  default:
    break;
  }
  if (choice >= 248) {
    count = source.u8() % 17;
  }
  std::vector<std::size_t> indexes(count, best);
  if (choice >= 224) {
    for (std::size_t& index : indexes) {
      index = source.u8() % poolSize_;
    }
  }
  return indexes;
}

MadeMessage MessageMaker::make(ByteSource& source) const {
  const std::uint32_t number = requestFrom(source);
  const auto request = static_cast<Request>(number);
  const std::uint32_t flags =
      spec::kVersion | (source.u8() % 2 == 0 ? spec::NEED_REPLY : std::uint32_t{0});
  const std::vector<std::byte> payload = payloadOf(request, source);
  return {.bytes = encode(number, flags, static_cast<std::uint32_t>(payload.size()), payload),
          .fdIndexes = fdIndexesFrom(request, source, payload)};
}

MadeMessage MessageMaker::makeRaw(ByteSource& source) const {
  const std::uint32_t number = source.u8();
  const std::uint32_t flags = source.u8();
  const std::uint32_t size = source.u8() % 4 == 0 ? numberFrom(source) : source.u8();
  const std::span<const std::byte> payload = source.bytes(std::min<std::size_t>(size, 300));
  std::vector<std::size_t> indexes(source.u8() % 4);
  for (std::size_t& index : indexes) {
    index = source.u8() % poolSize_;
  }
  return {.bytes = encode(number, flags, size, payload), .fdIndexes = std::move(indexes)};
}

std::vector<MadeMessage> MessageMaker::makeRegions(ByteSource& source) const {
  const std::uint64_t first = source.u8() % kSlotCount;
  // Seldom so many, because each takes its time.
  const std::uint8_t choice = source.u8();
  const std::uint64_t count = choice == 255 ? kSlotCount : choice % 8;
  std::vector<MadeMessage> messages;
  for (std::uint64_t number = 0; number < count; ++number) {
    const std::vector<std::byte> payload =
        payloadFrom(singleRegionPayload(regionInSlot((first + number) % kSlotCount)));
    messages.push_back({.bytes = encode(static_cast<std::uint32_t>(Request::ADD_MEM_REG),
                                        spec::kVersion | spec::NEED_REPLY,
                                        static_cast<std::uint32_t>(payload.size()), payload),
                        .fdIndexes = {kArenaFd}});
  }
  return messages;
}

std::vector<MadeMessage> MessageMaker::makeSetUp(ByteSource& source) const {
  constexpr std::array<std::uint32_t, 4> kSizes = {16, 16, 64, 1};
  const std::uint8_t choice = source.u8();
  const std::uint32_t ring = choice % 2;
  const std::uint32_t flags =
      choice / 2 % 2 == 0 ? spec::kVersion : spec::kVersion | spec::NEED_REPLY;
  RegionDescription region = arena_.regions().front();
  const bool isLow = choice >= 224;
  if (isLow) {
    region.frontendStart = FrontendAddress(16);
  }
  const std::uint64_t start = region.frontendStart.get() + std::uint64_t{ring} * 4 * kPageBytes;
  std::array<std::uint64_t, 3> parts = {start, start + kPageBytes, start + 2 * kPageBytes};
  if (isLow && choice % 4 < parts.size()) {
    // As an offset from the region's start it is far from its end, and comes around with a length.
    parts[choice % 4] = UINT64_MAX - 15;
  }
  std::vector<MadeMessage> messages;
  const auto add = [&messages, flags](Request request, const std::vector<std::byte>& payload,
                                      std::vector<std::size_t> fdIndexes = {}) {
    messages.push_back({.bytes = encode(static_cast<std::uint32_t>(request), flags,
                                        static_cast<std::uint32_t>(payload.size()), payload),
                        .fdIndexes = std::move(fdIndexes)});
  };
  add(Request::SET_PROTOCOL_FEATURES, payloadFrom(kProtocol));
  add(Request::SET_FEATURES, payloadFrom(kModern));
  add(Request::SET_MEM_TABLE, memoryTablePayload(std::span(&region, 1)), {kArenaFd});
  if (choice / 4 % 4 == 0) {
    std::vector<std::byte> payload = payloadFrom(spec::InflightDescription{
        .mmapSize = inflightBytesFor(2, 64), .mmapOffset = 0, .queueCount = 2, .queueSize = 64});
    payload.resize(spec::kInflightBytesMin);
    add(Request::SET_INFLIGHT_FD, payload, {kInflightFd});
  }
  add(Request::SET_VRING_NUM,
      payloadFrom(spec::VringState{.index = ring, .num = kSizes[choice / 16 % kSizes.size()]}));
  add(Request::SET_VRING_BASE, payloadFrom(spec::VringState{.index = ring, .num = source.u8()}));
  add(Request::SET_VRING_ADDR, payloadFrom(spec::VringAddress{.index = ring,
                                                              .flags = 0,
                                                              .descriptor = parts[0],
                                                              .used = parts[1],
                                                              .available = parts[2],
                                                              .log = 0}));
  add(Request::SET_VRING_CALL, payloadFrom(std::uint64_t{ring}), {kEventFd});
  add(Request::SET_VRING_KICK, payloadFrom(std::uint64_t{ring}), {kOtherEventFd});
  add(Request::SET_VRING_ENABLE, payloadFrom(spec::VringState{.index = ring, .num = 1}));
  return messages;
}

} // namespace argon::test
