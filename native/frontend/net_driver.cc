// SPDX-License-Identifier: Apache-2.0
#include "frontend/net_driver.h"

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "frontend/arena.h"
#include "frontend/buffer_cuts.h"
#include "frontend/driver_ring.h"
#include "frontend/session.h"
#include "frontend/wait.h"
#include "virtio/spec/net.h"
#include "virtio/spec/ring.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace argon::frontend {

namespace net = virtio::spec::net;

Result<std::unique_ptr<NetDriver>> NetDriver::create(Session& session, const Options& options) {
  std::unique_ptr<NetDriver> driver(new NetDriver(session, options));
  for (std::uint16_t number = 0; number < options.bufferCount; ++number) {
    ARGON_TRY_ASSIGN(const ArenaBlock buffer, session.arena().allocate(options.bufferBytes, 64));
    driver->freeBuffers_.push_back(driver->buffers_.size());
    driver->buffers_.push_back(buffer);
  }
  ARGON_TRY(driver->refill());
  return driver;
}

NetDriver::NetDriver(Session& session, Options options)
    : session_(session), options_(std::move(options)),
      bufferOf_(session.ring(receiveIndex()).size()) {}

std::uint16_t NetDriver::receiveIndex() const {
  return static_cast<std::uint16_t>(options_.pairIndex * net::kQueuesPerPair);
}

std::uint16_t NetDriver::transmitIndex() const {
  return static_cast<std::uint16_t>(receiveIndex() + 1);
}

Result<void> NetDriver::send(const Frame& frame) {
  ARGON_TRY(offer(frame));
  return waitSent();
}

Result<void> NetDriver::offer(const Frame& frame) {
  Arena& arena = session_.arena();
  if (sendCount_ == 0) {
    arenaMark_ = arena.mark();
  }
  ARGON_TRY_ASSIGN(const ArenaBlock block,
                   arena.allocate(sizeof frame.header + frame.bytes.size(), 64));
  std::memcpy(block.bytes.data(), &frame.header, sizeof frame.header);
  std::ranges::copy(frame.bytes, block.bytes.begin() + sizeof frame.header);
  const std::vector<Buffer> chain = cutBuffers(block, BufferUse::Readable, frame.cuts);
  std::optional<std::uint16_t> head;
  if (frame.isIndirect) {
    ARGON_TRY_ASSIGN(const ArenaBlock table,
                     arena.allocate(sizeof(virtio::spec::Descriptor) * chain.size(), 16));
    head = transmitting().addIndirect(chain, table);
  } else {
    head = transmitting().add(chain);
  }
  if (!head) {
    return Error(ErrorKind::Exhausted, "the ring has no room for the frame");
  }
  ++sendCount_;
  if (transmitting().publish()) {
    session_.kick(transmitIndex());
  }
  return {};
}

Result<void> NetDriver::waitSent() {
  ARGON_TRY(waitUntilUsed(transmitIndex()));
  ARGON_TRY_ASSIGN(const std::optional<UsedChain> used, transmitting().takeUsed());
  if (!used || used->lengthBytes != 0) {
    return Error(ErrorKind::Protocol, "the device wrote into a frame that was sent");
  }
  if (--sendCount_ == 0) {
    session_.arena().releaseTo(arenaMark_);
  }
  return {};
}

Result<NetDriver::Received> NetDriver::receive() {
  ARGON_TRY(waitUntilUsed(receiveIndex()));
  ARGON_TRY_ASSIGN(std::optional<Received> received, take());
  if (!received) {
    return Error(ErrorKind::Protocol, "an answer that was there is gone");
  }
  return *std::move(received);
}

// The part of the next used buffer that the device says it wrote. The buffer is free again; it is
// not offered before refill().
Result<std::span<const std::byte>> NetDriver::takeBuffer() {
  ARGON_TRY_ASSIGN(const std::optional<UsedChain> used, receiving().takeUsed());
  if (!used) {
    return Error(ErrorKind::Protocol, "a buffer of a frame is missing");
  }
  const std::size_t index = bufferOf_[used->head];
  if (used->lengthBytes > buffers_[index].bytes.size()) {
    return Error(ErrorKind::Protocol,
                 concat(used->lengthBytes, " bytes in a buffer of ", options_.bufferBytes));
  }
  freeBuffers_.push_back(index);
  return std::span<const std::byte>(buffers_[index].bytes.first(used->lengthBytes));
}

Result<std::optional<NetDriver::Received>> NetDriver::take() {
  if (!receiving().hasUsed()) {
    return std::optional<Received>();
  }
  ARGON_TRY_ASSIGN(std::span<const std::byte> bytes, takeBuffer());
  Received received;
  if (bytes.size() < sizeof received.header) {
    return Error(ErrorKind::Protocol, "a buffer without a header");
  }
  std::memcpy(&received.header, bytes.data(), sizeof received.header);
  received.bufferCount = received.header.num_buffers.get();
  const bool isMerging = session_.features().has(net::F_MRG_RXBUF);
  if (received.bufferCount == 0 || (received.bufferCount > 1 && !isMerging)) {
    return Error(ErrorKind::Protocol, concat("a frame in ", received.bufferCount, " buffers"));
  }
  const auto first = bytes.subspan(sizeof received.header);
  received.bytes.assign(first.begin(), first.end());
  for (std::uint16_t number = 1; number < received.bufferCount; ++number) {
    if (bytes.size() != options_.bufferBytes) {
      return Error(ErrorKind::Protocol, "a buffer that is not filled before the last");
    }
    ARGON_TRY_ASSIGN(bytes, takeBuffer());
    received.bytes.insert(received.bytes.end(), bytes.begin(), bytes.end());
  }
  return std::optional(std::move(received));
}

Result<void> NetDriver::refill() {
  while (!freeBuffers_.empty()) {
    const std::size_t index = freeBuffers_.back();
    const std::vector<Buffer> chain =
        cutBuffers(buffers_[index], BufferUse::Writable, options_.bufferCuts);
    const std::optional<std::uint16_t> head = receiving().add(chain);
    if (!head) {
      return Error(ErrorKind::Exhausted, "the ring has no room for the buffers");
    }
    bufferOf_[*head] = index;
    freeBuffers_.pop_back();
  }
  if (receiving().publish()) {
    session_.kick(receiveIndex());
  }
  return {};
}

Result<void> NetDriver::waitUntilUsed(std::uint16_t ringIndex) {
  return waitForUsed(session_.ring(ringIndex), session_.callFd(ringIndex), timeoutMs_);
}

} // namespace argon::frontend
