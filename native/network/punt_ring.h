// SPDX-License-Identifier: Apache-2.0
#pragma once

// Frames of services on their way between two threads: one puts them in, one takes them out, and
// neither waits for the other. A frame is copied whole, once, and comes out in order.
//
// One guest must not push out the questions of others. So half of the places are for interfaces
// that have no frame in the ring, and of the other half an interface may have an eighth of all:
// fewer than half as many interfaces as there are places may flood, and the next one is heard.

#include "base/counter.h"
#include "network/interface.h"
#include "packet/frame.h"
#include "vpc/services.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace argon::network {

/// Of a frame to or from a service. What services are asked, and what they say, fits an MTU of
/// Ethernet; a longer frame is dropped.
inline constexpr std::size_t kPuntBytesMax = 2048;

/// What a ring did since it was made. One writer: who puts in.
struct PuntCounters {
  Counter passed;
  /// The interface had its share in the ring.
  Counter overShare;
  Counter tooLong;
};

// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): each side has a cache line of its own.
class PuntRing {
public:
  struct Entry {
    InterfaceIndex interface;
    vpc::Service service = vpc::Service::None;
    /// Valid until pop().
    std::span<const std::byte> frame;
  };

  /// `capacity`: frames, a power of two, at least 8.
  explicit PuntRing(std::uint32_t capacity);
  PuntRing(const PuntRing&) = delete;
  PuntRing& operator=(const PuntRing&) = delete;
  ~PuntRing() = default;

  // For the thread that puts in.

  /// False if the frame was dropped, which is counted. Reads guest memory. The index is below
  /// kInterfaceCountMax.
  [[nodiscard]] bool offer(InterfaceIndex interface, vpc::Service service,
                           const packet::Frame& frame);
  /// True if the other thread has to be woken for what was offered: once for all that it finds.
  [[nodiscard]] bool takeWake();

  // For the thread that takes out.

  /// The next frame; nothing if there is none.
  [[nodiscard]] std::optional<Entry> front() const;
  /// Gives back the place of front(), which had one.
  void pop();
  /// True if the thread may rest: the next frame has it woken. False if one is there.
  [[nodiscard]] bool arm();

  /// Any thread.
  [[nodiscard]] const PuntCounters& counters() const { return counters_; }

private:
  struct Place {
    InterfaceIndex interface;
    vpc::Service service = vpc::Service::None;
    std::uint16_t lengthBytes = 0;
    std::array<std::byte, kPuntBytesMax> bytes{};
  };

  [[nodiscard]] Place& placeAt(std::uint32_t number) {
    return places_[number & (places_.size() - 1)];
  }
  void reclaim();

  std::atomic<bool> isResting_ = true; // Of who takes out.
  std::uint32_t shareMax_;
  std::vector<Place> places_;
  PuntCounters counters_;
  // Of who puts in: how many of each interface are in the ring, as far as it knows.
  std::vector<std::uint32_t> waiting_;
  std::uint32_t reclaimed_ = 0;
  // Counts of frames since the start, each written by one side; they wrap around.
  alignas(64) std::atomic<std::uint32_t> head_ = 0;
  alignas(64) std::atomic<std::uint32_t> tail_ = 0;
};

} // namespace argon::network
