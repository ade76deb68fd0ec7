// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where the first fragments of an interface's packets went, so that the others, which have no
// ports, go there too (network.md, T-35). Nothing is put together: a fragment that overtakes its
// first one is lost. A table for each interface, so that one guest's fragments are no other's
// matter. One thread.

#include "packet/headers.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace argon::vpc {

class FragmentTable {
public:
  static constexpr std::size_t kEntryCount = 64;
  /// Of one packet's fragments, how long after its first another may come.
  static constexpr std::uint64_t kLifetimeNs = 2'000'000'000;

  /// The first fragment of a packet is let through to `target`. Takes the oldest one's place.
  void add(const packet::Headers& headers, std::uint32_t target, std::uint64_t nowNs);
  /// Where a later fragment goes; none if its first was not let through, or too long ago.
  struct Found {
    bool isThere = false;
    std::uint32_t target = 0;
  };
  [[nodiscard]] Found find(const packet::Headers& headers, std::uint64_t nowNs) const;
  /// Forgets all: what was decided is to be decided anew.
  void clear() { count_ = 0; }

private:
  struct Entry {
    packet::IpAddress source;
    packet::IpAddress destination;
    std::uint64_t addedNs = 0;
    std::uint32_t id = 0;
    std::uint32_t target = 0;
    std::uint8_t protocol = 0;
  };
  // IPv6 tells packets apart without their protocol (RFC 8200, 4.5).
  static std::uint8_t protocolOf(const packet::Headers& headers);

  std::array<Entry, kEntryCount> entries_;
  // Ever added; the next one's place is that modulo kEntryCount.
  std::uint64_t count_ = 0;
};

} // namespace argon::vpc
