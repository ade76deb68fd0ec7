// SPDX-License-Identifier: Apache-2.0

// Allowances, and the size of packets; cases of published rules are named by them.

#include "packet/frame.h"
#include "packet/headers.h"
#include "packet/wire.h"
#include "support/packet_maker.h"
#include "support/policy_maker.h"
#include "support/test.h"
#include "vpc/drop_reason.h"
#include "vpc/interface_state.h"
#include "vpc/snapshot.h"
#include "vpc/verdict.h"
#include "vpc/vpc_scene.h"

#include <cstddef>
#include <cstdint>

namespace argon::vpc {

namespace {

using test::ip;

} // namespace

TEST_CASE("BW-1, BW-3: bytes over the sender's allowance wait in its ring") {
  VpcScene scene = openScene();
  scene.policy.instances[0].bandwidthOut = {.perSecond = 1000, .burst = 100};
  scene.apply();
  const test::PacketText text = scene.packet(0, 1);
  // Frames of 54 bytes: two are taken, and 8 bytes must be earned before the next.
  CHECK(scene.fate(0, text) == "to 1");
  CHECK(scene.fate(0, text) == "to 1");
  const Verdict held = scene.send(0, text);
  CHECK(held.kind == Verdict::Kind::Hold);
  CHECK(held.retryAtNs == scene.nowNs() + 8'000'000);
  CHECK(scene.fate(0, text) == "hold");
  CHECK(scene.counters(0).bw_out_allowance_exceeded.get() == 1);
  scene.waitMs(8);
  CHECK(scene.fate(0, text) == "to 1");
  CHECK(scene.fate(0, text) == "hold");
  CHECK(scene.counters(0).bw_out_allowance_exceeded.get() == 2);
}

TEST_CASE("BW-1, BW-3: what is over the receiver's allowance waits, then is dropped") {
  VpcScene scene = openScene();
  scene.policy.instances[1].bandwidthIn = {.perSecond = 1000, .burst = 50};
  scene.apply();
  const test::PacketText text = scene.packet(0, 1);
  const InterfaceIndex at(1);
  CHECK(scene.fate(0, text) == "to 1");
  for (std::uint32_t count = 0; count < kBacklogFramesMax; ++count) {
    REQUIRE(scene.fate(0, text) == "later to 1");
  }
  CHECK(scene.fate(0, text) == "bandwidth-in-allowance");
  CHECK(scene.pipeline().backlogCount(at) == kBacklogFramesMax);
  CHECK(scene.counters(1).bw_in_allowance_exceeded.get() == kBacklogFramesMax + 1);
  CHECK(scene.counters(0).bw_in_allowance_exceeded.get() == 0);

  // 54 bytes were taken of 50 and one packet: 4 are to be earned, of a byte in a millisecond.
  CHECK(scene.pipeline().release(at, 54, scene.nowNs()) == scene.nowNs() + 4'000'000);
  scene.waitMs(4);
  CHECK(scene.pipeline().release(at, 54, scene.nowNs()) == 0);
  CHECK(scene.pipeline().release(at, 54, scene.nowNs()) == scene.nowNs() + 54'000'000);
  // Room for one, and no way past those that wait, though the allowance would do.
  scene.wait(1);
  CHECK(scene.fate(0, text) == "later to 1");
  CHECK(scene.fate(0, text) == "bandwidth-in-allowance");
  for (std::uint32_t count = 0; count < kBacklogFramesMax; ++count) {
    scene.wait(1);
    REQUIRE(scene.pipeline().release(at, 54, scene.nowNs()) == 0);
  }
  scene.wait(1);
  CHECK(scene.pipeline().backlogCount(at) == 0);
  CHECK(scene.fate(0, text) == "to 1");
}

TEST_CASE("BW-3: frames that wait have a mebibyte of room at most") {
  VpcScene scene = openScene();
  scene.policy.instances[1].packets = {.perSecond = 1, .burst = 0};
  scene.apply();
  test::PacketText text = scene.packet(0, 1);
  text.payload = test::pattern(9001 - 40);
  const test::Bytes frame = test::makeFrame(text);
  CHECK(VpcScene::fateOf(scene.sendBytes(0, frame)) == "to 1");
  for (std::size_t count = 0; count < kBacklogBytesMax / 9015; ++count) {
    REQUIRE(VpcScene::fateOf(scene.sendBytes(0, frame)) == "later to 1");
  }
  CHECK(VpcScene::fateOf(scene.sendBytes(0, frame)) == "packet-allowance");
  CHECK(scene.fate(0, scene.packet(0, 1)) == "later to 1");
}

TEST_CASE("BW-3: a receiver that waits keeps nobody else waiting, and takes no packet in vain") {
  VpcScene scene = openScene();
  scene.policy.instances[1].packets = {.perSecond = 10, .burst = 1};
  scene.policy.instances[1].bandwidthIn = {.perSecond = 54, .burst = 0};
  scene.apply();
  CHECK(scene.fate(0, scene.packet(0, 1)) == "to 1");
  CHECK(scene.fate(0, scene.packet(0, 1)) == "later to 1");
  CHECK(scene.fate(0, scene.packet(0, 2)) == "to 2");
  // The packet that waits for bytes has not taken the second one of the burst.
  CHECK(scene.fate(1, scene.packet(1, 0)) == "to 0");
  CHECK(scene.counters(1).bw_in_allowance_exceeded.get() == 1);
  CHECK(scene.counters(1).pps_allowance_exceeded.get() == 0);
}

TEST_CASE("BW-2: packets of both directions are of one allowance") {
  VpcScene scene = openScene();
  scene.policy.instances[0].packets = {.perSecond = 10, .burst = 1};
  scene.apply();
  CHECK(scene.fate(0, scene.packet(0, 1)) == "to 1");
  CHECK(scene.fate(1, scene.packet(1, 0)) == "to 0");
  CHECK(scene.fate(0, scene.packet(0, 1)) == "hold");
  CHECK(scene.fate(1, scene.packet(1, 0)) == "later to 0");
  CHECK(scene.counters(0).pps_allowance_exceeded.get() == 2);
}

TEST_CASE("BW-6: 1,024 fragments a second leave an interface") {
  VpcScene scene = openScene();
  test::PacketText text = scene.udp(0, 1, 5000, 53);
  text.hasMoreFragments = true;
  text.payload = test::pattern(64);
  const test::Bytes frame = test::makeFrame(text);
  for (int count = 0; count < 1024; ++count) {
    REQUIRE(VpcScene::fateOf(scene.sendBytes(0, frame)) == "to 1");
  }
  CHECK(scene.fate(0, text) == "fragment-allowance");
  CHECK(scene.fate(1, scene.udp(1, 0, 5000, 53)) == "to 0");
}

TEST_CASE("MT-1: 9,001 bytes pass, and of what is to be segmented each segment") {
  VpcScene scene = openScene();
  test::PacketText text = scene.packet(0, 1);
  text.payload = test::pattern(9001 - 40);
  CHECK(scene.fate(0, text) == "to 1");
  text.payload = test::pattern(9002 - 40);
  CHECK(scene.fate(0, text) == "too-big");

  text.payload = test::pattern(60'000);
  packet::Offload offload{.checksum = packet::Offload::Checksum::Partial,
                          .segmentation = packet::Offload::Segmentation::Tcp4,
                          .checksumStart = 34,
                          .checksumOffset = 16,
                          .segmentBytes = 9001 - 40};
  const test::Bytes frame = test::makeFrame(text);
  CHECK(VpcScene::fateOf(scene.sendBytes(0, frame, offload)) == "to 1");
  offload.segmentBytes += 1;
  CHECK(VpcScene::fateOf(scene.sendBytes(0, frame, offload)) == "too-big");
}

TEST_CASE("MT-1: who may not be cut is told which size passes, by the router of its subnet") {
  VpcScene scene = openScene();
  for (const bool isV4 : {true, false}) {
    test::PacketText text = isV4 ? scene.packet(0, 2) : scene.packetV6(0, 2);
    text.isKeptWhole = true;
    text.payload = test::pattern(9002 - (isV4 ? 40 : 60));
    const Verdict verdict = scene.send(0, text);

    REQUIRE(verdict.kind == Verdict::Kind::Answer);
    CHECK(verdict.reason == DropReason::TooBig);
    CHECK(test::wrongIn(verdict.answer) == "");
    const test::OwnedFrame told(test::Bytes(verdict.answer.begin(), verdict.answer.end()));
    const packet::Headers headers = packet::parse(told.frame());
    CHECK(headers.tuple.source == ip(isV4 ? "10.0.0.1" : "fe80::1:0"));
    CHECK(headers.tuple.destination == text.source);
    CHECK(headers.destinationMac == text.sourceMac);
    CHECK(packet::readBe32(verdict.answer, headers.transportOffset + std::size_t{4}) == 9001);
  }
  CHECK(scene.counters(0).drops[static_cast<std::size_t>(DropReason::TooBig)].get() == 2);
  CHECK(scene.counters(0).answers.get() == 2);
}

TEST_CASE("MT-1, LL-1: what the router says of sizes is within the services' rate") {
  VpcScene scene = openScene();
  test::PacketText text = scene.packet(0, 1);
  text.isKeptWhole = true;
  text.payload = test::pattern(9002 - 40);
  const test::Bytes frame = test::makeFrame(text);
  for (int count = 0; count < 1024; ++count) {
    REQUIRE(VpcScene::fateOf(scene.sendBytes(0, frame)) == "answer");
  }
  CHECK(VpcScene::fateOf(scene.sendBytes(0, frame)) == "too-big");
  CHECK(scene.counters(0).linklocal_allowance_exceeded.get() == 1);
}

TEST_CASE("MT-1: of what is to be segmented the sender is told if a segment is too big") {
  VpcScene scene = openScene();
  test::PacketText text = scene.packet(0, 1);
  text.isKeptWhole = true;
  text.payload = test::pattern(60'000);
  packet::Offload offload{.checksum = packet::Offload::Checksum::Partial,
                          .segmentation = packet::Offload::Segmentation::Tcp4,
                          .checksumStart = 34,
                          .checksumOffset = 16,
                          .segmentBytes = 9001 - 40};
  const test::Bytes frame = test::makeFrame(text);
  CHECK(VpcScene::fateOf(scene.sendBytes(0, frame, offload)) == "to 1");
  offload.segmentBytes += 1;
  CHECK(VpcScene::fateOf(scene.sendBytes(0, frame, offload)) == "answer");
}

} // namespace argon::vpc
