// SPDX-License-Identifier: Apache-2.0
#include "fuzz/guest_scene.h"

#include "base/check.h"
#include "base/result.h"
#include "frontend/arena.h"
#include "frontend/driver_queue.h"
#include "frontend/packed_driver_queue.h"
#include "memory/guest_address.h"
#include "support/byte_source.h"
#include "support/ring_start.h"
#include "vhost_user/device.h"
#include "virtio/features.h"
#include "virtio/packed_queue.h"
#include "virtio/spec/blk.h"
#include "virtio/spec/features.h"
#include "virtio/spec/packed_ring.h"
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
// So high that a page is left above the arena: the very last byte can be in no region.
constexpr GuestAddress kLastStart(UINT64_MAX - GuestScene::kArenaBytes - 0xfff);

std::uint32_t lengthFrom(test::ByteSource& source) {
  const std::uint8_t choice = source.u8();
  switch (choice % 16) {
  case 0:
    return source.u32();
  case 1:
    return choice < 128 ? source.u16() : UINT32_MAX - source.u16();
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

GuestScene::GuestScene()
    : places_{makePlace(frontend::Arena::kGuestStart), makePlace(kLastStart)},
      place_(places_.data()) {}

GuestScene::Place GuestScene::makePlace(GuestAddress start) {
  Result<std::unique_ptr<frontend::Arena>> arena =
      frontend::Arena::create({.sizeBytes = kArenaBytes, .regionCount = 2, .guestStart = start});
  ARGON_CHECK(arena.has_value());
  Place place{.arena = *std::move(arena), .memory = nullptr};
  place.memory = test::mapArena(*place.arena);
  return place;
}

void GuestScene::build(test::ByteSource& source) {
  const std::uint8_t size = source.u8();
  const std::uint8_t flags = source.u8();
  place_ = &places_[flags / 32 % 2];
  // Not std::ranges::fill: a loop over every byte is what takes longest under a fuzzer.
  std::memset(bytes().data(), std::to_integer<int>(kFiller), kArenaBytes);
  place_->arena->releaseTo(0);
  makeFeatures(source, flags);
  makeRing(source, size);
  for (std::size_t count = source.u8() % (kTableCountMax + 1); count > 0; --count) {
    writeTable(source);
  }
  for (std::size_t count = source.u8() % (kHeaderCountMax + 1); count > 0; --count) {
    writeHeader(source, addressFrom(source));
  }
  requestHeads_.clear();
  chainCount_ = 0;
  const auto descriptorCount = static_cast<std::uint16_t>(source.u8() % (queueSize() + 1U));
  for (std::uint16_t index = 0; index < descriptorCount;) {
    index = writeChainPart(source, index);
  }
  if (isPacked()) {
    renameChains(source);
    writePackedWishes(source);
  } else {
    offerHeads(source);
    writeWishes(source);
  }
}

void GuestScene::makeFeatures(test::ByteSource& source, std::uint8_t flags) {
  const std::uint8_t more = source.u8();
  features_ = virtio::FeatureSet().with(spec::F_VERSION_1);
  const auto add = [this](unsigned feature, bool isWanted) {
    features_ = isWanted ? features_.with(feature) : features_;
  };
  add(spec::F_INDIRECT_DESC, flags % 8 != 0);
  add(spec::F_EVENT_IDX, flags / 8 % 2 != 0);
  add(spec::F_RING_PACKED, flags / 16 % 2 != 0);
  add(blk::F_DISCARD, more % 4 != 0);
  add(blk::F_WRITE_ZEROES, more / 4 % 4 != 0);
  add(blk::F_CONFIG_WCE, more / 16 % 2 != 0);
  add(blk::F_FLUSH, more / 32 != 0);
}

void GuestScene::makeRing(test::ByteSource& source, std::uint8_t size) {
  const bool hasEventIdx = features_.has(spec::F_EVENT_IDX);
  const std::uint16_t position = source.u16();
  split_ = nullptr;
  packed_ = nullptr;
  if (!features_.has(spec::F_RING_PACKED)) {
    Result<frontend::DriverQueue> queue = frontend::DriverQueue::create(
        *place_->arena,
        {.size = static_cast<std::uint16_t>(1U << size % 7), .hasEventIdx = hasEventIdx});
    ARGON_CHECK(queue.has_value());
    split_ = std::make_unique<frontend::DriverQueue>(*std::move(queue));
    ring_ = split_.get();
    firstIndex_ = position;
    split_->reset(firstIndex_);
    return;
  }
  const auto entryCount = static_cast<std::uint16_t>(1 + size % kQueueSizeMax);
  Result<frontend::PackedDriverQueue> queue = frontend::PackedDriverQueue::create(
      *place_->arena, {.size = entryCount, .hasEventIdx = hasEventIdx});
  ARGON_CHECK(queue.has_value());
  packed_ = std::make_unique<frontend::PackedDriverQueue>(*std::move(queue));
  ring_ = packed_.get();
  firstAvailable_ = {.index = static_cast<std::uint16_t>(position % entryCount),
                     .wrap = position >= 0x8000};
  packed_->reset(firstAvailable_.bits() | std::uint32_t{firstAvailable_.bits()} << 16);
  const std::uint8_t choice = source.u8();
  const unsigned lostCount = choice < 32 ? choice % (entryCount + 1U) : 0;
  // Backwards is all the way around in the round before.
  firstUsed_ =
      firstAvailable_.after(static_cast<std::uint16_t>(entryCount - lostCount), entryCount);
  firstUsed_.wrap = !firstUsed_.wrap;
}

// A request that means well if there is room for one, or a descriptor. Returns the next index.
std::uint16_t GuestScene::writeChainPart(test::ByteSource& source, std::uint16_t index) {
  const std::uint8_t choice = source.u8();
  // A packed ring is taken as it lies, so there most of it has to make sense.
  if (isPacked() ? choice % 4 == 3 : choice % 4 != 0) {
    writeEntry(descriptorFrom(source, index), index);
    return static_cast<std::uint16_t>(index + 1);
  }
  std::vector<spec::Descriptor> chain = requestFrom(source);
  if (choice >= 192 || chain.size() > std::size_t{queueSize()} - index) {
    chain = {tableOf(chain, placeFrom(source))};
  }
  requestHeads_.push_back(index);
  for (const spec::Descriptor& descriptor : chain) {
    writeEntry(linked(descriptor, index), index);
    ++index;
  }
  return index;
}

// Into the ring. In a packed one chains are numbered, and entries are available if their flags do
// not say otherwise.
void GuestScene::writeEntry(const spec::Descriptor& descriptor, std::uint16_t index) {
  if (!isPacked()) {
    split_->writeDescriptor(index, descriptor);
    return;
  }
  constexpr unsigned kOwner = spec::DESC_F_AVAIL | spec::DESC_F_USED;
  const virtio::PackedPosition position = firstAvailable_.after(index, queueSize());
  const std::uint16_t flags = descriptor.flags.get();
  const unsigned owner = position.wrap ? spec::DESC_F_AVAIL : spec::DESC_F_USED;
  packed_->writeDescriptor(
      position.index,
      {.addr = descriptor.addr,
       .len = descriptor.len,
       .id = static_cast<std::uint16_t>(chainCount_ % queueSize()),
       .flags = static_cast<std::uint16_t>((flags & kOwner) == 0 ? flags | owner : flags)});
  chainCount_ += (flags & spec::DESC_F_NEXT) == 0 ? 1 : 0;
}

// Into a table.
void GuestScene::writeInMemory(const spec::Descriptor& descriptor, std::size_t offset) {
  const spec::PackedDescriptor packed{.addr = descriptor.addr,
                                      .len = descriptor.len,
                                      .id = descriptor.next,
                                      .flags = descriptor.flags};
  static_assert(sizeof packed == sizeof descriptor);
  std::memcpy(bytes().data() + offset,
              isPacked() ? static_cast<const void*>(&packed)
                         : static_cast<const void*>(&descriptor),
              sizeof descriptor);
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
  const bool hasRanges = type == blk::T_DISCARD || type == blk::T_WRITE_ZEROES;
  const std::uint16_t dataFlags =
      hasRanges || type == blk::T_OUT ? std::uint16_t{0} : spec::DESC_F_WRITE;
  const std::size_t pieceCount = std::size_t{1} << shape / 4 % 5;
  std::uint64_t address = placeFrom(source);
  const std::size_t dataBytes =
      hasRanges ? writeRanges(source, address) : std::size_t{shape % 4U} * blk::SECTOR_BYTES;
  for (std::size_t number = 0; dataBytes > 0 && number < pieceCount; ++number) {
    add(address, dataBytes / pieceCount, dataFlags);
    address =
        hasRanges || shape / 32 % 2 == 0 ? address + dataBytes / pieceCount : placeFrom(source);
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
    writeInMemory(linked(chain[index], index),
                  distanceTo(address) + index * sizeof(spec::Descriptor));
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
  const std::uint64_t start = place_->arena->startAddress().get();
  switch (choice % 16) {
  case 0:
    return source.u64();
  case 1:
    return start - source.u8();
  case 2:
    return place_->arena->endAddress().get() - source.u16() % 5000;
  case 3:
    return place_->arena->borderAddress().get() - source.u16() % 5000;
  case 4:
    return start + source.u16() % 4096;
  default:
    return start + source.u16();
  }
}

// Behind the ring, and far enough from each other for a few sectors.
std::uint64_t GuestScene::placeOf(unsigned number) const {
  return place_->arena->startAddress().get() + 0x1000 + std::uint64_t{number} * 0xe00;
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
      writeInMemory(entry, *offset + index * sizeof entry);
    }
  }
}

// A request's header in memory, if that is where the address is. Returns the type.
std::uint32_t GuestScene::writeHeader(test::ByteSource& source, std::uint64_t address) {
  constexpr std::array<std::uint32_t, 10> kTypes = {
      blk::T_IN,  blk::T_OUT,     blk::T_FLUSH,        blk::T_GET_ID,       blk::T_IN,
      blk::T_OUT, blk::T_DISCARD, blk::T_WRITE_ZEROES, blk::T_WRITE_ZEROES, 0x99};
  const std::optional<std::size_t> offset = offsetOf(address);
  const std::uint32_t type = source.pick(kTypes);
  const std::uint8_t choice = source.u8();
  const std::uint64_t sector = choice < 200 ? choice % 130U : source.u64();
  const blk::RequestHeader header{.type = type, .reserved = std::uint32_t{0}, .sector = sector};
  if (offset && *offset + sizeof header <= kArenaBytes) {
    std::memcpy(bytes().data() + *offset, &header, sizeof header);
  }
  return type;
}

// Segments of a DISCARD or WRITE_ZEROES, up to one more than there may be: in the device, but for
// one with an oddity. Returns their bytes.
std::size_t GuestScene::writeRanges(test::ByteSource& source, std::uint64_t address) {
  constexpr std::array<std::uint32_t, 8> kCounts = {1, 2, 3, 64, 1, 65, 7, 63};
  const std::uint8_t choice = source.u8();
  const std::uint8_t first = source.u8();
  const std::uint8_t step = source.u8();
  const std::uint8_t oddity = source.u8();
  const std::size_t count = kCounts[choice % 8];
  for (std::size_t index = 0; index < count; ++index) {
    blk::DiscardWriteZeroes range{.sector = (first + index * step) % 120,
                                  .num_sectors = std::uint32_t{choice} / 8 % 8,
                                  .flags = choice >= 192 ? blk::WRITE_ZEROES_FLAG_UNMAP : 0};
    if (index == oddity / 8 % count) {
      switch (oddity % 8) {
      case 0:
        range.flags = source.u32();
        break;
      case 1:
        range.sector = source.u64();
        break;
      case 2:
        range.num_sectors = source.u32();
        break;
      case 3:
        range.num_sectors = 0;
        break;
      default:
        break;
      }
    }
    std::memcpy(bytes().data() + distanceTo(address) + index * sizeof range, &range, sizeof range);
  }
  return count * sizeof(blk::DiscardWriteZeroes);
}

std::uint16_t GuestScene::headFrom(test::ByteSource& source) const {
  const std::uint8_t choice = source.u8();
  if (choice >= 250) {
    return source.u16();
  }
  return choice < 160 && !requestHeads_.empty() ? requestHeads_[choice % requestHeads_.size()]
                                                : static_cast<std::uint16_t>(choice % queueSize());
}

void GuestScene::offerHeads(test::ByteSource& source) {
  const std::size_t count = 1 + source.u8() % std::size_t{queueSize()};
  for (std::size_t number = 0; number < count; ++number) {
    split_->offerHead(headFrom(source));
  }
  const std::uint8_t choice = source.u8();
  offeredCount_ = choice < 250 ? static_cast<std::uint16_t>(count) : source.u16();
  split_->setAvailableIndex(static_cast<std::uint16_t>(firstIndex_ + offeredCount_));
}

// When the driver wants to be called, and where the used ring stands: anything.
void GuestScene::writeWishes(test::ByteSource& source) {
  const std::uint8_t choice = source.u8();
  const std::uint16_t flags = choice % 4;
  const auto usedIndex = static_cast<std::uint16_t>(firstIndex_ + choice / 16);
  const auto usedEvent = static_cast<std::uint16_t>(usedIndex + source.u8() - 8);
  const std::span<std::byte> available = split_->availableBytes();
  std::memcpy(available.data() + spec::kAvailFlagsOffset, &flags, sizeof flags);
  std::memcpy(available.data() + available.size() - sizeof usedEvent, &usedEvent, sizeof usedEvent);
  std::memcpy(split_->usedBytes().data() + spec::kUsedIdxOffset, &usedIndex, sizeof usedIndex);
}

// Chains of other ids: in use already, or out of range.
void GuestScene::renameChains(test::ByteSource& source) {
  for (std::size_t count = source.u8() % 4U; count > 0; --count) {
    const std::size_t index = source.u8() % std::size_t{queueSize()};
    const std::uint8_t choice = source.u8();
    const auto id = choice < 250 ? static_cast<std::uint16_t>(choice % queueSize()) : source.u16();
    std::memcpy(bytes().data() + descriptorTable().offset + index * sizeof(spec::PackedDescriptor) +
                    offsetof(spec::PackedDescriptor, id),
                &id, sizeof id);
  }
}

// When the driver wants to be called: mostly at an answer that may come.
void GuestScene::writePackedWishes(test::ByteSource& source) {
  const std::uint8_t choice = source.u8();
  const std::uint16_t flags = choice % 4;
  const auto distance = static_cast<std::uint16_t>(choice / 4 % queueSize());
  const std::uint16_t offset =
      choice >= 224 ? source.u16() : firstUsed_.after(distance, queueSize()).bits();
  std::byte* wishes = bytes().data() + availableRing().offset;
  std::memcpy(wishes, &offset, sizeof offset);
  std::memcpy(wishes + sizeof offset, &flags, sizeof flags);
}

vhost_user::RingStart GuestScene::start(const Fds& fds) const {
  const std::uint32_t packedBase = firstAvailable_.bits() | std::uint32_t{firstUsed_.bits()} << 16;
  return test::makeRingStart(*place_->arena, *ring_, memory(),
                             {.base = isPacked() ? packedBase : firstIndex_,
                              .features = features_,
                              .kick = fds.kick,
                              .call = fds.call,
                              .err = fds.err});
}

virtio::SplitQueue GuestScene::splitQueue() const {
  Result<virtio::SplitQueue> queue =
      virtio::SplitQueue::create({.descriptors = inDevice(descriptorTable()),
                                  .available = inDevice(availableRing()),
                                  .used = inDevice(usedRing())},
                                 {.size = queueSize(), .nextAvailable = firstIndex_});
  ARGON_CHECK(queue.has_value());
  return *std::move(queue);
}

virtio::PackedQueue GuestScene::packedQueue() const {
  Result<virtio::PackedQueue> queue = virtio::PackedQueue::create(
      {.descriptors = inDevice(descriptorTable()),
       .driverEvent = inDevice(availableRing()),
       .deviceEvent = inDevice(usedRing())},
      {.size = queueSize(), .nextAvailable = firstAvailable_, .nextUsed = firstUsed_});
  ARGON_CHECK(queue.has_value());
  return *std::move(queue);
}

// All parts of the ring are in the first region.
std::span<std::byte> GuestScene::inDevice(const Range& range) const {
  return memory()->regions().front()->bytes().subspan(range.offset, range.size);
}

// For an address that is known to be in the arena.
std::size_t GuestScene::distanceTo(std::uint64_t address) const {
  return static_cast<std::size_t>(address - place_->arena->startAddress().get());
}

std::optional<std::size_t> GuestScene::offsetOf(std::uint64_t address) const {
  return address >= place_->arena->startAddress().get() &&
                 address < place_->arena->endAddress().get()
             ? std::optional(distanceTo(address))
             : std::nullopt;
}

// Descriptors are of one size in both layouts.
Range GuestScene::descriptorTable() const {
  return {.offset = distanceTo(ring_->descriptorsAddress().get()),
          .size = spec::descriptorTableBytes(queueSize())};
}

Range GuestScene::availableRing() const {
  return {.offset = distanceTo(ring_->availableAddress().get()),
          .size = isPacked() ? spec::kEventSuppressionBytes : spec::availRingBytes(queueSize())};
}

Range GuestScene::usedRing() const {
  return {.offset = distanceTo(ring_->usedAddress().get()),
          .size = isPacked() ? spec::kEventSuppressionBytes : spec::usedRingBytes(queueSize())};
}

} // namespace argon::fuzz
