// SPDX-License-Identifier: Apache-2.0
#include "frontend/chain_scene.h"

#include "base/result.h"
#include "frontend/arena.h"
#include "frontend/driver_queue.h"
#include "frontend/session.h"
#include "memory/guest_address.h"
#include "virtio/spec/blk.h"
#include "virtio/spec/ring.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

namespace argon::frontend {

namespace spec = virtio::spec;

Result<ChainScene> ChainScene::create(Session& session, std::uint16_t queueIndex) {
  Arena& arena = session.arena();
  ChainScene scene(session, queueIndex, arena.mark());
  ARGON_TRY_ASSIGN(scene.header_, arena.allocate(sizeof(spec::blk::RequestHeader), 16));
  ARGON_TRY_ASSIGN(scene.data_, arena.allocate(kDataBytes, 4096));
  ARGON_TRY_ASSIGN(scene.status_, arena.allocate(1, 1));
  ARGON_TRY_ASSIGN(scene.table_, arena.allocate(kTableEntryCount * sizeof(spec::Descriptor), 16));
  std::ranges::fill(scene.table_.bytes, std::byte{0});
  scene.status_.bytes.front() = std::byte{kNoStatus};
  scene.setRequest(spec::blk::T_IN, 0);
  return scene;
}

ChainScene::ChainScene(Session& session, std::uint16_t queueIndex, std::size_t mark)
    : session_(&session), queueIndex_(queueIndex), mark_(mark) {}

ChainScene::ChainScene(ChainScene&& other) noexcept
    : session_(std::exchange(other.session_, nullptr)), queueIndex_(other.queueIndex_),
      mark_(other.mark_), header_(other.header_), data_(other.data_), status_(other.status_),
      table_(other.table_), offeredCount_(other.offeredCount_),
      overclaimedCount_(other.overclaimedCount_) {}

ChainScene::~ChainScene() {
  if (session_ != nullptr) session_->arena().releaseTo(mark_);
}

GuestAddress ChainScene::ringAddress() const { return queue().descriptorsAddress(); }

std::uint16_t ChainScene::queueSize() const { return queue().size(); }

void ChainScene::setRequest(std::uint32_t type, std::uint64_t sector) {
  const spec::blk::RequestHeader header{
      .type = type, .reserved = std::uint32_t{0}, .sector = sector};
  std::memcpy(header_.bytes.data(), &header, sizeof header);
}

void ChainScene::put(std::uint16_t index, ScenePart part, unsigned flags) {
  put(index, part, flags, static_cast<std::uint16_t>(index + 1));
}

void ChainScene::put(std::uint16_t index, ScenePart part, unsigned flags, std::uint16_t next) {
  queue().writeDescriptor(index, {.addr = part.address.get(),
                                  .len = part.lengthBytes,
                                  .flags = static_cast<std::uint16_t>(flags),
                                  .next = next});
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
}

void ChainScene::offer(std::uint16_t head) {
  queue().offerHead(head);
  ++offeredCount_;
}

void ChainScene::overclaim(std::uint16_t count) { overclaimedCount_ = count; }

void ChainScene::publish() {
  [[maybe_unused]] const bool wantsKick = queue().publish();
  if (overclaimedCount_ > 0) {
    queue().setAvailableIndex(
        static_cast<std::uint16_t>(queue().offeredIndex() + overclaimedCount_));
  }
  // Whether the device asked for it or not: a kick too many is no harm.
  session_->kick(queueIndex_);
}

std::uint8_t ChainScene::statusByte() const {
  return std::to_integer<std::uint8_t>(status_.bytes.front());
}

} // namespace argon::frontend
