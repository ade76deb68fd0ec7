// SPDX-License-Identifier: Apache-2.0
#pragma once

// A capture of frames for tests of the card: Ethernet, IP and transport headers, and never a byte
// of what they carry. In a production environment there is none (nitro-claims.md, D9): nobody sees
// what guests say to each other, and who talks to whom is in flow logs.
//
// The engine's thread puts headers into a bounded ring; another thread takes them out and writes
// them as pcapng.

#include "base/result.h"
#include "base/spsc_ring.h"
#include "packet/frame.h"
#include "packet/headers.h"
#include "vpc/conntrack.h"
#include "vpc/snapshot.h"
#include "vpc/verdict.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace argon::vpc {

/// What a host is for. Whoever does not say is in production.
enum class Environment : std::uint8_t { Production, Test };

struct CapturedFrame {
  /// Of CLOCK_MONOTONIC.
  std::uint64_t ns = 0;
  /// Frames that were lost for want of room since the one before.
  std::uint64_t lostCount = 0;
  /// As the file numbers it: of a capture of all interfaces the card's own number, else 0.
  std::uint32_t interface = 0;
  /// Of the whole frame.
  std::uint32_t lengthBytes = 0;
  std::uint16_t headerBytes = 0;
  /// Out: from the guest.
  Direction direction = Direction::Out;
  std::array<std::byte, packet::kHeaderBytesMax> header{};
};

/// How much of a frame is headers: with Ethernet as far as the transport's header, the whole of an
/// ARP message, and of a frame that the parser has refused, Ethernet's alone.
[[nodiscard]] std::size_t headerBytesOf(const packet::Frame& frame, const packet::Headers& headers);

class Capture {
public:
  /// PermissionDenied in production. `capacity`: frames, a power of two. `only`: of this interface;
  /// of all if there is none.
  static Result<std::unique_ptr<Capture>> create(Environment environment, std::size_t capacity,
                                                 std::optional<InterfaceIndex> only = std::nullopt);
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;
  ~Capture() = default;

  // The engine's thread. A frame that finds the ring full is lost and counted.

  /// A frame that a guest sent.
  void noteSent(InterfaceIndex from, const packet::Frame& frame, const packet::Headers& headers,
                std::uint64_t nowNs);
  /// The same where it is delivered to, with the verdict's MAC addresses and length.
  void noteDelivered(const Verdict& verdict, const packet::Frame& frame,
                     const packet::Headers& headers, std::uint64_t nowNs);
  /// The next frame; nothing if there is none. The one thread that writes.
  [[nodiscard]] std::optional<CapturedFrame> take() { return ring_.pop(); }

private:
  Capture(std::size_t capacity, std::optional<InterfaceIndex> only)
      : ring_(capacity), only_(only) {}
  [[nodiscard]] bool isOf(InterfaceIndex interface) const { return !only_ || *only_ == interface; }
  void put(InterfaceIndex interface, CapturedFrame& captured);

  SpscRing<CapturedFrame> ring_;
  std::uint64_t lostCount_ = 0; // The engine's thread.
  std::optional<InterfaceIndex> only_;
};

} // namespace argon::vpc
