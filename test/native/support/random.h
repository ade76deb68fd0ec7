// SPDX-License-Identifier: Apache-2.0
#pragma once

// Random cases that can be repeated: a property runs with a fixed set of seeds and a fresh one.

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace argon::test {

class Random {
public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  [[nodiscard]] std::uint64_t next() { return engine_(); }
  /// 0 to `limit` - 1. `limit` is more than 0; the bias of the remainder is of no matter here.
  [[nodiscard]] std::uint64_t below(std::uint64_t limit) { return engine_() % limit; }
  /// `first` to `last`, both included.
  [[nodiscard]] std::uint64_t between(std::uint64_t first, std::uint64_t last);
  [[nodiscard]] bool chance(unsigned percent) { return below(100) < percent; }
  /// A number of random width, so that small ones and those near powers of two are likely.
  [[nodiscard]] std::uint64_t number();

  void fill(std::span<std::byte> bytes);
  [[nodiscard]] std::vector<std::byte> bytes(std::size_t count);

private:
  std::mt19937_64 engine_;
};

/// The seeds to run a property with: a few fixed ones and one that is new with each process, which
/// is printed. With ARGON_TEST_SEED in the environment only that one.
[[nodiscard]] std::vector<std::uint64_t> seeds();

/// How often to do something random: less under a sanitizer, which slows each round down.
[[nodiscard]] constexpr int rounds(int count) {
#if defined(__SANITIZE_THREAD__)
  return count / 8 + 1;
#elif defined(__SANITIZE_ADDRESS__)
  return count / 3 + 1;
#else
  return count;
#endif
}

} // namespace argon::test
