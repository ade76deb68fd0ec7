// SPDX-License-Identifier: Apache-2.0
#include "storage/map_memory.h"

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "storage/allocation_map.h"
#include "storage/map_file.h"
#include "support/death.h"
#include "support/memfd.h"
#include "support/random.h"
#include "support/temp_dir.h"
#include "support/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace argon {

namespace {

constexpr std::string_view kVolume = "vol0123456789abcdef0";
constexpr std::uint64_t kUnitsPerPage = 32'768;
constexpr std::uint64_t kUnitCount = 40'000; // Two pages, the second not full.

std::unique_ptr<MapMemory> openMemory(const UniqueFd& memory) {
  Result<std::unique_ptr<MapMemory>> opened = MapMemory::open(UniqueFd(::dup(memory.get())));
  REQUIRE_OK(opened);
  return *std::move(opened);
}

// A volume's map and the memory of its slot.
class Scene {
public:
  Scene() { REQUIRE_OK(createMapFile(path(), kUnitCount, kVolume)); }

  [[nodiscard]] std::string path() const { return dir_.path("map"); }
  [[nodiscard]] const UniqueFd& memory() const { return memory_; }
  [[nodiscard]] std::unique_ptr<AllocationMap> open(std::uint64_t unitCount = kUnitCount) const {
    return openWith(openMemory(memory_), unitCount);
  }
  [[nodiscard]] std::unique_ptr<AllocationMap> openWithout() const {
    return openWith(nullptr, kUnitCount);
  }
  [[nodiscard]] std::uint64_t opening() const {
    std::uint64_t number = 0;
    const UniqueFd file(::open(path().c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(::pread(file.get(), &number, sizeof number, 48) == ssize_t{sizeof number});
    return number;
  }
  void setOpening(std::uint64_t number) const {
    const UniqueFd file(::open(path().c_str(), O_WRONLY | O_CLOEXEC));
    REQUIRE(::pwrite(file.get(), &number, sizeof number, 48) == ssize_t{sizeof number});
  }

private:
  [[nodiscard]] std::unique_ptr<AllocationMap> openWith(std::unique_ptr<MapMemory> memory,
                                                        std::uint64_t unitCount) const {
    auto map = openMapFile(path(), unitCount, kVolume, std::move(memory));
    REQUIRE_OK(map);
    return *std::move(map);
  }

  test::TempDir dir_;
  UniqueFd memory_ = test::makeMemfd(0, test::Sealed::Yes);
};

std::uint64_t blocksOf(const UniqueFd& file) {
  struct stat status{};
  REQUIRE(::fstat(file.get(), &status) == 0);
  return static_cast<std::uint64_t>(status.st_blocks);
}

} // namespace

TEST_CASE("memory that can be cut short, or is none, is refused") {
  const test::TempDir dir;
  const UniqueFd file(::open(dir.path("file").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  for (const int fd : {test::makeMemfd(8192, test::Sealed::No).release(), ::dup(file.get())}) {
    const auto opened = MapMemory::open(UniqueFd(fd));
    REQUIRE_FALSE(opened);
    CHECK(opened.error().kind() == ErrorKind::PermissionDenied);
  }
}

TEST_CASE("fresh memory holds nothing, whatever is asked for") {
  const auto memory = openMemory(test::makeMemfd(0, test::Sealed::Yes));

  CHECK_FALSE(memory->holds(kVolume, 0));
  CHECK_FALSE(memory->holds(kVolume, 5));
}

TEST_CASE("memory holds the volume that was confirmed, at its opening and at the next") {
  const auto memory = openMemory(test::makeMemfd(0, test::Sealed::Yes));
  memory->announceOpening(5);
  CHECK_FALSE(memory->holds(kVolume, 5));
  memory->confirmOpening(kVolume, 5);

  CHECK(memory->holds(kVolume, 5));
  CHECK_FALSE(memory->holds(kVolume, 6));
  CHECK_FALSE(memory->holds("vol0123456789abcdef1", 5));
  memory->announceOpening(6);
  CHECK(memory->holds(kVolume, 5));
  CHECK(memory->holds(kVolume, 6));
  memory->confirmOpening(kVolume, 6);
  CHECK_FALSE(memory->holds(kVolume, 5));
  CHECK(memory->holds(kVolume, 6));
  REQUIRE_OK(memory->erase());
  CHECK_FALSE(memory->holds(kVolume, 6));
}

TEST_CASE("a header with any byte changed holds nothing") {
  const UniqueFd fd = test::makeMemfd(0, test::Sealed::Yes);
  const auto memory = openMemory(fd);
  memory->announceOpening(5);
  memory->confirmOpening(kVolume, 5);
  memory->announceOpening(7);

  // The magic number, the id and the opening asked for. The rest is not looked at.
  for (const std::uint64_t index : {0U, 3U, 7U, 8U, 27U, 32U, 39U}) {
    CAPTURE(index);
    std::byte byte{};
    REQUIRE(::pread(fd.get(), &byte, 1, static_cast<off_t>(index)) == 1);
    const std::byte changed = byte ^ std::byte{1};
    REQUIRE(::pwrite(fd.get(), &changed, 1, static_cast<off_t>(index)) == 1);
    CHECK_FALSE(memory->holds(kVolume, 5));
    REQUIRE(::pwrite(fd.get(), &byte, 1, static_cast<off_t>(index)) == 1);
  }
  CHECK(memory->holds(kVolume, 5));
}

TEST_CASE("a map takes over the bits that another left in memory, and stores what is new") {
  const Scene scene;
  scene.open()->set(7, 3);

  const auto map = scene.open();

  CHECK(map->runAt(7, 100).isSet);
  CHECK(map->runAt(7, 100).unitCount == 3);
  std::vector<std::uint64_t> pages;
  map->takeChangedPages(pages);
  CHECK(pages == std::vector<std::uint64_t>{0});
  CHECK(map->shadowPages(0, 1)[0] == std::byte{0b1000'0000});
  map->takeChangedPages(pages);
  CHECK(pages.empty());
}

TEST_CASE("a unit that was discarded stays so for who takes over, and is stored as clear") {
  const Scene scene;
  const std::byte all{0xff};
  const UniqueFd file(::open(scene.path().c_str(), O_WRONLY | O_CLOEXEC));
  REQUIRE(::pwrite(file.get(), &all, 1, kMapHeaderBytes) == 1);
  CHECK(scene.open()->clear(2, 1, AllocationMap::Space::GiveBack) == 1);

  const auto map = scene.open();

  CHECK_FALSE(map->isSet(2));
  CHECK(map->isSet(3));
  std::vector<std::uint64_t> pages;
  map->takeChangedPages(pages);
  CHECK(map->shadowPages(0, 1)[0] == std::byte{0b1111'1011});
}

TEST_CASE("claims of a card that was killed are gone") {
  const Scene scene;
  CHECK(scene.open()->tryClaim(0, 10));

  CHECK(scene.open()->tryClaim(0, 10));
}

TEST_CASE("memory is stale once somebody had the volume without it") {
  const Scene scene;
  scene.open()->set(7, 1);
  static_cast<void>(scene.openWithout());

  CHECK_FALSE(scene.open()->isSet(7));
}

TEST_CASE("memory of another volume is filled anew") {
  const Scene first;
  const Scene second;
  first.open()->set(3, 1);
  second.open()->set(4, 1);

  const auto map = openMapFile(second.path(), kUnitCount, kVolume, openMemory(first.memory()));

  REQUIRE_OK(map);
  CHECK_FALSE((*map)->isSet(3));
  CHECK_FALSE((*map)->isSet(4));
}

TEST_CASE("whoever is killed while it changes the opening leaves memory that holds") {
  for (const bool isWritten : {false, true}) {
    CAPTURE(isWritten);
    const Scene scene;
    scene.open()->set(9, 1);
    openMemory(scene.memory())->announceOpening(77);
    if (isWritten) {
      scene.setOpening(77);
    }

    CHECK(scene.open()->isSet(9));
  }
}

TEST_CASE("whoever is killed while it fills memory leaves memory that is filled anew") {
  const Scene scene;
  scene.open()->set(9, 1);
  const std::uint64_t opening = scene.opening();
  const auto memory = openMemory(scene.memory());
  REQUIRE_OK(memory->erase());
  memory->announceOpening(opening);

  CHECK_FALSE(scene.open()->isSet(9));
}

TEST_CASE("every opening draws another number") {
  const Scene scene;
  CHECK(scene.opening() == 0);
  static_cast<void>(scene.open());
  const std::uint64_t first = scene.opening();
  static_cast<void>(scene.openWithout());

  CHECK(first != 0);
  CHECK(scene.opening() != first);
}

TEST_CASE("a map grows in its memory, and who takes over has the size that it is told") {
  const Scene scene;
  constexpr std::uint64_t kLarge = 5 * kUnitsPerPage;
  const UniqueFd file(::open(scene.path().c_str(), O_WRONLY | O_CLOEXEC));
  REQUIRE(::ftruncate(file.get(), static_cast<off_t>(mapFileBytes(kLarge))) == 0);
  {
    const auto map = scene.open();
    REQUIRE_OK(map->grow(kLarge));
    CHECK_FALSE(map->isSet(kLarge - 1));
    map->set(kLarge - 1, 1);
  }

  CHECK(scene.open(kLarge)->isSet(kLarge - 1));
  // A size that was never announced: what lies beyond is no part of the volume, now and later.
  {
    const auto map = scene.open(kUnitCount);
    REQUIRE_OK(map->grow(kLarge));
    CHECK_FALSE(map->isSet(kLarge - 1));
  }
}

TEST_CASE("bits beyond the last unit are cleared when memory is taken over") {
  const Scene scene;
  scene.open()->set(kUnitCount - 1, 1);
  const std::vector<std::byte> noise = test::Random(1).bytes(3 * AllocationMap::kPageBytes);
  const std::uint64_t begin = MapMemory::kHeaderBytes + kUnitCount / 8;
  REQUIRE(::pwrite(scene.memory().get(), noise.data(), noise.size(), static_cast<off_t>(begin)) ==
          static_cast<ssize_t>(noise.size()));

  const auto map = scene.open();
  CHECK(map->isSet(kUnitCount - 1));
  REQUIRE_OK(map->grow(6 * kUnitsPerPage));

  CHECK(map->runAt(kUnitCount, 6 * kUnitsPerPage - kUnitCount).unitCount ==
        6 * kUnitsPerPage - kUnitCount);
  CHECK_FALSE(map->isSet(kUnitCount));
}

TEST_CASE("memory that is sealed against growth too must be large enough") {
  const UniqueFd small = test::makeMemfd(MapMemory::kHeaderBytes + 8192, test::Sealed::Yes);
  REQUIRE(::fcntl(small.get(), F_ADD_SEALS, F_SEAL_GROW) == 0);
  auto map = AllocationMap::create(kUnitCount, openMemory(small));
  REQUIRE_OK(map);

  CHECK_FALSE((*map)->grow(2 * kUnitsPerPage + 1));
  CHECK((*map)->unitCount() == kUnitCount);
  REQUIRE_OK((*map)->grow(2 * kUnitsPerPage));
}

TEST_CASE("a large map takes memory for what is set, not for what it could hold") {
  const UniqueFd memory = test::makeMemfd(0, test::Sealed::Yes);
  constexpr std::uint64_t kTiB = std::uint64_t{1} << 28; // In units.
  const std::vector<std::byte> stored(kTiB / 8);
  auto map = AllocationMap::create(kTiB, openMemory(memory));
  REQUIRE_OK(map);
  (*map)->set(kTiB / 2, 1);

  auto next = AllocationMap::create(kTiB, openMemory(memory));
  REQUIRE_OK(next);
  REQUIRE_OK((*next)->adopt(stored));

  CHECK((*next)->isSet(kTiB / 2));
  // Of 512 bytes: the header, the page that was set, and the last one, whose end was cleared.
  CHECK(blocksOf(memory) <= 3 * 8);
}

TEST_CASE("an id of another length is a bug of ours") {
  const auto memory = openMemory(test::makeMemfd(0, test::Sealed::Yes));
  test::checkDies("volumeId.size()", [&memory] { memory->confirmOpening("vol1", 1); });
}

} // namespace argon
