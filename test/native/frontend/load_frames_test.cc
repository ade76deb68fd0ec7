// SPDX-License-Identifier: Apache-2.0
#include "frontend/load_frames.h"

#include "packet/address.h"
#include "packet/headers.h"
#include "support/packet_maker.h"
#include "support/test.h"
#include "virtio/spec/net.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <span>
#include <utility>

namespace argon::frontend {

namespace {

namespace net = virtio::spec::net;
using packet::Headers;
using packet::IpAddress;
using test::Bytes;

constexpr LoadTraffic kTraffic = {.source = {.mac = {2, 0, 0, 0, 0, 7}, .address = 0x0A00'0104},
                                  .target = {.mac = {2, 0, 0, 0, 0, 8}, .address = 0x0A00'FFFE}};

LoadTraffic trafficWith(LoadChecksum checksum) {
  LoadTraffic traffic = kTraffic;
  traffic.checksum = checksum;
  return traffic;
}

// Header and frame of a flow, in a buffer that had other bytes in it.
Bytes bufferOf(const LoadFrames& frames, std::uint32_t frameBytes, std::uint32_t flow) {
  Bytes buffer(sizeof(net::Header) + frameBytes, std::byte{0xAA});
  frames.write(buffer);
  frames.setFlow(buffer, flow);
  return buffer;
}

Bytes frameIn(const Bytes& buffer) {
  return Bytes(buffer.begin() + sizeof(net::Header), buffer.end());
}

Headers headersOf(const LoadFrames& frames, std::uint32_t flow) {
  const test::OwnedFrame owned(frameIn(bufferOf(frames, 64, flow)));
  return packet::parse(owned.frame());
}

} // namespace

TEST_CASE("frames of a load are right in every size, flow and way") {
  for (const LoadWay way : {LoadWay::There, LoadWay::Back}) {
    for (const std::uint32_t bytes : {42U, 43U, 64U, 1514U, 9015U}) {
      const LoadFrames frames(trafficWith(LoadChecksum::Full), way, bytes);
      for (const std::uint32_t flow : {0U, 1U, 999U, 64'511U, 64'512U, 0xFFFF'FFFFU}) {
        CAPTURE(bytes);
        CAPTURE(flow);
        const Bytes buffer = bufferOf(frames, bytes, flow);
        CHECK(test::wrongIn(frameIn(buffer)) == "");
        net::Header header{};
        std::memcpy(&header, buffer.data(), sizeof header);
        CHECK(header.flags == 0);
        CHECK(header.gso_type == net::hdr::GSO_NONE);
      }
    }
  }
}

TEST_CASE("a frame without a checksum is the same but for that") {
  const LoadFrames bare(trafficWith(LoadChecksum::None), LoadWay::There, 64);
  const LoadFrames full(trafficWith(LoadChecksum::Full), LoadWay::There, 64);
  Bytes frame = frameIn(bufferOf(full, 64, 3));
  CHECK(frameIn(bufferOf(bare, 64, 3)) != frame);
  frame[40] = frame[41] = std::byte{0};
  CHECK(frameIn(bufferOf(bare, 64, 3)) == frame);
}

TEST_CASE("what is left to the device is the sum of the pseudo header, and makes a right frame") {
  const Bytes buffer =
      bufferOf(LoadFrames(trafficWith(LoadChecksum::Offloaded), LoadWay::There, 128), 128, 77);
  net::Header header{};
  std::memcpy(&header, buffer.data(), sizeof header);
  REQUIRE(header.flags == net::hdr::F_NEEDS_CSUM);
  CHECK(header.csum_start.get() == 34);
  CHECK(header.csum_offset.get() == 6);

  Bytes frame = frameIn(buffer);
  const std::uint16_t sum = test::slowChecksum(std::span(frame).subspan(34));
  frame[40] = static_cast<std::byte>(sum >> 8);
  frame[41] = static_cast<std::byte>(sum & 0xFF);
  CHECK(test::wrongIn(frame).empty());
}

TEST_CASE("a frame has the ends of its traffic, and a reply the same the other way round") {
  const Headers there = headersOf(LoadFrames(kTraffic, LoadWay::There, 64), 65'000);
  CHECK(there.sourceMac == test::macOf(7));
  CHECK(there.destinationMac == test::macOf(8));
  CHECK(there.tuple.source == IpAddress::v4(10, 0, 1, 4));
  CHECK(there.tuple.destination == IpAddress::v4(10, 0, 255, 254));

  const Headers back = headersOf(LoadFrames(kTraffic, LoadWay::Back, 64), 65'000);
  CHECK(back.sourceMac == there.destinationMac);
  CHECK(back.destinationMac == there.sourceMac);
  CHECK(back.tuple.source == there.tuple.destination);
  CHECK(back.tuple.destination == there.tuple.source);
  CHECK(back.tuple.sourcePort == there.tuple.destinationPort);
  CHECK(back.tuple.destinationPort == there.tuple.sourcePort);
}

TEST_CASE("no two of 200,000 flows have the same ports, and none has a port below 1024") {
  const LoadFrames frames(kTraffic, LoadWay::There, 64);
  std::set<std::pair<std::uint16_t, std::uint16_t>> seen;
  for (std::uint32_t flow = 0; flow < 200'000; ++flow) {
    const Headers headers = headersOf(frames, flow);
    REQUIRE(headers.tuple.sourcePort >= kLoadPortMin);
    REQUIRE(headers.tuple.destinationPort >= kLoadPortMin);
    seen.emplace(headers.tuple.sourcePort, headers.tuple.destinationPort);
  }
  CHECK(seen.size() == 200'000);
}

} // namespace argon::frontend
