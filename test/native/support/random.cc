// SPDX-License-Identifier: Apache-2.0
#include "support/random.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace argon::test {

std::uint64_t Random::between(std::uint64_t first, std::uint64_t last) {
  return first + below(last - first + 1);
}

std::uint64_t Random::number() {
  const std::uint64_t width = below(65);
  return width == 0 ? 0 : next() >> (64 - width);
}

void Random::fill(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const std::uint64_t word = next();
    const std::size_t count = std::min(sizeof word, bytes.size());
    std::memcpy(bytes.data(), &word, count);
    bytes = bytes.subspan(count);
  }
}

std::vector<std::byte> Random::bytes(std::size_t count) {
  std::vector<std::byte> filled(count);
  fill(filled);
  return filled;
}

std::vector<std::uint64_t> seeds() {
  // Read before any thread of a test could change the environment; none does.
  // NOLINTNEXTLINE(concurrency-mt-unsafe): tests read the environment on one thread.
  const char* asked = std::getenv("ARGON_TEST_SEED");
  if (asked != nullptr) {
    return {std::stoull(asked)};
  }
  // 32 bits, which are easier to copy; one for the process, so that it repeats the whole run.
  static const std::uint64_t fresh = std::random_device{}();
  MESSAGE("fresh seed; to repeat: ARGON_TEST_SEED=", fresh);
  return {1, 2, fresh};
}

} // namespace argon::test
