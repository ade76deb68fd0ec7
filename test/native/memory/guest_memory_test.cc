// SPDX-License-Identifier: Apache-2.0
#include "memory/guest_memory.h"

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "memory/guest_address.h"
#include "memory/memory_region.h"
#include "support/random.h"
#include "support/test.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace argon {

namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kFrontendStart = 0x7f0000000000;

using Memory = std::shared_ptr<const GuestMemory>;

std::shared_ptr<const MemoryRegion> makeRegion(std::uint64_t guestStart, std::uint64_t sizeBytes,
                                               std::uint64_t frontendStart) {
  UniqueFd file(::memfd_create("argon-test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  REQUIRE(::ftruncate(file.get(), static_cast<off_t>(sizeBytes)) == 0);
  REQUIRE(::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK) == 0);
  Result<std::shared_ptr<const MemoryRegion>> region =
      MemoryRegion::map({.guestStart = GuestAddress(guestStart),
                         .sizeBytes = sizeBytes,
                         .frontendStart = FrontendAddress(frontendStart),
                         .fileOffsetBytes = 0},
                        std::move(file), RegionPolicy::RequireSealed);
  REQUIRE_OK(region);
  return *std::move(region);
}

Result<Memory> tryMemory(const std::vector<std::pair<std::uint64_t, std::uint64_t>>& ranges) {
  GuestMemory::Regions regions;
  std::uint64_t frontendStart = kFrontendStart;
  for (const auto& [start, size] : ranges) {
    regions.push_back(makeRegion(start, size, frontendStart));
    frontendStart += size + kPage;
  }
  return GuestMemory::create(std::move(regions));
}

Memory makeMemory(const std::vector<std::pair<std::uint64_t, std::uint64_t>>& ranges) {
  Result<Memory> memory = tryMemory(ranges);
  REQUIRE_OK(memory);
  return *std::move(memory);
}

// Two that touch, a hole, one more, and one at the end of all addresses.
Memory makeUsualMemory() {
  return makeMemory(
      {{0x10000, 2 * kPage}, {0x12000, kPage}, {0x20000, kPage}, {UINT64_MAX - kPage, kPage}});
}

using Segments = std::vector<std::pair<const std::byte*, std::size_t>>;

std::optional<Segments> translate(const GuestMemory& memory, std::uint64_t address,
                                  std::uint64_t length, std::size_t room = 8) {
  std::vector<iovec> into(room);
  const std::optional<std::size_t> count = memory.translate(GuestAddress(address), length, into, 0);
  if (!count) {
    return std::nullopt;
  }
  Segments segments;
  for (const iovec& part : std::span(into).first(*count)) {
    segments.emplace_back(static_cast<std::byte*>(part.iov_base), part.iov_len);
  }
  return segments;
}

const std::byte* hostOf(const GuestMemory& memory, std::size_t region, std::uint64_t offset) {
  return memory.regions()[region]->bytes().data() + offset;
}

// The slow and obvious way: byte by byte.
std::optional<std::vector<const std::byte*>> walk(const GuestMemory& memory, std::uint64_t address,
                                                  std::uint64_t length) {
  std::vector<const std::byte*> bytes;
  for (std::uint64_t offset = 0; offset < length; ++offset) {
    const std::uint64_t position = address + offset;
    if (position < address) {
      return std::nullopt;
    }
    const auto found = std::ranges::find_if(memory.regions(), [position](const auto& region) {
      const std::uint64_t start = region->description().guestStart.get();
      return position >= start && position - start < region->description().sizeBytes;
    });
    if (found == memory.regions().end()) {
      return std::nullopt;
    }
    bytes.push_back((*found)->bytes().data() +
                    (position - (*found)->description().guestStart.get()));
  }
  return bytes;
}

} // namespace

TEST_CASE("a range in one region is one span of its bytes") {
  const Memory memory = makeUsualMemory();

  CHECK(translate(*memory, 0x10000, 1) == Segments{{hostOf(*memory, 0, 0), 1}});
  CHECK(translate(*memory, 0x10100, 0x200) == Segments{{hostOf(*memory, 0, 0x100), 0x200}});
  CHECK(translate(*memory, 0x10000, 2 * kPage) == Segments{{hostOf(*memory, 0, 0), 2 * kPage}});
  CHECK(translate(*memory, 0x20fff, 1) == Segments{{hostOf(*memory, 2, 0xfff), 1}});
}

TEST_CASE("a range over the border of two regions is two spans") {
  const Memory memory = makeUsualMemory();

  CHECK(translate(*memory, 0x11fff, 2) ==
        Segments{{hostOf(*memory, 0, 2 * kPage - 1), 1}, {hostOf(*memory, 1, 0), 1}});
  CHECK(translate(*memory, 0x10000, 3 * kPage) ==
        Segments{{hostOf(*memory, 0, 0), 2 * kPage}, {hostOf(*memory, 1, 0), kPage}});
}

TEST_CASE("a range with a byte outside of memory is refused") {
  const Memory memory = makeUsualMemory();

  CHECK_FALSE(translate(*memory, 0, 1));
  CHECK_FALSE(translate(*memory, 0xffff, 1));
  CHECK_FALSE(translate(*memory, 0xffff, 2));
  CHECK_FALSE(translate(*memory, 0x12fff, 2));
  CHECK_FALSE(translate(*memory, 0x13000, 1));
  CHECK_FALSE(translate(*memory, 0x12000, 0x10000));
  CHECK_FALSE(translate(*memory, 0x20fff, 2));
}

TEST_CASE("a range that wraps around is refused") {
  const Memory memory = makeUsualMemory();

  CHECK(translate(*memory, UINT64_MAX - kPage, kPage));
  CHECK_FALSE(translate(*memory, UINT64_MAX - 1, 2));
  CHECK_FALSE(translate(*memory, UINT64_MAX - 1, 0x11000));
  CHECK_FALSE(translate(*memory, 0x10000, UINT64_MAX));
  CHECK_FALSE(translate(*memory, 0x10001, UINT64_MAX));
  CHECK_FALSE(translate(*memory, UINT64_MAX, UINT64_MAX));
}

TEST_CASE("a range that needs more spans than there is room for is refused") {
  const Memory memory = makeUsualMemory();

  CHECK_FALSE(translate(*memory, 0x10000, 1, 0));
  CHECK_FALSE(translate(*memory, 0x11fff, 2, 1));
  CHECK(translate(*memory, 0x11fff, 2, 2));
}

TEST_CASE("a range is contained if all of its bytes are memory, however many spans that takes") {
  const Memory memory = makeUsualMemory();

  CHECK(memory->contains(GuestAddress(0x10000), 3 * kPage));
  CHECK(memory->contains(GuestAddress(0x11fff), 2));
  CHECK(memory->contains(GuestAddress(UINT64_MAX - kPage), kPage));
  CHECK_FALSE(memory->contains(GuestAddress(0xffff), 2));
  CHECK_FALSE(memory->contains(GuestAddress(0x12fff), 2));
  CHECK_FALSE(memory->contains(GuestAddress(0x12000), 0x10000));
  CHECK_FALSE(memory->contains(GuestAddress(0x10000), UINT64_MAX));
}

TEST_CASE("spans are appended behind those that are used") {
  const Memory memory = makeUsualMemory();
  std::array<iovec, 3> into{};

  CHECK(memory->translate(GuestAddress(0x20000), 1, into, 2) == 3);
  CHECK(into[2].iov_base == hostOf(*memory, 2, 0));
  CHECK(into[0].iov_base == nullptr);
  CHECK_FALSE(memory->translate(GuestAddress(0x20000), 1, into, 3));
}

TEST_CASE("an indirect table's range must lie in one region") {
  const Memory memory = makeUsualMemory();
  const auto at = [&memory](std::uint64_t address, std::uint64_t length) {
    return memory->contiguous(GuestAddress(address), length);
  };

  REQUIRE(at(0x10010, 32));
  CHECK(at(0x10010, 32)->data() == hostOf(*memory, 0, 0x10));
  CHECK(at(0x10010, 32)->size() == 32);
  CHECK(at(0x10000, 2 * kPage));
  CHECK_FALSE(at(0x10000, 2 * kPage + 1));
  CHECK_FALSE(at(0x11fff, 2));
  CHECK_FALSE(at(0x13000, 1));
  CHECK_FALSE(at(0x10010, UINT64_MAX));
  CHECK_FALSE(at(UINT64_MAX, 1));
}

TEST_CASE("a ring's range is found by the front end's address, in one region") {
  const Memory memory = makeUsualMemory();
  const auto at = [&memory](std::uint64_t address, std::uint64_t length) {
    return memory->contiguous(FrontendAddress(address), length);
  };

  REQUIRE(at(kFrontendStart + 5, 7));
  CHECK(at(kFrontendStart + 5, 7)->data() == hostOf(*memory, 0, 5));
  CHECK(at(kFrontendStart, 2 * kPage));
  CHECK_FALSE(at(kFrontendStart, 2 * kPage + 1));
  CHECK_FALSE(at(kFrontendStart - 1, 2));
  CHECK_FALSE(at(kFrontendStart + 2 * kPage, 1));
  REQUIRE(at(kFrontendStart + 3 * kPage, kPage));
  CHECK(at(kFrontendStart + 3 * kPage, kPage)->data() == hostOf(*memory, 1, 0));
  CHECK_FALSE(at(kFrontendStart + 5, UINT64_MAX));
  CHECK_FALSE(at(UINT64_MAX, UINT64_MAX));
  CHECK_FALSE(at(0x10000, 1));
}

TEST_CASE("regions that overlap are refused, those that touch are not") {
  CHECK(tryMemory({{0x1000, kPage}, {0x2000, kPage}}));
  for (const auto& second : std::vector<std::pair<std::uint64_t, std::uint64_t>>{
           {0x10000, kPage},
           {0x10fff, kPage},
           {0xf001, kPage},
           {0xf000, 4 * kPage},
           {0x10800, 16},
       }) {
    CAPTURE(second.first);
    const Result<Memory> memory = tryMemory({{0x10000, kPage}, second});
    REQUIRE_FALSE(memory);
    CHECK(memory.error().kind() == ErrorKind::Protocol);
  }
}

TEST_CASE("regions that overlap in the front end's addresses are refused") {
  GuestMemory::Regions regions;
  regions.push_back(makeRegion(0x10000, kPage, kFrontendStart));
  regions.push_back(makeRegion(0x20000, kPage, kFrontendStart + kPage - 1));

  CHECK_FALSE(GuestMemory::create(std::move(regions)));
}

TEST_CASE("a region is added to a table if it overlaps none of it, and the table stays as it was") {
  const Memory memory = makeMemory({{0x10000, kPage}, {0x20000, kPage}});
  const auto add = [&memory](std::uint64_t guestStart, std::uint64_t frontendStart) {
    return memory->with(makeRegion(guestStart, kPage, frontendStart));
  };

  const Result<Memory> more = add(0x11000, kFrontendStart + 16 * kPage);
  REQUIRE_OK(more);
  CHECK((*more)->contains(GuestAddress(0x10000), 2 * kPage));
  CHECK_FALSE(memory->contains(GuestAddress(0x10000), 2 * kPage));
  CHECK_FALSE(add(0x20fff, kFrontendStart + 16 * kPage));
  CHECK_FALSE(add(0x30000, kFrontendStart + kPage - 1));
}

TEST_CASE("memory without regions has no address") {
  const Memory memory = makeMemory({});

  CHECK_FALSE(translate(*memory, 0, 1));
  CHECK_FALSE(memory->contiguous(GuestAddress(0), 1));
  CHECK_FALSE(memory->contiguous(FrontendAddress(0), 1));
  CHECK_FALSE(memory->isBroken());
}

TEST_CASE("a table outlives nothing that it shows: regions stay while a table holds them") {
  Memory memory = makeMemory({{0x10000, kPage}});
  const std::weak_ptr<const MemoryRegion> region = memory->regions().front();
  CHECK_FALSE(region.expired());

  memory.reset();

  CHECK(region.expired());
}

TEST_CASE("translation agrees with a walk byte by byte") {
  for (const std::uint64_t seed : test::seeds()) {
    CAPTURE(seed);
    test::Random random(seed);
    // Regions with and without holes between, near and away from the end of all addresses.
    std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
    std::uint64_t start = random.chance(30) ? UINT64_MAX - 0xffff : 0x1000;
    while (ranges.size() < 6 && start < UINT64_MAX - 0x2000 && start >= 0x1000) {
      ranges.emplace_back(start, random.between(1, 3000));
      start += ranges.back().second + (random.chance(50) ? 0 : random.between(1, 2000));
    }
    std::ranges::reverse(ranges);
    const Memory memory = makeMemory(ranges);

    for (int round = 0; round < test::rounds(2'000); ++round) {
      const auto& range = ranges[random.below(ranges.size())];
      const std::uint64_t address = range.first + random.below(range.second + 4) - 2;
      const std::uint64_t length = random.between(1, 6000);
      CAPTURE(address);
      CAPTURE(length);
      const auto bytes = walk(*memory, address, length);
      const auto segments = translate(*memory, address, length);
      REQUIRE(segments.has_value() == bytes.has_value());
      REQUIRE(memory->contains(GuestAddress(address), length) == bytes.has_value());
      if (!segments) {
        continue;
      }
      std::vector<const std::byte*> flat;
      for (const auto& [first, count] : *segments) {
        for (std::size_t offset = 0; offset < count; ++offset) {
          flat.push_back(first + offset);
        }
      }
      REQUIRE(flat == *bytes);
    }
  }
}

} // namespace argon
