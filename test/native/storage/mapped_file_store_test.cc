// SPDX-License-Identifier: Apache-2.0
#include "storage/mapped_file_store.h"

#include "base/log.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "crypto/data_key.h"
#include "storage/allocation_map.h"
#include "storage/block_store.h"
#include "storage/encrypted_store.h"
#include "storage/file_store.h"
#include "support/memfd.h"
#include "support/store_worker.h"
#include "support/temp_dir.h"
#include "support/test.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace argon {

namespace {

using Bytes = std::vector<std::byte>;

constexpr std::uint64_t kSize = 1 << 20;

// A memfd is a file of tmpfs without a mount.
struct Scene {
  Scene() { open(concat("/proc/self/fd/", file.get())); }
  explicit Scene(const std::string& path) { open(path); }

  void open(const std::string& path) {
    Result<std::unique_ptr<FileStore>> opened =
        FileStore::open(path, {.lockTimeoutNs = 0}, Log(silentLogSink(), "vol"));
    REQUIRE_OK(opened);
    REQUIRE(*(*opened)->isMemory());
    Result<std::unique_ptr<MappedFileStore>> mapped = MappedFileStore::create(*std::move(opened));
    REQUIRE_OK(mapped);
    store = *std::move(mapped);
    channel = worker.open(*store);
  }

  Bytes read(std::uint64_t offset, std::size_t size) {
    Bytes bytes(size, std::byte{0xee});
    CHECK(worker.read(*channel, offset, bytes) == StoreStatus::Ok);
    return bytes;
  }
  [[nodiscard]] std::uint64_t takenBytes() const {
    struct stat status{};
    REQUIRE(::fstat(file.get(), &status) == 0);
    return static_cast<std::uint64_t>(status.st_blocks) * 512;
  }

  UniqueFd file = test::makeMemfd(kSize, test::Sealed::No);
  test::StoreWorker worker;
  std::unique_ptr<MappedFileStore> store;
  std::unique_ptr<StoreChannel> channel;
};

Bytes pattern(std::size_t size, unsigned seed) {
  Bytes bytes(size);
  for (std::size_t index = 0; index < size; ++index) {
    bytes[index] = static_cast<std::byte>(index * 31 + seed);
  }
  return bytes;
}

bool isZero(const Bytes& bytes) {
  return std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
}

} // namespace

TEST_CASE("a file on a disk is no memory") {
  const test::TempDir dir;
  const std::string path = dir.path("volume");
  const UniqueFd made(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  REQUIRE(::ftruncate(made.get(), 4096) == 0);
  const auto store = FileStore::open(path, {}, Log(silentLogSink(), "vol"));
  REQUIRE_OK(store);

  // Where the test's folder is in memory itself, there is no disk to tell apart.
  MESSAGE("the folder for tests is in memory: ", *(*store)->isMemory());
  CHECK((*store)->isMemory().has_value());
}

TEST_CASE("what is written is read, in the file too") {
  Scene scene;
  const Bytes data = pattern(10'240, 1);

  CHECK(scene.worker.write(*scene.channel, 3'584, data) == StoreStatus::Ok);

  CHECK(scene.read(3'584, data.size()) == data);
  Bytes inFile(data.size());
  REQUIRE(::pread(scene.file.get(), inFile.data(), inFile.size(), 3'584) ==
          static_cast<ssize_t>(inFile.size()));
  CHECK(inFile == data);
  CHECK(scene.worker.flush(*scene.channel) == StoreStatus::Ok);
}

TEST_CASE("reading what was never written gives zeros and takes no memory") {
  Scene scene;

  CHECK(isZero(scene.read(0, kSize / 2)));
  CHECK(scene.takenBytes() == 0);

  // The control: a page that is written does.
  CHECK(scene.worker.write(*scene.channel, 0, pattern(512, 2)) == StoreStatus::Ok);
  CHECK(scene.takenBytes() == 4'096);
  const Bytes both = scene.read(0, 8'192);
  CHECK(std::equal(both.begin(), both.begin() + 512, pattern(512, 2).begin()));
  CHECK(isZero(Bytes(both.begin() + 512, both.end())));
  CHECK(scene.takenBytes() == 4'096);
}

TEST_CASE("what another wrote into the file before is found") {
  Scene scene;
  const Bytes data = pattern(8'192, 3);
  REQUIRE(::pwrite(scene.file.get(), data.data(), data.size(), 65'536) ==
          static_cast<ssize_t>(data.size()));

  CHECK(scene.read(65'536, data.size()) == data);
}

TEST_CASE("a discard gives memory back, and the range can be written again") {
  Scene scene;
  const Bytes data = pattern(65'536, 4);
  REQUIRE(scene.worker.write(*scene.channel, 0, data) == StoreStatus::Ok);
  REQUIRE(scene.takenBytes() == 65'536);

  CHECK(scene.worker.discard(*scene.channel, 4'096, 32'768) == StoreStatus::Ok);

  CHECK(scene.takenBytes() == 32'768);
  CHECK(isZero(scene.read(4'096, 32'768)));
  CHECK(scene.takenBytes() == 32'768);
  CHECK(scene.worker.write(*scene.channel, 8'192, Bytes(data.begin(), data.begin() + 512)) ==
        StoreStatus::Ok);
  CHECK(scene.read(8'192, 512) == Bytes(data.begin(), data.begin() + 512));
  CHECK(scene.read(0, 4'096) == Bytes(data.begin(), data.begin() + 4'096));
}

TEST_CASE("zeros are written whether space is kept or not") {
  for (const auto space : {test::Operation::Space::Keep, test::Operation::Space::MayUnmap}) {
    Scene scene;
    REQUIRE(scene.worker.write(*scene.channel, 0, pattern(65'536, 5)) == StoreStatus::Ok);

    CHECK(scene.worker.writeZeroes(*scene.channel, 512, 40'960, space) == StoreStatus::Ok);

    CHECK(isZero(scene.read(512, 40'960)));
    CHECK(scene.read(0, 512) == pattern(512, 5));
  }
}

TEST_CASE("on a full file system a write fails as such, and the store goes on") {
  const test::TempDir dir;
  // 32 pages. Mounting needs root, as Argon itself does.
  REQUIRE(::mount("argon-test", dir.path("").c_str(), "tmpfs", 0, "size=131072") == 0);
  {
    const std::string path = dir.path("volume");
    const UniqueFd made(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    REQUIRE(::ftruncate(made.get(), kSize) == 0);
    Scene scene(path);

    StoreStatus status = StoreStatus::Ok;
    std::uint64_t offset = 0;
    for (; status == StoreStatus::Ok && offset < kSize; offset += 4'096) {
      status = scene.worker.write(*scene.channel, offset, pattern(4'096, 6));
    }

    CHECK(status == StoreStatus::NoSpace);
    CHECK(offset > 65'536);
    CHECK(scene.read(4'096, 4'096) == pattern(4'096, 6));
    CHECK(scene.worker.discard(*scene.channel, 0, 8'192) == StoreStatus::Ok);
    CHECK(scene.worker.write(*scene.channel, kSize - 4'096, pattern(4'096, 7)) == StoreStatus::Ok);
    CHECK(scene.store->isMappingGood());
  }
  CHECK(::umount(dir.path("").c_str()) == 0);
}

TEST_CASE("a file that is cut short fails its store and not the process") {
  Scene scene;
  REQUIRE(scene.worker.write(*scene.channel, 65'536, pattern(4'096, 8)) == StoreStatus::Ok);
  REQUIRE(::ftruncate(scene.file.get(), 4'096) == 0);

  Bytes bytes(4'096);
  CHECK(scene.worker.read(*scene.channel, 65'536, bytes) == StoreStatus::IoError);
  CHECK_FALSE(scene.store->isMappingGood());
  CHECK(scene.worker.write(*scene.channel, 0, pattern(512, 9)) == StoreStatus::IoError);
}

TEST_CASE("a store that grows has zeros at its new end and its bytes where they were") {
  Scene scene;
  REQUIRE(scene.worker.write(*scene.channel, 0, pattern(4'096, 10)) == StoreStatus::Ok);
  const std::byte* before = scene.store->mappedBytes().data();

  REQUIRE_OK(scene.store->grow(2 * kSize));

  CHECK(scene.store->sizeBytes() == 2 * kSize);
  CHECK(scene.store->mappedBytes().data() == before);
  CHECK(isZero(scene.read(kSize, 4'096)));
  CHECK(scene.worker.write(*scene.channel, 2 * kSize - 512, pattern(512, 11)) == StoreStatus::Ok);
  CHECK(scene.read(2 * kSize - 512, 512) == pattern(512, 11));
  CHECK_FALSE(scene.store->grow((MappedFileStore::kGrowthFactor + 1) * kSize).has_value());
}

TEST_CASE("a file whose room to grow would wrap around is refused") {
  const UniqueFd file = test::makeMemfd(4'096, test::Sealed::No);
  // 16 times that is 64 KiB, modulo 2^64.
  REQUIRE(::ftruncate(file.get(), (off_t{1} << 60) + 4'096) == 0);
  Result<std::unique_ptr<FileStore>> opened = FileStore::open(
      concat("/proc/self/fd/", file.get()), {.lockTimeoutNs = 0}, Log(silentLogSink(), "vol"));
  REQUIRE_OK(opened);

  CHECK_FALSE(MappedFileStore::create(*std::move(opened)).has_value());
}

TEST_CASE("an encrypted store crypts in place, and the file holds no plaintext") {
  Scene scene;
  Result<DataKey> key = DataKey::generate();
  REQUIRE_OK(key);
  Result<std::unique_ptr<AllocationMap>> map = AllocationMap::create(kSize / 4'096);
  REQUIRE_OK(map);
  scene.channel = nullptr;
  Result<std::unique_ptr<EncryptedStore>> encrypted = EncryptedStore::create(
      {.data = std::move(scene.store), .map = *std::move(map), .mapStore = nullptr},
      *std::move(key));
  REQUIRE_OK(encrypted);
  const std::unique_ptr<StoreChannel> channel = scene.worker.open(**encrypted);
  const Bytes data(12'288, std::byte{'A'});

  CHECK(scene.worker.write(*channel, 512, data) == StoreStatus::Ok);

  Bytes bytes(data.size());
  CHECK(scene.worker.read(*channel, 512, bytes) == StoreStatus::Ok);
  CHECK(bytes == data);
  Bytes inFile(16'384);
  REQUIRE(::pread(scene.file.get(), inFile.data(), inFile.size(), 0) == 16'384);
  const Bytes run(16, std::byte{'A'});
  CHECK(std::ranges::search(inFile, run).empty());
  // And when the file is gone under it, the guest is told.
  REQUIRE(::ftruncate(scene.file.get(), 0) == 0);
  CHECK(scene.worker.read(*channel, 512, bytes) == StoreStatus::IoError);
}

} // namespace argon
