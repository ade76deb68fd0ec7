// SPDX-License-Identifier: Apache-2.0
#include "support/async_driver.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "frontend/arena.h"
#include "frontend/driver_ring.h"
#include "frontend/session.h"
#include "frontend/wait.h"
#include "memory/guest_address.h"
#include "support/deadline.h"
#include "virtio/spec/blk.h"
#include "virtio/spec/ring.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

namespace argon::test {

namespace blk = virtio::spec::blk;

namespace {

// Entries of a slot's indirect table.
constexpr std::size_t kTableEntryCount = 130;

frontend::ArenaBlock allocate(frontend::Arena& arena, std::size_t sizeBytes,
                              std::size_t alignment) {
  Result<frontend::ArenaBlock> block = arena.allocate(sizeBytes, alignment);
  ARGON_CHECK(block.has_value());
  return *block;
}

} // namespace

AsyncDriver::AsyncDriver(frontend::Session& session, const Options& options)
    : session_(session), options_(options) {
  frontend::Arena& arena = session.arena();
  for (std::size_t slot = 0; slot < options.slotCount; ++slot) {
    slots_.push_back(
        {.header = allocate(arena, sizeof(blk::RequestHeader), 16),
         .data = allocate(arena, options.dataBytesMax, 16),
         .status = allocate(arena, 1, 1),
         .table = allocate(arena, kTableEntryCount * sizeof(virtio::spec::Descriptor), 16)});
  }
}

std::span<std::byte> AsyncDriver::data(std::size_t slot) { return slots_[slot].data.bytes; }

bool AsyncDriver::offer(std::size_t slot, const Request& request) {
  const Slot& memory = slots_[slot];
  const blk::RequestHeader header{
      .type = request.type, .reserved = std::uint32_t{0}, .sector = request.sector};
  std::memcpy(memory.header.bytes.data(), &header, sizeof header);
  memory.status.bytes.front() = std::byte{0xff};
  std::vector<frontend::Buffer> buffers;
  buffers.push_back({.address = memory.header.address, .lengthBytes = sizeof header});
  const bool isInput = request.type != blk::T_OUT && request.type != blk::T_DISCARD &&
                       request.type != blk::T_WRITE_ZEROES;
  const std::size_t piece = request.pieceBytes == 0 ? request.dataBytes : request.pieceBytes;
  for (std::size_t done = 0; done < request.dataBytes; done += piece) {
    buffers.push_back(
        {.address = GuestAddress(memory.data.address.get() + done),
         .lengthBytes = static_cast<std::uint32_t>(std::min(piece, request.dataBytes - done)),
         .isWritable = isInput});
  }
  buffers.push_back({.address = memory.status.address, .lengthBytes = 1, .isWritable = true});
  const std::optional<std::uint16_t> head =
      request.isIndirect ? ring().addIndirect(buffers, memory.table) : ring().add(buffers);
  if (head) {
    ARGON_CHECK(slotOf_.emplace(*head, slot).second);
  }
  return head.has_value();
}

void AsyncDriver::publish() {
  if (ring().publish()) {
    session_.kick(options_.queueIndex);
  }
}

Result<std::optional<AsyncDriver::Answer>> AsyncDriver::take() {
  ARGON_TRY_ASSIGN(const std::optional<frontend::UsedChain> used, ring().takeUsed());
  if (!used) {
    return std::optional<Answer>();
  }
  const auto found = slotOf_.find(used->head);
  ARGON_CHECK(found != slotOf_.end());
  const std::size_t slot = found->second;
  slotOf_.erase(found);
  return std::optional(
      Answer{.slot = slot,
             .status = std::to_integer<std::uint8_t>(slots_[slot].status.bytes.front()),
             .usedBytes = used->lengthBytes});
}

Result<AsyncDriver::Answer> AsyncDriver::wait() {
  const std::uint64_t deadlineNs = monotonicNs() + kDeadlineMs * 1'000'000;
  for (;;) {
    ARGON_TRY_ASSIGN(const std::optional<Answer> answer, take());
    if (answer) {
      return *answer;
    }
    if (ring().enableCalls()) {
      continue;
    }
    const std::uint64_t nowNs = monotonicNs();
    if (nowNs >= deadlineNs || !frontend::waitForEvent(session_.callFd(options_.queueIndex),
                                                       (deadlineNs - nowNs) / 1'000'000 + 1)) {
      return Error(ErrorKind::TimedOut,
                   ring().hasUsed() ? "answered but not called" : "not answered in time");
    }
  }
}

Result<void> AsyncDriver::waitAllOk() {
  while (underWayCount() > 0) {
    ARGON_TRY_ASSIGN(const Answer answer, wait());
    if (answer.status != blk::S_OK) {
      return Error(ErrorKind::HostIo, concat("slot ", answer.slot, " has status ", answer.status));
    }
  }
  return {};
}

} // namespace argon::test
