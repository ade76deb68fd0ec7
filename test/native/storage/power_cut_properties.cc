// SPDX-License-Identifier: Apache-2.0

// Power cuts under load. Disks with volatile caches lose any sectors that no flush covers, of the
// data and of the map alike, while requests are under way. After each cut the volume is opened
// again: every sector must hold a content that it has been given, none older than what the last
// completed flush covers, and never noise. The same checker must find out disks and stores that are
// broken on purpose; a checker that finds nothing proves nothing.

#include "storage/allocation_map.h"
#include "storage/block_store.h"
#include "storage/crypt_scene.h"
#include "storage/encrypted_store.h"
#include "storage/map_file.h"
#include "support/random.h"
#include "support/slow_store.h"
#include "support/store_worker.h"
#include "support/test.h"
#include "support/volume_key.h"

#include <sys/uio.h>

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
};

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
        dataBytes_(random_.bytes(kUnitCount * 4096)), mapBytes_(mapFileBytes(kUnitCount)) {}

  /// A life of the volume, ended by a cut.
  Findings live() {
    boot();
    const std::uint64_t stepCount = random_.between(1, 120);
    for (std::uint64_t step = 0; step < stepCount; ++step) {
      if (underWay_.size() < 8 && random_.chance(60)) {
        begin();
      }
      answerSome();
    }
    cutPower();
    return check();
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

  void boot() {
    auto map = test::makeMap(kUnitCount);
    map->load(std::span(mapBytes_).subspan(kMapHeaderBytes));
    auto data = std::make_unique<test::SlowStore>(dataBytes_);
    auto mapStore = std::make_unique<test::SlowStore>(mapBytes_);
    data_ = data.get();
    mapStore_ = mapStore.get();
    if (fault_ == Fault::DataFlushIgnored) {
      data_->ignoreFlushes();
    } else if (fault_ == Fault::MapFlushIgnored) {
      mapStore_->ignoreFlushes();
    }
    store_ = test::makeCrypted(
        {.data = std::move(data), .map = std::move(map), .mapStore = std::move(mapStore)}, key_);
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
    test::SlowStore* store = random_.chance(50) ? data_ : mapStore_;
    if (store->pendingCount() > 0) {
      store->answerAny(random_);
    }
    std::erase_if(underWay_, [](const auto& one) { return one->operation.isDone(); });
  }

  void cutPower() {
    hasPower_ = false;
    data_->cutPower(random_);
    mapStore_->cutPower(random_);
    dataBytes_ = data_->bytes();
    mapBytes_ = mapStore_->bytes();
    if (fault_ == Fault::MapWrittenEarly) {
      for (std::uint64_t unit = 0; unit < kUnitCount; ++unit) {
        if (store_->map().isSet(unit)) {
          mapBytes_[kMapHeaderBytes + unit / 8] |= std::byte{1} << static_cast<unsigned>(unit % 8);
        }
      }
    }
    // The dead machine's requests end one way or another.
    while (data_->pendingCount() + mapStore_->pendingCount() > 0) {
      data_->answerAll();
      mapStore_->answerAll();
    }
    underWay_.clear();
    channel_ = nullptr;
    store_ = nullptr;
  }

  // What is found is what the volume holds from then on.
  Findings check() {
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
      judge(sector, std::span(content).subspan(sector * kSector, kSector), findings);
    }
    return findings;
  }

  void judge(std::uint64_t sector, std::span<const std::byte> found, Findings& findings) {
    History& history = histories_[sector];
    std::uint64_t write = 0;
    std::memcpy(&write, found.data(), sizeof write);
    // The last of its kind: a sector can have been cleared more than once.
    const auto at = std::ranges::find(history.writes.rbegin(), history.writes.rend(), write);
    if (at == history.writes.rend() || !std::ranges::equal(contentOf(write, sector), found)) {
      ++findings.noiseCount;
    } else if (history.writes.rend() - at < static_cast<std::ptrdiff_t>(history.flushedCount)) {
      ++findings.lostCount;
    }
    history = {.writes = {write}};
  }

  Random random_;
  Fault fault_;
  test::VolumeKey key_;
  test::StoreWorker worker_;
  std::vector<History> histories_;
  std::uint64_t writeCount_ = 0;
  // What survived the last cut.
  Bytes dataBytes_;
  Bytes mapBytes_;
  test::SlowStore* data_ = nullptr;
  test::SlowStore* mapStore_ = nullptr;
  std::unique_ptr<EncryptedStore> store_;
  std::unique_ptr<StoreChannel> channel_;
  std::vector<std::unique_ptr<UnderWay>> underWay_;
  bool hasPower_ = false;
};

// Cuts until something is found.
Findings findFault(Fault fault) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    PowerPlay play(seed, fault);
    for (int cut = 0; cut < 10; ++cut) {
      const Findings findings = play.live();
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
        const Findings findings = play.live();
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

} // namespace argon
