// SPDX-License-Identifier: Apache-2.0
#include "frontend/load_frames.h"

#include "virtio/spec/net.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

namespace argon::frontend {

namespace net = virtio::spec::net;

namespace {

// Where things are in the frame (IEEE 802.3; RFC 791, 3.1; RFC 768).
constexpr std::size_t kSourceMac = 6;
constexpr std::size_t kEtherType = 12;
constexpr std::size_t kIp = 14;
constexpr std::size_t kIpBytes = 20;
constexpr std::size_t kUdp = kIp + kIpBytes;
constexpr std::size_t kUdpLength = kUdp + 4;
constexpr std::size_t kUdpChecksum = kUdp + 6;

constexpr std::uint8_t kUdpProtocol = 17;
constexpr std::uint8_t kHopCount = 64;

std::uint16_t high(std::uint32_t number) { return static_cast<std::uint16_t>(number >> 16); }
std::uint16_t low(std::uint32_t number) { return static_cast<std::uint16_t>(number & 0xffff); }

void put(std::span<std::byte> frame, std::size_t offset, std::uint16_t number) {
  frame[offset] = static_cast<std::byte>(number >> 8);
  frame[offset + 1] = static_cast<std::byte>(number & 0xff);
}

void putLong(std::span<std::byte> frame, std::size_t offset, std::uint32_t number) {
  put(frame, offset, high(number));
  put(frame, offset + 2, low(number));
}

// A sum of numbers of 16 bits as one of them (RFC 1071).
std::uint16_t fold(std::uint32_t sum) {
  const std::uint32_t once = high(sum) + std::uint32_t{low(sum)};
  return static_cast<std::uint16_t>(high(once) + low(once));
}

void putMac(std::span<std::byte> frame, std::size_t offset, const LoadEnd& end) {
  std::ranges::transform(end.mac, frame.begin() + static_cast<std::ptrdiff_t>(offset),
                         [](std::uint8_t number) { return std::byte{number}; });
}

} // namespace

LoadFrames::LoadFrames(const LoadTraffic& traffic, LoadWay way, std::uint32_t frameBytes)
    : from_(traffic.source), to_(traffic.target), checksum_(traffic.checksum), way_(way),
      udpBytes_(static_cast<std::uint16_t>(frameBytes - kUdp)) {
  if (way == LoadWay::Back) {
    std::swap(from_, to_);
  }
  pseudoSum_ = fold(high(from_.address) + std::uint32_t{low(from_.address)} + high(to_.address) +
                    low(to_.address) + kUdpProtocol + udpBytes_);
}

void LoadFrames::write(std::span<std::byte> buffer) const {
  std::ranges::fill(buffer, std::byte{0});
  const std::span<std::byte> frame = buffer.subspan(sizeof(net::Header));
  putMac(frame, 0, to_);
  putMac(frame, kSourceMac, from_);
  put(frame, kEtherType, 0x0800);
  put(frame, kIp, 0x4500);
  put(frame, kIp + 2, static_cast<std::uint16_t>(kIpBytes + udpBytes_));
  put(frame, kIp + 8, kHopCount << 8 | kUdpProtocol);
  putLong(frame, kIp + 12, from_.address);
  putLong(frame, kIp + 16, to_.address);
  std::uint32_t sum = 0;
  for (std::size_t offset = kIp; offset < kUdp; offset += 2) {
    sum += std::to_integer<std::uint32_t>(frame[offset]) << 8 |
           std::to_integer<std::uint32_t>(frame[offset + 1]);
  }
  put(frame, kIp + 10, static_cast<std::uint16_t>(~fold(sum)));
  put(frame, kUdpLength, udpBytes_);
  if (checksum_ == LoadChecksum::Offloaded) {
    net::Header header{};
    header.flags = net::hdr::F_NEEDS_CSUM;
    header.csum_start = static_cast<std::uint16_t>(kUdp);
    header.csum_offset = static_cast<std::uint16_t>(kUdpChecksum - kUdp);
    std::memcpy(buffer.data(), &header, sizeof header);
    put(frame, kUdpChecksum, static_cast<std::uint16_t>(pseudoSum_));
  }
  setFlow(buffer, 0);
}

void LoadFrames::setFlow(std::span<std::byte> buffer, std::uint32_t flow) const {
  const std::span<std::byte> frame = buffer.subspan(sizeof(net::Header));
  std::uint32_t from = kLoadPortMin + flow % kLoadPortCount;
  std::uint32_t to = kLoadPortMin + flow / kLoadPortCount % kLoadPortCount;
  if (way_ == LoadWay::Back) {
    std::swap(from, to);
  }
  put(frame, kUdp, static_cast<std::uint16_t>(from));
  put(frame, kUdp + 2, static_cast<std::uint16_t>(to));
  if (checksum_ == LoadChecksum::Full) {
    const auto checksum = static_cast<std::uint16_t>(~fold(pseudoSum_ + udpBytes_ + from + to));
    // 0 would say that there is none.
    put(frame, kUdpChecksum, checksum == 0 ? std::uint16_t{0xffff} : checksum);
  }
}

} // namespace argon::frontend
