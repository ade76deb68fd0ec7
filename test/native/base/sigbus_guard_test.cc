// SPDX-License-Identifier: Apache-2.0
#include "base/sigbus_guard.h"

#include "base/cpu.h"
#include "base/error.h"
#include "base/mapped_region.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "memory/guest_address.h"
#include "memory/guest_memory.h"
#include "memory/memory_region.h"
#include "support/death.h"
#include "support/test.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

namespace argon {

namespace {

#if defined(__SANITIZE_THREAD__)
constexpr bool kSeesRaces = true;
#else
constexpr bool kSeesRaces = false;
#endif

// Shared memory of four pages whose file a test cuts short.
class Shared {
public:
  static constexpr std::size_t kPageCount = 4;

  Shared() : file_(::memfd_create("argon-test", MFD_CLOEXEC)) {
    REQUIRE(::ftruncate(file_.get(), static_cast<off_t>(kPageCount * pageBytes())) == 0);
    Result<MappedRegion> mapping = MappedRegion::mapShared(file_.get(), 0, kPageCount * pageBytes(),
                                                           MappedRegion::Access::ReadWrite);
    REQUIRE_OK(mapping);
    mapping_ = *std::move(mapping);
  }

  void cutTo(std::size_t pageCount) {
    REQUIRE(::ftruncate(file_.get(), static_cast<off_t>(pageCount * pageBytes())) == 0);
  }
  [[nodiscard]] std::span<std::byte> pages() const { return mapping_.pages(); }
  [[nodiscard]] std::atomic_ref<std::uint8_t> byteOf(std::size_t page) const {
    void* place = mapping_.bytes().data() + page * pageBytes();
    return std::atomic_ref<std::uint8_t>(*static_cast<std::uint8_t*>(place));
  }

private:
  UniqueFd file_;
  MappedRegion mapping_;
};

SigbusGuard guardOf(const Shared& shared) {
  Result<SigbusGuard> guard = SigbusGuard::create(shared.pages(), pageBytes());
  REQUIRE_OK(guard);
  return *std::move(guard);
}

} // namespace

TEST_CASE("reading a page that is gone gives zeros and is noticed") {
  Shared shared;
  const SigbusGuard guard = guardOf(shared);
  shared.byteOf(0).store(7);
  shared.byteOf(3).store(7);
  CHECK_FALSE(guard.isBroken());

  shared.cutTo(1);

  CHECK_FALSE(guard.isBroken());
  CHECK(shared.byteOf(3).load() == 0);
  CHECK(guard.isBroken());
  CHECK(shared.byteOf(0).load() == 7);
}

TEST_CASE("writing to a page that is gone is noticed and reads back") {
  Shared shared;
  const SigbusGuard guard = guardOf(shared);
  shared.cutTo(2);

  shared.byteOf(2).store(9);

  CHECK(guard.isBroken());
  CHECK(shared.byteOf(2).load() == 9);
}

TEST_CASE("every page of a range that is gone can be touched") {
  Shared shared;
  const SigbusGuard guard = guardOf(shared);
  shared.cutTo(0);

  for (std::size_t page = 0; page < Shared::kPageCount; ++page) {
    CHECK(shared.byteOf(page).load() == 0);
  }
  CHECK(guard.isBroken());
}

TEST_CASE("a copy over the end of a file survives") {
  Shared shared;
  const SigbusGuard guard = guardOf(shared);
  shared.cutTo(1);

  std::vector<std::byte> copy(shared.pages().size(), std::byte{1});
  std::ranges::copy(shared.pages(), copy.begin());

  CHECK(guard.isBroken());
  CHECK(std::ranges::all_of(copy, [](std::byte byte) { return byte == std::byte{0}; }));
}

TEST_CASE("another range does not break with its neighbor") {
  Shared broken;
  const Shared whole;
  const SigbusGuard brokenGuard = guardOf(broken);
  const SigbusGuard wholeGuard = guardOf(whole);
  whole.byteOf(1).store(5);

  broken.cutTo(0);
  broken.byteOf(1).store(1);

  CHECK(brokenGuard.isBroken());
  CHECK_FALSE(wholeGuard.isBroken());
  CHECK(whole.byteOf(1).load() == 5);
}

TEST_CASE("a thread that touches a page that is gone goes on") {
  Shared shared;
  const SigbusGuard guard = guardOf(shared);
  shared.cutTo(0);
  std::atomic<int> ended = 0;

  {
    std::vector<std::jthread> threads;
    threads.reserve(Shared::kPageCount);
    for (std::size_t number = 0; number < Shared::kPageCount; ++number) {
      threads.push_back(startThread("toucher", [&, number] {
        for (std::size_t page = 0; page < Shared::kPageCount; ++page) {
          // Of two that find the same page gone, the second puts another in its place. To
          // ThreadSanitizer that is a race with what the first one writes there, and so it is; a
          // range that is broken has no bytes worth keeping.
          if (!kSeesRaces || page == number) {
            shared.byteOf(page).fetch_add(1);
          }
        }
        ++ended;
      }));
    }
  }

  CHECK(ended == 4);
  CHECK(guard.isBroken());
}

TEST_CASE("a range whose guard is gone is fatal again") {
  Shared shared;
  {
    const SigbusGuard guard = guardOf(shared);
  }
  shared.cutTo(0);

  const test::Death death = test::runInChild([&shared] { shared.byteOf(0).store(1); });

  // A sanitizer's handler, where there is one, reports and exits.
  CHECK((death.signal == SIGBUS || death.exitCode != 0));
}

TEST_CASE("a fault outside every guarded range kills as ever") {
  const Shared guarded;
  Shared other;
  const SigbusGuard guard = guardOf(guarded);
  other.cutTo(0);

  const test::Death death = test::runInChild([&other] { other.byteOf(0).store(1); });

  CHECK((death.signal == SIGBUS || death.exitCode != 0));
  CHECK_FALSE(guard.isBroken());
}

TEST_CASE("a new range does not inherit what befell the old one") {
  Shared first;
  {
    const SigbusGuard guard = guardOf(first);
    first.cutTo(0);
    first.byteOf(0).store(1);
    CHECK(guard.isBroken());
  }

  const Shared second;
  const SigbusGuard guard = guardOf(second);

  CHECK_FALSE(guard.isBroken());
}

TEST_CASE("a guard that moved still guards") {
  Shared shared;
  SigbusGuard first = guardOf(shared);
  const SigbusGuard second(std::move(first));

  shared.cutTo(0);
  shared.byteOf(0).store(1);

  CHECK(second.isBroken());
}

TEST_CASE("there are guards for many ranges, then an error, and room again when some go") {
  const Shared shared;
  std::vector<SigbusGuard> guards;
  std::optional<ErrorKind> refusal;
  while (!refusal) {
    Result<SigbusGuard> guard = SigbusGuard::create(shared.pages(), pageBytes());
    if (guard) {
      guards.push_back(*std::move(guard));
      REQUIRE(guards.size() <= 4096);
    } else {
      refusal = guard.error().kind();
    }
  }
  CHECK(*refusal == ErrorKind::Exhausted);
  CHECK(guards.size() == 4096);

  guards.pop_back();

  CHECK(SigbusGuard::create(shared.pages(), pageBytes()));
}

TEST_CASE("a guest memory is broken as soon as one of its regions is") {
  GuestMemory::Regions regions;
  std::vector<UniqueFd> files;
  for (std::uint64_t number = 0; number < 3; ++number) {
    UniqueFd file(::memfd_create("argon-test", MFD_CLOEXEC));
    REQUIRE(::ftruncate(file.get(), 4096) == 0);
    Result<UniqueFd> copy = file.duplicate();
    REQUIRE_OK(copy);
    Result<std::shared_ptr<const MemoryRegion>> region =
        MemoryRegion::map({.guestStart = GuestAddress(number * 4096),
                           .sizeBytes = 4096,
                           .frontendStart = FrontendAddress(number * 4096),
                           .fileOffsetBytes = 0},
                          *std::move(copy), RegionPolicy::AllowUnsealed);
    REQUIRE_OK(region);
    regions.push_back(*std::move(region));
    files.push_back(std::move(file));
  }
  Result<std::shared_ptr<const GuestMemory>> memory = GuestMemory::create(std::move(regions));
  REQUIRE_OK(memory);
  CHECK_FALSE((*memory)->isBroken());

  REQUIRE(::ftruncate(files[1].get(), 0) == 0);
  (*memory)->regions()[1]->bytes()[0] = std::byte{1};

  CHECK((*memory)->isBroken());
  CHECK_FALSE((*memory)->regions()[0]->isBroken());
  CHECK((*memory)->regions()[1]->isBroken());
}

} // namespace argon
