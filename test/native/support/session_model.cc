// SPDX-License-Identifier: Apache-2.0
#include "support/session_model.h"

#include "memory/guest_address.h"
#include "memory/memory_region.h"
#include "support/fake_device.h"
#include "support/message_shape.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"
#include "virtio/spec/features.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace argon::test {

namespace spec = vhost_user::spec;

namespace {

constexpr std::uint64_t kProtocolFeatures =
    1 << 0 | 1 << 1 | 1 << 3 | 1 << 5 | 1 << 9 | 1 << 12 | 1 << 13 | 1 << 15 | 1 << 16;
constexpr unsigned kLogAll = 26;
constexpr std::size_t kSlotCount = 64;
constexpr std::size_t kFdCountMax = 16;
constexpr std::uint64_t kRingFdMask = 0xff;
constexpr std::uint64_t kRingNoFd = 0x100;

constexpr virtio::FeatureSet kOffered = FakeDevice::kFeatures.with(30).with(kLogAll);

RegionDescription regionOf(const spec::MemoryRegion& wire) {
  return {.guestStart = GuestAddress(wire.guestAddress),
          .sizeBytes = wire.size,
          .frontendStart = FrontendAddress(wire.userAddress),
          .fileOffsetBytes = wire.mmapOffset};
}

bool doMeet(std::uint64_t left, std::uint64_t leftBytes, std::uint64_t right,
            std::uint64_t rightBytes) {
  return left < right ? right - left < leftBytes : left - right < rightBytes;
}

bool doOverlap(const std::vector<RegionDescription>& regions, const RegionDescription& other) {
  return std::ranges::any_of(regions, [&other](const RegionDescription& region) {
    return doMeet(region.guestStart.get(), region.sizeBytes, other.guestStart.get(),
                  other.sizeBytes) ||
           doMeet(region.frontendStart.get(), region.sizeBytes, other.frontendStart.get(),
                  other.sizeBytes);
  });
}

} // namespace

void SessionModel::feed(std::span<const std::byte> bytes, std::span<const FdFacts> fds) {
  // They arrive with the first byte, so they belong to the message that this byte belongs to.
  fds_.insert(fds_.end(), fds.begin(), fds.end());
  hasEnded_ = hasEnded_ || fds_.size() > kFdCountMax;
  spec::Header header{};
  while (!hasEnded_ && !isUncertain_) {
    std::size_t wanted = sizeof header;
    if (message_.size() >= wanted) {
      std::memcpy(&header, message_.data(), sizeof header);
      const std::optional<MessageShape> shape = messageShapeOf(header.request);
      if (header.flags % 8 / 4 != 0 || header.flags % 4 != 1 || !shape ||
          header.size < shape->bytesMin || header.size > shape->bytesMax) {
        hasEnded_ = true;
        return;
      }
      wanted += header.size;
      if (message_.size() == wanted) {
        handleMessage();
        message_.clear();
        fds_.clear();
        continue;
      }
    }
    if (bytes.empty()) {
      return;
    }
    const std::size_t count = std::min(bytes.size(), wanted - message_.size());
    message_.insert(message_.end(), bytes.begin(),
                    bytes.begin() + static_cast<std::ptrdiff_t>(count));
    bytes = bytes.subspan(count);
  }
}

void SessionModel::handleMessage() {
  spec::Header header{};
  std::memcpy(&header, message_.data(), sizeof header);
  const auto request = static_cast<Request>(header.request);
  const MessageShape shape = *messageShapeOf(header.request);
  if (fds_.size() < shape.fdsMin || fds_.size() > shape.fdsMax ||
      (shape.feature && !protocolFeatures_.has(*shape.feature))) {
    hasEnded_ = true;
    return;
  }
  isInflightFileShared_ =
      isInflightFileShared_ ||
      (request != Request::SET_INFLIGHT_FD &&
       std::ranges::any_of(fds_, [](const FdFacts& fd) { return fd.isForInflight; }));
  const Outcome outcome = apply(request);
  if (outcome == Outcome::Fatal || (outcome == Outcome::Refused && shape.hasOwnAnswer)) {
    hasEnded_ = true;
    return;
  }
  const bool isWaitedFor = (header.flags & spec::NEED_REPLY) != 0 && protocolFeatures_.has(3);
  if (outcome != Outcome::Answered && isWaitedFor) {
    [[maybe_unused]] const Outcome done =
        answerU64(request, outcome == Outcome::Done ? std::uint64_t{0} : 1);
  }
}

SessionModel::Outcome SessionModel::apply(Request request) {
  switch (request) {
  case Request::GET_FEATURES:
    return answerU64(request, kOffered.bits());
  case Request::GET_PROTOCOL_FEATURES:
    return answerU64(request, kProtocolFeatures);
  case Request::GET_QUEUE_NUM:
    return answerU64(request, kRingCount);
  case Request::GET_MAX_MEM_SLOTS:
    return answerU64(request, kSlotCount);
  case Request::SET_FEATURES:
    return setFeatures();
  case Request::SET_PROTOCOL_FEATURES:
    return setProtocolFeatures();
  case Request::SET_OWNER:
    return Outcome::Done;
  case Request::RESET_OWNER:
    stopAll();
    for (Ring& ring : rings_) {
      ring.isEnabled = false;
    }
    return Outcome::Done;
  case Request::SET_MEM_TABLE:
    return setTable();
  case Request::ADD_MEM_REG:
    return addRegion();
  case Request::REM_MEM_REG:
    return removeRegion();
  case Request::GET_CONFIG:
    return getConfig();
  case Request::SET_CONFIG:
    return setConfig();
  default:
    return applyToDevice(request);
  }
}

SessionModel::Outcome SessionModel::applyToRing(Request request) {
  switch (request) {
  case Request::SET_VRING_ADDR:
    return setAddresses();
  case Request::SET_VRING_NUM:
  case Request::SET_VRING_BASE:
  case Request::SET_VRING_ENABLE:
    return setRingNumber(request);
  case Request::SET_VRING_KICK:
  case Request::SET_VRING_CALL:
  case Request::SET_VRING_ERR:
    return setRingFd(request);
  case Request::GET_VRING_BASE:
    return getBase();
  default:
    return Outcome::Refused;
  }
}

SessionModel::Outcome SessionModel::setFeatures() {
  const virtio::FeatureSet asked(payloadAs<std::uint64_t>());
  const bool isAnyStarted =
      std::ranges::any_of(rings_, [](const Ring& ring) { return ring.isStarted; });
  if ((asked.bits() | kOffered.bits()) != kOffered.bits() ||
      (isAnyStarted && asked.without(kLogAll) != features_.without(kLogAll))) {
    return Outcome::Refused;
  }
  if (isAnyStarted && asked == features_) {
    return Outcome::Done;
  }
  stopAll();
  features_ = asked;
  for (Ring& ring : rings_) {
    ring.isEnabled = ring.isEnabled || !asked.has(30);
  }
  restartAll();
  return Outcome::Done;
}

SessionModel::Outcome SessionModel::setProtocolFeatures() {
  const auto asked = payloadAs<std::uint64_t>();
  if ((asked | kProtocolFeatures) != kProtocolFeatures) {
    return Outcome::Refused;
  }
  protocolFeatures_ = virtio::FeatureSet(asked);
  return Outcome::Done;
}

bool SessionModel::isGoodConfig() const {
  const auto header = payloadAs<spec::ConfigHeader>();
  return payloadBytes() == sizeof header + std::uint64_t{header.size} &&
         std::uint64_t{header.offset} + header.size <= 256;
}

SessionModel::Outcome SessionModel::getConfig() {
  if (!isGoodConfig()) {
    answer(Request::GET_CONFIG, {});
    return Outcome::Answered;
  }
  const auto header = payloadAs<spec::ConfigHeader>();
  std::vector<std::byte> bytes(message_.begin() + sizeof(spec::Header),
                               message_.begin() + sizeof(spec::Header) + sizeof header);
  for (std::size_t at = header.offset; at < header.offset + header.size; ++at) {
    bytes.push_back(static_cast<std::byte>(at < FakeDevice::kConfigBytes ? at + 1 : 0));
  }
  answer(Request::GET_CONFIG, bytes);
  return Outcome::Answered;
}

SessionModel::Outcome SessionModel::setConfig() {
  const auto header = payloadAs<spec::ConfigHeader>();
  const bool isTheOne = header.offset == 32 && header.size == 1;
  return isGoodConfig() && isTheOne ? Outcome::Done : Outcome::Refused;
}

SessionModel::Outcome SessionModel::setTable() {
  const std::size_t count = payloadAs<spec::MemoryTableHeader>().regionCount;
  if (count != fds_.size() || payloadBytes() != 8 + 32 * count) {
    return Outcome::Refused;
  }
  std::vector<RegionDescription> regions;
  for (std::size_t index = 0; index < count; ++index) {
    const RegionDescription region = regionOf(payloadAs<spec::MemoryRegion>(8 + 32 * index));
    if (!canMap(region, fds_[index]) || doOverlap(regions, region)) {
      return Outcome::Refused;
    }
    regions.push_back(region);
  }
  return useRegions(std::move(regions));
}

SessionModel::Outcome SessionModel::addRegion() {
  const RegionDescription region = regionOf(payloadAs<spec::SingleMemoryRegion>().region);
  if (regions_.size() == kSlotCount || !canMap(region, fds_.front()) ||
      doOverlap(regions_, region)) {
    return Outcome::Refused;
  }
  std::vector<RegionDescription> regions = regions_;
  regions.push_back(region);
  return useRegions(std::move(regions));
}

SessionModel::Outcome SessionModel::removeRegion() {
  const RegionDescription wanted = regionOf(payloadAs<spec::SingleMemoryRegion>().region);
  std::vector<RegionDescription> regions = regions_;
  std::erase_if(regions, [&wanted](const RegionDescription& region) {
    return region.guestStart == wanted.guestStart && region.frontendStart == wanted.frontendStart &&
           region.sizeBytes == wanted.sizeBytes;
  });
  return regions.size() == regions_.size() ? Outcome::Refused : useRegions(std::move(regions));
}

SessionModel::Outcome SessionModel::useRegions(std::vector<RegionDescription> regions) {
  stopAll();
  regions_ = std::move(regions);
  restartAll();
  return Outcome::Done;
}

bool SessionModel::canMap(const RegionDescription& region, const FdFacts& fd) const {
  const std::uint64_t size = region.sizeBytes;
  return fd.kind == FdFacts::Kind::Memory &&
         (fd.isSealed || policy_ == RegionPolicy::AllowUnsealed) && size > 0 &&
         size <= UINT64_MAX - region.guestStart.get() &&
         size <= UINT64_MAX - region.frontendStart.get() && size <= fd.sizeBytes &&
         region.fileOffsetBytes <= fd.sizeBytes - size;
}

SessionModel::Outcome SessionModel::setAddresses() {
  const auto given = payloadAs<spec::VringAddress>();
  if (given.index >= kRingCount) {
    return Outcome::Refused;
  }
  Ring& ring = rings_[given.index];
  const bool isSame = ring.addresses && ring.addresses->descriptor == given.descriptor &&
                      ring.addresses->used == given.used &&
                      ring.addresses->available == given.available;
  if (ring.isStarted && !isSame) {
    return Outcome::Refused;
  }
  ring.addresses = given;
  ring.isRefused = false;
  startAllThatCan();
  return Outcome::Done;
}

SessionModel::Outcome SessionModel::setRingNumber(Request request) {
  const auto [index, number] = payloadAs<spec::VringState>();
  if (index >= kRingCount) {
    return Outcome::Refused;
  }
  Ring& ring = rings_[index];
  if (request == Request::SET_VRING_ENABLE) {
    return setEnabled(ring, number);
  }
  if (ring.isStarted) {
    return Outcome::Refused;
  }
  if (request == Request::SET_VRING_BASE) {
    if (number > 65'535) {
      return Outcome::Refused;
    }
    ring.base = number;
    ring.isRefused = false;
    return Outcome::Done;
  }
  // A power of two has no bit in common with the number before it.
  if (number == 0 || number > 32'768 || (number & (number - 1)) != 0) {
    return Outcome::Refused;
  }
  ring.size = number;
  ring.isRefused = false;
  startAllThatCan();
  return Outcome::Done;
}

SessionModel::Outcome SessionModel::setEnabled(Ring& ring, std::uint32_t value) {
  if (value > 1) {
    return Outcome::Refused;
  }
  ring.isEnabled = value == 1;
  if (ring.isEnabled) {
    startAllThatCan();
  } else {
    stop(ring);
  }
  return Outcome::Done;
}

SessionModel::Outcome SessionModel::setRingFd(Request request) {
  const auto value = payloadAs<std::uint64_t>();
  const bool hasFd = (value & kRingNoFd) == 0;
  const std::uint64_t index = value & kRingFdMask;
  if (value > (kRingFdMask | kRingNoFd) || hasFd != (fds_.size() == 1) || index >= kRingCount ||
      (hasFd && fds_.front().kind != FdFacts::Kind::Event)) {
    return Outcome::Refused;
  }
  Ring& ring = rings_[index];
  if (request == Request::SET_VRING_CALL) {
    ring.hasCallFd = hasFd;
  } else if (request == Request::SET_VRING_KICK) {
    stop(ring);
    ring.hasKick = true;
    ring.hasKickFd = hasFd;
    startAllThatCan();
  }
  return Outcome::Done;
}

SessionModel::Outcome SessionModel::getBase() {
  const auto asked = payloadAs<spec::VringState>();
  if (asked.index >= kRingCount) {
    return Outcome::Refused;
  }
  Ring& ring = rings_[asked.index];
  stop(ring);
  ring.hasKick = false;
  ring.hasKickFd = false;
  const spec::VringState state{.index = asked.index, .num = ring.base};
  answer(Request::GET_VRING_BASE, std::as_bytes(std::span(&state, 1)));
  return Outcome::Answered;
}

void SessionModel::stop(Ring& ring) const {
  if (ring.isStarted) {
    ring.isStarted = false;
    ring.base = static_cast<std::uint16_t>(ring.base + takenCount_);
  }
}

void SessionModel::stopAll() {
  for (Ring& ring : rings_) {
    stop(ring);
  }
}

void SessionModel::restartAll() {
  stopAll();
  for (Ring& ring : rings_) {
    ring.isRefused = false;
  }
  startAllThatCan();
}

// Whatever came may have been what a ring waited for; nothing else can have become startable.
void SessionModel::startAllThatCan() {
  if (!features_.has(virtio::spec::F_VERSION_1) || regions_.empty()) {
    return;
  }
  for (Ring& ring : rings_) {
    if (ring.isStarted || ring.isRefused || ring.size == 0 || !ring.addresses || !ring.hasKick ||
        !ring.isEnabled) {
      continue;
    }
    ring.isStarted = canStart(ring);
    ring.isRefused = !ring.isStarted;
    ring.startCount += ring.isStarted ? 1 : 0;
  }
}

bool SessionModel::canStart(Ring& ring) {
  return canPlace(ring) && (!inflight_ || takeUpInflight(ring));
}

bool SessionModel::canPlace(const Ring& ring) const {
  return isInOneRegion(ring.addresses->descriptor, std::uint64_t{16} * ring.size, 16) &&
         isInOneRegion(ring.addresses->available, 6 + std::uint64_t{2} * ring.size, 2) &&
         isInOneRegion(ring.addresses->used, 6 + std::uint64_t{8} * ring.size, 4);
}

// Alignment is that of the memory itself, whatever the front end calls its address.
bool SessionModel::isInOneRegion(std::uint64_t address, std::uint64_t bytes,
                                 std::uint64_t alignment) const {
  return std::ranges::any_of(regions_, [&](const RegionDescription& region) {
    const std::uint64_t inside = address - region.frontendStart.get();
    return address >= region.frontendStart.get() && inside < region.sizeBytes &&
           region.sizeBytes - inside >= bytes && (region.fileOffsetBytes + inside) % alignment == 0;
  });
}

std::size_t SessionModel::payloadBytes() const { return message_.size() - sizeof(spec::Header); }

void SessionModel::answer(Request request, std::span<const std::byte> payload) {
  const spec::Header header{.request = static_cast<std::uint32_t>(request),
                            .flags = spec::kVersion | spec::REPLY,
                            .size = static_cast<std::uint32_t>(payload.size())};
  const std::span<const std::byte> bytes = std::as_bytes(std::span(&header, 1));
  answers_.insert(answers_.end(), bytes.begin(), bytes.end());
  answers_.insert(answers_.end(), payload.begin(), payload.end());
}

SessionModel::Outcome SessionModel::answerU64(Request request, std::uint64_t value) {
  answer(request, std::as_bytes(std::span(&value, 1)));
  return Outcome::Answered;
}

} // namespace argon::test
