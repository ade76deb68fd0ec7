// SPDX-License-Identifier: Apache-2.0
#include "network/receiver.h"

#include "base/result.h"
#include "frontend/arena.h"
#include "frontend/driver_ring.h"
#include "memory/guest_address.h"
#include "network/frames.h"
#include "network/ring_rig.h"
#include "packet/frame.h"
#include "support/test.h"
#include "virtio/features.h"
#include "virtio/spec/net.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace argon::network {

namespace {

namespace net = virtio::spec::net;
using test::FrameKind;
using test::RingLayoutKind;
using test::RingRig;
using virtio::FeatureSet;
using Sizes = std::vector<std::uint32_t>;

constexpr FeatureSet kMerging = FeatureSet().with(net::F_MRG_RXBUF);

// A frame of three pieces.
struct Whole {
  explicit Whole(std::size_t lengthBytes) : bytes(test::makeFrame(FrameKind::Udp4, lengthBytes)) {
    const std::span<std::byte> all(bytes);
    frame.header = all.first(std::min<std::size_t>(256, lengthBytes));
    const std::span<std::byte> rest = all.subspan(frame.header.size());
    const std::size_t half = rest.size() / 2;
    if (half > 0) {
      pieces.push_back({.iov_base = rest.data(), .iov_len = half});
    }
    if (!rest.empty()) {
      pieces.push_back({.iov_base = rest.data() + half, .iov_len = rest.size() - half});
    }
    frame.payload = pieces;
    frame.lengthBytes = static_cast<std::uint32_t>(lengthBytes);
  }
  Whole(const Whole&) = delete;
  Whole& operator=(const Whole&) = delete;
  ~Whole() = default;

  std::vector<std::byte> bytes;
  std::vector<iovec> pieces;
  packet::Frame frame;
};

// Header and frame as the driver finds them in its buffers.
std::vector<std::byte> joined(const RingRig& rig, const Sizes& lengths) {
  std::vector<std::byte> bytes;
  for (std::size_t number = 0; number < lengths.size(); ++number) {
    const auto written = rig.buffer(number).first(lengths[number]);
    bytes.insert(bytes.end(), written.begin(), written.end());
  }
  return bytes;
}

void checkDelivered(const RingRig& rig, const Sizes& lengths, const Whole& sent) {
  const std::vector<std::byte> bytes = joined(rig, lengths);
  REQUIRE(bytes.size() == sizeof(net::Header) + sent.bytes.size());
  net::Header header{};
  std::memcpy(&header, bytes.data(), sizeof header);
  CHECK(header.num_buffers.get() == lengths.size());
  CHECK(std::ranges::equal(std::span(bytes).subspan(sizeof header), sent.bytes));
}

} // namespace

TEST_CASE("a frame comes with its header in one buffer, whoever the driver is") {
  for (const RingLayoutKind layout : {RingLayoutKind::Split, RingLayoutKind::Packed}) {
    for (const FeatureSet features : {FeatureSet(), kMerging}) {
      for (const std::size_t lengthBytes : {14UL, 60UL, 256UL, 257UL, 1514UL}) {
        CAPTURE(lengthBytes);
        RingRig rig({.features = features, .layout = layout});
        Receiver receiver;
        const Whole sent(lengthBytes);
        rig.offerBuffers({2048, 2048});

        CHECK(receiver.deliver(rig.ring(), sent.frame) == Delivery::Done);

        const Sizes lengths = rig.publishAndTake();
        REQUIRE(lengths.size() == 1);
        checkDelivered(rig, lengths, sent);
      }
    }
  }
}

// virtio 1.2, 5.1.6.4.1: every buffer but the last is filled, and num_buffers counts them.
TEST_CASE("a frame that is larger than a buffer fills several, all but the last") {
  for (const RingLayoutKind layout : {RingLayoutKind::Split, RingLayoutKind::Packed}) {
    RingRig rig({.features = kMerging, .layout = layout});
    Receiver receiver;
    const Whole sent(1000);
    rig.offerBuffers({12, 100, 1, 500, 2048});

    CHECK(receiver.deliver(rig.ring(), sent.frame) == Delivery::Done);

    const Sizes lengths = rig.publishAndTake();
    CHECK(lengths == Sizes{12, 100, 1, 500, 399});
    checkDelivered(rig, lengths, sent);
  }
}

TEST_CASE("a frame that fits to the last byte takes no further buffer") {
  RingRig rig({.features = kMerging});
  Receiver receiver;
  const Whole sent(1000);
  rig.offerBuffers({512, 500, 2048});

  CHECK(receiver.deliver(rig.ring(), sent.frame) == Delivery::Done);

  CHECK(rig.publishAndTake() == Sizes{512, 500});
}

TEST_CASE("too few buffers stay in the ring, and are there for the next frame") {
  for (const RingLayoutKind layout : {RingLayoutKind::Split, RingLayoutKind::Packed}) {
    RingRig rig({.features = kMerging, .layout = layout});
    Receiver receiver;
    const Whole large(5000);
    const Whole small(200);
    rig.offerBuffers({2048, 2048});

    CHECK(receiver.deliver(rig.ring(), large.frame) == Delivery::NoBuffers);
    CHECK(rig.publishAndTake().empty());
    CHECK(receiver.deliver(rig.ring(), small.frame) == Delivery::Done);

    const Sizes lengths = rig.publishAndTake();
    CHECK(lengths == Sizes{212});
    checkDelivered(rig, lengths, small);
    rig.offerBuffers({2048, 2048});
    CHECK(receiver.deliver(rig.ring(), large.frame) == Delivery::Done);
    CHECK(rig.publishAndTake() == Sizes{2048, 2048, 916});
  }
}

TEST_CASE("a driver that does not merge loses what is larger than its buffer") {
  RingRig rig({});
  Receiver receiver;
  rig.offerBuffers({1000, 1000});

  CHECK(receiver.deliver(rig.ring(), Whole(989).frame) == Delivery::Unfit);
  CHECK(receiver.deliver(rig.ring(), Whole(988).frame) == Delivery::Done);
  CHECK(rig.publishAndTake() == Sizes{1000});
}

TEST_CASE("a frame takes 258 buffers at most") {
  RingRig rig({.size = 512, .features = kMerging});
  Receiver receiver;
  rig.offerBuffers(Sizes(300, 20));

  CHECK(receiver.deliver(rig.ring(), Whole(258 * 20 - 12 + 1).frame) == Delivery::Unfit);
  CHECK(receiver.deliver(rig.ring(), Whole(258 * 20 - 12).frame) == Delivery::Done);
  CHECK(rig.publishAndTake() == Sizes(258, 20));
}

TEST_CASE("buffers that no driver would offer break the ring") {
  const auto addressIn = [](RingRig& rig) {
    const Result<frontend::ArenaBlock> block = rig.arena().allocate(4096, 64);
    REQUIRE_OK(block);
    return block->address;
  };
  for (int variant = 0; variant < 4; ++variant) {
    CAPTURE(variant);
    RingRig rig({.features = kMerging});
    Receiver receiver;
    const GuestAddress address = addressIn(rig);
    const frontend::Buffer readable{.address = address, .lengthBytes = 100};
    const frontend::Buffer writable{.address = address, .lengthBytes = 1000, .isWritable = true};
    const frontend::Buffer tiny{.address = address, .lengthBytes = 11, .isWritable = true};
    const frontend::Buffer outside{
        .address = GuestAddress(1), .lengthBytes = 1000, .isWritable = true};
    const std::array<std::vector<frontend::Buffer>, 4> chains = {
        {{readable}, {readable, writable}, {tiny}, {writable, outside}}};
    REQUIRE(rig.driver().add(chains.at(static_cast<std::size_t>(variant))).has_value());
    static_cast<void>(rig.driver().publish());

    CHECK(receiver.deliver(rig.ring(), Whole(60).frame) == Delivery::Broken);
    CHECK_FALSE(rig.ring().isActive());
    CHECK(rig.log().contains("a receive buffer that cannot be written"));
  }
}

} // namespace argon::network
