// SPDX-License-Identifier: Apache-2.0
#include "base/mapped_region.h"

#include "base/alignment.h"
#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "support/death.h"
#include "support/test.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace argon {

namespace {

using Access = MappedRegion::Access;

UniqueFd makeFile(std::size_t sizeBytes) {
  UniqueFd file(::memfd_create("argon-test", MFD_CLOEXEC));
  REQUIRE(file.isOpen());
  REQUIRE(::ftruncate(file.get(), static_cast<off_t>(sizeBytes)) == 0);
  return file;
}

bool isMapped(std::span<std::byte> pages) {
  return ::msync(pages.data(), pages.size(), MS_ASYNC) == 0 || errno != ENOMEM;
}

} // namespace

TEST_CASE("allocated memory is zeroed, writable and starts on a page") {
  Result<MappedRegion> region = MappedRegion::allocate(5000);
  REQUIRE_OK(region);

  const std::span<std::byte> bytes = region->bytes();
  CHECK(bytes.size() == 5000);
  CHECK(region->pages().size() == 2 * pageBytes());
  CHECK(isAligned(bytes.data(), pageBytes()));
  CHECK(std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; }));
  std::ranges::fill(region->pages(), std::byte{1});
}

TEST_CASE("no memory, or more than there are addresses, cannot be allocated") {
  for (const std::size_t size : {std::size_t{0}, SIZE_MAX, SIZE_MAX - pageBytes() + 2}) {
    CAPTURE(size);
    const Result<MappedRegion> region = MappedRegion::allocate(size);
    REQUIRE_FALSE(region);
    CHECK(region.error().kind() == ErrorKind::InvalidArgument);
  }
}

TEST_CASE("more memory than a process can have is refused by the host") {
  const Result<MappedRegion> region = MappedRegion::allocate(std::size_t{1} << 60);
  REQUIRE_FALSE(region);
  CHECK(region.error().kind() == ErrorKind::Exhausted);
}

TEST_CASE("a file is mapped from any offset, for any length") {
  const UniqueFd file = makeFile(4 * pageBytes());
  std::vector<std::byte> content(4 * pageBytes());
  for (std::size_t index = 0; index < content.size(); ++index) {
    content[index] = static_cast<std::byte>(index % 251);
  }
  REQUIRE(::pwrite(file.get(), content.data(), content.size(), 0) ==
          static_cast<ssize_t>(content.size()));

  for (const std::size_t offset :
       {std::size_t{0}, std::size_t{1}, pageBytes() - 1, pageBytes(), pageBytes() + 513}) {
    for (const std::size_t size : {std::size_t{1}, pageBytes() - 1, pageBytes(), pageBytes() + 1}) {
      CAPTURE(offset);
      CAPTURE(size);
      Result<MappedRegion> region =
          MappedRegion::mapShared(file.get(), offset, size, Access::ReadOnly);
      REQUIRE_OK(region);
      CHECK(std::ranges::equal(region->bytes(), std::span(content).subspan(offset, size)));
      CHECK(isAligned(region->pages().data(), pageBytes()));
      CHECK(region->pages().size() % pageBytes() == 0);
      CHECK(region->pages().data() <= region->bytes().data());
      CHECK(region->bytes().data() + size <= region->pages().data() + region->pages().size());
    }
  }
}

TEST_CASE("what is written to a shared mapping is in the file") {
  const UniqueFd file = makeFile(pageBytes());
  Result<MappedRegion> region = MappedRegion::mapShared(file.get(), 100, 3, Access::ReadWrite);
  REQUIRE_OK(region);

  std::ranges::fill(region->bytes(), std::byte{0x42});

  std::array<std::byte, 5> read{};
  REQUIRE(::pread(file.get(), read.data(), read.size(), 99) == 5);
  CHECK(read ==
        std::array{std::byte{0}, std::byte{0x42}, std::byte{0x42}, std::byte{0x42}, std::byte{0}});
}

TEST_CASE("a mapping that is empty, wraps or lies behind the largest file is refused") {
  const UniqueFd file = makeFile(pageBytes());
  constexpr std::array<std::pair<std::uint64_t, std::uint64_t>, 8> kRanges = {{
      {0, 0},
      {4096, 0},
      {UINT64_MAX, 1},
      {1, UINT64_MAX},
      {UINT64_MAX - 4095, 4096},
      {0, UINT64_MAX},
      {0x7fffffffffffffff, 1},
      {0x8000000000000000, 4096},
  }};
  for (const auto& [offset, size] : kRanges) {
    CAPTURE(offset);
    CAPTURE(size);
    const Result<MappedRegion> region =
        MappedRegion::mapShared(file.get(), offset, size, Access::ReadWrite);
    REQUIRE_FALSE(region);
    CHECK(region.error().kind() == ErrorKind::InvalidArgument);
  }
}

TEST_CASE("what is no file cannot be mapped") {
  CHECK_FALSE(MappedRegion::mapShared(-1, 0, 4096, Access::ReadOnly));
}

TEST_CASE("a mapping for reading cannot be written") {
  const UniqueFd file = makeFile(pageBytes());
  Result<MappedRegion> region =
      MappedRegion::mapShared(file.get(), 0, pageBytes(), Access::ReadOnly);
  REQUIRE_OK(region);

  const test::Death death = test::runInChild([&] { region->bytes().front() = std::byte{1}; });

  CHECK(death.signal == SIGSEGV);
}

TEST_CASE("a mapping goes with its owner") {
  std::span<std::byte> pages;
  {
    Result<MappedRegion> region = MappedRegion::allocate(3 * pageBytes());
    REQUIRE_OK(region);
    pages = region->pages();
    CHECK(isMapped(pages));
  }

  CHECK_FALSE(isMapped(pages));
}

TEST_CASE("a mapping moves and leaves nothing behind") {
  Result<MappedRegion> first = MappedRegion::allocate(pageBytes());
  Result<MappedRegion> second = MappedRegion::allocate(2 * pageBytes());
  REQUIRE_OK(first);
  REQUIRE_OK(second);
  const std::span<std::byte> firstPages = first->pages();
  const std::span<std::byte> secondPages = second->pages();

  MappedRegion moved(*std::move(first));
  // NOLINTNEXTLINE(bugprone-use-after-move): that nothing is left behind is what is tested.
  CHECK(first->bytes().empty());
  CHECK(moved.bytes().data() == firstPages.data());
  moved = *std::move(second);

  CHECK(moved.pages().data() == secondPages.data());
  CHECK_FALSE(isMapped(firstPages));
  CHECK(isMapped(secondPages));
}

TEST_CASE("a region that was never mapped is empty") {
  const MappedRegion region;
  CHECK(region.bytes().empty());
  CHECK(region.pages().empty());
}

TEST_CASE("reserved memory is none until it is committed, and keeps its place and content then") {
  Result<MappedRegion> region = MappedRegion::reserve(1000 * pageBytes());
  REQUIRE_OK(region);
  REQUIRE_OK(region->commit(1));
  region->bytes()[0] = std::byte{7};

  REQUIRE_OK(region->commit(3 * pageBytes()));

  CHECK(region->bytes().size() == 1000 * pageBytes());
  CHECK(region->bytes()[0] == std::byte{7});
  CHECK(region->bytes()[3 * pageBytes() - 1] == std::byte{0});
  const test::Death death = test::runInChild([&region] {
    static_cast<void>(::signal(SIGSEGV, SIG_DFL));
    region->bytes()[3 * pageBytes()] = std::byte{1};
  });
  CHECK(death.signal == SIGSEGV);
}

TEST_CASE("more than what was reserved cannot be committed") {
  Result<MappedRegion> region = MappedRegion::reserve(pageBytes());
  REQUIRE_OK(region);
  test::checkDies("sizeBytes <= sizeBytes_",
                  [&region] { static_cast<void>(region->commit(pageBytes() + 1)); });
}

} // namespace argon
