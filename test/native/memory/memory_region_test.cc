// SPDX-License-Identifier: Apache-2.0
#include "memory/memory_region.h"

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "memory/guest_address.h"
#include "support/process.h"
#include "support/temp_dir.h"
#include "support/test.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace argon {

namespace {

constexpr std::uint64_t kPage = 4096;

using Region = Result<std::shared_ptr<const MemoryRegion>>;

UniqueFd makeMemfd(std::uint64_t sizeBytes, int seals = F_SEAL_SHRINK) {
  UniqueFd file(::memfd_create("argon-test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  REQUIRE(file.isOpen());
  REQUIRE(::ftruncate(file.get(), static_cast<off_t>(sizeBytes)) == 0);
  REQUIRE((seals == 0 || ::fcntl(file.get(), F_ADD_SEALS, seals) == 0));
  return file;
}

RegionDescription describe(std::uint64_t sizeBytes, std::uint64_t fileOffsetBytes = 0) {
  return {.guestStart = GuestAddress(0x10000),
          .sizeBytes = sizeBytes,
          .frontendStart = FrontendAddress(0x7f0000000000),
          .fileOffsetBytes = fileOffsetBytes};
}

Region mapSealed(const RegionDescription& description, UniqueFd file) {
  return MemoryRegion::map(description, std::move(file), RegionPolicy::RequireSealed);
}

Region mapUnsealed(const RegionDescription& description, UniqueFd file) {
  return MemoryRegion::map(description, std::move(file), RegionPolicy::AllowUnsealed);
}

void checkRefused(const Region& region, ErrorKind kind) {
  REQUIRE_FALSE(region);
  CAPTURE(region.error().message());
  CHECK(region.error().kind() == kind);
}

} // namespace

TEST_CASE("a sealed memfd becomes a region of its bytes") {
  UniqueFd file = makeMemfd(4 * kPage);
  const std::array<char, 4> text = {'b', 'o', 'o', 't'};
  REQUIRE(::pwrite(file.get(), text.data(), text.size(), kPage) == 4);
  const RegionDescription description = describe(2 * kPage, kPage);

  const Region region = mapSealed(description, std::move(file));

  REQUIRE_OK(region);
  CHECK((*region)->description() == description);
  CHECK((*region)->bytes().size() == 2 * kPage);
  CHECK((*region)->bytes()[0] == std::byte{'b'});
  CHECK_FALSE((*region)->isBroken());
}

TEST_CASE("a region knows its file by any descriptor of it, and no other file") {
  UniqueFd file = makeMemfd(2 * kPage);
  Result<UniqueFd> copy = file.duplicate();
  REQUIRE_OK(copy);
  const UniqueFd other = makeMemfd(2 * kPage);
  const Region region = mapSealed(describe(kPage), std::move(file));
  REQUIRE_OK(region);

  const Result<FileIdentity> same = identifyFile(copy->get());
  const Result<FileIdentity> different = identifyFile(other.get());

  REQUIRE_OK(same);
  REQUIRE_OK(different);
  CHECK((*region)->file() == *same);
  CHECK_FALSE((*region)->file() == *different);
  CHECK_FALSE(identifyFile(-1).has_value());
}

TEST_CASE("guest memory that may shrink is refused where it must be sealed") {
  checkRefused(mapSealed(describe(kPage), makeMemfd(kPage, 0)), ErrorKind::PermissionDenied);
  checkRefused(mapSealed(describe(kPage), makeMemfd(kPage, F_SEAL_GROW)),
               ErrorKind::PermissionDenied);
  checkRefused(mapSealed(describe(kPage), makeMemfd(kPage, F_SEAL_SEAL)),
               ErrorKind::PermissionDenied);
}

TEST_CASE("guest memory that may shrink is accepted where any front end may come") {
  REQUIRE_OK(mapUnsealed(describe(kPage), makeMemfd(kPage, 0)));
  REQUIRE_OK(mapUnsealed(describe(kPage), makeMemfd(kPage)));
}

TEST_CASE("a file of a disk or of a shared tmpfs is refused where it must be sealed") {
  const test::TempDir dir;
  for (const std::string& path :
       {dir.path("memory"), "/dev/shm/argon-test-" + std::to_string(::getpid())}) {
    CAPTURE(path);
    UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    REQUIRE(file.isOpen());
    REQUIRE(::unlink(path.c_str()) == 0);
    REQUIRE(::ftruncate(file.get(), kPage) == 0);
    Result<UniqueFd> copy = file.duplicate();
    REQUIRE_OK(copy);

    checkRefused(mapSealed(describe(kPage), std::move(file)), ErrorKind::PermissionDenied);
    REQUIRE_OK(mapUnsealed(describe(kPage), *std::move(copy)));
  }
}

TEST_CASE("what is no regular file is no guest memory") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  const UniqueFd writing(ends[1]);

  for (const RegionPolicy policy : {RegionPolicy::RequireSealed, RegionPolicy::AllowUnsealed}) {
    const auto map = [policy](UniqueFd fd) {
      return MemoryRegion::map(describe(kPage), std::move(fd), policy);
    };
    Result<UniqueFd> pipe = UniqueFd(::fcntl(ends[0], F_DUPFD_CLOEXEC, 3));
    checkRefused(map(*std::move(pipe)), ErrorKind::Protocol);
    checkRefused(map(UniqueFd(::open("/dev/zero", O_RDWR | O_CLOEXEC))), ErrorKind::Protocol);
    checkRefused(map(UniqueFd(::open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC))),
                 ErrorKind::Protocol);
    Result<UniqueFd> event = createEventFd();
    REQUIRE_OK(event);
    checkRefused(map(*std::move(event)), ErrorKind::Protocol);
    CHECK_FALSE(map(UniqueFd()));
  }
  ::close(ends[0]);
}

TEST_CASE("a region must lie within its file") {
  checkRefused(mapSealed(describe(kPage + 1), makeMemfd(kPage)), ErrorKind::Protocol);
  checkRefused(mapSealed(describe(kPage, 1), makeMemfd(kPage)), ErrorKind::Protocol);
  checkRefused(mapSealed(describe(kPage, 2 * kPage), makeMemfd(kPage)), ErrorKind::Protocol);
  checkRefused(mapSealed(describe(1), makeMemfd(0)), ErrorKind::Protocol);
  checkRefused(mapSealed(describe(2 * kPage, UINT64_MAX - kPage + 1), makeMemfd(4 * kPage)),
               ErrorKind::Protocol);
  checkRefused(mapSealed(describe(UINT64_MAX - 0x7f0000000000), makeMemfd(kPage)),
               ErrorKind::Protocol);
}

TEST_CASE("a region of no bytes, or one whose addresses wrap, is refused") {
  checkRefused(mapSealed(describe(0), makeMemfd(kPage)), ErrorKind::Protocol);
  RegionDescription description = describe(kPage);
  description.guestStart = GuestAddress(UINT64_MAX - kPage + 1);
  checkRefused(mapSealed(description, makeMemfd(kPage)), ErrorKind::Protocol);
  description = describe(kPage);
  description.frontendStart = FrontendAddress(UINT64_MAX);
  checkRefused(mapSealed(description, makeMemfd(kPage)), ErrorKind::Protocol);
}

TEST_CASE("the last region below the end of the address space is accepted") {
  RegionDescription description = describe(kPage);
  description.guestStart = GuestAddress(UINT64_MAX - kPage);
  description.frontendStart = FrontendAddress(UINT64_MAX - kPage);

  REQUIRE_OK(mapSealed(description, makeMemfd(kPage)));
}

TEST_CASE("an offset within a page shows the bytes from there") {
  UniqueFd file = makeMemfd(3 * kPage);
  const char letter = 'x';
  REQUIRE(::pwrite(file.get(), &letter, 1, 513) == 1);

  const Region region = mapSealed(describe(kPage, 513), std::move(file));

  REQUIRE_OK(region);
  CHECK((*region)->bytes().size() == kPage);
  CHECK((*region)->bytes()[0] == std::byte{'x'});
}

TEST_CASE("a file that is open for reading only, or sealed against writing, is refused") {
  const test::TempDir dir;
  const std::string path = dir.path("memory");
  const UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  REQUIRE(::ftruncate(file.get(), kPage) == 0);

  checkRefused(mapUnsealed(describe(kPage), UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC))),
               ErrorKind::PermissionDenied);
  checkRefused(mapSealed(describe(kPage), makeMemfd(kPage, F_SEAL_SHRINK | F_SEAL_WRITE)),
               ErrorKind::PermissionDenied);
}

TEST_CASE("a region is not for core files and not for children") {
  const Region region = mapSealed(describe(kPage), makeMemfd(kPage));
  REQUIRE_OK(region);

  CHECK(test::hasVmFlag((*region)->bytes().data(), "dd"));
  CHECK(test::hasVmFlag((*region)->bytes().data(), "dc"));
}

TEST_CASE("a region that is refused leaves no descriptor behind, and one that is not has none") {
  const std::size_t before = test::openFdCount();

  const Region region = mapSealed(describe(kPage), makeMemfd(kPage));
  static_cast<void>(mapSealed(describe(kPage), makeMemfd(kPage, 0)));
  static_cast<void>(mapSealed(describe(kPage * 2), makeMemfd(kPage)));
  static_cast<void>(mapSealed(describe(0), makeMemfd(kPage)));

  REQUIRE_OK(region);
  CHECK(test::openFdCount() == before);
}

} // namespace argon
