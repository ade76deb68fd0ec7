// SPDX-License-Identifier: Apache-2.0

// A file is read back by a reader of its own, written from the format's text.

#include "vpc/pcapng.h"

#include "packet/frame.h"
#include "packet/headers.h"
#include "support/packet_maker.h"
#include "support/test.h"
#include "vpc/capture.h"
#include "vpc/conntrack.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <string_view>
#include <vector>

namespace argon::vpc {

namespace {

using File = std::vector<std::byte>;

std::uint32_t u32At(std::span<const std::byte> bytes, std::size_t offset) {
  std::uint32_t number = 0;
  std::memcpy(&number, bytes.subspan(offset, 4).data(), 4);
  return number;
}

std::uint16_t u16At(std::span<const std::byte> bytes, std::size_t offset) {
  std::uint16_t number = 0;
  std::memcpy(&number, bytes.subspan(offset, 2).data(), 2);
  return number;
}

struct ReadBlock {
  std::uint32_t type = 0;
  std::vector<std::byte> body;
};

// Checks that both lengths of each block agree, and are multiples of 4.
std::vector<ReadBlock> blocksOf(const File& file) {
  std::vector<ReadBlock> blocks;
  std::span<const std::byte> rest = file;
  while (!rest.empty()) {
    const std::uint32_t bytes = u32At(rest, 4);
    REQUIRE(bytes % 4 == 0);
    REQUIRE(bytes <= rest.size());
    REQUIRE(u32At(rest, bytes - 4) == bytes);
    const auto body = rest.subspan(8, bytes - 12);
    blocks.push_back({.type = u32At(rest, 0), .body = {body.begin(), body.end()}});
    rest = rest.subspan(bytes);
  }
  return blocks;
}

std::map<std::uint16_t, std::vector<std::byte>> optionsOf(std::span<const std::byte> bytes) {
  std::map<std::uint16_t, std::vector<std::byte>> options;
  while (true) {
    const std::uint16_t code = u16At(bytes, 0);
    const std::uint16_t length = u16At(bytes, 2);
    if (code == 0) break;
    const auto value = bytes.subspan(4, length);
    options[code] = {value.begin(), value.end()};
    bytes = bytes.subspan(4 + (length + 3U) / 4 * 4);
  }
  CHECK(bytes.size() == 4);
  return options;
}

} // namespace

TEST_CASE("a file has a section and its interfaces by name, with times in nanoseconds") {
  File file;
  pcapng::writeSection(file);
  pcapng::writeInterface(file, "eni-1");
  pcapng::writeInterface(file, "eni-22");

  const std::vector<ReadBlock> blocks = blocksOf(file);
  REQUIRE(blocks.size() == 3);
  CHECK(blocks[0].type == 0x0A0D0D0A);
  CHECK(u32At(blocks[0].body, 0) == 0x1A2B3C4D);
  CHECK(u16At(blocks[0].body, 4) == 1);
  CHECK(u16At(blocks[0].body, 6) == 0);
  CHECK(blocks[1].type == 1);
  CHECK(u16At(blocks[1].body, 0) == 1);
  auto options = optionsOf(std::span(blocks[2].body).subspan(8));
  CHECK(std::ranges::equal(options[2], std::as_bytes(std::span(std::string_view("eni-22")))));
  CHECK(options[9] == std::vector{std::byte{9}});
}

TEST_CASE("a frame is written with its time, both lengths, its direction and what was lost") {
  test::PacketText text;
  text.tcpOptionBytes = 4;
  text.payload.assign(500, std::byte{0xEE});
  const test::OwnedFrame owned(test::makeFrame(text));
  const packet::Frame frame = owned.frame();
  CapturedFrame captured{.ns = 5,
                         .lostCount = 9,
                         .interface = 1,
                         .lengthBytes = frame.lengthBytes,
                         .direction = Direction::In};
  captured.headerBytes = static_cast<std::uint16_t>(headerBytesOf(frame, packet::parse(frame)));
  std::ranges::copy(frame.header.first(captured.headerBytes), captured.header.begin());
  File file;
  pcapng::writeFrame(file, captured, std::uint64_t{7} << 32U);
  captured.lostCount = 0;
  captured.direction = Direction::Out;
  pcapng::writeFrame(file, captured, 0);

  const std::vector<ReadBlock> blocks = blocksOf(file);
  REQUIRE(blocks.size() == 2);
  const ReadBlock& block = blocks.front();
  CHECK(block.type == 6);
  CHECK(u32At(block.body, 0) == 1);
  CHECK(u32At(block.body, 4) == 7);
  CHECK(u32At(block.body, 8) == 5);
  CHECK(u32At(block.body, 12) == 58);
  CHECK(u32At(block.body, 16) == 558);
  CHECK(std::ranges::equal(std::span(block.body).subspan(20, 58), frame.header.first(58)));
  auto options = optionsOf(std::span(block.body).subspan(20 + 60));
  CHECK(u32At(options[2], 0) == 1);
  CHECK(u32At(options[4], 0) == 9);
  CHECK(std::ranges::count(file, std::byte{0xEE}) == 0);

  auto others = optionsOf(std::span(blocks.back().body).subspan(20 + 60));
  CHECK(u32At(others[2], 0) == 2);
  CHECK_FALSE(others.contains(4));
}

} // namespace argon::vpc
