// SPDX-License-Identifier: Apache-2.0
#include "network/receive_queue.h"

#include "base/check.h"
#include "base/mapped_region.h"
#include "base/result.h"
#include "packet/frame.h"
#include "vpc/interface_state.h"

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

namespace argon::network {

namespace {

constexpr std::size_t kSlotCount = vpc::kBacklogFramesMax;
constexpr std::size_t kHeadersBytes = kSlotCount * packet::kHeaderBytesMax;
constexpr std::size_t kPayloadBytes = vpc::kBacklogBytesMax;

} // namespace

ReceiveQueue::ReceiveQueue() {
  Result<MappedRegion> bytes = MappedRegion::allocate(kHeadersBytes + kPayloadBytes);
  ARGON_CHECK(bytes.has_value()); // As where std::make_unique finds no memory.
  bytes_ = *std::move(bytes);
}

std::span<std::byte> ReceiveQueue::headerAt(std::size_t index) {
  return bytes_.bytes().subspan(index * packet::kHeaderBytesMax, packet::kHeaderBytesMax);
}

std::span<std::byte> ReceiveQueue::payloadRing() { return bytes_.bytes().subspan(kHeadersBytes); }

void ReceiveQueue::push(const packet::Frame& frame, std::uint16_t pairIndex) {
  ARGON_CHECK(count_ < kSlotCount);
  ARGON_CHECK_EQ(frame.header.size(),
                 std::min<std::size_t>(frame.lengthBytes, packet::kHeaderBytesMax));
  const std::size_t index = (first_ + count_) % kSlotCount;
  slots_[index] = {
      .lengthBytes = frame.lengthBytes, .pairIndex = pairIndex, .offload = frame.offload};
  std::ranges::copy(frame.header, headerAt(index).begin());
  for (const iovec& piece : frame.payload) {
    write({static_cast<const std::byte*>(piece.iov_base), piece.iov_len});
  }
  ++count_;
}

void ReceiveQueue::write(std::span<const std::byte> bytes) {
  const std::span<std::byte> ring = payloadRing();
  while (!bytes.empty()) {
    const std::size_t count = std::min(bytes.size(), ring.size() - writeOffset_);
    std::memcpy(ring.data() + writeOffset_, bytes.data(), count);
    writeOffset_ = (writeOffset_ + count) % ring.size();
    bytes = bytes.subspan(count);
  }
}

std::uint32_t ReceiveQueue::payloadBytesOf(const Slot& slot) {
  return slot.lengthBytes -
         std::min(slot.lengthBytes, static_cast<std::uint32_t>(packet::kHeaderBytesMax));
}

const packet::Frame& ReceiveQueue::front() {
  ARGON_CHECK(count_ > 0);
  const Slot& slot = slots_[first_];
  const std::span<std::byte> ring = payloadRing();
  const std::size_t bytes = payloadBytesOf(slot);
  const std::size_t atOnce = std::min(bytes, ring.size() - readOffset_);
  pieces_ = {iovec{.iov_base = ring.data() + readOffset_, .iov_len = atOnce},
             iovec{.iov_base = ring.data(), .iov_len = bytes - atOnce}};
  const std::size_t pieceCount = bytes == 0 ? 0 : (bytes == atOnce ? 1 : 2);
  frame_ = {.header = headerAt(first_).first(slot.lengthBytes - bytes),
            .payload = std::span(pieces_).first(pieceCount),
            .lengthBytes = slot.lengthBytes,
            .offload = slot.offload};
  return frame_;
}

void ReceiveQueue::pop() {
  ARGON_CHECK(count_ > 0);
  readOffset_ = (readOffset_ + payloadBytesOf(slots_[first_])) % kPayloadBytes;
  first_ = (first_ + 1) % kSlotCount;
  --count_;
}

void ReceiveQueue::clear() {
  while (!isEmpty()) {
    pop();
  }
}

} // namespace argon::network
