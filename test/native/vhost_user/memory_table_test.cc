// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/memory_table.h"

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "memory/guest_address.h"
#include "memory/guest_memory.h"
#include "memory/memory_region.h"
#include "support/memfd.h"
#include "support/process.h"
#include "support/process_facts.h"
#include "support/temp_dir.h"
#include "support/test.h"
#include "support/vhost_peer.h"
#include "vhost_user/spec/messages.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace argon::vhost_user {

namespace {

using test::Sealed;

constexpr std::uint64_t kRegionBytes = 0x4000;
constexpr std::uint64_t kGuestStart = 0x10'0000;
constexpr std::uint64_t kFrontendStart = 0x7f00'0000'0000;

// Region `number` of a table, side by side in every address space and file.
RegionDescription region(std::uint64_t number) {
  return {.guestStart = GuestAddress(kGuestStart + number * kRegionBytes),
          .sizeBytes = kRegionBytes,
          .frontendStart = FrontendAddress(kFrontendStart + number * kRegionBytes),
          .fileOffsetBytes = number * kRegionBytes};
}

std::vector<RegionDescription> regions(std::uint64_t count) {
  std::vector<RegionDescription> all;
  all.reserve(count);
  for (std::uint64_t number = 0; number < count; ++number) {
    all.push_back(region(number));
  }
  return all;
}

std::vector<UniqueFd> copiesOf(const UniqueFd& file, std::size_t count) {
  std::vector<UniqueFd> fds;
  for (std::size_t number = 0; number < count; ++number) {
    Result<UniqueFd> copy = file.duplicate();
    REQUIRE_OK(copy);
    fds.push_back(*std::move(copy));
  }
  return fds;
}

// A table whose regions all lie in one sealed file that is long enough for nine.
Result<std::shared_ptr<const GuestMemory>> read(std::span<const RegionDescription> table,
                                                std::size_t fdCount) {
  const UniqueFd file = test::makeMemfd(9 * kRegionBytes, Sealed::Yes);
  return readMemoryTable(test::memoryTablePayload(table), copiesOf(file, fdCount),
                         RegionPolicy::RequireSealed);
}

bool isRefused(const RegionDescription& description) {
  return !read(std::span(&description, 1), 1).has_value();
}

Result<std::shared_ptr<const GuestMemory>> readOne(UniqueFd file, RegionPolicy policy) {
  std::vector<UniqueFd> fds;
  fds.push_back(std::move(file));
  return readMemoryTable(test::memoryTablePayload(regions(1)), std::move(fds), policy);
}

spec::MemoryRegion wireOf(const RegionDescription& description) {
  return test::singleRegionPayload(description).region;
}

} // namespace

TEST_CASE("a table of one to eight regions maps each where it says") {
  for (std::size_t count = 1; count <= 8; ++count) {
    CAPTURE(count);
    const auto memory = read(regions(count), count);
    REQUIRE_OK(memory);
    REQUIRE((*memory)->regions().size() == count);
    for (std::size_t number = 0; number < count; ++number) {
      CHECK((*memory)->regions()[number]->description() == region(number));
    }
  }
}

TEST_CASE("an empty table is a memory without regions") {
  const auto memory = read({}, 0);

  REQUIRE_OK(memory);
  CHECK((*memory)->regions().empty());
}

TEST_CASE("the mapping begins at the file offset") {
  const UniqueFd file = test::makeMemfd(9 * kRegionBytes, Sealed::Yes);
  const char mark = 'x';
  REQUIRE(::pwrite(file.get(), &mark, 1, 2 * kRegionBytes + 5) == 1);

  const auto memory = readMemoryTable(test::memoryTablePayload(std::vector{region(2)}),
                                      copiesOf(file, 1), RegionPolicy::RequireSealed);

  REQUIRE_OK(memory);
  const std::optional<std::span<std::byte>> bytes =
      (*memory)->contiguous(GuestAddress(region(2).guestStart.get() + 5), 1);
  REQUIRE(bytes.has_value());
  CHECK(bytes->front() == std::byte{'x'});
}

TEST_CASE("the number of regions agrees with descriptors and payload or the table is refused") {
  CHECK_FALSE(read(regions(2), 1).has_value());
  CHECK_FALSE(read(regions(2), 3).has_value());
  CHECK_FALSE(read({}, 1).has_value());
  CHECK_FALSE(read(regions(9), 9).has_value());

  const UniqueFd file = test::makeMemfd(9 * kRegionBytes, Sealed::Yes);
  std::vector<std::byte> payload = test::memoryTablePayload(regions(2));
  const auto claims = [&payload, &file](std::uint32_t count, std::size_t fdCount) {
    std::memcpy(payload.data(), &count, sizeof count);
    return readMemoryTable(payload, copiesOf(file, fdCount), RegionPolicy::RequireSealed);
  };
  CHECK(claims(2, 2).has_value());
  CHECK_FALSE(claims(1, 1).has_value());
  CHECK_FALSE(claims(3, 3).has_value());
  CHECK_FALSE(claims(UINT32_MAX, 2).has_value());
  // 2^32 / 32: a product in 32 bits would be 0.
  CHECK_FALSE(claims(0x0800'0000, 0).has_value());
}

TEST_CASE("regions that overlap in guest or front-end addresses are refused") {
  for (const std::uint64_t overlapBytes : {std::uint64_t{1}, kRegionBytes / 2, kRegionBytes}) {
    CAPTURE(overlapBytes);
    std::vector<RegionDescription> inGuest = regions(2);
    inGuest[1].guestStart = GuestAddress(inGuest[1].guestStart.get() - overlapBytes);
    CHECK_FALSE(read(inGuest, 2).has_value());
    std::vector<RegionDescription> inFrontend = regions(2);
    inFrontend[1].frontendStart = FrontendAddress(inFrontend[1].frontendStart.get() - overlapBytes);
    CHECK_FALSE(read(inFrontend, 2).has_value());
  }
}

TEST_CASE("two regions may share a part of the file") {
  std::vector<RegionDescription> shared = regions(2);
  shared[1].fileOffsetBytes = shared[0].fileOffsetBytes;

  CHECK(read(shared, 2).has_value());
}

TEST_CASE("a region that is empty or whose end wraps around is refused") {
  RegionDescription bad = region(0);
  bad.sizeBytes = 0;
  CHECK(isRefused(bad));

  bad = region(0);
  bad.guestStart = GuestAddress(UINT64_MAX - kRegionBytes + 1);
  CHECK(isRefused(bad));
  bad.guestStart = GuestAddress(UINT64_MAX - kRegionBytes);
  CHECK_FALSE(isRefused(bad));

  bad = region(0);
  bad.frontendStart = FrontendAddress(UINT64_MAX - kRegionBytes + 1);
  CHECK(isRefused(bad));

  bad = region(0);
  bad.sizeBytes = UINT64_MAX;
  CHECK(isRefused(bad));

  bad = region(0);
  bad.fileOffsetBytes = UINT64_MAX - kRegionBytes + 1;
  CHECK(isRefused(bad));
  bad.fileOffsetBytes = UINT64_MAX;
  CHECK(isRefused(bad));
}

TEST_CASE("a file that is shorter than its region is refused, to the byte") {
  RegionDescription description = region(0);
  description.fileOffsetBytes = 8 * kRegionBytes;
  CHECK_FALSE(isRefused(description));
  description.sizeBytes = kRegionBytes + 1;
  CHECK(isRefused(description));
  description.sizeBytes = kRegionBytes;
  description.fileOffsetBytes += 1;
  CHECK(isRefused(description));
}

TEST_CASE("memory that can shrink is for the lax policy only") {
  CHECK_FALSE(
      readOne(test::makeMemfd(kRegionBytes, Sealed::No), RegionPolicy::RequireSealed).has_value());
  CHECK(
      readOne(test::makeMemfd(kRegionBytes, Sealed::No), RegionPolicy::AllowUnsealed).has_value());
}

TEST_CASE("a descriptor that is no memory is refused under either policy") {
  const test::TempDir dir;
  for (const RegionPolicy policy : {RegionPolicy::RequireSealed, RegionPolicy::AllowUnsealed}) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
    CHECK_FALSE(readOne(UniqueFd(ends[0]), policy).has_value());
    CHECK_FALSE(readOne(UniqueFd(ends[1]), policy).has_value());
    CHECK_FALSE(readOne(UniqueFd(::open("/dev/zero", O_RDWR | O_CLOEXEC)), policy).has_value());
    CHECK_FALSE(
        readOne(UniqueFd(::open(dir.path(".").c_str(), O_RDONLY | O_CLOEXEC)), policy).has_value());
    Result<UniqueFd> event = createEventFd();
    REQUIRE_OK(event);
    CHECK_FALSE(readOne(*std::move(event), policy).has_value());
  }
}

TEST_CASE("a table that is refused leaves no descriptor and no mapping") {
  const std::size_t fdsBefore = test::openFdCount();
  const std::size_t mapsBefore = test::mappingCount("argon-test-memory");

  std::vector<RegionDescription> table = regions(8);
  table[7].sizeBytes = 2 * kRegionBytes + 1;
  CHECK_FALSE(read(table, 8).has_value());

  CHECK(test::openFdCount() == fdsBefore);
  CHECK(test::mappingCount("argon-test-memory") == mapsBefore);
}

TEST_CASE("a region can be added to a table, and the old table stays as it was") {
  const UniqueFd file = test::makeMemfd(9 * kRegionBytes, Sealed::Yes);
  const auto table = read(regions(1), 1);
  REQUIRE_OK(table);

  const auto larger = addRegion(**table, wireOf(region(1)), std::move(copiesOf(file, 1).front()),
                                RegionPolicy::RequireSealed);

  REQUIRE_OK(larger);
  CHECK((*larger)->regions().size() == 2);
  CHECK((*larger)->regions()[1]->description() == region(1));
  CHECK((*table)->regions().size() == 1);
}

TEST_CASE("a region that overlaps one that is there cannot be added") {
  const UniqueFd file = test::makeMemfd(9 * kRegionBytes, Sealed::Yes);
  const auto table = read(regions(1), 1);
  REQUIRE_OK(table);

  CHECK_FALSE(addRegion(**table, wireOf(region(0)), std::move(copiesOf(file, 1).front()),
                        RegionPolicy::RequireSealed)
                  .has_value());
}

TEST_CASE("the sixty-fourth region can be added, the sixty-fifth cannot") {
  const UniqueFd file = test::makeMemfd(65 * kRegionBytes, Sealed::Yes);
  auto table = read({}, 0);
  REQUIRE_OK(table);
  for (std::uint64_t number = 0; number < kMemorySlotCountMax; ++number) {
    CAPTURE(number);
    table = addRegion(**table, wireOf(region(number)), std::move(copiesOf(file, 1).front()),
                      RegionPolicy::RequireSealed);
    REQUIRE_OK(table);
  }
  CHECK(kMemorySlotCountMax == 64);

  const auto tooMany = addRegion(**table, wireOf(region(64)), std::move(copiesOf(file, 1).front()),
                                 RegionPolicy::RequireSealed);

  REQUIRE_FALSE(tooMany.has_value());
  CHECK(tooMany.error().kind() == ErrorKind::Exhausted);
}

TEST_CASE("a region is removed by guest address, user address and size; the offset is ignored") {
  const auto table = read(regions(3), 3);
  REQUIRE_OK(table);
  RegionDescription wanted = region(1);
  wanted.fileOffsetBytes = 12345;

  const auto smaller = removeRegion(**table, wireOf(wanted));

  REQUIRE_OK(smaller);
  REQUIRE((*smaller)->regions().size() == 2);
  CHECK((*smaller)->regions()[0]->description() == region(0));
  CHECK((*smaller)->regions()[1]->description() == region(2));
}

TEST_CASE("a region that is not in the table cannot be removed") {
  const auto table = read(regions(2), 2);
  REQUIRE_OK(table);
  const auto isUnknown = [&table](RegionDescription description) {
    return !removeRegion(**table, wireOf(description)).has_value();
  };

  CHECK(isUnknown(region(2)));
  RegionDescription other = region(1);
  other.guestStart = GuestAddress(other.guestStart.get() + 1);
  CHECK(isUnknown(other));
  other = region(1);
  other.frontendStart = FrontendAddress(other.frontendStart.get() + 1);
  CHECK(isUnknown(other));
  other = region(1);
  other.sizeBytes -= 1;
  CHECK(isUnknown(other));
  CHECK_FALSE(isUnknown(region(1)));
}

TEST_CASE("a region that is there can be added again so many times, and removed as often") {
  const UniqueFd file = test::makeMemfd(2 * kRegionBytes, Sealed::Yes);
  const auto table = readMemoryTable(test::memoryTablePayload(regions(2)), copiesOf(file, 2),
                                     RegionPolicy::RequireSealed);
  REQUIRE_OK(table);
  RepeatedRegions repeated(2);

  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{1}}) {
    CAPTURE(number);
    const spec::MemoryRegion again = wireOf(region(number));
    CHECK_FALSE(repeated.remove(again));
    CHECK(repeated.add(**table, again, file.get()));
    CHECK(repeated.add(**table, again, file.get()));
    CHECK_FALSE(repeated.add(**table, again, file.get()));
  }

  for (const std::uint64_t number : {std::uint64_t{1}, std::uint64_t{0}}) {
    CAPTURE(number);
    RegionDescription named = region(number);
    named.fileOffsetBytes = 12345;
    CHECK(repeated.remove(wireOf(named)));
    CHECK(repeated.remove(wireOf(named)));
    CHECK_FALSE(repeated.remove(wireOf(named)));
    CHECK(repeated.add(**table, wireOf(region(number)), file.get()));
  }
}

TEST_CASE("a region is the same in every field and by its file, or it is not added again") {
  const UniqueFd file = test::makeMemfd(3 * kRegionBytes, Sealed::Yes);
  const UniqueFd other = test::makeMemfd(3 * kRegionBytes, Sealed::Yes);
  const auto table = readMemoryTable(test::memoryTablePayload(regions(2)), copiesOf(file, 2),
                                     RegionPolicy::RequireSealed);
  REQUIRE_OK(table);
  RepeatedRegions repeated(1);
  const auto isAgain = [&](const RegionDescription& description, int fd) {
    return repeated.add(**table, wireOf(description), fd);
  };

  CHECK_FALSE(isAgain(region(2), file.get()));
  CHECK_FALSE(isAgain(region(0), other.get()));
  CHECK_FALSE(isAgain(region(0), -1));
  RegionDescription changed = region(0);
  changed.guestStart = region(1).guestStart;
  CHECK_FALSE(isAgain(changed, file.get()));
  changed = region(0);
  changed.frontendStart = region(1).frontendStart;
  CHECK_FALSE(isAgain(changed, file.get()));
  changed = region(0);
  changed.sizeBytes -= 1;
  CHECK_FALSE(isAgain(changed, file.get()));
  changed = region(0);
  changed.fileOffsetBytes += kRegionBytes;
  CHECK_FALSE(isAgain(changed, file.get()));
  CHECK(isAgain(region(0), file.get()));
}

TEST_CASE("where no region may be repeated none is, and a new table forgets those that were") {
  const UniqueFd file = test::makeMemfd(kRegionBytes, Sealed::Yes);
  const auto table = readMemoryTable(test::memoryTablePayload(regions(1)), copiesOf(file, 1),
                                     RegionPolicy::RequireSealed);
  REQUIRE_OK(table);

  RepeatedRegions none(0);
  CHECK_FALSE(none.add(**table, wireOf(region(0)), file.get()));

  RepeatedRegions one(1);
  REQUIRE(one.add(**table, wireOf(region(0)), file.get()));
  one.clear();
  CHECK_FALSE(one.remove(wireOf(region(0))));
}

} // namespace argon::vhost_user
