// SPDX-License-Identifier: Apache-2.0
#include "fuzz/guest_scene.h"

#include "base/check.h"
#include "base/result.h"
#include "frontend/arena.h"
#include "frontend/driver_queue.h"
#include "memory/guest_address.h"
#include "support/byte_source.h"
#include "support/ring_start.h"
#include "vhost_user/device.h"
#include "virtio/features.h"
#include "virtio/spec/blk.h"
#include "virtio/spec/features.h"
#include "virtio/spec/ring.h"
#include "virtio/split_queue.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace argon::fuzz {

namespace spec = virtio::spec;
namespace blk = virtio::spec::blk;

namespace {

constexpr std::size_t kTableCountMax = 3;
constexpr std::size_t kTableEntryCountMax = 40;
constexpr std::size_t kHeaderCountMax = 7;

std::uint32_t lengthFrom(test::ByteSource& source) {
  const std::uint8_t choice = source.u8();
  switch (choice % 16) {
  case 0:
    return source.u32();
  case 1:
    return source.u16();
  case 2:
  case 3:
    return source.u8();
  case 4:
    // A table of some entries, or around the most that one may have.
    return sizeof(spec::Descriptor) * (choice < 128 ? 1U + choice / 16U : 1019U + choice / 16U);
  default: {
    constexpr std::array<std::uint32_t, 16> kLengths = {1,    16,  512,  17,   1024, 513, 20,  4096,
                                                        1536, 511, 8192, 2048, 15,   2,   528, 0};
    return kLengths[choice / 16];
  }
  }
}

} // namespace

GuestScene::GuestScene() {
  Result<std::unique_ptr<frontend::Arena>> arena =
      frontend::Arena::create({.sizeBytes = kArenaBytes, .regionCount = 2});
  ARGON_CHECK(arena.has_value());
  arena_ = *std::move(arena);
  mark_ = arena_->mark();
  memory_ = test::mapArena(*arena_);
}

void GuestScene::build(test::ByteSource& source) {
  // Not std::ranges::fill: a loop over every byte is what takes longest under a fuzzer.
  std::memset(arena_->bytes().data(), std::to_integer<int>(kFiller), kArenaBytes);
  arena_->releaseTo(mark_);
  const auto queueSize = static_cast<std::uint16_t>(1U << source.u8() % 7);
  const std::uint8_t flags = source.u8();
  features_ = virtio::FeatureSet().with(spec::F_VERSION_1).with(spec::blk::F_FLUSH);
  features_ = flags % 8 != 0 ? features_.with(spec::F_INDIRECT_DESC) : features_;
  features_ = flags / 8 % 2 != 0 ? features_.with(spec::F_EVENT_IDX) : features_;
  Result<frontend::DriverQueue> queue = frontend::DriverQueue::create(
      *arena_, {.size = queueSize, .hasEventIdx = features_.has(spec::F_EVENT_IDX)});
  ARGON_CHECK(queue.has_value());
  queue_ = std::make_unique<frontend::DriverQueue>(*std::move(queue));
  firstIndex_ = source.u16();
  queue_->reset(firstIndex_);
  for (std::size_t count = source.u8() % (kTableCountMax + 1); count > 0; --count) {
    writeTable(source);
  }
  for (std::size_t count = source.u8() % (kHeaderCountMax + 1); count > 0; --count) {
    writeHeader(source, addressFrom(source));
  }
  requestHeads_.clear();
  const auto descriptorCount = static_cast<std::uint16_t>(source.u8() % (queueSize + 1U));
  for (std::uint16_t index = 0; index < descriptorCount;) {
    index = writeChainPart(source, index);
  }
  offerHeads(source);
  writeWishes(source);
}

// A request that means well if there is room for one, or a descriptor. Returns the next index.
std::uint16_t GuestScene::writeChainPart(test::ByteSource& source, std::uint16_t index) {
  const std::uint8_t choice = source.u8();
  if (choice % 4 != 0) {
    queue_->writeDescriptor(index, descriptorFrom(source, index));
    return static_cast<std::uint16_t>(index + 1);
  }
  std::vector<spec::Descriptor> chain = requestFrom(source);
  if (choice >= 192 || chain.size() > std::size_t{queue_->size()} - index) {
    chain = {tableOf(chain, placeFrom(source))};
  }
  requestHeads_.push_back(index);
  for (const spec::Descriptor& descriptor : chain) {
    queue_->writeDescriptor(index, linked(descriptor, index));
    ++index;
  }
  return index;
}

// A header, data and a status, cut in some way; the flag NEXT says what goes on.
std::vector<spec::Descriptor> GuestScene::requestFrom(test::ByteSource& source) {
  std::vector<spec::Descriptor> chain;
  const auto add = [&chain](std::uint64_t address, std::size_t length, std::uint16_t flags) {
    chain.push_back({.addr = address,
                     .len = static_cast<std::uint32_t>(length),
                     .flags = static_cast<std::uint16_t>(flags | spec::DESC_F_NEXT),
                     .next = std::uint16_t{0}});
  };
  const std::uint64_t headerAddress = placeFrom(source);
  const std::uint32_t type = writeHeader(source, headerAddress);
  const std::uint8_t shape = source.u8();
  const std::size_t cut = shape < 192 ? sizeof(blk::RequestHeader) : 1 + shape % 15U;
  add(headerAddress, cut, 0);
  if (cut < sizeof(blk::RequestHeader)) {
    add(headerAddress + cut, sizeof(blk::RequestHeader) - cut, 0);
  }
  const std::uint16_t dataFlags = type == blk::T_OUT ? std::uint16_t{0} : spec::DESC_F_WRITE;
  const std::size_t dataBytes = std::size_t{shape % 4U} * blk::SECTOR_BYTES;
  const std::size_t pieceCount = std::size_t{1} << shape / 4 % 5;
  std::uint64_t address = placeFrom(source);
  for (std::size_t number = 0; dataBytes > 0 && number < pieceCount; ++number) {
    add(address, dataBytes / pieceCount, dataFlags);
    address = shape / 32 % 2 == 0 ? address + dataBytes / pieceCount : placeFrom(source);
  }
  if (shape / 64 % 2 == 0 || dataFlags == 0 || dataBytes == 0) {
    add(placeFrom(source), 1, spec::DESC_F_WRITE);
  } else {
    chain.back().len = chain.back().len.get() + 1;
  }
  chain.back().flags = static_cast<std::uint16_t>(chain.back().flags.get() & ~spec::DESC_F_NEXT);
  return chain;
}

// The next index where the flag says that there is one.
spec::Descriptor GuestScene::linked(spec::Descriptor descriptor, std::size_t index) {
  if ((descriptor.flags.get() & spec::DESC_F_NEXT) != 0) {
    descriptor.next = static_cast<std::uint16_t>(index + 1);
  }
  return descriptor;
}

// A descriptor of a table that is put there.
spec::Descriptor GuestScene::tableOf(std::span<const spec::Descriptor> chain,
                                     std::uint64_t address) {
  for (std::size_t index = 0; index < chain.size(); ++index) {
    const spec::Descriptor entry = linked(chain[index], index);
    std::memcpy(arena_->bytes().data() + distanceTo(address) + index * sizeof entry, &entry,
                sizeof entry);
  }
  return {.addr = address,
          .len = static_cast<std::uint32_t>(chain.size_bytes()),
          .flags = spec::DESC_F_INDIRECT,
          .next = std::uint16_t{0}};
}

// Mostly one of a few places, so that things meet.
std::uint64_t GuestScene::addressFrom(test::ByteSource& source) const {
  const std::uint8_t choice = source.u8();
  if (choice % 16 > 6) {
    return placeOf(choice / 16);
  }
  const std::uint64_t start = arena_->startAddress().get();
  switch (choice % 16) {
  case 0:
    return source.u64();
  case 1:
    return start - source.u8();
  case 2:
    return arena_->endAddress().get() - source.u16() % 5000;
  case 3:
    return arena_->borderAddress().get() - source.u16() % 5000;
  case 4:
    return start + source.u16() % 4096;
  default:
    return start + source.u16();
  }
}

// Behind the ring, and far enough from each other for a few sectors.
std::uint64_t GuestScene::placeOf(unsigned number) const {
  return arena_->startAddress().get() + 0x1000 + std::uint64_t{number} * 0xe00;
}

std::uint64_t GuestScene::placeFrom(test::ByteSource& source) const {
  const std::uint8_t choice = source.u8();
  return placeOf(choice % 16) + choice / 16 * std::uint64_t{128};
}

spec::Descriptor GuestScene::descriptorFrom(test::ByteSource& source, std::size_t index) const {
  const std::uint64_t address = addressFrom(source);
  const std::uint32_t length = lengthFrom(source);
  const std::uint8_t flags = source.u8();
  const std::uint8_t next = source.u8();
  return {.addr = address,
          .len = length,
          .flags = flags < 250 ? static_cast<std::uint16_t>(flags % 8) : source.u16(),
          .next = next < 230   ? static_cast<std::uint16_t>(index + 1)
                  : next < 250 ? static_cast<std::uint16_t>(next % kQueueSizeMax)
                               : source.u16()};
}

// Descriptors somewhere in memory, for an indirect descriptor to find.
void GuestScene::writeTable(test::ByteSource& source) {
  const std::optional<std::size_t> offset = offsetOf(addressFrom(source));
  const std::size_t count = source.u8() % (kTableEntryCountMax + 1);
  for (std::size_t index = 0; index < count; ++index) {
    const spec::Descriptor entry = descriptorFrom(source, index);
    if (offset && *offset + (index + 1) * sizeof entry <= kArenaBytes) {
      std::memcpy(arena_->bytes().data() + *offset + index * sizeof entry, &entry, sizeof entry);
    }
  }
}

// A request's header in memory, if that is where the address is. Returns the type.
std::uint32_t GuestScene::writeHeader(test::ByteSource& source, std::uint64_t address) {
  constexpr std::array<std::uint32_t, 8> kTypes = {blk::T_IN,      blk::T_OUT, blk::T_FLUSH,
                                                   blk::T_GET_ID,  blk::T_IN,  blk::T_OUT,
                                                   blk::T_DISCARD, 0x99};
  const std::optional<std::size_t> offset = offsetOf(address);
  const std::uint32_t type = source.pick(kTypes);
  const std::uint8_t choice = source.u8();
  const std::uint64_t sector = choice < 200 ? choice % 130U : source.u64();
  const blk::RequestHeader header{.type = type, .reserved = std::uint32_t{0}, .sector = sector};
  if (offset && *offset + sizeof header <= kArenaBytes) {
    std::memcpy(arena_->bytes().data() + *offset, &header, sizeof header);
  }
  return type;
}

std::uint16_t GuestScene::headFrom(test::ByteSource& source) const {
  const std::uint8_t choice = source.u8();
  if (choice >= 250) {
    return source.u16();
  }
  return choice < 160 && !requestHeads_.empty()
             ? requestHeads_[choice % requestHeads_.size()]
             : static_cast<std::uint16_t>(choice % queue_->size());
}

void GuestScene::offerHeads(test::ByteSource& source) {
  const std::size_t count = 1 + source.u8() % std::size_t{queue_->size()};
  for (std::size_t number = 0; number < count; ++number) {
    queue_->offerHead(headFrom(source));
  }
  const std::uint8_t choice = source.u8();
  offeredCount_ = choice < 250 ? static_cast<std::uint16_t>(count) : source.u16();
  queue_->setAvailableIndex(static_cast<std::uint16_t>(firstIndex_ + offeredCount_));
}

// When the driver wants to be called, and where the used ring stands: anything.
void GuestScene::writeWishes(test::ByteSource& source) {
  const std::uint8_t choice = source.u8();
  const std::uint16_t flags = choice % 4;
  const auto usedIndex = static_cast<std::uint16_t>(firstIndex_ + choice / 16);
  const auto usedEvent = static_cast<std::uint16_t>(usedIndex + source.u8() - 8);
  const std::span<std::byte> available = queue_->availableBytes();
  std::memcpy(available.data() + spec::kAvailFlagsOffset, &flags, sizeof flags);
  std::memcpy(available.data() + available.size() - sizeof usedEvent, &usedEvent, sizeof usedEvent);
  std::memcpy(queue_->usedBytes().data() + spec::kUsedIdxOffset, &usedIndex, sizeof usedIndex);
}

vhost_user::RingStart GuestScene::start(const Fds& fds) const {
  return test::makeRingStart(*arena_, *queue_, memory_,
                             {.nextAvailable = firstIndex_,
                              .features = features_,
                              .kick = fds.kick,
                              .call = fds.call,
                              .err = fds.err});
}

virtio::SplitQueue GuestScene::splitQueue() const {
  const auto part = [this](GuestAddress address, std::size_t sizeBytes) {
    const auto bytes = memory_->contiguous(arena_->frontendAddressOf(address), sizeBytes);
    ARGON_CHECK(bytes.has_value());
    return *bytes;
  };
  Result<virtio::SplitQueue> queue = virtio::SplitQueue::create(
      {.descriptors =
           part(queue_->descriptorsAddress(), spec::descriptorTableBytes(queue_->size())),
       .available = part(queue_->availableAddress(), spec::availRingBytes(queue_->size())),
       .used = part(queue_->usedAddress(), spec::usedRingBytes(queue_->size()))},
      {.size = queue_->size(), .nextAvailable = firstIndex_});
  ARGON_CHECK(queue.has_value());
  return *std::move(queue);
}

// For an address that is known to be in the arena.
std::size_t GuestScene::distanceTo(std::uint64_t address) const {
  return static_cast<std::size_t>(address - arena_->startAddress().get());
}

std::optional<std::size_t> GuestScene::offsetOf(std::uint64_t address) const {
  return address >= arena_->startAddress().get() && address < arena_->endAddress().get()
             ? std::optional(distanceTo(address))
             : std::nullopt;
}

Range GuestScene::descriptorTable() const {
  return {.offset = distanceTo(queue_->descriptorsAddress().get()),
          .size = spec::descriptorTableBytes(queue_->size())};
}

Range GuestScene::availableRing() const {
  return {.offset = distanceTo(queue_->availableAddress().get()),
          .size = spec::availRingBytes(queue_->size())};
}

Range GuestScene::usedRing() const {
  return {.offset = distanceTo(queue_->usedAddress().get()),
          .size = spec::usedRingBytes(queue_->size())};
}

} // namespace argon::fuzz
