// SPDX-License-Identifier: Apache-2.0
#include "storage/buffers.h"

#include "support/cut_memory.h"
#include "support/death.h"
#include "support/random.h"
#include "support/test.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace argon {

namespace {

using Bytes = std::vector<std::byte>;

// Whether a flat range of a cut memory lies in one of its pieces.
bool isInOnePiece(std::span<const iovec> pieces, std::size_t position, std::size_t size) {
  std::size_t start = 0;
  for (const iovec& piece : pieces) {
    if (position >= start && position < start + piece.iov_len) {
      return position + size <= start + piece.iov_len;
    }
    start += piece.iov_len;
  }
  return false;
}

} // namespace

TEST_CASE("bytes are gathered from pieces, and scattered to them") {
  test::CutMemory memory({3, 0, 5, 1}, 7);
  const Bytes content = test::Random(1).bytes(9);
  memory.fill(content);

  Bytes gathered(6);
  gather(memory.pieces(), 2, gathered);
  CHECK(std::ranges::equal(gathered, std::span(content).subspan(2, 6)));

  scatter(std::array{std::byte{1}, std::byte{2}, std::byte{3}}, memory.pieces(), 6);
  const Bytes after = memory.content();
  CHECK(std::ranges::equal(std::span(after).first(6), std::span(content).first(6)));
  CHECK(after[6] == std::byte{1});
  CHECK(after[8] == std::byte{3});
  CHECK(memory.isFenceWhole());
}

TEST_CASE("a cursor may stand at the end, where nothing is left") {
  const test::CutMemory memory({4, 4, 0}, 1);

  BufferCursor cursor(memory.pieces(), 8);

  CHECK(cursor.takeContiguous(1).empty());
  cursor.copyTo({});
  cursor.copyFrom({});
  cursor.zero(0);
}

TEST_CASE("a range that lies in one piece is handed out, one that does not is left") {
  const test::CutMemory memory({10, 10}, 1);
  BufferCursor cursor(memory.pieces(), 4);

  CHECK(cursor.takeContiguous(7).empty());
  const std::span<std::byte> some = cursor.takeContiguous(6);
  CHECK(some.data() == static_cast<std::byte*>(memory.pieces()[0].iov_base) + 4);
  CHECK(some.size() == 6);
  CHECK(cursor.takeContiguous(10).data() == memory.pieces()[1].iov_base);
  CHECK(cursor.takeContiguous(1).empty());
}

TEST_CASE("passing the end of the pieces is a bug of ours") {
  const test::CutMemory memory({4, 4}, 1);
  test::checkDies("rest_.empty()", [&memory] {
    BufferCursor cursor(memory.pieces(), 5);
    cursor.zero(4);
  });
}

TEST_CASE("any walk over cut memory does what it would do on one piece") {
  for (const std::uint64_t seed : test::seeds()) {
    CAPTURE(seed);
    test::Random random(seed);
    for (int round = 0; round < test::rounds(300); ++round) {
      const std::size_t size = random.between(1, 3'000);
      test::CutMemory memory(random, size, 12);
      Bytes flat = random.bytes(size);
      memory.fill(flat);
      std::size_t position = random.below(size + 1);
      BufferCursor cursor(memory.pieces(), position);

      while (position < size) {
        const std::size_t count = random.between(1, size - position);
        const auto begin = flat.begin() + static_cast<std::ptrdiff_t>(position);
        switch (random.below(4)) {
        case 0: {
          Bytes copy(count);
          cursor.copyTo(copy);
          REQUIRE(std::equal(copy.begin(), copy.end(), begin));
          break;
        }
        case 1: {
          const Bytes copy = random.bytes(count);
          cursor.copyFrom(copy);
          std::ranges::copy(copy, begin);
          break;
        }
        case 2:
          cursor.zero(count);
          std::fill_n(begin, count, std::byte{0});
          break;
        default: {
          const std::span<std::byte> some = cursor.takeContiguous(count);
          REQUIRE(some.empty() != isInOnePiece(memory.pieces(), position, count));
          if (some.empty()) {
            continue;
          }
          REQUIRE(std::equal(some.begin(), some.end(), begin));
        }
        }
        position += count;
      }
      REQUIRE(memory.content() == flat);
      REQUIRE(memory.isFenceWhole());
    }
  }
}

} // namespace argon
