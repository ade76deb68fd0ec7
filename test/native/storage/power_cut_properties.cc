// SPDX-License-Identifier: Apache-2.0

// Power cuts and dead cards under load. Disks with volatile caches lose any sectors that no flush
// covers, of the data and of the map alike, while requests are under way. After each cut the volume
// is opened again: every sector must hold a content that it has been given, none older than what
// the last completed flush covers, and never noise. The same checker must find out disks and stores
// that are broken on purpose; a checker that finds nothing proves nothing.
//
// A card that is killed leaves the disks' caches as they are, of its requests any that land, and
// the working map in memory. The next card takes that over; then no write may be missing that was
// answered.

#include "base/result.h"
#include "base/unique_fd.h"
#include "storage/allocation_map.h"
#include "storage/block_store.h"
#include "storage/crypt_scene.h"
#include "storage/encrypted_store.h"
#include "storage/map_file.h"
#include "storage/map_memory.h"
#include "support/lent_store.h"
#include "support/memfd.h"
#include "support/random.h"
#include "support/slow_store.h"
#include "support/store_worker.h"
#include "support/test.h"
#include "support/volume_key.h"

#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace argon {

namespace {

using test::Bytes;
using test::Operation;
using test::Random;

constexpr std::uint64_t kUnitCount = 24;
constexpr std::uint64_t kSector = 512;
constexpr std::uint64_t kSectorCount = kUnitCount * 4096 / kSector;

enum class Fault : std::uint8_t {
  None,
  /// The data's disk answers a flush before it has done it.
  DataFlushIgnored,
  MapFlushIgnored,
  /// Holes are punched as soon as units are discarded.
  PunchedEarly,
  /// Bits reach the disk as soon as they are set, as in a file that is mapped.
  MapWrittenEarly,
  /// A card that takes over knows only what is stored.
  MemoryForgotten,
  /// It knows more, and stores none of that.
  ChangesForgotten,
  /// It takes for stored what is in the cache of the map's disk.
  MapTakenForDurable,
};

// How a life of the volume ends.
enum class End : std::uint8_t { PowerCut, Killed };

UniqueFd copyOf(const UniqueFd& memory) {
  UniqueFd copy = test::makeMemfd(0, test::Sealed::Yes);
  Bytes bytes(MapMemory::kHeaderBytes + AllocationMap::kPageBytes);
  REQUIRE(::pread(memory.get(), bytes.data(), bytes.size(), 0) ==
          static_cast<ssize_t>(bytes.size()));
  REQUIRE(::pwrite(copy.get(), bytes.data(), bytes.size(), 0) ==
          static_cast<ssize_t>(bytes.size()));
  return copy;
}

// What a checker found after a cut.
struct Findings {
  std::uint64_t noiseCount = 0;
  std::uint64_t lostCount = 0;

  [[nodiscard]] bool isGood() const { return noiseCount == 0 && lostCount == 0; }
};

// The content of a sector after a write, told by the write's number; zeros for 0.
Bytes contentOf(std::uint64_t write, std::uint64_t sector) {
  Bytes content(kSector);
  if (write != 0) {
    Random(write * kSectorCount + sector).fill(content);
    std::memcpy(content.data(), &write, sizeof write);
  }
  return content;
}

// What a sector has been given, oldest first, and what of that must have survived.
struct History {
  std::vector<std::uint64_t> writes = {0};
  std::size_t doneCount = 1;
  std::size_t flushedCount = 1;
  bool isBusy = false;
};

class PowerPlay {
public:
  PowerPlay(std::uint64_t seed, Fault fault)
      : random_(seed), fault_(fault), histories_(kSectorCount),
        data_(std::make_unique<test::SlowStore>(random_.bytes(kUnitCount * 4096))),
        mapStore_(std::make_unique<test::SlowStore>(mapFileBytes(kUnitCount))) {
    breakDisks();
  }

  /// A life of the volume and its end.
  Findings live(End end) {
    boot();
    const std::uint64_t stepCount = random_.between(1, 120);
    for (std::uint64_t step = 0; step < stepCount; ++step) {
      if (underWay_.size() < 8 && random_.chance(60)) {
        begin();
      }
      answerSome();
    }
    hasPower_ = false;
    if (end == End::PowerCut) {
      cutPower();
    } else {
      kill();
    }
    return check(end);
  }

private:
  struct UnderWay {
    std::uint64_t firstSector = 0;
    std::uint64_t sectorCount = 0;
    Bytes content;
    iovec part{};
    /// For a flush: how many writes of each sector it covers.
    std::vector<std::size_t> covers;
    Operation operation;
  };

  void breakDisks() {
    if (fault_ == Fault::DataFlushIgnored) {
      data_->ignoreFlushes();
    } else if (fault_ == Fault::MapFlushIgnored) {
      mapStore_->ignoreFlushes();
    }
  }

  std::unique_ptr<AllocationMap> openMap() {
    const bool isFresh = !memory_ || fault_ == Fault::MemoryForgotten;
    if (isFresh) {
      memory_ = test::makeMemfd(0, test::Sealed::Yes);
    }
    Result<std::unique_ptr<MapMemory>> memory = MapMemory::open(UniqueFd(::dup(memory_.get())));
    REQUIRE_OK(memory);
    auto map = AllocationMap::create(kUnitCount, *std::move(memory));
    REQUIRE_OK(map);
    const Bytes file = mapStore_->bytes();
    const auto stored = std::span(file).subspan(kMapHeaderBytes);
    if (isFresh) {
      (*map)->load(stored);
      return *std::move(map);
    }
    REQUIRE_OK((*map)->adopt(stored));
    if (fault_ == Fault::ChangesForgotten) {
      std::vector<std::uint64_t> pages;
      (*map)->takeChangedPages(pages);
    }
    return *std::move(map);
  }

  // As openMapFile() does it.
  void flushMap() {
    const std::unique_ptr<StoreChannel> channel = worker_.open(*mapStore_);
    Operation flush;
    flush.prepareFlush();
    channel->submit(flush);
    mapStore_->answerAll();
    REQUIRE(flush.status() == StoreStatus::Ok);
  }

  void boot() {
    if (fault_ != Fault::MapTakenForDurable) {
      flushMap();
    }
    store_ = test::makeCrypted({.data = std::make_unique<test::LentStore>(*data_),
                                .map = openMap(),
                                .mapStore = std::make_unique<test::LentStore>(*mapStore_)},
                               key_);
    channel_ = worker_.open(*store_);
    hasPower_ = true;
  }

  void begin() {
    auto one = std::make_unique<UnderWay>();
    if (random_.chance(20)) {
      beginFlush(*one);
    } else if (!pickSectors(*one)) {
      return;
    } else if (random_.chance(30)) {
      beginClearing(*one);
    } else {
      beginWrite(*one);
    }
    UnderWay& begun = *underWay_.emplace_back(std::move(one));
    channel_->submit(begun.operation);
    std::erase_if(underWay_, [](const auto& other) { return other->operation.isDone(); });
  }

  // Side by side and free; often whole units.
  bool pickSectors(UnderWay& one) {
    const std::uint64_t step = random_.chance(40) ? 4096 / kSector : 1;
    one.firstSector = random_.below(kSectorCount / step) * step;
    const std::uint64_t limit = std::min(random_.between(1, random_.chance(20) ? 40 : 6) * step,
                                         kSectorCount - one.firstSector);
    while (one.sectorCount < limit && !histories_[one.firstSector + one.sectorCount].isBusy) {
      ++one.sectorCount;
    }
    return one.sectorCount > 0;
  }

  void beginWrite(UnderWay& one) {
    const std::uint64_t write = ++writeCount_;
    for (std::uint64_t sector = one.firstSector; sector < one.firstSector + one.sectorCount;
         ++sector) {
      const Bytes content = contentOf(write, sector);
      one.content.insert(one.content.end(), content.begin(), content.end());
      histories_[sector].writes.push_back(write);
      histories_[sector].isBusy = true;
    }
    one.part = {.iov_base = one.content.data(), .iov_len = one.content.size()};
    one.operation.prepareWrite(one.firstSector * kSector, std::span(&one.part, 1));
    one.operation.onDone([this, &one](StoreStatus status) { onWritten(one, status); });
  }

  void beginClearing(UnderWay& one) {
    for (std::uint64_t sector = one.firstSector; sector < one.firstSector + one.sectorCount;
         ++sector) {
      histories_[sector].writes.push_back(0);
      histories_[sector].isBusy = true;
    }
    const std::uint64_t offset = one.firstSector * kSector;
    const std::uint64_t length = one.sectorCount * kSector;
    const std::uint64_t kind = random_.below(3);
    if (kind == 0) {
      one.operation.prepareDiscard(offset, length);
    } else {
      one.operation.prepareWriteZeroes(
          offset, length, kind == 1 ? Operation::Space::MayUnmap : Operation::Space::Keep);
    }
    one.operation.onDone([this, &one, offset, length](StoreStatus status) {
      if (fault_ == Fault::PunchedEarly && hasPower_) {
        const std::uint64_t begin = (offset + 4095) / 4096 * 4096;
        const std::uint64_t end = (offset + length) / 4096 * 4096;
        if (begin < end) {
          data_->punchHole(begin, end - begin);
        }
      }
      onWritten(one, status);
    });
  }

  void onWritten(const UnderWay& one, StoreStatus status) {
    if (!hasPower_) {
      return;
    }
    CHECK(status == StoreStatus::Ok);
    for (std::uint64_t count = 0; count < one.sectorCount; ++count) {
      History& history = histories_[one.firstSector + count];
      history.doneCount = history.writes.size();
      history.isBusy = false;
    }
  }

  void beginFlush(UnderWay& one) {
    for (const History& history : histories_) {
      one.covers.push_back(history.doneCount);
    }
    one.operation.prepareFlush();
    one.operation.onDone([this, &one](StoreStatus status) {
      if (!hasPower_) {
        return;
      }
      CHECK(status == StoreStatus::Ok);
      for (std::uint64_t sector = 0; sector < kSectorCount; ++sector) {
        History& history = histories_[sector];
        history.flushedCount = std::max(history.flushedCount, one.covers[sector]);
      }
    });
  }

  void answerSome() {
    test::SlowStore* store = random_.chance(50) ? data_.get() : mapStore_.get();
    if (store->pendingCount() > 0) {
      store->answerAny(random_);
    }
    std::erase_if(underWay_, [](const auto& one) { return one->operation.isDone(); });
  }

  void cutPower() {
    data_->cutPower(random_);
    mapStore_->cutPower(random_);
    Bytes map = mapStore_->bytes();
    if (fault_ == Fault::MapWrittenEarly) {
      for (std::uint64_t unit = 0; unit < kUnitCount; ++unit) {
        if (store_->map().isSet(unit)) {
          map[kMapHeaderBytes + unit / 8] |= std::byte{1} << static_cast<unsigned>(unit % 8);
        }
      }
    }
    endRequests();
    data_ = std::make_unique<test::SlowStore>(data_->bytes());
    mapStore_ = std::make_unique<test::SlowStore>(std::move(map));
    breakDisks();
    memory_.reset();
  }

  void kill() {
    // What the dead card's requests do when they end is not done to this.
    memory_ = copyOf(memory_);
    // The oldest last, so that numbers stay; those that come of them are never submitted.
    for (test::SlowStore* store : {data_.get(), mapStore_.get()}) {
      for (std::size_t which = store->pendingCount(); which > 0; --which) {
        if (random_.chance(50)) {
          store->answer(which - 1);
        }
      }
    }
    endRequests();
  }

  // The dead one's requests are not done.
  void endRequests() {
    while (data_->pendingCount() + mapStore_->pendingCount() > 0) {
      data_->answerAll(StoreStatus::IoError);
      mapStore_->answerAll(StoreStatus::IoError);
    }
    underWay_.clear();
    channel_ = nullptr;
    store_ = nullptr;
  }

  // What is found is what the volume holds from then on.
  Findings check(End end) {
    boot();
    Bytes content(kSectorCount * kSector);
    const iovec part{.iov_base = content.data(), .iov_len = content.size()};
    Operation read;
    read.prepareRead(0, std::span(&part, 1));
    channel_->submit(read);
    data_->answerAll();
    REQUIRE(read.status() == StoreStatus::Ok);
    channel_ = nullptr;
    store_ = nullptr;
    Findings findings;
    for (std::uint64_t sector = 0; sector < kSectorCount; ++sector) {
      judge(sector, std::span(content).subspan(sector * kSector, kSector), end, findings);
    }
    return findings;
  }

  void judge(std::uint64_t sector, std::span<const std::byte> found, End end, Findings& findings) {
    History& history = histories_[sector];
    std::uint64_t write = 0;
    std::memcpy(&write, found.data(), sizeof write);
    // The last of its kind: a sector can have been cleared more than once.
    const auto at = std::ranges::find(history.writes.rbegin(), history.writes.rend(), write);
    const auto age = static_cast<std::size_t>(history.writes.rend() - at);
    if (at == history.writes.rend() || !std::ranges::equal(contentOf(write, sector), found)) {
      ++findings.noiseCount;
    } else if (age < (end == End::PowerCut ? history.flushedCount : history.doneCount)) {
      ++findings.lostCount;
    }
    if (end == End::PowerCut || !findings.isGood()) {
      history = {.writes = {write}};
      return;
    }
    // What was never answered and is not seen may have landed in a unit whose bit was clear. A
    // power cut can bring it back with the unit's stored bit, as if it were older, until the next
    // flush.
    const bool isFlushed = history.flushedCount >= age;
    std::rotate(history.writes.begin() + static_cast<std::ptrdiff_t>(age - 1),
                history.writes.begin() + static_cast<std::ptrdiff_t>(age), history.writes.end());
    history.doneCount = history.writes.size();
    history.flushedCount = isFlushed ? history.doneCount : history.flushedCount;
    history.isBusy = false;
  }

  Random random_;
  Fault fault_;
  test::VolumeKey key_;
  test::StoreWorker worker_;
  std::vector<History> histories_;
  std::uint64_t writeCount_ = 0;
  std::unique_ptr<test::SlowStore> data_;
  std::unique_ptr<test::SlowStore> mapStore_;
  // None before the first life and after a power cut.
  UniqueFd memory_;
  std::unique_ptr<EncryptedStore> store_;
  std::unique_ptr<StoreChannel> channel_;
  std::vector<std::unique_ptr<UnderWay>> underWay_;
  bool hasPower_ = false;
};

// Power is cut every so many times; else the card is killed.
End endOf(int life, int livesPerCut) {
  return life % livesPerCut == livesPerCut - 1 ? End::PowerCut : End::Killed;
}

// Lives until something is found.
Findings findFault(Fault fault, int livesPerCut = 1) {
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    PowerPlay play(seed, fault);
    for (int life = 0; life < 10; ++life) {
      const Findings findings = play.live(endOf(life, livesPerCut));
      if (!findings.isGood()) {
        return findings;
      }
    }
  }
  return {};
}

} // namespace

TEST_CASE(
    "a power cut leaves every sector old or new, what was flushed new, and nothing as noise") {
  for (const std::uint64_t seed : test::seeds()) {
    for (int run = 0; run < test::rounds(16); ++run) {
      CAPTURE(seed);
      CAPTURE(run);
      PowerPlay play(seed * 1000 + static_cast<std::uint64_t>(run), Fault::None);
      for (int cut = 0; cut < 10; ++cut) {
        CAPTURE(cut);
        const Findings findings = play.live(End::PowerCut);
        REQUIRE(findings.noiseCount == 0);
        REQUIRE(findings.lostCount == 0);
      }
    }
  }
}

TEST_CASE("the checker finds out a disk that does not flush its data") {
  CHECK(findFault(Fault::DataFlushIgnored).noiseCount > 0);
}

TEST_CASE("the checker finds out a disk that does not flush its map") {
  const Findings findings = findFault(Fault::MapFlushIgnored);
  CHECK(findings.lostCount + findings.noiseCount > 0);
}

TEST_CASE("the checker finds out holes that are punched before the map is durable") {
  CHECK(findFault(Fault::PunchedEarly).noiseCount > 0);
}

TEST_CASE("the checker finds out a map that is written before its data is durable") {
  CHECK(findFault(Fault::MapWrittenEarly).noiseCount > 0);
}

TEST_CASE("a card that takes over misses no write that was answered, nor do power cuts after it") {
  for (const std::uint64_t seed : test::seeds()) {
    for (int run = 0; run < test::rounds(16); ++run) {
      CAPTURE(seed);
      CAPTURE(run);
      PowerPlay play(seed * 1000 + static_cast<std::uint64_t>(run), Fault::None);
      for (int life = 0; life < 15; ++life) {
        CAPTURE(life);
        const Findings findings = play.live(endOf(life, 5));
        REQUIRE(findings.noiseCount == 0);
        REQUIRE(findings.lostCount == 0);
      }
    }
  }
}

TEST_CASE("the checker finds out a card that takes over without the working map") {
  CHECK(findFault(Fault::MemoryForgotten, 100).lostCount > 0);
}

TEST_CASE("the checker finds out a card that takes a cached map for a durable one") {
  const Findings findings = findFault(Fault::MapTakenForDurable, 2);
  CHECK(findings.lostCount + findings.noiseCount > 0);
}

TEST_CASE("the checker finds out a card that takes over and stores nothing of it") {
  const Findings findings = findFault(Fault::ChangesForgotten, 3);
  CHECK(findings.lostCount + findings.noiseCount > 0);
}

} // namespace argon
