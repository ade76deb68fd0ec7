// SPDX-License-Identifier: Apache-2.0
#include "vpc/flow_hash.h"

#include "support/packet_maker.h"
#include "support/random.h"
#include "support/test.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace argon::vpc {

namespace {

// SipHash of bytes with any numbers of rounds, as its paper has it.
std::uint64_t slowSipHash(std::array<std::uint64_t, 2> key, std::span<const std::byte> bytes,
                          int wordRounds, int lastRounds) {
  std::array<std::uint64_t, 4> v = {key[0] ^ 0x736F6D6570736575, key[1] ^ 0x646F72616E646F6D,
                                    key[0] ^ 0x6C7967656E657261, key[1] ^ 0x7465646279746573};
  const auto turn = [](std::uint64_t word, unsigned by) { return word << by | word >> (64 - by); };
  const auto rounds = [&](int count) {
    for (; count > 0; --count) {
      v[0] += v[1], v[2] += v[3];
      v[1] = turn(v[1], 13) ^ v[0], v[3] = turn(v[3], 16) ^ v[2];
      v[0] = turn(v[0], 32);
      v[2] += v[1], v[0] += v[3];
      v[1] = turn(v[1], 17) ^ v[2], v[3] = turn(v[3], 21) ^ v[0];
      v[2] = turn(v[2], 32);
    }
  };
  std::vector<std::byte> padded(bytes.begin(), bytes.end());
  padded.resize(bytes.size() / 8 * 8 + 8);
  padded.back() = static_cast<std::byte>(bytes.size());
  for (std::size_t at = 0; at < padded.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, padded.data() + at, 8);
    v[3] ^= word;
    rounds(wordRounds);
    v[0] ^= word;
  }
  v[2] ^= 0xFF;
  rounds(lastRounds);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

} // namespace

TEST_CASE("the hash is SipHash-1-3") {
  // Appendix A of the paper: key 00 01 … 0f, input 00 01 … 0e, with 2 and 4 rounds.
  constexpr std::array<std::uint64_t, 2> kKey = {0x0706'0504'0302'0100, 0x0F0E'0D0C'0B0A'0908};
  const auto input = test::bytesOf({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14});
  REQUIRE(slowSipHash(kKey, input, 2, 4) == 0xA129'CA61'49BE'45E5);

  for (const std::uint64_t seed : test::seeds()) {
    test::Random random(seed);
    for (int round = 0; round < test::rounds(500); ++round) {
      const HashSecret secret{.words = {random.next(), random.next()}};
      std::vector<std::uint64_t> words(random.below(8));
      for (std::uint64_t& word : words) {
        word = random.number();
      }
      CHECK(flowHash(secret, words) ==
            slowSipHash(secret.words, std::as_bytes(std::span(words)), 1, 3));
    }
  }
}

} // namespace argon::vpc
