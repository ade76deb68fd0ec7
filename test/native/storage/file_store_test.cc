// SPDX-License-Identifier: Apache-2.0
#include "storage/file_store.h"

#include "base/clock.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/log.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "storage/block_store.h"
#include "support/death.h"
#include "support/process.h"
#include "support/store_worker.h"
#include "support/temp_dir.h"
#include "support/test.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace argon {

namespace {

using Store = Result<std::unique_ptr<FileStore>>;

constexpr std::uint64_t kSize = 65'536;

std::string makeFile(const test::TempDir& dir, std::uint64_t sizeBytes = kSize) {
  std::string path = dir.path("volume");
  const UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  REQUIRE(file.isOpen());
  REQUIRE(::ftruncate(file.get(), static_cast<off_t>(sizeBytes)) == 0);
  return path;
}

Store open(const std::string& path, FileStore::Options options = {}) {
  options.lockTimeoutNs = 0;
  return FileStore::open(path, options, Log(silentLogSink(), "vol"));
}

ErrorKind refusalOf(const std::string& path, const FileStore::Options& options = {}) {
  const Store store = open(path, options);
  REQUIRE_FALSE(store);
  return store.error().kind();
}

bool isDirect(const FileStore& store) { return (::fcntl(store.fd(), F_GETFL) & O_DIRECT) != 0; }

} // namespace

TEST_CASE("a file is a store of its size, in blocks of 512") {
  const test::TempDir dir;
  const Store store = open(makeFile(dir));

  REQUIRE_OK(store);
  CHECK((*store)->sizeBytes() == kSize);
  CHECK((*store)->blockBytes() == 512);
  CHECK((*store)->mappedBytes().empty());
  CHECK_FALSE((*store)->hasFailed());
}

TEST_CASE("a store says how it goes to its file, and does") {
  const test::TempDir dir;
  const std::string path = makeFile(dir);
  const Store store = open(path);

  REQUIRE_OK(store);
  const bool saysDirect = (*store)->description() == "file " + path + ", O_DIRECT";
  CHECK((saysDirect || (*store)->description() == "file " + path + ", through the page cache"));
  CHECK(isDirect(**store) == saysDirect);
  CHECK(((*store)->memoryAlignment() > 1) == saysDirect);
  MESSAGE("files in /tmp: ", (*store)->description());
}

TEST_CASE("a store that is to use the page cache does") {
  const test::TempDir dir;
  const Store store = open(makeFile(dir), {.caching = FileStore::Caching::Cached});

  REQUIRE_OK(store);
  CHECK_FALSE(isDirect(**store));
  CHECK((*store)->memoryAlignment() == 1);
}

TEST_CASE("a file that is shorter than expected is refused, and of a longer one so much is used") {
  const test::TempDir dir;
  const std::string path = makeFile(dir);

  CHECK(refusalOf(path, {.expectedBytes = kSize + 512}) == ErrorKind::Corrupt);
  CHECK_OK(open(path, {.expectedBytes = kSize}));
  const Store shorter = open(path, {.expectedBytes = kSize - 512});
  REQUIRE_OK(shorter);
  CHECK((*shorter)->sizeBytes() == kSize - 512);
}

TEST_CASE("a file of no whole sectors is refused") {
  for (const std::uint64_t size : {0U, 1U, 511U, 513U, 1023U}) {
    CAPTURE(size);
    const test::TempDir dir;
    CHECK(refusalOf(makeFile(dir, size)) == ErrorKind::InvalidArgument);
  }
}

TEST_CASE("what is not there, or no file, is refused") {
  const test::TempDir dir;
  REQUIRE(::mkfifo(dir.path("pipe").c_str(), 0600) == 0);

  CHECK(refusalOf(dir.path("none")) == ErrorKind::NotFound);
  CHECK(refusalOf(dir.path(".")) == ErrorKind::InvalidArgument);
  CHECK(refusalOf("/dev/zero") == ErrorKind::InvalidArgument);
  CHECK(refusalOf(dir.path("pipe")) == ErrorKind::InvalidArgument);
}

TEST_CASE("a file has one store at a time") {
  const test::TempDir dir;
  const std::string path = makeFile(dir);
  {
    const Store first = open(path);
    REQUIRE_OK(first);
    CHECK(refusalOf(path) == ErrorKind::AlreadyExists);
  }

  CHECK_OK(open(path));
}

TEST_CASE("a file that another process has locked is refused") {
  const test::TempDir dir;
  const std::string path = makeFile(dir);
  const UniqueFd other(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(::flock(other.get(), LOCK_EX) == 0);

  const test::Death death = test::runInChild([&path] {
    const Store store = open(path);
    ::_exit(!store && store.error().kind() == ErrorKind::AlreadyExists ? 0 : 1);
  });

  CHECK(death.exitCode == 0);
  CHECK(death.signal == 0);
}

TEST_CASE("a store waits for a predecessor that is about to go, and no longer than told") {
  const test::TempDir dir;
  const std::string path = makeFile(dir);
  Store first = open(path);
  REQUIRE_OK(first);

  const std::uint64_t start = monotonicNs();
  CHECK_FALSE(FileStore::open(path, {.lockTimeoutNs = 50'000'000}, Log(silentLogSink(), "vol")));
  CHECK(monotonicNs() - start >= 50'000'000);

  bool isOpened = false;
  std::jthread successor = startThread("successor", [&path, &isOpened] {
    isOpened = FileStore::open(path, {.lockTimeoutNs = 20'000'000'000}, Log(silentLogSink(), "vol"))
                   .has_value();
  });
  first->reset();
  successor.join();

  CHECK(isOpened);
}

TEST_CASE("a store that was refused leaves its file unlocked and no descriptor behind") {
  const test::TempDir dir;
  const std::string path = makeFile(dir);
  const std::size_t before = test::openFdCount();

  static_cast<void>(open(path, {.expectedBytes = 512}));
  static_cast<void>(open(dir.path("none")));
  CHECK_OK(open(path));

  CHECK(test::openFdCount() == before);
}

TEST_CASE("a store that failed stays failed") {
  const test::TempDir dir;
  const Store store = open(makeFile(dir));
  REQUIRE_OK(store);

  (*store)->markFailed();

  CHECK((*store)->hasFailed());
}

TEST_CASE("a file store grows its file, sparse or with its blocks, and reads zeros there") {
  for (const FileStore::Space space : {FileStore::Space::Sparse, FileStore::Space::Allocated}) {
    CAPTURE(space);
    const test::TempDir dir;
    const std::string path = makeFile(dir);
    const Store store = open(path, {.space = space});
    REQUIRE_OK(store);
    test::StoreWorker worker;
    const auto channel = worker.open(**store);
    constexpr std::uint64_t kNewSize = kSize + (std::uint64_t{1} << 20);

    REQUIRE_OK((*store)->grow(kNewSize));

    CHECK((*store)->sizeBytes() == kNewSize);
    CHECK(std::filesystem::file_size(path) == kNewSize);
    std::vector<std::byte> tail(4096, std::byte{1});
    CHECK(worker.read(*channel, kNewSize - 4096, tail) == StoreStatus::Ok);
    CHECK(tail == std::vector<std::byte>(4096));
    struct stat status{};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((static_cast<std::uint64_t>(status.st_blocks) * 512 >= kNewSize) ==
          (space == FileStore::Space::Allocated));
  }
}

TEST_CASE("a file that is longer than the store grows no shorter") {
  const test::TempDir dir;
  const std::string path = makeFile(dir);
  const Store store = open(path, {.expectedBytes = kSize - 1024});
  REQUIRE_OK(store);

  REQUIRE_OK((*store)->grow(kSize - 512));

  CHECK((*store)->sizeBytes() == kSize - 512);
  CHECK(std::filesystem::file_size(path) == kSize);
  CHECK_FALSE((*store)->grow(kSize - 1024));
  CHECK_FALSE((*store)->grow(kSize + 1));
}

TEST_CASE("a file that the host does not let grow keeps the store's size") {
  const test::TempDir dir;
  const Store store = open(makeFile(dir));
  REQUIRE_OK(store);

  const Result<void> grown = (*store)->grow(std::uint64_t{1} << 62);

  REQUIRE_FALSE(grown);
  CHECK(grown.error().errnoValue() == EFBIG);
  CHECK((*store)->sizeBytes() == kSize);
}

} // namespace argon
