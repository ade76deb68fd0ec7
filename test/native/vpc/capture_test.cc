// SPDX-License-Identifier: Apache-2.0
#include "vpc/capture.h"

#include "base/error.h"
#include "base/result.h"
#include "packet/address.h"
#include "packet/headers.h"
#include "support/packet_maker.h"
#include "support/random.h"
#include "support/test.h"
#include "vpc/conntrack.h"
#include "vpc/snapshot.h"
#include "vpc/verdict.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace argon::vpc {

namespace {

constexpr std::size_t kCapacity = 4;

std::unique_ptr<Capture> testCapture() {
  auto capture = Capture::create(Environment::Test, kCapacity);
  REQUIRE_OK(capture);
  return *std::move(capture);
}

CapturedFrame captured(const test::Bytes& bytes) {
  const std::unique_ptr<Capture> capture = testCapture();
  const test::OwnedFrame owned(bytes);
  capture->noteSent(InterfaceIndex(3), owned.frame(), packet::parse(owned.frame()), 77);
  const std::optional<CapturedFrame> frame = capture->take();
  REQUIRE(frame.has_value());
  return *frame;
}

} // namespace

TEST_CASE("in a production environment there is no capture") {
  const auto refused = Capture::create(Environment::Production, kCapacity);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().kind() == ErrorKind::PermissionDenied);
}

TEST_CASE("a captured frame is its headers, and says how long it was") {
  test::PacketText text;
  text.payload = test::pattern(100);
  const test::Bytes bytes = test::makeFrame(text);

  const CapturedFrame frame = captured(bytes);

  CHECK(frame.headerBytes == 54);
  CHECK(frame.lengthBytes == 154);
  CHECK(frame.interface == 3);
  CHECK(frame.direction == Direction::Out);
  CHECK(frame.ns == 77);
  CHECK(frame.lostCount == 0);
  CHECK(std::ranges::equal(std::span(frame.header).first(54), std::span(bytes).first(54)));
}

TEST_CASE("a frame that is delivered is captured as its receiver gets it") {
  const std::unique_ptr<Capture> capture = testCapture();
  const test::OwnedFrame owned(test::makeFrame({.paddingBytes = 6}));

  capture->noteDelivered({.kind = Verdict::Kind::Deliver,
                          .at = InterfaceIndex(2),
                          .lengthBytes = 54,
                          .destinationMac = test::macOf(1),
                          .sourceMac = test::macOf(2)},
                         owned.frame(), packet::parse(owned.frame()), 78);

  const std::optional<CapturedFrame> frame = capture->take();
  REQUIRE(frame.has_value());
  CHECK(frame->interface == 2);
  CHECK(frame->direction == Direction::In);
  CHECK(frame->lengthBytes == 54);
  CHECK(frame->ns == 78);
  CHECK(packet::MacAddress::read(frame->header, 0) == test::macOf(1));
  CHECK(packet::MacAddress::read(frame->header, 6) == test::macOf(2));
}

TEST_CASE("a capture of one interface has what that sends and gets, and numbers it 0") {
  Result<std::unique_ptr<Capture>> made =
      Capture::create(Environment::Test, kCapacity, InterfaceIndex(2));
  REQUIRE_OK(made);
  Capture& capture = **made;
  const test::OwnedFrame owned(test::makeFrame({}));
  const packet::Headers headers = packet::parse(owned.frame());
  const auto deliver = [&](std::uint32_t at) {
    capture.noteDelivered({.kind = Verdict::Kind::Deliver, .at = InterfaceIndex(at)}, owned.frame(),
                          headers, 0);
  };

  capture.noteSent(InterfaceIndex(1), owned.frame(), headers, 0);
  deliver(3);
  capture.noteSent(InterfaceIndex(2), owned.frame(), headers, 0);
  deliver(2);

  const std::optional<CapturedFrame> sent = capture.take();
  const std::optional<CapturedFrame> delivered = capture.take();
  REQUIRE(sent.has_value());
  REQUIRE(delivered.has_value());
  CHECK(sent->direction == Direction::Out);
  CHECK(sent->interface == 0);
  CHECK(delivered->direction == Direction::In);
  CHECK(delivered->interface == 0);
  CHECK_FALSE(capture.take().has_value());
}

TEST_CASE("each kind of frame is captured as far as its headers go") {
  const auto bytesOf = [](const test::PacketText& text) {
    return captured(test::makeFrame(text)).headerBytes;
  };
  const test::Bytes payload = test::pattern(64);

  CHECK(bytesOf({.protocol = 17, .payload = payload}) == 42);
  CHECK(bytesOf({.protocol = 1, .payload = payload}) == 42);
  CHECK(bytesOf({.protocol = 50, .payload = payload}) == 34);
  CHECK(bytesOf({.tcpOptionBytes = 12, .payload = payload}) == 66);
  CHECK(bytesOf({.protocol = 17, .fragmentOffset = 64, .payload = payload}) == 34);
  CHECK(captured(test::makeArp({})).headerBytes == 42);
  // What the parser refuses may be anything behind Ethernet's header.
  test::Bytes refused = test::makeFrame({.payload = payload});
  refused[14] = std::byte{0x35};
  CHECK(captured(refused).headerBytes == 14);
  refused.resize(9);
  CHECK(captured(refused).headerBytes == 9);
}

TEST_CASE("no byte of a payload is ever captured, whatever the frame") {
  constexpr std::byte kMarker{0xEE};
  constexpr std::array<std::uint8_t, 6> kProtocols = {1, 6, 17, 47, 50, 132};
  const std::unique_ptr<Capture> capture = testCapture();
  for (const std::uint64_t seed : test::seeds()) {
    test::Random random(seed);
    for (int round = 0; round < test::rounds(1000); ++round) {
      test::PacketText text{.protocol = kProtocols.at(random.below(kProtocols.size()))};
      text.ipOptionBytes = random.below(4) * 4;
      text.tcpOptionBytes = random.below(6) * 4;
      text.fragmentOffset = random.chance(25) ? 64 : 0;
      text.hasMoreFragments = random.chance(25);
      const std::size_t headerBytes = test::makeFrame(text).size();
      text.payload.assign(random.below(50) * 8, kMarker);
      test::Bytes bytes = test::makeFrame(text);
      if (random.chance(30)) {
        bytes[random.below(headerBytes)] = std::byte{0x45};
      }
      const test::OwnedFrame owned(bytes);

      capture->noteSent(InterfaceIndex(0), owned.frame(), packet::parse(owned.frame()), 0);

      const std::optional<CapturedFrame> frame = capture->take();
      REQUIRE(frame.has_value());
      const auto written = std::span(frame->header).first(frame->headerBytes);
      REQUIRE(written.size() <= std::max(headerBytes, std::size_t{14}));
      REQUIRE(std::ranges::search_n(written, 4, kMarker).empty());
      // Nor is anything behind it, which another thread could see.
      REQUIRE(std::ranges::count(std::span(frame->header).subspan(written.size()), kMarker) == 0);
    }
  }
}

TEST_CASE("frames that find the ring full are counted in the next one that does not") {
  const std::unique_ptr<Capture> capture = testCapture();
  const test::OwnedFrame owned(test::makeFrame({}));
  const packet::Headers headers = packet::parse(owned.frame());
  const auto note = [&] { capture->noteSent(InterfaceIndex(0), owned.frame(), headers, 0); };
  for (std::size_t count = 0; count < kCapacity + 3; ++count) {
    note();
  }
  REQUIRE(capture->take().has_value());
  note();

  std::optional<CapturedFrame> last;
  std::size_t count = 0;
  while (const std::optional<CapturedFrame> next = capture->take()) {
    last = next;
    ++count;
  }
  CHECK(count == kCapacity);
  CHECK(last->lostCount == 3);
}

} // namespace argon::vpc
