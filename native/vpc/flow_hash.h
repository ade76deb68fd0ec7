// SPDX-License-Identifier: Apache-2.0
#pragma once

// A keyed hash for what a guest chooses: SipHash-1-3. Guests pick addresses and ports, so with a
// hash that they could work out they would fill one bucket; a seeded CRC is linear and would not
// help, since its collisions do not depend on the seed (network.md, T-30).

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace argon::vpc {

/// Made at random when the engine starts, and never told.
struct HashSecret {
  std::array<std::uint64_t, 2> words{};
};

/// SipHash with one round for each word and three at the end, over whole words of 64 bits.
[[nodiscard]] std::uint64_t flowHash(const HashSecret& secret,
                                     std::span<const std::uint64_t> words);

} // namespace argon::vpc
