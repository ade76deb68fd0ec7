// SPDX-License-Identifier: Apache-2.0

#include "base/log.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "storage/block_store.h"
#include "storage/file_store.h"
#include "support/cut_memory.h"
#include "support/death.h"
#include "support/random.h"
#include "support/recording_log.h"
#include "support/store_worker.h"
#include "support/temp_dir.h"
#include "support/test.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace argon {

namespace {

using Bytes = std::vector<std::byte>;
using test::CutMemory;
using test::Operation;

constexpr std::size_t kSize = std::size_t{4} << 20;

// Where a volume's file may be: on a disk past the cache, on a disk, in memory.
enum class Place : std::uint8_t { Disk, DiskCached, Memory };
constexpr std::array kPlaces = {Place::Disk, Place::DiskCached, Place::Memory};

UniqueFd makeFile(const std::string& path, std::size_t sizeBytes) {
  UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  REQUIRE(file.isOpen());
  REQUIRE(::ftruncate(file.get(), static_cast<off_t>(sizeBytes)) == 0);
  return file;
}

class Scene {
public:
  explicit Scene(Place place, std::size_t sizeBytes = kSize)
      : path_(place == Place::Memory ? "/dev/shm/argon-test-" + std::to_string(::getpid())
                                     : dir_.path("volume")),
        file_(makeFile(path_, sizeBytes)) {
    Result<std::unique_ptr<FileStore>> store = FileStore::open(
        path_,
        {.caching = place == Place::Disk ? FileStore::Caching::Auto : FileStore::Caching::Cached},
        Log(log_, "vol"));
    ::unlink(path_.c_str());
    REQUIRE_OK(store);
    store_ = *std::move(store);
    channel_ = worker_.open(*store_);
  }

  [[nodiscard]] StoreChannel& channel() { return *channel_; }
  [[nodiscard]] test::StoreWorker& worker() { return worker_; }
  [[nodiscard]] FileStore& store() { return *store_; }
  [[nodiscard]] const test::RecordingLog& log() const { return log_; }
  [[nodiscard]] int file() const { return file_.get(); }

  StoreStatus write(std::uint64_t offset, const CutMemory& from) {
    Operation operation;
    operation.prepareWrite(offset, from.pieces());
    return worker_.run(*channel_, operation);
  }
  StoreStatus read(std::uint64_t offset, const CutMemory& into) {
    Operation operation;
    operation.prepareRead(offset, into.pieces());
    return worker_.run(*channel_, operation);
  }

private:
  test::TempDir dir_;
  std::string path_;
  UniqueFd file_;
  test::RecordingLog log_;
  test::StoreWorker worker_;
  std::unique_ptr<FileStore> store_;
  std::unique_ptr<StoreChannel> channel_;
};

// A discard or one of the two ways to write zeros.
void prepareClearing(Operation& operation, test::Random& random, std::uint64_t offset,
                     std::uint64_t length) {
  const std::uint64_t kind = random.below(3);
  if (kind == 0) {
    operation.prepareDiscard(offset, length);
  } else {
    operation.prepareWriteZeroes(offset, length,
                                 kind == 1 ? Operation::Space::MayUnmap : Operation::Space::Keep);
  }
}

// Blocks of 512 bytes that the file takes on its file system.
std::uint64_t allocatedBlocks(const Scene& scene) {
  struct stat status{};
  REQUIRE(::fstat(scene.file(), &status) == 0);
  return static_cast<std::uint64_t>(status.st_blocks);
}

// Writes from memory of one shape, and reads to memory of another.
void checkRoundTrip(Scene& scene, const std::vector<std::size_t>& writePieces,
                    std::size_t writeMisalignment, const std::vector<std::size_t>& readPieces,
                    std::size_t readMisalignment) {
  CutMemory from(writePieces, writeMisalignment);
  const CutMemory into(readPieces, readMisalignment);
  const Bytes content = test::Random(writePieces.size()).bytes(from.content().size());
  from.fill(content);

  REQUIRE(scene.write(1024, from) == StoreStatus::Ok);
  REQUIRE(scene.read(1024, into) == StoreStatus::Ok);

  CHECK(into.content() == content);
  CHECK(into.isFenceWhole());
  CHECK(from.isFenceWhole());
}

} // namespace

TEST_CASE("aligned memory is written and read, whole or in pieces") {
  for (const Place place : kPlaces) {
    CAPTURE(place);
    Scene scene(place);
    checkRoundTrip(scene, {4096}, 0, {4096}, 0);
    checkRoundTrip(scene, {512, 1024, 2560}, 0, {2048, 2048}, 0);
    checkRoundTrip(scene, {std::size_t{1} << 20}, 512, {std::size_t{1} << 20}, 512);
  }
}

TEST_CASE("misaligned memory is written and read, whatever the file system asks for") {
  for (const Place place : kPlaces) {
    CAPTURE(place);
    Scene scene(place);
    for (const std::size_t misalignment : {1U, 2U, 8U, 511U, 513U}) {
      CAPTURE(misalignment);
      checkRoundTrip(scene, {4096}, misalignment, {4096}, 0);
      checkRoundTrip(scene, {4096}, 0, {4096}, misalignment);
    }
    checkRoundTrip(scene, {1, 4094, 1}, 0, {3, 4093}, 7);
    checkRoundTrip(scene, {100, 0, 412}, 3, {512}, 0);
  }
}

TEST_CASE("a misaligned request that is larger than the buffer is done piece by piece") {
  for (const Place place : kPlaces) {
    CAPTURE(place);
    Scene scene(place);
    const std::size_t size = (std::size_t{1} << 20) + 512;
    checkRoundTrip(scene, {size}, 3, {size}, 5);
    checkRoundTrip(scene, {1, size - 1}, 0, {size - 1, 1}, 0);
  }
}

TEST_CASE("a request may have more pieces than a system call takes") {
  for (const Place place : kPlaces) {
    for (const std::size_t count : {1024U, 1025U, 2000U}) {
      CAPTURE(place);
      CAPTURE(count);
      Scene scene(place);
      const std::vector<std::size_t> sectors(count, 512);
      const std::vector<std::size_t> bytes(512, count);
      checkRoundTrip(scene, sectors, 0, {count * 512}, 0);
      checkRoundTrip(scene, {count * 512}, 0, sectors, 0);
      checkRoundTrip(scene, bytes, 1, sectors, 0);
    }
  }
}

TEST_CASE("misaligned requests that come together all get their turn") {
  Scene scene(Place::Disk);
  test::Random random(1);
  struct Turn {
    Turn(Bytes bytes, std::size_t misalignment)
        : content(std::move(bytes)), memory({5000, 3192}, misalignment) {
      memory.fill(content);
    }
    Bytes content;
    CutMemory memory;
    Operation operation;
  };
  std::deque<Turn> turns;
  for (std::uint64_t index = 0; index < 20; ++index) {
    Turn& turn = turns.emplace_back(random.bytes(8192), 1 + index);
    turn.operation.prepareWrite(index * 8192, turn.memory.pieces());
    scene.channel().submit(turn.operation);
  }
  scene.worker().turnUntil(scene.channel(), [&turns] {
    return std::ranges::all_of(turns, [](const Turn& turn) { return turn.operation.isDone(); });
  });

  for (std::uint64_t index = 0; index < 20; ++index) {
    CHECK(turns[index].operation.status() == StoreStatus::Ok);
    const CutMemory into({8191, 1}, 9);
    CHECK(scene.read(index * 8192, into) == StoreStatus::Ok);
    CHECK(into.content() == turns[index].content);
  }
}

TEST_CASE("random requests under way together leave what a list of bytes would have") {
  for (const std::uint64_t seed : test::seeds()) {
    for (const Place place : kPlaces) {
      CAPTURE(seed);
      CAPTURE(place);
      test::Random random(seed);
      Scene scene(place);
      Bytes model(kSize);
      for (int round = 0; round < test::rounds(30); ++round) {
        // Each in a stripe of its own, so that none overlap.
        std::deque<CutMemory> memories;
        std::deque<Operation> operations;
        const std::uint64_t stripe = kSize / 8;
        for (std::uint64_t index = 0; index < 8; ++index) {
          const std::uint64_t sectors = random.between(1, random.chance(20) ? 600 : 20);
          const std::uint64_t offset =
              index * stripe + random.below(stripe / 512 - sectors + 1) * 512;
          CutMemory& memory =
              memories.emplace_back(random, sectors * 512, random.chance(50) ? 1 : 30);
          Operation& operation = operations.emplace_back();
          const auto begin = model.begin() + static_cast<std::ptrdiff_t>(offset);
          if (random.chance(20)) {
            prepareClearing(operation, random, offset, sectors * 512);
            std::fill_n(begin, sectors * 512, std::byte{0});
          } else if (random.chance(50)) {
            const Bytes content = random.bytes(sectors * 512);
            memory.fill(content);
            std::ranges::copy(content, begin);
            operation.prepareWrite(offset, memory.pieces());
          } else {
            const Bytes expected(begin, begin + static_cast<std::ptrdiff_t>(sectors * 512));
            operation.prepareRead(offset, memory.pieces());
            operation.onDone(
                [&memory, expected](StoreStatus) { CHECK(memory.content() == expected); });
          }
          scene.channel().submit(operation);
        }
        scene.worker().turnUntil(scene.channel(), [&operations] {
          return std::ranges::all_of(operations, [](const Operation& one) { return one.isDone(); });
        });
        for (std::size_t index = 0; index < operations.size(); ++index) {
          REQUIRE(operations[index].status() == StoreStatus::Ok);
          REQUIRE(memories[index].isFenceWhole());
        }
      }
    }
  }
}

TEST_CASE("what is cleared reads as zeros to the sector, however the file system clears it") {
  for (const Place place : kPlaces) {
    for (const int refusedCount : {0, 1, 2}) {
      CAPTURE(place);
      CAPTURE(refusedCount);
      Scene scene(place);
      if (refusedCount > 0) {
        scene.store().noteUnsupported(ClearMethod::PunchHole);
      }
      if (refusedCount > 1) {
        scene.store().noteUnsupported(ClearMethod::ZeroRange);
      }
      test::Random random(7);
      Bytes model = random.bytes(kSize);
      CutMemory whole({kSize}, 0);
      whole.fill(model);
      REQUIRE(scene.write(0, whole) == StoreStatus::Ok);
      for (int round = 0; round < 12; ++round) {
        const std::uint64_t offset = random.below(kSize / 512) * 512;
        const std::uint64_t limit = random.chance(30) ? 3000 : 20;
        const std::uint64_t length =
            random.between(1, std::min<std::uint64_t>(limit, (kSize - offset) / 512)) * 512;
        Operation operation;
        prepareClearing(operation, random, offset, length);
        REQUIRE(scene.worker().run(scene.channel(), operation) == StoreStatus::Ok);
        std::fill_n(model.begin() + static_cast<std::ptrdiff_t>(offset), length, std::byte{0});
      }

      const CutMemory into({kSize}, 0);
      REQUIRE(scene.read(0, into) == StoreStatus::Ok);
      CHECK(into.content() == model);
    }
  }
}

TEST_CASE("a discard gives the file's space back, and zeros that must keep it do not") {
  for (const Place place : kPlaces) {
    CAPTURE(place);
    Scene scene(place);
    CutMemory whole({kSize}, 0);
    whole.fill(test::Random(8).bytes(kSize));
    REQUIRE(scene.write(0, whole) == StoreStatus::Ok);
    REQUIRE(scene.worker().flush(scene.channel()) == StoreStatus::Ok);
    const std::uint64_t fullBlocks = allocatedBlocks(scene);
    REQUIRE(fullBlocks >= kSize / 512);

    REQUIRE(scene.worker().writeZeroes(scene.channel(), 0, kSize, Operation::Space::Keep) ==
            StoreStatus::Ok);
    REQUIRE(scene.worker().flush(scene.channel()) == StoreStatus::Ok);
    CHECK(allocatedBlocks(scene) >= kSize / 512);
    REQUIRE(scene.worker().writeZeroes(scene.channel(), 0, kSize / 2, Operation::Space::MayUnmap) ==
            StoreStatus::Ok);
    CHECK(allocatedBlocks(scene) <= fullBlocks - kSize / 1024);
    REQUIRE(scene.worker().discard(scene.channel(), 0, kSize) == StoreStatus::Ok);
    CHECK(allocatedBlocks(scene) <= fullBlocks - kSize / 512);
  }
}

TEST_CASE("what a file system cannot do is found out once, and only that") {
  // tmpfs punches holes and does not zero ranges.
  Scene scene(Place::Memory);
  CHECK(scene.store().canZeroRange());

  CHECK(scene.worker().writeZeroes(scene.channel(), 0, 4096, Operation::Space::Keep) ==
        StoreStatus::Ok);

  CHECK_FALSE(scene.store().canZeroRange());
  CHECK(scene.worker().discard(scene.channel(), 0, 4096) == StoreStatus::Ok);
  CHECK(scene.store().canPunchHole());
}

TEST_CASE("a range that the file does not let be cleared is an error, and logged") {
  Scene scene(Place::DiskCached);
  const UniqueFd readOnly(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const UniqueFd kept(::fcntl(scene.store().fd(), F_DUPFD_CLOEXEC, 3));
  REQUIRE(::dup2(readOnly.get(), scene.store().fd()) >= 0);

  CHECK(scene.worker().discard(scene.channel(), 512, 4096) == StoreStatus::IoError);
  CHECK(scene.log().contains("discard of 4096 bytes at 512 failed: EBADF"));
  REQUIRE(::dup2(kept.get(), scene.store().fd()) >= 0);
}

TEST_CASE("after a flush that failed nothing is cleared") {
  Scene scene(Place::Memory);
  scene.store().markFailed();

  CHECK(scene.worker().discard(scene.channel(), 0, 4096) == StoreStatus::IoError);
  CHECK(scene.worker().writeZeroes(scene.channel(), 0, 512, Operation::Space::Keep) ==
        StoreStatus::IoError);
}

TEST_CASE("reading behind the end of a file that was cut short is an error, and logged") {
  for (const Place place : kPlaces) {
    CAPTURE(place);
    Scene scene(place);
    REQUIRE(::ftruncate(scene.file(), 6144) == 0);

    CHECK(scene.read(8192, CutMemory({4096}, 0)) == StoreStatus::IoError);
    CHECK(scene.read(4096, CutMemory({4096}, 0)) == StoreStatus::IoError);
    CHECK(scene.read(4096, CutMemory({4096}, 1)) == StoreStatus::IoError);
    CHECK(scene.read(4096, CutMemory({2048}, 0)) == StoreStatus::Ok);
    CHECK(scene.log().contains("read of 4096 bytes at 8192 failed: EIO"));
  }
}

TEST_CASE("a flood of errors leaves a few lines in the log") {
  Scene scene(Place::Memory);
  REQUIRE(::ftruncate(scene.file(), 0) == 0);
  for (int count = 0; count < 100; ++count) {
    CHECK(scene.read(0, CutMemory({512}, 0)) == StoreStatus::IoError);
  }
  CHECK(scene.log().countOf("failed") <= 8);
}

TEST_CASE("a flush succeeds where there is something to flush and where there is not") {
  for (const Place place : kPlaces) {
    Scene scene(place);
    CHECK(scene.worker().flush(scene.channel()) == StoreStatus::Ok);
    CHECK(scene.write(0, CutMemory({4096}, 0)) == StoreStatus::Ok);
    CHECK(scene.worker().flush(scene.channel()) == StoreStatus::Ok);
  }
}

TEST_CASE("after a flush that failed nothing is written or flushed, and what is there is read") {
  Scene scene(Place::DiskCached);
  CutMemory from({512}, 0);
  from.fill(Bytes(512, std::byte{5}));
  REQUIRE(scene.write(0, from) == StoreStatus::Ok);
  // A pipe in the file's place has nothing to flush and says so.
  const UniqueFd kept(::fcntl(scene.store().fd(), F_DUPFD_CLOEXEC, 3));
  std::array<int, 2> ends{};
  REQUIRE(::pipe2(ends.data(), O_CLOEXEC) == 0);
  const UniqueFd reading(ends[0]);
  const UniqueFd writing(ends[1]);
  REQUIRE(::dup2(writing.get(), scene.store().fd()) >= 0);
  CHECK(scene.worker().flush(scene.channel()) == StoreStatus::IoError);
  REQUIRE(::dup2(kept.get(), scene.store().fd()) >= 0);

  CHECK(scene.store().hasFailed());
  CHECK(scene.log().contains("a flush failed"));
  CHECK(scene.worker().flush(scene.channel()) == StoreStatus::IoError);
  CHECK(scene.write(0, CutMemory({512}, 0)) == StoreStatus::IoError);
  const CutMemory into({512}, 0);
  CHECK(scene.read(0, into) == StoreStatus::Ok);
  CHECK(into.content() == from.content());
}

TEST_CASE("a failed flush through one channel stops the writes of every other") {
  Scene scene(Place::Memory);
  const auto other = scene.worker().open(scene.store());
  scene.store().markFailed();

  CHECK(scene.worker().write(*other, 0, Bytes(512)) == StoreStatus::IoError);
  CHECK(scene.worker().flush(*other) == StoreStatus::IoError);
}

TEST_CASE("a write that the file does not take is an error") {
  Scene scene(Place::DiskCached);
  const UniqueFd readOnly(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const UniqueFd kept(::fcntl(scene.store().fd(), F_DUPFD_CLOEXEC, 3));
  REQUIRE(::dup2(readOnly.get(), scene.store().fd()) >= 0);

  CHECK(scene.write(0, CutMemory({512}, 0)) == StoreStatus::IoError);
  CHECK(scene.log().contains("write of 512 bytes at 0 failed: EBADF"));
  REQUIRE(::dup2(kept.get(), scene.store().fd()) >= 0);
}

TEST_CASE("a full file system is no space, and what was there before is still there") {
  if (::geteuid() != 0) {
    MESSAGE("left out: mounting a small tmpfs needs root");
    return;
  }
  const test::TempDir dir;
  // The mount is the child's own and goes with it. Exit codes say what went wrong.
  const test::Death death = test::runInChild([&dir] {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("argon-test", dir.path(".").c_str(), "tmpfs", 0, "size=128k") != 0) {
      ::_exit(2);
    }
    {
      const UniqueFd file = makeFile(dir.path("volume"), kSize);
    }
    Result<std::unique_ptr<FileStore>> store =
        FileStore::open(dir.path("volume"), {}, Log(silentLogSink(), "vol"));
    test::StoreWorker worker;
    const auto channel = worker.open(**store);
    const Bytes text = test::Random(1).bytes(65'536);
    if (worker.write(*channel, 0, text) != StoreStatus::Ok) {
      ::_exit(3);
    }
    if (worker.write(*channel, 1 << 20, Bytes(262'144)) != StoreStatus::NoSpace) {
      ::_exit(4);
    }
    Bytes read(65'536);
    if (worker.read(*channel, 0, read) != StoreStatus::Ok || read != text) {
      ::_exit(5);
    }
  });
  if (death.exitCode == 2) {
    MESSAGE("left out: this root may not mount");
    return;
  }

  CHECK(death.signal == 0);
  CHECK(death.exitCode == 0);
}

} // namespace argon
