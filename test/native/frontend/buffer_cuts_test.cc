// SPDX-License-Identifier: Apache-2.0
#include "frontend/buffer_cuts.h"

#include "frontend/driver_ring.h"
#include "memory/guest_address.h"
#include "support/test.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace argon::frontend {

namespace {

using Pieces = std::vector<std::pair<std::uint64_t, std::uint32_t>>;

Pieces cut(std::size_t bytes, const std::vector<std::uint32_t>& sizes) {
  std::vector<std::byte> memory(bytes);
  Pieces pieces;
  for (const Buffer& buffer :
       cutBuffers({.address = GuestAddress(1000), .bytes = memory}, BufferUse::Readable, sizes)) {
    pieces.emplace_back(buffer.address.get(), buffer.lengthBytes);
    CHECK_FALSE(buffer.isWritable);
  }
  return pieces;
}

} // namespace

TEST_CASE("a run of bytes is cut by sizes that repeat, the last piece as short as it must be") {
  CHECK(cut(10, {}) == Pieces{{1000, 10}});
  CHECK(cut(10, {10}) == Pieces{{1000, 10}});
  CHECK(cut(10, {4}) == Pieces{{1000, 4}, {1004, 4}, {1008, 2}});
  CHECK(cut(10, {1, 6}) == Pieces{{1000, 1}, {1001, 6}, {1007, 1}, {1008, 2}});
  CHECK(cut(0, {4}).empty());
}

TEST_CASE("pieces to write are for the device") {
  std::vector<std::byte> memory(8);
  const std::vector<std::uint32_t> sizes = {4};
  CHECK(std::ranges::all_of(
      cutBuffers({.address = GuestAddress(0), .bytes = memory}, BufferUse::Writable, sizes),
      [](const Buffer& buffer) { return buffer.isWritable; }));
}

} // namespace argon::frontend
