// SPDX-License-Identifier: Apache-2.0
#include "base/huge_page_allocator.h"

#include "support/test.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace argon {

TEST_CASE("vectors of any size have their values, aligned as these want it") {
  struct alignas(64) Line {
    std::uint64_t number = 7;
  };
  // Below, at and above a huge page.
  for (const std::size_t count : {1U, 1000U, 32'768U, 32'769U, 100'000U}) {
    std::vector<Line, HugePageAllocator<Line>> lines(count);
    CHECK(std::ranges::all_of(lines, [](const Line& line) { return line.number == 7; }));

    lines.back().number = 8;
    lines.resize(count + 1);

    CHECK(lines[count - 1].number == 8);
    CHECK(std::bit_cast<std::uintptr_t>(lines.data()) % alignof(Line) == 0);
  }
}

TEST_CASE("what is as large as a huge page begins at one") {
  const std::vector<std::byte, HugePageAllocator<std::byte>> bytes(std::size_t{2} << 20);

  CHECK(std::bit_cast<std::uintptr_t>(bytes.data()) % (std::size_t{2} << 20) == 0);
}

} // namespace argon
