// SPDX-License-Identifier: Apache-2.0
#include "frontend/block_driver.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "frontend/arena.h"
#include "frontend/driver_queue.h"
#include "frontend/session.h"
#include "memory/guest_address.h"
#include "virtio/spec/blk.h"
#include "virtio/spec/ring.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

namespace argon::frontend {

namespace blk = virtio::spec::blk;

namespace {

constexpr std::uint64_t kNsPerMs = 1'000'000;
constexpr std::size_t kPageBytes = 4096;
constexpr std::uint8_t kNoStatus = 0xff;

// Cuts a run of bytes into buffers of the given sizes, over and over.
void cut(const ArenaBlock& block, bool isWritable, std::span<const std::uint32_t> sizes,
         std::vector<Buffer>& into) {
  std::size_t position = 0;
  for (std::size_t index = 0; position < block.bytes.size(); ++index) {
    const std::uint32_t size = sizes[index % sizes.size()];
    const auto count = std::min<std::size_t>(size, block.bytes.size() - position);
    into.push_back({.address = GuestAddress(block.address.get() + position),
                    .lengthBytes = static_cast<std::uint32_t>(count),
                    .isWritable = isWritable});
    position += count;
  }
}

} // namespace

Result<BlockDriver::Answer> BlockDriver::execute(const Request& request) {
  Arena& arena = session_.arena();
  const std::size_t mark = arena.mark();
  Result<Answer> answer = executeIn(arena, request);
  // A request that was not answered may still be worked on: its memory stays taken.
  if (answer) {
    arena.releaseTo(mark);
  }
  return answer;
}

Result<BlockDriver::Answer> BlockDriver::executeIn(Arena& arena, const Request& request) {
  const blk::RequestHeader header{
      .type = request.type, .reserved = std::uint32_t{0}, .sector = request.sector};
  ARGON_TRY(arena.allocate(request.offsetInPage, kPageBytes));
  ARGON_TRY_ASSIGN(const ArenaBlock readable,
                   arena.allocate(sizeof header + request.output.size(), 1));
  ARGON_TRY(arena.allocate(request.offsetInPage, kPageBytes));
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
    cut(readable, false, readableCuts, buffers);
    cut(writable, true, writableCuts, buffers);
  } else {
    cut(readable, false, request.cuts, buffers);
    cut(writable, true, request.cuts, buffers);
  }

  DriverQueue& queue = session_.queue(queueIndex_);
  std::optional<std::uint16_t> head;
  if (request.isIndirect) {
    ARGON_TRY_ASSIGN(const ArenaBlock table,
                     arena.allocate(buffers.size() * sizeof(virtio::spec::Descriptor), 16));
    head = queue.addIndirect(buffers, table);
  } else {
    head = queue.add(buffers);
  }
  if (!head) {
    return Error(ErrorKind::Exhausted,
                 concat("the ring has no room for ", buffers.size(), " descriptors"));
  }
  if (queue.publish()) {
    session_.kick(queueIndex_);
  }
  ARGON_TRY_ASSIGN(const UsedChain used, waitUsed());
  if (used.head != *head) {
    return Error(ErrorKind::Protocol, concat("chain ", used.head, " was used, not ", *head));
  }
  std::ranges::copy(writable.bytes.first(request.input.size()), request.input.begin());
  return Answer{.status = std::to_integer<std::uint8_t>(writable.bytes.back()),
                .usedBytes = used.lengthBytes};
}

Result<UsedChain> BlockDriver::waitUsed() {
  DriverQueue& queue = session_.queue(queueIndex_);
  const std::uint64_t deadlineNs = monotonicNs() + timeoutMs_ * kNsPerMs;
  for (;;) {
    ARGON_TRY_ASSIGN(const std::optional<UsedChain> used, queue.takeUsed());
    if (used) {
      return *used;
    }
    if (queue.enableCalls()) {
      continue;
    }
    const std::uint64_t nowNs = monotonicNs();
    if (nowNs >= deadlineNs ||
        !waitForEvent(session_.callFd(queueIndex_), (deadlineNs - nowNs) / kNsPerMs + 1)) {
      // A call that got lost would show here as an answer that is there all the same.
      return Error(ErrorKind::TimedOut, queue.hasUsed() ? "the device answered but did not call"
                                                        : "the device did not answer in time");
    }
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

bool waitForEvent(int fd, std::uint64_t timeoutMs) {
  pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
  if (::poll(&waiting, 1, static_cast<int>(timeoutMs)) <= 0) {
    return false;
  }
  std::uint64_t count = 0;
  return ::read(fd, &count, sizeof count) == ssize_t{sizeof count};
}

} // namespace argon::frontend
