// SPDX-License-Identifier: Apache-2.0

// Cards that are killed, among them some that write for the first time all over a volume. The next
// one opens the same files, which it can once the last write of the dead one has landed, and the
// same memory.

#include "base/cpu.h"
#include "base/log.h"
#include "base/mapped_region.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "crypto/data_key.h"
#include "crypto/master_key.h"
#include "storage/block_store.h"
#include "storage/encrypted_store.h"
#include "storage/file_store.h"
#include "storage/map_file.h"
#include "storage/map_memory.h"
#include "support/deadline.h"
#include "support/death.h"
#include "support/memfd.h"
#include "support/random.h"
#include "support/recording_log.h"
#include "support/store_worker.h"
#include "support/temp_dir.h"
#include "support/test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace argon {

namespace {

using Bytes = std::vector<std::byte>;

constexpr std::string_view kVolume = "vol0123456789abcdef0";
constexpr std::uint64_t kUnit = 4096;
constexpr std::uint64_t kUnitCount = 4096;
constexpr std::uint64_t kUnitsPerLife = 256;
// How far a life may go beyond the moment at which it is to be killed: the killer may come late,
// and the lives after it need units too.
constexpr std::uint64_t kUnitsBeyond = 64;

enum class Memory : std::uint8_t { Kept, Forgotten };

Bytes contentOf(std::uint64_t unit) { return test::Random(unit + 1).bytes(kUnit); }

// Of this process and of those that are killed.
class Shared {
public:
  Shared() : fd_(test::makeMemfd(kUnit, test::Sealed::Yes)) {
    Result<MappedRegion> region =
        MappedRegion::mapShared(fd_.get(), 0, kUnit, MappedRegion::Access::ReadWrite);
    REQUIRE_OK(region);
    region_ = *std::move(region);
  }
  [[nodiscard]] std::atomic_ref<std::uint64_t> answeredCount() const {
    void* const place = region_.bytes().data();
    return std::atomic_ref<std::uint64_t>(*static_cast<std::uint64_t*>(place));
  }
  // For tests that have no writes: how far they are.
  [[nodiscard]] std::atomic_ref<std::uint64_t> step() const { return answeredCount(); }

private:
  UniqueFd fd_;
  MappedRegion region_;
};

class Volume {
public:
  explicit Volume(Memory memory) : isMemoryKept_(memory == Memory::Kept) {
    const UniqueFd data(::open(dataPath().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    REQUIRE(::ftruncate(data.get(), static_cast<off_t>(kUnitCount * kUnit)) == 0);
    REQUIRE_OK(createMapFile(mapPath(), kUnitCount, kVolume));
    REQUIRE_OK(MasterKey::createFile(masterKeyPath()));
    const Result<MasterKey> masterKey = MasterKey::load(masterKeyPath());
    const Result<DataKey> key = DataKey::generate();
    REQUIRE_OK(masterKey);
    REQUIRE_OK(key);
    const Result<WrappedKey> wrapped = key->wrap(*masterKey, kVolume);
    REQUIRE_OK(wrapped);
    wrappedKey_ = *wrapped;
  }

  // As a card opens it, with no key in memory before, because a child does not get that.
  [[nodiscard]] Result<std::unique_ptr<EncryptedStore>> open() {
    const Log log(log_, "volume");
    EncryptedStore::Parts parts;
    const FileStore::Options options{.lockTimeoutNs = 20'000'000'000};
    ARGON_TRY_ASSIGN(parts.data, FileStore::open(dataPath(), options, log));
    ARGON_TRY_ASSIGN(parts.mapStore, FileStore::open(mapPath(), options, log));
    std::unique_ptr<MapMemory> memory;
    if (isMemoryKept_) {
      ARGON_TRY_ASSIGN(memory, MapMemory::open(UniqueFd(::dup(memory_.get()))));
    }
    ARGON_TRY_ASSIGN(parts.map, openMapFile(mapPath(), kUnitCount, kVolume, std::move(memory)));
    ARGON_TRY_ASSIGN(const MasterKey masterKey, MasterKey::load(masterKeyPath()));
    ARGON_TRY_ASSIGN(DataKey key, DataKey::unwrap(wrappedKey_, masterKey, kVolume));
    return EncryptedStore::create(std::move(parts), std::move(key));
  }

  [[nodiscard]] std::string dataPath() const { return dir_.path("data"); }

private:
  [[nodiscard]] std::string mapPath() const { return dir_.path("map"); }
  [[nodiscard]] std::string masterKeyPath() const { return dir_.path("key"); }

  bool isMemoryKept_;
  test::TempDir dir_;
  test::RecordingLog log_;
  WrappedKey wrappedKey_{};
  UniqueFd memory_ = test::makeMemfd(0, test::Sealed::Yes);
};

// True if a process, which is free to go on meanwhile, has the file open.
bool isOpenIn(pid_t process, const std::string& path) {
  const std::filesystem::path wanted(path);
  std::error_code error;
  const std::filesystem::directory_iterator fds(concat("/proc/", process, "/fd"), error);
  for (auto fd = begin(fds); fd != end(fds); fd.increment(error)) {
    if (error || std::filesystem::read_symlink(fd->path(), error) == wanted) {
      return !error;
    }
  }
  return false;
}

// Writes unit after unit from what was answered so far, now and then a flush, until it is killed.
void writeUntilKilled(Volume& volume, const Shared& shared, std::uint64_t killAt) {
  auto store = volume.open();
  if (!store) {
    ::_exit(1);
  }
  test::StoreWorker worker;
  const std::unique_ptr<StoreChannel> channel = worker.open(**store);
  const std::jthread killer = startThread("killer", [&shared, killAt] {
    while (shared.answeredCount().load() < killAt) {
      std::this_thread::yield();
    }
    ::kill(::getpid(), SIGKILL);
  });
  for (std::uint64_t unit = shared.answeredCount().load(); unit < killAt + kUnitsBeyond; ++unit) {
    if (worker.write(*channel, unit * kUnit, contentOf(unit)) != StoreStatus::Ok ||
        (unit % 100 == 99 && worker.flush(*channel) != StoreStatus::Ok)) {
      ::_exit(2);
    }
    shared.answeredCount().store(unit + 1);
  }
  // As fast as that: then it is killed here.
  ::pause();
}

// How many of the units whose write was answered do not hold what was written.
std::uint64_t countLost(Volume& volume, const Shared& shared) {
  auto store = volume.open();
  REQUIRE_OK(store);
  test::StoreWorker worker;
  const std::unique_ptr<StoreChannel> channel = worker.open(**store);
  std::uint64_t lostCount = 0;
  Bytes found(kUnit);
  for (std::uint64_t unit = 0; unit < shared.answeredCount().load(); ++unit) {
    REQUIRE(worker.read(*channel, unit * kUnit, found) == StoreStatus::Ok);
    lostCount += found == contentOf(unit) ? 0U : 1U;
  }
  return lostCount;
}

// Lives of cards, each killed at another moment; what was lost in all.
std::uint64_t killCards(Memory memory, int lifeCount) {
  Volume volume(memory);
  const Shared shared;
  test::Random random(1);
  std::uint64_t lostCount = 0;
  for (int life = 0; life < lifeCount; ++life) {
    const std::uint64_t killAt =
        shared.answeredCount().load() + random.between(1, kUnitsPerLife - 1);
    const test::Death death =
        test::runInChild([&volume, &shared, killAt] { writeUntilKilled(volume, shared, killAt); });
    REQUIRE_MESSAGE(death.signal == SIGKILL, death.exitCode, death.output);
    lostCount += countLost(volume, shared);
  }
  return lostCount;
}

} // namespace

TEST_CASE("a card opens no volume before the one that had it is dead") {
  Volume volume(Memory::Kept);
  const Shared shared;
  bool isOpened = false;
  std::uint64_t stepAtOpening = 0;
  std::atomic<bool> isThere = false;
  std::jthread successor = startThread("successor", [&] {
    isThere = true;
    const test::Deadline deadline;
    while (shared.step().load() < 1 && !deadline.isOver()) {
      std::this_thread::yield();
    }
    isOpened = volume.open().has_value();
    stepAtOpening = shared.step().load();
  });

  // A child of a process whose other thread is still being made inherits the locks of that.
  REQUIRE(test::waitUntil([&isThere] { return isThere.load(); }));
  const test::Death death = test::runInChild([&volume, &shared] {
    const auto store = volume.open();
    shared.step().store(1);
    if (!store) {
      ::_exit(1);
    }
    // From here on the other one is at the lock.
    while (!isOpenIn(::getppid(), volume.dataPath())) {
      std::this_thread::yield();
    }
    shared.step().store(2);
    ::kill(::getpid(), SIGKILL);
  });
  successor.join();

  REQUIRE(death.signal == SIGKILL);
  CHECK(isOpened);
  CHECK(stepAtOpening == 2);
}

TEST_CASE("no write that was answered is lost with the card that is killed") {
  CHECK(killCards(Memory::Kept, 6) == 0);
}

TEST_CASE("without the memory that outlives the card, such writes are lost") {
  CHECK(killCards(Memory::Forgotten, 3) > 0);
}

} // namespace argon
