// SPDX-License-Identifier: Apache-2.0
#include "frontend/arena.h"

#include "base/error.h"
#include "base/mapped_region.h"
#include "base/result.h"
#include "memory/guest_address.h"
#include "memory/memory_region.h"
#include "support/process.h"
#include "support/process_facts.h"
#include "support/test.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace argon::frontend {

namespace {

std::unique_ptr<Arena> makeArena(const Arena::Options& options) {
  Result<std::unique_ptr<Arena>> arena = Arena::create(options);
  REQUIRE_OK(arena);
  return *std::move(arena);
}

} // namespace

TEST_CASE("an arena is one region of whole pages") {
  const std::unique_ptr<Arena> arena = makeArena({.sizeBytes = 5000});

  REQUIRE(arena->regions().size() == 1);
  const RegionDescription& region = arena->regions().front();
  CHECK(region.sizeBytes == 2 * pageBytes());
  CHECK(region.fileOffsetBytes == 0);
  CHECK(region.guestStart == arena->startAddress());
  CHECK(arena->endAddress().get() == region.guestStart.get() + region.sizeBytes);
  CHECK(arena->borderAddress() == arena->endAddress());
  CHECK(arena->bytes().size() == region.sizeBytes);
}

TEST_CASE("an arena of two regions has them side by side, half and half") {
  const std::unique_ptr<Arena> arena = makeArena({.sizeBytes = 3 * 4096, .regionCount = 2});

  REQUIRE(arena->regions().size() == 2);
  const RegionDescription& first = arena->regions()[0];
  const RegionDescription& second = arena->regions()[1];
  CHECK(first.sizeBytes == second.sizeBytes);
  CHECK(first.sizeBytes % pageBytes() == 0);
  CHECK(second.guestStart.get() == first.guestStart.get() + first.sizeBytes);
  CHECK(second.frontendStart.get() == first.frontendStart.get() + first.sizeBytes);
  CHECK(second.fileOffsetBytes == first.sizeBytes);
  CHECK(arena->borderAddress() == second.guestStart);
}

TEST_CASE("guest and front-end addresses of one byte are different numbers") {
  const std::unique_ptr<Arena> arena = makeArena({.sizeBytes = 4096});
  const GuestAddress address(arena->startAddress().get() + 100);

  const FrontendAddress frontend = arena->frontendAddressOf(address);

  CHECK(frontend.get() == arena->regions().front().frontendStart.get() + 100);
  CHECK(frontend.get() != address.get());
}

TEST_CASE("an arena's file is sealed against shrinking unless asked otherwise") {
  const std::unique_ptr<Arena> sealed = makeArena({.sizeBytes = 4096});
  const std::unique_ptr<Arena> open =
      makeArena({.sizeBytes = 4096, .sealing = Arena::Sealing::Unsealed});

  CHECK((::fcntl(sealed->fd(), F_GET_SEALS) & F_SEAL_SHRINK) != 0);
  CHECK(::ftruncate(sealed->fd(), 0) == -1);
  CHECK((::fcntl(open->fd(), F_GET_SEALS) & F_SEAL_SHRINK) == 0);
}

TEST_CASE("what is written in an arena is in its file") {
  const std::unique_ptr<Arena> arena = makeArena({.sizeBytes = 4096});
  const Result<ArenaBlock> block = arena->allocate(1, 1);
  REQUIRE_OK(block);

  block->bytes.front() = std::byte{0x42};

  std::byte read{};
  CHECK(::pread(arena->fd(), &read, 1, 0) == 1);
  CHECK(read == std::byte{0x42});
}

TEST_CASE("blocks follow each other at their alignment") {
  const std::unique_ptr<Arena> arena = makeArena({.sizeBytes = 4 * 4096});
  const std::uint64_t start = arena->startAddress().get();
  const auto offsetOf = [&arena, start](std::size_t size, std::size_t alignment) {
    const Result<ArenaBlock> block = arena->allocate(size, alignment);
    REQUIRE_OK(block);
    CHECK(block->bytes.size() == size);
    CHECK(block->bytes.data() == arena->bytes().data() + (block->address.get() - start));
    return block->address.get() - start;
  };

  CHECK(offsetOf(3, 1) == 0);
  CHECK(offsetOf(1, 1) == 3);
  CHECK(offsetOf(10, 16) == 16);
  CHECK(offsetOf(0, 1) == 26);
  CHECK(offsetOf(1, 4096) == 4096);
}

TEST_CASE("an arena gives all of its bytes and then no more") {
  const std::unique_ptr<Arena> arena = makeArena({.sizeBytes = 4096});

  CHECK_FALSE(arena->allocate(4097, 1).has_value());
  CHECK(arena->allocate(4096, 1).has_value());
  CHECK(arena->allocate(0, 1).has_value());
  const Result<ArenaBlock> full = arena->allocate(1, 1);
  REQUIRE_FALSE(full.has_value());
  CHECK(full.error().kind() == ErrorKind::Exhausted);
  CHECK_FALSE(arena->allocate(SIZE_MAX, 1).has_value());
}

TEST_CASE("releasing to a mark frees what came after it") {
  const std::unique_ptr<Arena> arena = makeArena({.sizeBytes = 4096});
  REQUIRE_OK(arena->allocate(100, 1));
  const std::size_t mark = arena->mark();
  const Result<ArenaBlock> first = arena->allocate(3000, 1);
  REQUIRE_OK(first);

  arena->releaseTo(mark);
  const Result<ArenaBlock> second = arena->allocate(3000, 1);

  REQUIRE_OK(second);
  CHECK(second->address == first->address);
}

TEST_CASE("an arena that goes leaves no descriptor and no mapping") {
  const std::size_t fdsBefore = test::openFdCount();
  const std::size_t mapsBefore = test::mappingCount("argon-frontend");

  makeArena({.sizeBytes = 4096}).reset();

  CHECK(test::openFdCount() == fdsBefore);
  CHECK(test::mappingCount("argon-frontend") == mapsBefore);
}

} // namespace argon::frontend
