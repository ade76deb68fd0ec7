// SPDX-License-Identifier: Apache-2.0
#include "network/receive_queue.h"

#include "packet/frame.h"
#include "support/death.h"
#include "support/packet_maker.h"
#include "support/random.h"
#include "support/test.h"
#include "vpc/interface_state.h"

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

namespace argon::network {

namespace {

using test::Bytes;

Bytes bytesOf(const packet::Frame& frame) {
  Bytes bytes(frame.header.begin(), frame.header.end());
  for (const iovec& piece : frame.payload) {
    const auto* start = static_cast<const std::byte*>(piece.iov_base);
    bytes.insert(bytes.end(), start, start + piece.iov_len);
  }
  return bytes;
}

void push(ReceiveQueue& queue, const Bytes& bytes, std::uint16_t pairIndex = 0) {
  const test::OwnedFrame owned(bytes);
  queue.push(owned.frame(), pairIndex);
}

} // namespace

TEST_CASE("a frame comes out as it went in, whatever becomes of the sender's memory") {
  ReceiveQueue queue;
  CHECK(queue.isEmpty());
  const Bytes sent = test::pattern(3000);
  {
    test::OwnedFrame owned(sent);
    owned.offload = {.checksum = packet::Offload::Checksum::Partial,
                     .segmentation = packet::Offload::Segmentation::Tcp4,
                     .checksumStart = 34,
                     .checksumOffset = 16,
                     .segmentBytes = 1448};
    queue.push(owned.frame(), 3);
    CHECK(queue.front().offload == owned.offload);
  }

  CHECK(queue.frontPair() == 3);
  CHECK(queue.front().lengthBytes == 3000);
  CHECK(queue.front().header.size() == packet::kHeaderBytesMax);
  CHECK(bytesOf(queue.front()) == sent);
  queue.pop();
  CHECK(queue.isEmpty());
}

TEST_CASE("frames of any size go in and out in order, around the end of the room") {
  for (const std::uint64_t seed : test::seeds()) {
    test::Random random(seed);
    ReceiveQueue queue;
    std::deque<Bytes> waiting;
    std::size_t waitingBytes = 0;
    for (int round = 0; round < test::rounds(2000); ++round) {
      const std::size_t size = 1 + random.below(random.chance(10) ? packet::kFrameBytesMax : 600);
      const bool hasRoom =
          waiting.size() < vpc::kBacklogFramesMax && waitingBytes + size <= vpc::kBacklogBytesMax;
      if (hasRoom && random.chance(60)) {
        Bytes bytes = test::pattern(size);
        bytes.front() = static_cast<std::byte>(round);
        bytes.back() = static_cast<std::byte>(round);
        push(queue, bytes);
        waitingBytes += size;
        waiting.push_back(std::move(bytes));
      } else if (!waiting.empty()) {
        REQUIRE(bytesOf(queue.front()) == waiting.front());
        queue.pop();
        waitingBytes -= waiting.front().size();
        waiting.pop_front();
      }
      REQUIRE(queue.isEmpty() == waiting.empty());
    }
  }
}

TEST_CASE("a queue holds as many frames as may wait, and all of their bytes") {
  ReceiveQueue queue;
  for (std::uint32_t count = 0; count < vpc::kBacklogFramesMax; ++count) {
    push(queue, test::pattern(vpc::kBacklogBytesMax / vpc::kBacklogFramesMax));
  }
  test::checkDies("count_ < kSlotCount", [&queue] { push(queue, test::pattern(60)); });
  queue.clear();
  CHECK(queue.isEmpty());
  test::checkDies("count_ > 0", [&queue] { (void)queue.front(); });
}

} // namespace argon::network
