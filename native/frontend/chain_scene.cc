// SPDX-License-Identifier: Apache-2.0
#include "frontend/chain_scene.h"

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "frontend/arena.h"
#include "frontend/driver_queue.h"
#include "frontend/session.h"
#include "memory/guest_address.h"
#include "memory/shared_copy.h"
#include "virtio/spec/blk.h"
#include "virtio/spec/ring.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

namespace argon::frontend {

namespace spec = virtio::spec;

namespace {

// Flags and index of the available ring, which publish() itself writes.
constexpr std::uint32_t kAvailableHeadBytes = spec::kAvailRingOffset;

} // namespace

Result<ChainScene> ChainScene::create(Session& session, std::uint16_t queueIndex) {
  Arena& arena = session.arena();
  ChainScene scene(session, queueIndex, arena.mark());
  ARGON_TRY_ASSIGN(scene.header_, arena.allocate(sizeof(spec::blk::RequestHeader), 16));
  ARGON_TRY_ASSIGN(scene.data_, arena.allocate(kDataBytes, 4096));
  ARGON_TRY_ASSIGN(scene.status_, arena.allocate(1, 1));
  ARGON_TRY_ASSIGN(scene.table_, arena.allocate(kTableEntryCount * sizeof(spec::Descriptor), 16));
  std::ranges::fill(scene.table_.bytes, std::byte{0});
  scene.moveStatus(scene.status());
  scene.setRequest(spec::blk::T_IN, 0);
  // So that no wish of an earlier scene is left.
  scene.setWishes(0, 0);
  return scene;
}

ChainScene::ChainScene(Session& session, std::uint16_t queueIndex, std::size_t mark)
    : session_(&session), queueIndex_(queueIndex), mark_(mark) {}

ChainScene::ChainScene(ChainScene&& other) noexcept
    : session_(std::exchange(other.session_, nullptr)), queueIndex_(other.queueIndex_),
      mark_(other.mark_), header_(other.header_), data_(other.data_), status_(other.status_),
      table_(other.table_), offeredCount_(other.offeredCount_),
      overclaimedCount_(other.overclaimedCount_), statusPlace_(other.statusPlace_),
      writable_(std::move(other.writable_)), published_(std::move(other.published_)) {}

ChainScene::~ChainScene() {
  if (session_ != nullptr) session_->arena().releaseTo(mark_);
}

GuestAddress ChainScene::middleOfMemory() const {
  return GuestAddress(startOfMemory().get() + session_->arena().bytes().size() / 2);
}

std::byte& ChainScene::memoryAt(GuestAddress address) const {
  return session_->arena().bytes()[address.get() - startOfMemory().get()];
}

std::uint8_t ChainScene::byteAt(GuestAddress address) const {
  return std::to_integer<std::uint8_t>(memoryAt(address));
}

void ChainScene::setRequest(std::uint32_t type, std::uint64_t sector, std::uint32_t reserved) {
  const spec::blk::RequestHeader header{.type = type, .reserved = reserved, .sector = sector};
  std::memcpy(header_.bytes.data(), &header, sizeof header);
}

void ChainScene::putRequestAt(GuestAddress address, std::uint32_t type, std::uint64_t sector) {
  const spec::blk::RequestHeader header{
      .type = type, .reserved = std::uint32_t{0}, .sector = sector};
  std::memcpy(&memoryAt(address), &header, sizeof header);
}

void ChainScene::putSegment(std::uint32_t index, const SceneSegment& segment) {
  // Little-endian and packed, as the specification's struct is.
  static_assert(sizeof segment == 16);
  std::memcpy(data_.bytes.data() + std::size_t{index} * sizeof segment, &segment, sizeof segment);
}

void ChainScene::moveStatus(ScenePart place) {
  statusPlace_ = place.address;
  memoryAt(statusPlace_) = std::byte{kNoStatus};
}

void ChainScene::moveTable(std::uint32_t bytes) {
  table_ = {.address = GuestAddress(table_.address.get() + bytes),
            .bytes = table_.bytes.subspan(bytes)};
}

void ChainScene::setWishes(std::uint16_t flags, std::uint16_t usedEventDistance) {
  const std::span<std::byte> available = queue().availableBytes();
  sharedU16(available.data() + spec::kAvailFlagsOffset).store(flags, std::memory_order_relaxed);
  sharedU16(available.data() + spec::kAvailRingOffset + spec::kAvailElementBytes * queueSize())
      .store(static_cast<std::uint16_t>(queue().usedIndex() + usedEventDistance),
             std::memory_order_relaxed);
}

void ChainScene::put(std::uint16_t index, ScenePart part, unsigned flags) {
  put(index, part, flags, static_cast<std::uint16_t>(index + 1));
}

void ChainScene::put(std::uint16_t index, ScenePart part, unsigned flags, std::uint16_t next) {
  queue().writeDescriptor(index, {.addr = part.address.get(),
                                  .len = part.lengthBytes,
                                  .flags = static_cast<std::uint16_t>(flags),
                                  .next = next});
  note(part, flags);
}

void ChainScene::putIndirect(std::uint16_t index, ScenePart part, unsigned flags) {
  putIndirect(index, part, flags, static_cast<std::uint16_t>(index + 1));
}

void ChainScene::putIndirect(std::uint16_t index, ScenePart part, unsigned flags,
                             std::uint16_t next) {
  const spec::Descriptor entry{.addr = part.address.get(),
                               .len = part.lengthBytes,
                               .flags = static_cast<std::uint16_t>(flags),
                               .next = next};
  std::memcpy(table_.bytes.data() + std::size_t{index} * sizeof entry, &entry, sizeof entry);
  note(part, flags);
}

void ChainScene::offer(std::uint16_t head) {
  queue().offerHead(head);
  ++offeredCount_;
}

void ChainScene::overclaim(std::uint16_t count) { overclaimedCount_ = count; }

void ChainScene::publish() {
  const std::span<const std::byte> memory = session_->arena().bytes();
  const std::span<const std::byte> before = memory.first(session_->arena().mark());
  published_.assign(before.begin(), before.end());
  note({.address = availableAddress(), .lengthBytes = kAvailableHeadBytes}, spec::DESC_F_WRITE);
  // The device writes what it wishes into the used rings of the others too.
  for (std::uint16_t index = 0; index < session_->queueCount(); ++index) {
    DriverQueue& ring = session_->queue(index);
    note({.address = ring.usedAddress(),
          .lengthBytes = static_cast<std::uint32_t>(ring.usedBytes().size())},
         spec::DESC_F_WRITE);
  }
  [[maybe_unused]] const bool wantsKick = queue().publish();
  if (overclaimedCount_ > 0) {
    queue().setAvailableIndex(
        static_cast<std::uint16_t>(queue().offeredIndex() + overclaimedCount_));
  }
  // Whether the device asked for it or not: a kick too many is no harm.
  session_->kick(queueIndex_);
}

void ChainScene::note(ScenePart part, unsigned flags) {
  if ((flags & spec::DESC_F_WRITE) != 0) writable_.push_back(part);
}

bool ChainScene::mayChange(GuestAddress address) const {
  return std::ranges::any_of(writable_, [address](const ScenePart& part) {
    // Below it the difference wraps around, to more than any length.
    return address.get() - part.address.get() < part.lengthBytes;
  });
}

Result<void> ChainScene::checkUntouched() const {
  for (std::size_t offset = 0; offset < published_.size(); ++offset) {
    const GuestAddress address(startOfMemory().get() + offset);
    if (memoryAt(address) != published_[offset] && !mayChange(address)) {
      return Error(ErrorKind::Corrupt, concat("the device wrote to guest address ",
                                              hex(address.get()), ", which it was not given"));
    }
  }
  return {};
}

} // namespace argon::frontend
