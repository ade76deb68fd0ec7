// SPDX-License-Identifier: Apache-2.0
#pragma once

// A pipeline under a policy in words, with a clock that is turned by hand: packets are sent from
// interfaces, and what becomes of them is asked.

#include "packet/headers.h"
#include "support/packet_maker.h"
#include "support/policy_maker.h"
#include "vpc/drop_reason.h"
#include "vpc/pipeline.h"
#include "vpc/verdict.h"

#include <cstdint>
#include <string>
#include <vector>

namespace argon::vpc {

inline constexpr std::uint64_t kSecondNs = 1'000'000'000;

class VpcScene {
public:
  explicit VpcScene(test::PolicyText text = test::twoSubnets(), std::uint32_t flowCountMax = 1000);

  /// The policy in words; applied by apply().
  test::PolicyText policy;
  void apply();
  void wait(std::uint64_t seconds) { nowNs_ += seconds * kSecondNs; }
  void waitMs(std::uint64_t ms) { nowNs_ += ms * 1'000'000; }

  /// A packet from one interface to another's address, with their MAC addresses or the router's.
  [[nodiscard]] test::PacketText packet(std::uint32_t from, std::uint32_t to) const;
  [[nodiscard]] test::PacketText packetV6(std::uint32_t from, std::uint32_t to) const;
  [[nodiscard]] test::PacketText tcp(std::uint32_t from, std::uint32_t to, std::uint16_t sourcePort,
                                     std::uint16_t destinationPort,
                                     std::uint8_t flags = 0x02) const;
  [[nodiscard]] test::PacketText udp(std::uint32_t from, std::uint32_t to, std::uint16_t sourcePort,
                                     std::uint16_t destinationPort) const;
  /// An echo request, or its answer.
  [[nodiscard]] test::PacketText ping(std::uint32_t from, std::uint32_t to) const;
  [[nodiscard]] test::PacketText pong(std::uint32_t from, std::uint32_t to) const;

  Verdict send(std::uint32_t from, const test::PacketText& text);
  Verdict sendBytes(std::uint32_t from, const test::Bytes& bytes, packet::Offload offload = {});
  /// `to N` if it is delivered there, `later to N` if it waits for N's allowance, the name of the
  /// reason if it is dropped, else `answer`, `punt` or `hold`.
  std::string fate(std::uint32_t from, const test::PacketText& text);
  static std::string fateOf(const Verdict& verdict);

  [[nodiscard]] Pipeline& pipeline() { return pipeline_; }
  [[nodiscard]] std::uint64_t nowNs() const { return nowNs_; }
  [[nodiscard]] const InterfaceCounters& counters(std::uint32_t index) const {
    return pipeline_.counters(InterfaceIndex(index));
  }

private:
  Pipeline pipeline_;
  std::uint64_t nowNs_ = 1000 * kSecondNs;
};

/// Two subnets of which everything may come in everywhere, of both families.
[[nodiscard]] VpcScene openScene();

inline constexpr std::uint8_t kTcp = 6;
inline constexpr std::uint8_t kUdp = 17;
inline constexpr std::uint8_t kIcmp = 1;
inline constexpr std::uint8_t kSyn = 0x02;
inline constexpr std::uint8_t kAck = 0x10;
inline constexpr std::uint8_t kFin = 0x01;
inline constexpr std::uint8_t kRst = 0x04;

} // namespace argon::vpc
