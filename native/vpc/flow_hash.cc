// SPDX-License-Identifier: Apache-2.0
#include "vpc/flow_hash.h"

#include <bit>
#include <cstdint>
#include <span>

namespace argon::vpc {

namespace {

// The four words of state and their mixing (Aumasson and Bernstein, SipHash, section 2).
struct State {
  std::uint64_t v0;
  std::uint64_t v1;
  std::uint64_t v2;
  std::uint64_t v3;

  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
  void absorb(std::uint64_t word) {
    v3 ^= word;
    round();
    v0 ^= word;
  }
};

} // namespace

std::uint64_t flowHash(const HashSecret& secret, std::span<const std::uint64_t> words) {
  State state{.v0 = secret.words[0] ^ 0x736F6D6570736575,
              .v1 = secret.words[1] ^ 0x646F72616E646F6D,
              .v2 = secret.words[0] ^ 0x6C7967656E657261,
              .v3 = secret.words[1] ^ 0x7465646279746573};
  for (const std::uint64_t word : words) {
    state.absorb(word);
  }
  // The last word holds the length in its first byte.
  state.absorb(std::uint64_t{words.size() * 8} << 56U);
  state.v2 ^= 0xFF;
  state.round();
  state.round();
  state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

} // namespace argon::vpc
