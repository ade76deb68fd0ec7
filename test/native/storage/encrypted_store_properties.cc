// SPDX-License-Identifier: Apache-2.0

// Random operations on an encrypted store, many under way together, against a list of bytes; over
// each kind of store below it, and from two threads.

#include "base/cpu.h"
#include "base/log.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "storage/allocation_map.h"
#include "storage/block_store.h"
#include "storage/crypt_scene.h"
#include "storage/encrypted_store.h"
#include "storage/file_store.h"
#include "storage/map_file.h"
#include "storage/memory_store.h"
#include "support/cut_memory.h"
#include "support/deadline.h"
#include "support/random.h"
#include "support/slow_store.h"
#include "support/store_worker.h"
#include "support/temp_dir.h"
#include "support/test.h"
#include "support/volume_key.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

namespace argon {

namespace {

using test::Bytes;
using test::CutMemory;
using test::Operation;
using test::Random;

constexpr std::uint64_t kUnit = 4096;
constexpr std::uint64_t kSector = 512;
constexpr std::uint64_t kUnitCount = 96;
constexpr std::uint64_t kSize = kUnitCount * kUnit;

enum class Below : std::uint8_t { Memory, Slow, Disk, DiskCached };

// An encrypted store, and the two below it in the two ways a test wants them.
struct Volume {
  test::TempDir dir;
  test::VolumeKey key;
  test::SlowStore* slowData = nullptr;
  test::SlowStore* slowMap = nullptr;
  std::unique_ptr<EncryptedStore> store;
  std::function<Bytes()> disk;

  // Lets slow stores answer one of this thread's requests, if they have any.
  bool answerOne(Random& random) const {
    for (test::SlowStore* slow : {slowData, slowMap}) {
      if (slow != nullptr && slow->pendingCount() > 0) {
        slow->answerAny(random);
        return true;
      }
    }
    return false;
  }
};

std::unique_ptr<BlockStore> openFile(const std::string& path, FileStore::Caching caching) {
  {
    const UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    REQUIRE(::ftruncate(file.get(), static_cast<off_t>(kSize)) == 0);
  }
  Result<std::unique_ptr<FileStore>> store =
      FileStore::open(path, {.caching = caching}, Log(silentLogSink(), "vol"));
  REQUIRE_OK(store);
  return *std::move(store);
}

std::unique_ptr<Volume> makeVolume(Below below) {
  auto volume = std::make_unique<Volume>();
  EncryptedStore::Parts parts{
      .data = nullptr, .map = test::makeMap(kUnitCount), .mapStore = nullptr};
  if (below == Below::Memory) {
    Result<std::unique_ptr<MemoryStore>> memory = MemoryStore::create(kSize);
    REQUIRE_OK(memory);
    const std::span<std::byte> bytes = (*memory)->mappedBytes();
    volume->disk = [bytes] { return Bytes(bytes.begin(), bytes.end()); };
    parts.data = *std::move(memory);
  } else if (below == Below::Slow) {
    auto data = std::make_unique<test::SlowStore>(Random(5).bytes(kSize));
    auto map = std::make_unique<test::SlowStore>(mapFileBytes(kUnitCount));
    volume->slowData = data.get();
    volume->slowMap = map.get();
    volume->disk = [slow = data.get()] { return slow->bytes(); };
    parts.data = std::move(data);
    parts.mapStore = std::move(map);
  } else {
    const std::string path = volume->dir.path("volume");
    parts.data = openFile(path, below == Below::Disk ? FileStore::Caching::Auto
                                                     : FileStore::Caching::Cached);
    volume->disk = [path] {
      Bytes bytes(kSize);
      const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
      REQUIRE(::pread(file.get(), bytes.data(), bytes.size(), 0) ==
              static_cast<ssize_t>(bytes.size()));
      return bytes;
    };
  }
  volume->store = test::makeCrypted(std::move(parts), volume->key);
  return volume;
}

// One thread's play: operations that never overlap with one another while under way, and what the
// volume must hold.
class Player {
public:
  // May use the sectors for which `mayUse` is true.
  Player(Volume& volume, std::uint64_t seed, std::function<bool(std::uint64_t)> mayUse)
      : volume_(volume), random_(seed), mayUse_(std::move(mayUse)),
        channel_(worker_.open(*volume.store)), model_(kSize), isBusy_(kSize / kSector) {}

  void step() {
    if (underWay_.size() < 12 && random_.chance(60)) {
      begin();
    }
    turn();
  }
  void finish() {
    const test::Deadline deadline;
    while (!underWay_.empty()) {
      REQUIRE_FALSE(deadline.isOver());
      turn();
    }
  }
  /// For the other threads' sake, while they may need this one's channel.
  void turn() {
    if (!volume_.answerOne(random_) && !worker_.turn(*channel_)) {
      std::this_thread::yield();
    }
    worker_.turn(*channel_);
    std::erase_if(underWay_, [](const auto& one) { return one->operation.isDone(); });
  }
  [[nodiscard]] const Bytes& model() const { return model_; }
  [[nodiscard]] StoreChannel& channel() { return *channel_; }
  [[nodiscard]] test::StoreWorker& worker() { return worker_; }

private:
  struct UnderWay {
    std::uint64_t firstSector = 0;
    std::uint64_t sectorCount = 0;
    std::optional<CutMemory> memory;
    Operation operation;
  };

  // A range of free sectors, or none.
  std::optional<std::pair<std::uint64_t, std::uint64_t>> pickRange() {
    const std::uint64_t sectors = kSize / kSector;
    // Whole units often enough, because those are what a discard can give back.
    const std::uint64_t step = random_.chance(30) ? kUnit / kSector : 1;
    const std::uint64_t first = random_.below(sectors / step) * step;
    std::uint64_t limit = random_.chance(10) ? 600 : random_.between(1, 20);
    limit = std::min(limit, sectors - first);
    std::uint64_t count = 0;
    while (count < limit && !isBusy_[first + count] && mayUse_(first + count)) {
      ++count;
    }
    return count == 0 ? std::nullopt : std::optional(std::pair(first, count));
  }

  void begin() {
    auto one = std::make_unique<UnderWay>();
    if (random_.chance(5)) {
      one->operation.prepareFlush();
    } else if (const auto range = pickRange()) {
      std::tie(one->firstSector, one->sectorCount) = *range;
      if (random_.chance(25)) {
        beginClearing(*one);
      } else if (random_.chance(50)) {
        beginWrite(*one);
      } else {
        beginRead(*one);
      }
    } else {
      return;
    }
    mark(*one, true);
    UnderWay& begun = *underWay_.emplace_back(std::move(one));
    channel_->submit(begun.operation);
  }

  void beginWrite(UnderWay& one) {
    const std::uint64_t offset = one.firstSector * kSector;
    const std::size_t size = one.sectorCount * kSector;
    const Bytes content = random_.bytes(size);
    one.memory.emplace(random_, size, random_.chance(50) ? 1 : 12);
    one.memory->fill(content);
    std::ranges::copy(content, model_.begin() + static_cast<std::ptrdiff_t>(offset));
    one.operation.prepareWrite(offset, one.memory->pieces());
    one.operation.onDone([this, &one](StoreStatus status) {
      CHECK(status == StoreStatus::Ok);
      CHECK(one.memory->isFenceWhole());
      mark(one, false);
    });
  }

  void beginClearing(UnderWay& one) {
    const std::uint64_t offset = one.firstSector * kSector;
    const std::size_t size = one.sectorCount * kSector;
    std::fill_n(model_.begin() + static_cast<std::ptrdiff_t>(offset), size, std::byte{0});
    const std::uint64_t kind = random_.below(3);
    if (kind == 0) {
      one.operation.prepareDiscard(offset, size);
    } else {
      one.operation.prepareWriteZeroes(
          offset, size, kind == 1 ? Operation::Space::MayUnmap : Operation::Space::Keep);
    }
    one.operation.onDone([this, &one](StoreStatus status) {
      CHECK(status == StoreStatus::Ok);
      mark(one, false);
    });
  }

  void beginRead(UnderWay& one) {
    const std::uint64_t offset = one.firstSector * kSector;
    const std::size_t size = one.sectorCount * kSector;
    one.memory.emplace(random_, size, random_.chance(50) ? 1 : 12);
    one.operation.prepareRead(offset, one.memory->pieces());
    one.operation.onDone([this, &one, offset, size](StoreStatus status) {
      CHECK(status == StoreStatus::Ok);
      CHECK(one.memory->isFenceWhole());
      const Bytes content = one.memory->content();
      CHECK(std::ranges::equal(content, std::span(model_).subspan(offset, size)));
      mark(one, false);
    });
  }

  void mark(const UnderWay& one, bool isBusy) {
    std::fill_n(isBusy_.begin() + static_cast<std::ptrdiff_t>(one.firstSector), one.sectorCount,
                isBusy);
  }

  Volume& volume_;
  Random random_;
  std::function<bool(std::uint64_t)> mayUse_;
  test::StoreWorker worker_;
  std::unique_ptr<StoreChannel> channel_;
  Bytes model_;
  std::vector<bool> isBusy_;
  std::vector<std::unique_ptr<UnderWay>> underWay_;
};

// Every unit that holds data is on the disk as the standard has it.
void checkDisk(const Volume& volume, const Bytes& model) {
  const Bytes disk = volume.disk();
  for (std::uint64_t unit = 0; unit < kUnitCount; ++unit) {
    CAPTURE(unit);
    const std::span<const std::byte> plaintext = std::span(model).subspan(unit * kUnit, kUnit);
    if (volume.store->map().isSet(unit)) {
      REQUIRE(std::ranges::equal(test::encryptUnit(volume.key, unit, plaintext),
                                 std::span(disk).subspan(unit * kUnit, kUnit)));
    } else {
      REQUIRE(std::ranges::all_of(plaintext, [](std::byte byte) { return byte == std::byte{0}; }));
    }
  }
}

void checkContent(Player& player, const Bytes& model, const Volume& volume) {
  Bytes content(kSize);
  Operation read;
  const iovec part{.iov_base = content.data(), .iov_len = content.size()};
  read.prepareRead(0, std::span(&part, 1));
  player.channel().submit(read);
  Random random(1);
  player.worker().turnUntil(player.channel(), [&] {
    static_cast<void>(volume.answerOne(random));
    return read.isDone();
  });
  REQUIRE(read.status() == StoreStatus::Ok);
  REQUIRE(content == model);
}

// Two threads, each with sectors of its own, so that they meet in units but not in bytes; every
// third unit is one thread's alone, so that whole ones can be discarded.
Bytes playTogether(Volume& volume, std::uint64_t seed, int stepCount) {
  constexpr std::size_t kThreadCount = 2;
  std::array<Bytes, kThreadCount> models;
  std::barrier together(kThreadCount);
  std::atomic<std::size_t> playingCount = kThreadCount;
  const auto ownerOf = [](std::uint64_t sector) {
    const std::uint64_t unit = sector * kSector / kUnit;
    return (unit % 3 == 0 ? unit / 3 : sector / 3) % kThreadCount;
  };
  std::vector<std::jthread> threads;
  threads.reserve(kThreadCount);
  for (std::size_t number = 0; number < kThreadCount; ++number) {
    threads.push_back(startThread("player", [&, number] {
      // The first channel is the store's home: opened before the others, closed behind them.
      for (std::size_t turn = 0; turn < number; ++turn) {
        together.arrive_and_wait();
      }
      std::optional<Player> player(
          std::in_place, volume, seed + number,
          [&ownerOf, number](std::uint64_t sector) { return ownerOf(sector) == number; });
      for (std::size_t turn = number; turn < kThreadCount; ++turn) {
        together.arrive_and_wait();
      }
      for (int count = 0; count < stepCount; ++count) {
        player->step();
      }
      player->finish();
      // A flush of another thread's may still need this one.
      --playingCount;
      while (playingCount > 0) {
        player->turn();
      }
      models.at(number) = player->model();
      together.arrive_and_wait();
      if (number == 0) {
        together.arrive_and_wait();
        player.reset();
      } else {
        player.reset();
        together.arrive_and_wait();
      }
    }));
  }
  threads.clear();
  Bytes model(kSize);
  for (std::uint64_t at = 0; at < kSize; ++at) {
    model[at] = models.at(ownerOf(at / kSector))[at];
  }
  return model;
}

} // namespace

TEST_CASE("an encrypted store keeps what a list of bytes would, whatever is below it") {
  for (const std::uint64_t seed : test::seeds()) {
    for (const Below below : {Below::Memory, Below::Slow, Below::Disk, Below::DiskCached}) {
      CAPTURE(seed);
      CAPTURE(below);
      const std::unique_ptr<Volume> volume = makeVolume(below);
      {
        Player player(*volume, seed, [](std::uint64_t) { return true; });
        for (int count = 0; count < test::rounds(400); ++count) {
          player.step();
        }
        player.finish();
        checkContent(player, player.model(), *volume);
        checkDisk(*volume, player.model());
      }
    }
  }
}

TEST_CASE("two workers that write into the same units for the first time lose nothing") {
  for (const std::uint64_t seed : test::seeds()) {
    for (const Below below : {Below::Memory, Below::Slow, Below::DiskCached}) {
      CAPTURE(seed);
      CAPTURE(below);
      const std::unique_ptr<Volume> volume = makeVolume(below);

      const Bytes model = playTogether(*volume, seed, test::rounds(300));

      checkDisk(*volume, model);
    }
  }
}

} // namespace argon
