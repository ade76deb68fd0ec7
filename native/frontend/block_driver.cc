// SPDX-License-Identifier: Apache-2.0
#include "frontend/block_driver.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "frontend/arena.h"
#include "frontend/buffer_cuts.h"
#include "frontend/driver_ring.h"
#include "frontend/session.h"
#include "frontend/wait.h"
#include "virtio/spec/blk.h"
#include "virtio/spec/ring.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <thread>
#include <vector>

namespace argon::frontend {

namespace blk = virtio::spec::blk;

namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;
constexpr std::size_t kPageBytes = 4096;
constexpr std::uint8_t kNoStatus = 0xff;

void append(std::vector<Buffer>& buffers, const std::vector<Buffer>& more) {
  buffers.insert(buffers.end(), more.begin(), more.end());
}

} // namespace

Result<BlockDriver::Answer> BlockDriver::execute(const Request& request) {
  ARGON_TRY_ASSIGN(const std::uint16_t chain, submit(request));
  publish();
  ARGON_TRY_ASSIGN(const Completion done, waitAny());
  if (done.chain != chain) {
    return Error(ErrorKind::Protocol, concat("chain ", done.chain, " was used, not ", chain));
  }
  return done.answer;
}

Result<std::uint16_t> BlockDriver::submit(const Request& request) {
  Arena& arena = session_.arena();
  const std::size_t mark = arena.mark();
  Result<std::uint16_t> chain = submitIn(arena, request);
  if (!chain) {
    arena.releaseTo(mark);
  } else if (underWay_.size() == 1) {
    arenaMark_ = mark;
  }
  return chain;
}

Result<std::uint16_t> BlockDriver::submitIn(Arena& arena, const Request& request) {
  const blk::RequestHeader header{
      .type = request.type, .reserved = std::uint32_t{0}, .sector = request.sector};
  if (request.offsetInPage > 0) {
    ARGON_TRY(arena.allocate(request.offsetInPage, kPageBytes));
  }
  ARGON_TRY_ASSIGN(const ArenaBlock readable,
                   arena.allocate(sizeof header + request.output.size(), 1));
  if (request.offsetInPage > 0) {
    ARGON_TRY(arena.allocate(request.offsetInPage, kPageBytes));
  }
  ARGON_TRY_ASSIGN(const ArenaBlock writable, arena.allocate(request.input.size() + 1, 1));
  std::memcpy(readable.bytes.data(), &header, sizeof header);
  std::ranges::copy(request.output, readable.bytes.begin() + sizeof header);
  writable.bytes.back() = std::byte{kNoStatus};

  std::vector<Buffer> buffers;
  if (request.cuts.empty()) {
    const std::array<std::uint32_t, 2> readableCuts = {
        sizeof header,
        std::max<std::uint32_t>(static_cast<std::uint32_t>(request.output.size()), 1)};
    const std::array<std::uint32_t, 2> writableCuts = {
        std::max<std::uint32_t>(static_cast<std::uint32_t>(request.input.size()), 1), 1};
    append(buffers, cutBuffers(readable, BufferUse::Readable, readableCuts));
    append(buffers, cutBuffers(writable, BufferUse::Writable, writableCuts));
  } else {
    append(buffers, cutBuffers(readable, BufferUse::Readable, request.cuts));
    append(buffers, cutBuffers(writable, BufferUse::Writable, request.cuts));
  }

  std::optional<std::uint16_t> chain;
  if (request.isIndirect) {
    ARGON_TRY_ASSIGN(const ArenaBlock table,
                     arena.allocate(buffers.size() * sizeof(virtio::spec::Descriptor), 16));
    chain = ring().addIndirect(buffers, table);
  } else {
    chain = ring().add(buffers);
  }
  if (!chain) {
    return Error(ErrorKind::Exhausted,
                 concat("the ring has no room for ", buffers.size(), " descriptors"));
  }
  underWay_[*chain] = {.writable = writable.bytes, .input = request.input};
  return *chain;
}

void BlockDriver::publish() {
  if (ring().publish()) {
    session_.kick(queueIndex_);
  }
}

Result<std::optional<BlockDriver::Completion>> BlockDriver::takeAny() {
  ARGON_TRY_ASSIGN(const std::optional<UsedChain> used, ring().takeUsed());
  if (!used) {
    return std::optional<Completion>();
  }
  ARGON_TRY_ASSIGN(const Completion done, complete(*used));
  return std::optional(done);
}

Result<BlockDriver::Completion> BlockDriver::complete(const UsedChain& used) {
  const auto found = underWay_.find(used.head);
  if (found == underWay_.end()) {
    return Error(ErrorKind::Protocol, concat("chain ", used.head, " was used, and is no request"));
  }
  const UnderWay& request = found->second;
  std::ranges::copy(request.writable.first(request.input.size()), request.input.begin());
  const Answer answer{.status = std::to_integer<std::uint8_t>(request.writable.back()),
                      .usedBytes = used.lengthBytes};
  underWay_.erase(found);
  // A request that was not answered may still be worked on: its memory stays taken.
  if (underWay_.empty()) {
    session_.arena().releaseTo(arenaMark_);
  }
  return Completion{.chain = used.head, .answer = answer};
}

Result<BlockDriver::Completion> BlockDriver::waitAny() {
  ARGON_TRY(waitUntilUsed());
  ARGON_TRY_ASSIGN(const std::optional<Completion> done, takeAny());
  ARGON_CHECK(done.has_value());
  return *done;
}

Result<UsedChain> BlockDriver::waitUsed() {
  ARGON_TRY(waitUntilUsed());
  ARGON_TRY_ASSIGN(const std::optional<UsedChain> used, ring().takeUsed());
  ARGON_CHECK(used.has_value());
  underWay_.erase(used->head);
  return *used;
}

Result<void> BlockDriver::waitUntilUsed() {
  if (wait_ == Wait::Calls) {
    return waitForUsed(ring(), session_.callFd(queueIndex_), timeoutMs_);
  }
  const std::uint64_t deadlineNs = monotonicNs() + timeoutMs_ * kNsPerMs;
  while (!ring().hasUsed()) {
    if (monotonicNs() >= deadlineNs) {
      return Error(ErrorKind::TimedOut, "the device did not answer in time");
    }
    // The device may need this CPU.
    std::this_thread::yield();
  }
  return {};
}

void BlockDriver::setWait(Wait wait) {
  wait_ = wait;
  if (wait == Wait::Polling) {
    ring().disableCalls();
  }
}

Result<void> BlockDriver::read(std::uint64_t offsetBytes, std::span<std::byte> into) {
  ARGON_TRY_ASSIGN(
      const Answer answer,
      execute({.type = blk::T_IN, .sector = offsetBytes / blk::SECTOR_BYTES, .input = into}));
  if (answer.status != blk::S_OK) {
    return Error(ErrorKind::HostIo, concat("read of ", into.size(), " bytes at ", offsetBytes,
                                           " failed with status ", answer.status));
  }
  return {};
}

Result<void> BlockDriver::write(std::uint64_t offsetBytes, std::span<const std::byte> bytes) {
  ARGON_TRY_ASSIGN(
      const Answer answer,
      execute({.type = blk::T_OUT, .sector = offsetBytes / blk::SECTOR_BYTES, .output = bytes}));
  if (answer.status != blk::S_OK) {
    return Error(ErrorKind::HostIo, concat("write of ", bytes.size(), " bytes at ", offsetBytes,
                                           " failed with status ", answer.status));
  }
  return {};
}

Result<void> BlockDriver::flush() {
  ARGON_TRY_ASSIGN(const Answer answer, execute({.type = blk::T_FLUSH}));
  if (answer.status != blk::S_OK) {
    return Error(ErrorKind::HostIo, concat("flush failed with status ", answer.status));
  }
  return {};
}

Result<BlockDriver::Answer> BlockDriver::zero(std::uint32_t type,
                                              std::span<const blk::DiscardWriteZeroes> segments) {
  return execute({.type = type, .output = std::as_bytes(segments)});
}

} // namespace argon::frontend
