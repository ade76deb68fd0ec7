// SPDX-License-Identifier: Apache-2.0
#include "network/frame_batch.h"

#include "base/result.h"
#include "frontend/arena.h"
#include "frontend/driver_ring.h"
#include "memory/guest_address.h"
#include "network/ring_rig.h"
#include "network/vnet_header.h"
#include "packet/frame.h"
#include "support/test.h"
#include "virtio/chain.h"
#include "virtio/spec/net.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace argon::network {

namespace {

namespace net = virtio::spec::net;
using test::RingLayoutKind;
using test::RingRig;

constexpr std::uint32_t kFrameBytes = 60;

// A header of zeros and a frame whose bytes are all `number`, cut into `pieceCount` descriptors.
void send(RingRig& rig, unsigned number, std::uint32_t pieceCount = 1) {
  const std::uint32_t bytes = sizeof(net::Header) + kFrameBytes;
  Result<frontend::ArenaBlock> block = rig.arena().allocate(bytes, 1);
  REQUIRE_OK(block);
  std::ranges::fill(block->bytes, std::byte{0});
  std::ranges::fill(block->bytes.subspan(sizeof(net::Header)), static_cast<std::byte>(number));
  std::vector<frontend::Buffer> chain;
  for (std::uint32_t piece = 0; piece < pieceCount; ++piece) {
    const std::uint32_t start = piece * (bytes / pieceCount);
    const bool isLast = piece + 1 == pieceCount;
    chain.push_back({.address = GuestAddress(block->address.get() + start),
                     .lengthBytes = isLast ? bytes - start : bytes / pieceCount});
  }
  REQUIRE(rig.driver().add(chain).has_value());
  static_cast<void>(rig.driver().publish());
}

std::vector<unsigned> numbersOf(FrameBatch& batch) {
  std::vector<unsigned> numbers;
  for (const FrameBatch::Entry& entry : batch.entries()) {
    REQUIRE(entry.chain.fault == virtio::ChainFault::None);
    REQUIRE(entry.fault == HeaderFault::None);
    const packet::Frame& frame = entry.reader.frame();
    CHECK(frame.lengthBytes == kFrameBytes);
    CHECK(frame.header.size() == kFrameBytes);
    CHECK(std::ranges::all_of(frame.header,
                              [&](std::byte byte) { return byte == frame.header.front(); }));
    numbers.push_back(std::to_integer<unsigned>(frame.header.front()));
  }
  return numbers;
}

} // namespace

TEST_CASE("a batch takes frames in order, as many as it may, and gives back the last") {
  for (const RingLayoutKind layout : {RingLayoutKind::Split, RingLayoutKind::Packed}) {
    CAPTURE(static_cast<int>(layout));
    RingRig rig({.index = 1, .layout = layout});
    for (unsigned number = 0; number < 5; ++number) {
      send(rig, number, number % 3 + 1);
    }
    FrameBatch batch;
    batch.take(rig.ring(), 4, nullptr);
    CHECK(numbersOf(batch) == std::vector<unsigned>{0, 1, 2, 3});
    rig.ring().put(batch.entries()[0].chain, 0);
    batch.giveBackFrom(rig.ring(), 1);
    CHECK(batch.entries().size() == 1);
    batch.take(rig.ring(), 100, nullptr);
    CHECK(numbersOf(batch) == std::vector<unsigned>{1, 2, 3, 4});
    batch.take(rig.ring(), 100, nullptr);
    CHECK(batch.entries().empty());
  }
}

TEST_CASE("a batch has no more frames than it has places") {
  RingRig rig({.index = 1, .size = 64});
  for (unsigned number = 0; number < FrameBatch::kFrameCountMax + 1; ++number) {
    send(rig, number);
  }
  FrameBatch batch;
  batch.take(rig.ring(), 100, nullptr);
  CHECK(batch.entries().size() == FrameBatch::kFrameCountMax);
  batch.take(rig.ring(), 100, nullptr);
  CHECK(numbersOf(batch) == std::vector<unsigned>{FrameBatch::kFrameCountMax});
}

TEST_CASE("what is no frame is told apart, and stands in no other's way") {
  RingRig rig({.index = 1});
  send(rig, 1);
  rig.offerBuffers({100});
  send(rig, 2);
  FrameBatch batch;
  batch.take(rig.ring(), 100, nullptr);
  REQUIRE(batch.entries().size() == 3);
  CHECK(batch.entries()[0].fault == HeaderFault::None);
  CHECK(batch.entries()[1].fault == HeaderFault::TooShort);
  CHECK(batch.entries()[2].fault == HeaderFault::None);
  CHECK(batch.entries()[2].reader.frame().header.front() == std::byte{2});
}

} // namespace argon::network
