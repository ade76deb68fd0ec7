// SPDX-License-Identifier: Apache-2.0

// Frames from drivers that lie in their virtio-net header, to drivers that agreed to any set of
// offloads: what is not refused crosses as virtio and TCP have it.

#include "base/check.h"
#include "fuzz/target.h"
#include "network/crossing.h"
#include "network/frames.h"
#include "support/byte_source.h"
#include "support/packet_maker.h"
#include "virtio/features.h"
#include "virtio/spec/net.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace argon::fuzz {

namespace {

namespace net = virtio::spec::net;
using test::FrameKind;
using virtio::FeatureSet;

// Bits of one byte, as a set of the offloads of one side.
FeatureSet featuresFrom(std::uint8_t bits, const std::array<unsigned, 3>& features) {
  FeatureSet set;
  for (std::size_t index = 0; index < features.size(); ++index) {
    set = (unsigned{bits} >> index & 1U) != 0 ? set.with(features[index]) : set;
  }
  return set;
}

// A few segments; now and then as many as there can be, which is slow.
std::size_t payloadBytesFrom(unsigned kind, std::size_t number) {
  if (kind != 3) return number * 3;
  return number < 0xF8 ? number * 17 : 65'400 - (0xFF - number) * 1448;
}

// Of a right frame of TCP, with what may stand between its headers.
test::Bytes tcpFrom(test::ByteSource& source) {
  const std::uint8_t choice = source.u8();
  test::PacketText text{.tcpFlags = source.u8()};
  if ((choice & 1U) != 0) {
    text.source = test::v6Of(0xfd00, 4);
    text.destination = test::v6Of(0xfd00, 5);
    text.extensionCount = choice >> 1 & 3U;
  } else {
    text.ipOptionBytes = (choice >> 1 & 3U) * std::size_t{4};
  }
  text.tcpOptionBytes = (choice >> 3 & 3U) * std::size_t{4};
  text.paddingBytes = (choice & 0x20U) != 0 ? 7 : 0;
  text.payload = test::pattern(payloadBytesFrom(choice >> 6, source.u8()));
  return test::makeFrame(text);
}

// What a driver would say of the frame, whatever it is.
net::Header headerFor(const test::Bytes& frame, std::uint16_t segmentBytes) {
  constexpr std::size_t kEtherTypeOffset = 12;
  const bool isV6 = frame.size() > kEtherTypeOffset && frame[kEtherTypeOffset] == std::byte{0x86};
  net::Header header = test::tcpHeader(isV6 ? FrameKind::Tcp6 : FrameKind::Tcp4, segmentBytes);
  if (!isV6 && frame.size() > 14) {
    header.csum_start =
        static_cast<std::uint16_t>(14 + (std::to_integer<unsigned>(frame[14]) & 0xfU) * 4);
  }
  return header;
}

} // namespace

void runTarget(std::span<const std::byte> input) {
  test::ByteSource source(input);
  const std::uint8_t choice = source.u8();
  const FeatureSet sender = featuresFrom(static_cast<std::uint8_t>(~source.u8()),
                                         {net::F_CSUM, net::F_HOST_TSO4, net::F_HOST_TSO6});
  const FeatureSet receiver =
      featuresFrom(source.u8(), {net::F_GUEST_CSUM, net::F_GUEST_TSO4, net::F_GUEST_TSO6});
  std::array<std::size_t, 3> cuts{};
  for (std::size_t& cut : cuts) {
    cut = source.u8();
  }
  const auto raw = source.take<net::Header>();
  const std::size_t damageCount = choice >> 2 & 3U;
  std::array<std::uint8_t, 6> damage{};
  std::ranges::copy(source.bytes(damageCount * 2),
                    std::as_writable_bytes(std::span(damage)).begin());

  test::Bytes frame;
  if ((choice & 1U) != 0) {
    const std::span<const std::byte> bytes = source.bytes(input.size());
    frame.assign(bytes.begin(), bytes.end());
  } else {
    frame = tcpFrom(source);
  }
  for (std::size_t index = 0; index < damageCount; ++index) {
    if (damage[2 * index] < frame.size()) {
      frame[damage[2 * index]] ^= static_cast<std::byte>(damage[2 * index + 1]);
    }
  }
  const test::Crossed crossed =
      test::cross({.header = (choice & 2U) != 0 ? raw : headerFor(frame, raw.gso_size.get()),
                   .frame = frame,
                   .cuts = std::span(cuts).first(choice >> 4 & 3U),
                   .sender = sender,
                   .receiver = receiver});
  ARGON_CHECK_EQ(crossed.wrong, "");
}

} // namespace argon::fuzz
