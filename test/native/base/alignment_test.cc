// SPDX-License-Identifier: Apache-2.0
#include "base/alignment.h"

#include "support/test.h"

#include <array>
#include <cstddef>

namespace argon {

TEST_CASE("an address is aligned to every power of two that divides it, and to no other") {
  alignas(64) const std::array<std::byte, 128> memory{};

  for (std::size_t offset = 0; offset < 64; ++offset) {
    for (std::size_t alignment = 1; alignment <= 64; alignment *= 2) {
      CAPTURE(offset);
      CAPTURE(alignment);
      CHECK(isAligned(memory.data() + offset, alignment) == (offset % alignment == 0));
    }
  }
}

TEST_CASE("a null pointer is aligned to anything") {
  CHECK(isAligned(nullptr, 1));
  CHECK(isAligned(nullptr, 4096));
}

TEST_CASE("the next aligned byte is the byte itself if it is aligned") {
  alignas(64) std::array<std::byte, 128> memory{};

  CHECK(alignUp(memory.data(), 64) == memory.data());
  CHECK(alignUp(memory.data() + 1, 64) == memory.data() + 64);
  CHECK(alignUp(memory.data() + 63, 64) == memory.data() + 64);
  CHECK(alignUp(memory.data() + 64, 64) == memory.data() + 64);
}

} // namespace argon
