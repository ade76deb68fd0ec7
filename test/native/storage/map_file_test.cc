// SPDX-License-Identifier: Apache-2.0
#include "storage/map_file.h"

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "storage/allocation_map.h"
#include "support/death.h"
#include "support/process.h"
#include "support/random.h"
#include "support/temp_dir.h"
#include "support/test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ios>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace argon {

namespace {

constexpr std::string_view kVolume = "vol0123456789abcdef0";
constexpr std::uint64_t kUnitCount = 40'000; // Two pages, the second not full.

void put(const std::string& path, std::uint64_t offset, std::span<const std::byte> bytes) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  REQUIRE(::pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset)) ==
          static_cast<ssize_t>(bytes.size()));
}

std::string makeFile(const test::TempDir& dir) {
  std::string path = dir.path("map");
  REQUIRE_OK(createMapFile(path, kUnitCount, kVolume));
  return path;
}

void checkCorrupt(const std::string& path, std::uint64_t unitCount = kUnitCount,
                  std::string_view volumeId = kVolume) {
  const auto map = openMapFile(path, unitCount, volumeId, nullptr);
  REQUIRE_FALSE(map);
  CHECK(map.error().kind() == ErrorKind::Corrupt);
}

} // namespace

TEST_CASE("a map file is a page of header and a page for each 32768 units") {
  CHECK(mapFileBytes(1) == 2 * 4096);
  CHECK(mapFileBytes(32'768) == 2 * 4096);
  CHECK(mapFileBytes(32'769) == 3 * 4096);
  CHECK(mapFileBytes(std::uint64_t{1} << 40) == 4096 + (std::uint64_t{1} << 37));
}

TEST_CASE("the map file of an empty volume loads as a map with every bit clear") {
  const test::TempDir dir;
  const std::string path = makeFile(dir);

  const auto map = openMapFile(path, kUnitCount, kVolume, nullptr);

  REQUIRE_OK(map);
  CHECK((*map)->unitCount() == kUnitCount);
  CHECK((*map)->runAt(0, kUnitCount).unitCount == kUnitCount);
  CHECK_FALSE((*map)->isSet(0));
  CHECK(std::filesystem::file_size(path) == mapFileBytes(kUnitCount));
}

TEST_CASE("a map file has its space from the start and is its owner's alone") {
  const test::TempDir dir;
  const std::string path = makeFile(dir);
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);

  CHECK(static_cast<std::uint64_t>(status.st_blocks) * 512 >= mapFileBytes(kUnitCount));
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("bits of a map file are loaded, one for one") {
  const test::TempDir dir;
  const std::string path = makeFile(dir);
  std::vector<std::byte> bits = test::Random(1).bytes(2 * AllocationMap::kPageBytes);
  put(path, kMapHeaderBytes, bits);

  const auto map = openMapFile(path, kUnitCount, kVolume, nullptr);

  REQUIRE_OK(map);
  for (std::uint64_t unit = 0; unit < kUnitCount; ++unit) {
    const bool isSet =
        (bits[unit / 8] >> static_cast<unsigned>(unit % 8) & std::byte{1}) != std::byte{0};
    REQUIRE((*map)->isSet(unit) == isSet);
  }
}

TEST_CASE("a header with any byte changed is not this volume's") {
  const test::TempDir dir;
  const std::string path = makeFile(dir);
  std::string text(kMapHeaderBytes, '\0');
  std::ifstream(path, std::ios::binary)
      .read(text.data(), static_cast<std::streamsize>(text.size()));
  const std::span<const std::byte> header = std::as_bytes(std::span(text));

  // Magic, version, unit size, unit count, id, four zeros and the opening fill the first 56 bytes;
  // zeros the rest.
  for (std::size_t index = 0; index < header.size(); index += index < 64 ? 1 : 97) {
    CAPTURE(index);
    if ((index >= 16 && index < 24) || (index >= 48 && index < 56)) {
      continue; // The unit count, which may have been smaller, and the opening, which is anything.
    }
    const std::byte changed = header[index] ^ std::byte{0x10};
    put(path, index, std::span(&changed, 1));
    checkCorrupt(path);
    put(path, index, header.subspan(index, 1));
  }
  CHECK_OK(openMapFile(path, kUnitCount, kVolume, nullptr));
}

TEST_CASE("a map was made for at least one unit and not for more than there are") {
  const test::TempDir dir;
  const std::string path = makeFile(dir);

  for (const std::uint64_t count : {std::uint64_t{0}, kUnitCount + 1, ~std::uint64_t{0}}) {
    CAPTURE(count);
    put(path, 16, std::as_bytes(std::span(&count, 1)));
    checkCorrupt(path);
  }
  const std::uint64_t fewer = 1;
  put(path, 16, std::as_bytes(std::span(&fewer, 1)));
  CHECK_OK(openMapFile(path, kUnitCount, kVolume, nullptr));
}

TEST_CASE("a map of another volume, or of another number of units, is refused") {
  const test::TempDir dir;
  const std::string path = makeFile(dir);

  checkCorrupt(path, kUnitCount, "vol0123456789abcdef1");
  checkCorrupt(path, kUnitCount + 32'768);
  checkCorrupt(path, kUnitCount - 1);
  checkCorrupt(path, 1);
}

TEST_CASE("a map file that was cut short is refused wherever it ends") {
  for (const std::uint64_t size :
       {std::uint64_t{0}, std::uint64_t{43}, kMapHeaderBytes - 1, kMapHeaderBytes,
        kMapHeaderBytes + 4096, mapFileBytes(kUnitCount) - 1}) {
    CAPTURE(size);
    const test::TempDir dir;
    const std::string path = makeFile(dir);
    std::filesystem::resize_file(path, size);

    checkCorrupt(path);
  }
}

TEST_CASE("a map file that has grown loads for the units there are, and for those there were") {
  const test::TempDir dir;
  const std::string path = makeFile(dir);
  std::filesystem::resize_file(path, mapFileBytes(kUnitCount + 32'768));

  for (const std::uint64_t unitCount : {kUnitCount, kUnitCount + 32'768}) {
    CAPTURE(unitCount);
    const auto map = openMapFile(path, unitCount, kVolume, nullptr);
    REQUIRE_OK(map);
    CHECK((*map)->unitCount() == unitCount);
  }
  checkCorrupt(path, kUnitCount + 65'536);
}

TEST_CASE("a pipe is no map file, and is not waited for") {
  const test::TempDir dir;
  REQUIRE(::mkfifo(dir.path("pipe").c_str(), 0600) == 0);

  const test::Death death = test::runInChild([&dir] {
    ::alarm(5);
    ::_exit(openMapFile(dir.path("pipe"), kUnitCount, kVolume, nullptr) ? 1 : 0);
  });

  CHECK(death.signal == 0);
  CHECK(death.exitCode == 0);
}

TEST_CASE("a map file that is there is not made again") {
  const test::TempDir dir;
  const std::string path = makeFile(dir);
  const std::byte one{1};
  put(path, kMapHeaderBytes, std::span(&one, 1));

  const Result<void> made = createMapFile(path, kUnitCount, kVolume);

  REQUIRE_FALSE(made);
  CHECK(made.error().kind() == ErrorKind::AlreadyExists);
  const auto map = openMapFile(path, kUnitCount, kVolume, nullptr);
  REQUIRE_OK(map);
  CHECK((*map)->isSet(0));
}

TEST_CASE("a map file that is not there, or not to be made, is an error") {
  const test::TempDir dir;

  const auto map = openMapFile(dir.path("none"), kUnitCount, kVolume, nullptr);
  REQUIRE_FALSE(map);
  CHECK(map.error().kind() == ErrorKind::NotFound);
  CHECK_FALSE(createMapFile(dir.path("none/map"), kUnitCount, kVolume));
  CHECK_FALSE(openMapFile(dir.path("."), kUnitCount, kVolume, nullptr));
}

TEST_CASE("a map file that cannot have its space is not left behind") {
  const test::TempDir dir;

  // More than any file system has; the number of units is possible all the same.
  const Result<void> made = createMapFile(dir.path("map"), std::uint64_t{1} << 62, kVolume);

  REQUIRE_FALSE(made);
  CHECK_FALSE(std::filesystem::exists(dir.path("map")));
}

TEST_CASE("a volume id of another length is a bug of ours") {
  const test::TempDir dir;
  test::checkDies("kVolumeIdBytes",
                  [&dir] { static_cast<void>(createMapFile(dir.path("map"), 1, "vol1")); });
}

TEST_CASE("map files leave no descriptor behind, good or bad") {
  const test::TempDir dir;
  const std::size_t before = test::openFdCount();
  const std::string path = makeFile(dir);
  static_cast<void>(createMapFile(path, kUnitCount, kVolume));
  static_cast<void>(openMapFile(path, kUnitCount, kVolume, nullptr));
  static_cast<void>(openMapFile(path, 1, kVolume, nullptr));

  CHECK(test::openFdCount() == before);
}

} // namespace argon
