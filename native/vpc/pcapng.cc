// SPDX-License-Identifier: Apache-2.0
#include "vpc/pcapng.h"

#include "base/little_endian.h"
#include "packet/frame.h"
#include "vpc/capture.h"
#include "vpc/conntrack.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace argon::vpc::pcapng {

namespace {

// 4.1, 4.2, 4.3.
constexpr std::uint32_t kSectionHeader = 0x0A0D'0D0A;
constexpr std::uint32_t kInterfaceDescription = 1;
constexpr std::uint32_t kEnhancedPacket = 6;
constexpr std::uint32_t kByteOrderMagic = 0x1A2B'3C4D;
constexpr std::uint16_t kLinkTypeEthernet = 1;
// Options: 3.5, 4.2, 4.3.
constexpr std::uint16_t kOptionEnd = 0;
constexpr std::uint16_t kOptionName = 2;
constexpr std::uint16_t kOptionResolution = 9;
constexpr std::uint16_t kOptionFlags = 2;
constexpr std::uint16_t kOptionDropCount = 4;
constexpr std::byte kNanoseconds{9};
constexpr std::size_t kPadding = 4; // 3.6.1
constexpr std::uint32_t kInbound = 1;
constexpr std::uint32_t kOutbound = 2;

// A block from its type to its second length, everything padded to 4 bytes.
class Block {
public:
  Block(std::vector<std::byte>& out, std::uint32_t type) : out_(out), start_(out.size()) {
    add(type);
    add(std::uint32_t{0});
  }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block() {
    const auto bytes = static_cast<std::uint32_t>(out_.size() - start_ + sizeof(std::uint32_t));
    add(bytes);
    const Le<std::uint32_t> length{bytes};
    std::memcpy(&out_[start_ + sizeof(std::uint32_t)], &length, sizeof length);
  }

  template <typename Number>
  void add(Number number) {
    const Le<Number> wire{number};
    const auto bytes = std::as_bytes(std::span(&wire, 1));
    out_.insert(out_.end(), bytes.begin(), bytes.end());
  }
  void addBytes(std::span<const std::byte> bytes) {
    out_.insert(out_.end(), bytes.begin(), bytes.end());
    out_.resize(start_ + (out_.size() - start_ + kPadding - 1) / kPadding * kPadding);
  }
  void addOption(std::uint16_t code, std::span<const std::byte> value) {
    add(code);
    add(static_cast<std::uint16_t>(value.size()));
    addBytes(value);
  }
  template <typename Number>
  void addOption(std::uint16_t code, Number number) {
    const Le<Number> wire{number};
    addOption(code, std::as_bytes(std::span(&wire, 1)));
  }

private:
  std::vector<std::byte>& out_;
  std::size_t start_;
};

} // namespace

void writeSection(std::vector<std::byte>& out) {
  Block block(out, kSectionHeader);
  block.add(kByteOrderMagic);
  block.add(std::uint16_t{1});
  block.add(std::uint16_t{0});
  block.add(~std::uint64_t{0}); // The section's length is not known.
}

void writeInterface(std::vector<std::byte>& out, std::string_view name) {
  Block block(out, kInterfaceDescription);
  block.add(kLinkTypeEthernet);
  block.add(std::uint16_t{0});
  block.add(static_cast<std::uint32_t>(packet::kHeaderBytesMax));
  block.addOption(kOptionName, std::as_bytes(std::span(name)));
  block.addOption(kOptionResolution, std::span(&kNanoseconds, 1));
  block.addOption(kOptionEnd, std::span<const std::byte>());
}

void writeFrame(std::vector<std::byte>& out, const CapturedFrame& frame,
                std::uint64_t realTimeOffsetNs) {
  const std::uint64_t ns = frame.ns + realTimeOffsetNs;
  Block block(out, kEnhancedPacket);
  block.add(frame.interface);
  block.add(static_cast<std::uint32_t>(ns >> 32U));
  block.add(static_cast<std::uint32_t>(ns));
  block.add(std::uint32_t{frame.headerBytes});
  block.add(frame.lengthBytes);
  block.addBytes(std::span(frame.header).first(frame.headerBytes));
  block.addOption(kOptionFlags, frame.direction == Direction::Out ? kOutbound : kInbound);
  if (frame.lostCount > 0) {
    block.addOption(kOptionDropCount, frame.lostCount);
  }
  block.addOption(kOptionEnd, std::span<const std::byte>());
}

} // namespace argon::vpc::pcapng
