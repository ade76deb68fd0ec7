// SPDX-License-Identifier: Apache-2.0

// Our parser beside Scapy's: data/scapy_frames.txt has frames with what Scapy reads in them
// (data/scapy_frames.py has made it; test/integration/scapy.test.ts holds the two together).

#include "packet/address.h"
#include "packet/headers.h"
#include "support/packet_maker.h"
#include "support/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

namespace argon::packet {

namespace {

using Network = Headers::Network;

struct Line {
  std::string name;
  test::Bytes frame;
  std::string reading;
};

std::vector<Line> readLines() {
  std::ifstream file(ARGON_TEST_SCAPY_FRAMES);
  REQUIRE(file.good());
  std::vector<Line> lines;
  for (std::string text; std::getline(file, text);) {
    const std::size_t first = text.find('\t');
    const std::size_t second = text.find('\t', first + 1);
    REQUIRE(second != std::string::npos);
    const std::string hex = text.substr(first + 1, second - first - 1);
    Line line{.name = text.substr(0, first), .frame = {}, .reading = text.substr(second + 1)};
    for (std::size_t at = 0; at + 2 <= hex.size(); at += 2) {
      line.frame.push_back(static_cast<std::byte>(std::stoul(hex.substr(at, 2), nullptr, 16)));
    }
    lines.push_back(line);
  }
  return lines;
}

std::string textOf(IpAddress address) {
  std::array<std::uint8_t, 16> bytes{};
  for (unsigned index = 0; index < 8; ++index) {
    bytes[index] = static_cast<std::uint8_t>(address.high >> (56 - 8 * index));
    bytes[8 + index] = static_cast<std::uint8_t>(address.low >> (56 - 8 * index));
  }
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.isV4()) {
    inet_ntop(AF_INET, &bytes[12], text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
  }
  return text.data();
}

std::string textOf(MacAddress mac) {
  std::string text;
  for (const std::byte byte : mac.bytes) {
    std::array<char, 4> digits{};
    static_cast<void>(
        std::snprintf(digits.data(), digits.size(), "%02x", std::to_integer<unsigned>(byte)));
    text += (text.empty() ? "" : ":") + std::string(digits.data());
  }
  return text;
}

std::string textOf(const Tuple& tuple) {
  return textOf(tuple.source) + " " + textOf(tuple.destination) + " " +
         std::to_string(tuple.protocol) + " " + std::to_string(tuple.sourcePort) + " " +
         std::to_string(tuple.destinationPort);
}

// What we find, in the words of scapy_frames.py.
std::string readingOf(const Headers& headers) {
  if (headers.fault != ParseFault::None) {
    return "refused " + std::string(parseFaultName(headers.fault));
  }
  if (headers.network == Network::Arp) {
    return "arp " + std::to_string(headers.arpOperation) + " " + textOf(headers.arpSenderMac) +
           " " + textOf(headers.tuple.source) + " " + textOf(headers.tuple.destination);
  }
  const bool isIcmp = headers.icmp != Headers::Icmp::None;
  const std::string icmp =
      isIcmp ? std::to_string(headers.icmpType) + "/" + std::to_string(headers.icmpCode) : "-";
  const std::string fragment =
      headers.isFragment
          ? (headers.isFirstFragment ? "first " : "later ") + std::to_string(headers.fragmentId)
          : "whole";
  return "ip " + textOf(headers.tuple) + " flags=" + std::to_string(headers.tcpFlags) +
         " icmp=" + icmp + " hops=" + std::to_string(headers.hopLimit) + " " + fragment +
         " inner=" + (headers.hasInner ? textOf(headers.inner) : "-");
}

} // namespace

TEST_CASE("frames are read as Scapy reads them, and the wrong ones refused for what is wrong") {
  const std::vector<Line> lines = readLines();
  CHECK(lines.size() > 1000);
  for (const Line& line : lines) {
    CAPTURE(line.name);
    const test::OwnedFrame owned(line.frame);
    CHECK(readingOf(parse(owned.frame())) == line.reading);
  }
}

} // namespace argon::packet
