// SPDX-License-Identifier: Apache-2.0
#include "storage/allocation_map.h"

#include "base/cpu.h"
#include "base/error.h"
#include "base/result.h"
#include "support/death.h"
#include "support/random.h"
#include "support/test.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <thread>
#include <utility>
#include <vector>

namespace argon {

namespace {

constexpr std::uint64_t kUnitsPerPage = 32'768;

using Bits = std::vector<bool>;

std::unique_ptr<AllocationMap> makeMap(std::uint64_t unitCount) {
  Result<std::unique_ptr<AllocationMap>> map = AllocationMap::create(unitCount);
  REQUIRE_OK(map);
  return *std::move(map);
}

std::vector<std::uint64_t> takeChanged(AllocationMap& map) {
  std::vector<std::uint64_t> pages;
  map.takeChangedPages(pages);
  return pages;
}

bool isSetInShadow(AllocationMap& map, std::uint64_t unit) {
  const std::span<const std::byte> page = map.shadowPages(unit / kUnitsPerPage, 1);
  const std::uint64_t bit = unit % kUnitsPerPage;
  return (page[bit / 8] >> static_cast<unsigned>(bit % 8) & std::byte{1}) != std::byte{0};
}

// Turns of two threads, unit by unit, so that both touch the same one at the same time. Spins,
// because a thread that sleeps comes too late; yields now and then, because the machine may be
// busy.
class Turns {
public:
  void begin(std::uint64_t unit) { unit_.store(unit, std::memory_order_relaxed); }
  void await(std::uint64_t unit) const {
    for (unsigned spin = 1; unit_.load(std::memory_order_relaxed) < unit; ++spin) {
      rest(spin);
    }
  }
  static void rest(unsigned spin) {
    if (spin % 4096 == 0) {
      std::this_thread::yield();
    }
  }

private:
  std::atomic<std::uint64_t> unit_ = 0;
};

// The slow and obvious way to the same answer.
AllocationMap::Run runOf(const Bits& bits, std::uint64_t first, std::uint64_t limit) {
  std::uint64_t count = 1;
  while (count < limit && bits[first + count] == bits[first]) {
    ++count;
  }
  return {.isSet = bits[first], .unitCount = count};
}

} // namespace

TEST_CASE("a new map has every bit clear") {
  const auto map = makeMap(1000);

  CHECK(map->unitCount() == 1000);
  CHECK(map->runAt(0, 1000).unitCount == 1000);
  CHECK_FALSE(map->runAt(0, 1000).isSet);
  CHECK_FALSE(map->isSet(0));
  CHECK_FALSE(map->isSet(999));
}

TEST_CASE("a map covers the units that it was asked for, in whole pages") {
  CHECK(makeMap(1)->pageCount() == 1);
  CHECK(makeMap(kUnitsPerPage)->pageCount() == 1);
  CHECK(makeMap(kUnitsPerPage + 1)->pageCount() == 2);
}

TEST_CASE("a volume of no units, or of more than there can be, is refused") {
  for (const std::uint64_t count :
       {std::uint64_t{0}, (std::uint64_t{1} << 40) + 1, UINT64_MAX, UINT64_MAX - 32'767}) {
    CAPTURE(count);
    const auto map = AllocationMap::create(count);
    REQUIRE_FALSE(map);
    CHECK(map.error().kind() == ErrorKind::InvalidArgument);
  }
}

TEST_CASE("bits that are set are those that were named, whatever words they lie in") {
  for (const auto& [first, count] : std::vector<std::pair<std::uint64_t, std::uint64_t>>{
           {0, 1}, {63, 1}, {63, 2}, {64, 64}, {1, 62}, {60, 200}, {0, 300}, {299, 1}}) {
    CAPTURE(first);
    CAPTURE(count);
    const auto map = makeMap(300);
    map->set(first, count);
    for (std::uint64_t unit = 0; unit < 300; ++unit) {
      REQUIRE(map->isSet(unit) == (unit >= first && unit < first + count));
    }
  }
}

TEST_CASE("runs agree with a list of bits") {
  for (const std::uint64_t seed : test::seeds()) {
    CAPTURE(seed);
    test::Random random(seed);
    const std::uint64_t unitCount = random.between(1, 700);
    const auto map = makeMap(unitCount);
    Bits bits(unitCount);
    for (int round = 0; round < 300; ++round) {
      const std::uint64_t first = random.below(unitCount);
      const std::uint64_t count = random.between(1, std::min<std::uint64_t>(unitCount - first, 90));
      if (random.chance(20)) {
        map->set(first, count);
        std::fill_n(bits.begin() + static_cast<std::ptrdiff_t>(first), count, true);
      }
      const std::uint64_t limit = random.between(1, unitCount - first);
      const AllocationMap::Run run = map->runAt(first, limit);
      REQUIRE(run.isSet == runOf(bits, first, limit).isSet);
      REQUIRE(run.unitCount == runOf(bits, first, limit).unitCount);
    }
  }
}

TEST_CASE("a run is never empty, even while another worker sets its first bit") {
  constexpr auto kCount = static_cast<std::uint64_t>(test::rounds(5'000));
  const auto map = makeMap(kCount);
  Turns turns;
  const std::jthread writer = startThread("writer", [&map, &turns] {
    for (std::uint64_t unit = 0; unit < kCount; ++unit) {
      turns.await(unit);
      map->set(unit, 1);
    }
  });

  std::uint64_t emptyCount = 0;
  for (std::uint64_t unit = 0; unit < kCount; ++unit) {
    turns.begin(unit);
    for (unsigned spin = 1;; ++spin) {
      const AllocationMap::Run run = map->runAt(unit, 1);
      emptyCount += run.unitCount == 0 ? 1U : 0U;
      if (run.isSet) {
        break;
      }
      Turns::rest(spin);
    }
  }

  CHECK(emptyCount == 0);
}

TEST_CASE("units are claimed once, all or none") {
  const auto map = makeMap(300);

  CHECK(map->tryClaim(60, 80));
  CHECK_FALSE(map->tryClaim(60, 1));
  CHECK_FALSE(map->tryClaim(139, 1));
  // These overlap at one end, and must not keep what they got of the rest.
  CHECK_FALSE(map->tryClaim(0, 61));
  CHECK_FALSE(map->tryClaim(139, 100));
  CHECK_FALSE(map->tryClaim(0, 300));
  CHECK(map->tryClaim(0, 60));
  CHECK(map->tryClaim(140, 160));
}

TEST_CASE("a released claim can be taken again, in other pieces") {
  const auto map = makeMap(300);
  CHECK(map->tryClaim(10, 200));
  map->releaseClaim(10, 200);

  CHECK(map->tryClaim(0, 100));
  CHECK(map->tryClaim(100, 200));
}

TEST_CASE("claims leave bits alone, and bits claims") {
  const auto map = makeMap(100);
  CHECK(map->tryClaim(5, 5));
  CHECK_FALSE(map->isSet(5));
  map->set(20, 5);

  CHECK(map->tryClaim(20, 5));
}

TEST_CASE("claims agree with a list of owners") {
  for (const std::uint64_t seed : test::seeds()) {
    CAPTURE(seed);
    test::Random random(seed);
    constexpr std::uint64_t kCount = 260;
    const auto map = makeMap(kCount);
    std::set<std::uint64_t> owned;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> claims;
    for (int round = 0; round < 2'000; ++round) {
      if (random.chance(40) && !claims.empty()) {
        const std::uint64_t which = random.below(claims.size());
        const auto [first, count] = claims[which];
        map->releaseClaim(first, count);
        for (std::uint64_t unit = first; unit < first + count; ++unit) {
          owned.erase(unit);
        }
        claims.erase(claims.begin() + static_cast<std::ptrdiff_t>(which));
        continue;
      }
      const std::uint64_t first = random.below(kCount);
      const std::uint64_t count = random.between(1, std::min<std::uint64_t>(kCount - first, 100));
      const auto next = owned.lower_bound(first);
      const bool isFree = next == owned.end() || *next >= first + count;
      REQUIRE(map->tryClaim(first, count) == isFree);
      if (isFree) {
        claims.emplace_back(first, count);
        for (std::uint64_t unit = first; unit < first + count; ++unit) {
          owned.insert(unit);
        }
      }
    }
  }
}

TEST_CASE("what two threads claim they never hold both") {
  constexpr std::uint64_t kCount = 200;
  constexpr int kThreadCount = 4;
  const auto map = makeMap(kCount);
  std::vector<std::atomic<int>> owners(kCount);
  std::atomic<int> clashCount = 0;
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t number = 1; number <= kThreadCount; ++number) {
      threads.push_back(startThread("claimant", [&, number] {
        test::Random random(number);
        for (int round = 0; round < test::rounds(5'000); ++round) {
          const std::uint64_t first = random.below(kCount - 80);
          const std::uint64_t count = random.between(1, 80);
          if (!map->tryClaim(first, count)) {
            continue;
          }
          for (std::uint64_t unit = first; unit < first + count; ++unit) {
            clashCount += owners[unit].exchange(1) != 0 ? 1 : 0;
          }
          for (std::uint64_t unit = first; unit < first + count; ++unit) {
            owners[unit].store(0);
          }
          map->releaseClaim(first, count);
        }
      }));
    }
  }

  CHECK(clashCount == 0);
  CHECK(map->tryClaim(0, kCount));
}

TEST_CASE("bits that several threads set are all set and all marked as changed") {
  constexpr std::uint64_t kCount = 3 * kUnitsPerPage;
  const auto map = makeMap(kCount);
  {
    std::vector<std::jthread> threads;
    threads.reserve(4);
    for (std::uint64_t number = 0; number < 4; ++number) {
      threads.push_back(startThread("setter", [&map, number] {
        // Interleaved, so that they share words.
        for (std::uint64_t unit = number; unit < kCount; unit += 4) {
          map->set(unit, 1);
        }
      }));
    }
  }

  CHECK(map->runAt(0, kCount).isSet);
  CHECK(map->runAt(0, kCount).unitCount == kCount);
  CHECK(takeChanged(*map) == std::vector<std::uint64_t>{0, 1, 2});
}

TEST_CASE("a changed page is taken once, with its bits as they were then") {
  const auto map = makeMap(70 * kUnitsPerPage);
  map->set(5, 1);
  map->set(kUnitsPerPage * 69 + 7, 1);

  CHECK(takeChanged(*map) == std::vector<std::uint64_t>{0, 69});
  CHECK(takeChanged(*map).empty());
  CHECK(isSetInShadow(*map, 5));
  CHECK(isSetInShadow(*map, kUnitsPerPage * 69 + 7));

  map->set(6, 1);
  CHECK_FALSE(isSetInShadow(*map, 6));
  CHECK(takeChanged(*map) == std::vector<std::uint64_t>{0});
  CHECK(isSetInShadow(*map, 6));
}

TEST_CASE("bits that were set already change no page") {
  const auto map = makeMap(1000);
  map->set(10, 100);
  static_cast<void>(takeChanged(*map));

  map->set(20, 50);

  CHECK(takeChanged(*map).empty());
}

TEST_CASE("a range over two pages changes both") {
  const auto map = makeMap(2 * kUnitsPerPage);
  map->set(kUnitsPerPage - 1, 2);

  CHECK(takeChanged(*map) == std::vector<std::uint64_t>{0, 1});
}

TEST_CASE("a bit that a worker sees is in what a flush from then on takes") {
  // The worker's own write, into a unit that another worker has just set, is covered by its flush
  // only if the bit reaches the file with it.
  constexpr auto kCount = static_cast<std::uint64_t>(test::rounds(10'000));
  const auto map = makeMap(kCount);
  Turns turns;
  const std::jthread writer = startThread("writer", [&map, &turns] {
    for (std::uint64_t unit = 0; unit < kCount; ++unit) {
      turns.await(unit);
      map->set(unit, 1);
    }
  });

  std::uint64_t missedCount = 0;
  std::vector<std::uint64_t> pages;
  for (std::uint64_t unit = 0; unit < kCount; ++unit) {
    turns.begin(unit);
    for (unsigned spin = 1; !map->isSet(unit); ++spin) {
      Turns::rest(spin);
    }
    map->takeChangedPages(pages);
    missedCount += isSetInShadow(*map, unit) ? 0U : 1U;
  }

  CHECK(missedCount == 0);
}

TEST_CASE("bits that were stored are loaded, and are no change") {
  const auto map = makeMap(kUnitsPerPage + 10);
  std::vector<std::byte> stored(2 * AllocationMap::kPageBytes);
  stored[0] = std::byte{0b101};
  stored[AllocationMap::kPageBytes] = std::byte{0b10};

  map->load(stored);

  CHECK(map->isSet(0));
  CHECK_FALSE(map->isSet(1));
  CHECK(map->isSet(2));
  CHECK(map->isSet(kUnitsPerPage + 1));
  CHECK(takeChanged(*map).empty());
  map->set(1, 1);
  CHECK(takeChanged(*map) == std::vector<std::uint64_t>{0});
  CHECK(map->shadowPages(0, 1)[0] == std::byte{0b111});
  CHECK(map->shadowPages(1, 1)[0] == std::byte{0b10});
}

TEST_CASE("stored bits of another size are a bug of ours") {
  const auto map = makeMap(10);
  test::checkDies("stored.size()", [&map] { map->load(std::vector<std::byte>(4095)); });
}

TEST_CASE("a map grows while another thread goes on, and what is new is clear") {
  const auto map = makeMap(100);
  map->set(0, 100);
  std::atomic<bool> isGrown = false;
  std::uint64_t lostCount = 0;
  {
    const std::jthread worker = startThread("worker", [&map, &isGrown, &lostCount] {
      while (!isGrown) {
        lostCount += map->runAt(0, 100).isSet ? 0U : 1U;
        map->set(50, 1);
      }
      map->set(map->unitCount() - 1, 1);
    });
    for (std::uint64_t units = 200; units <= 40 * kUnitsPerPage; units += kUnitsPerPage) {
      REQUIRE_OK(map->grow(units));
      CHECK_FALSE(map->isSet(units - 1));
    }
    isGrown = true;
  }

  CHECK(lostCount == 0);
  CHECK(map->runAt(0, map->unitCount()).unitCount == 100);
  CHECK(map->isSet(map->unitCount() - 1));
  CHECK(takeChanged(*map) == std::vector<std::uint64_t>{0, map->pageCount() - 1});
}

TEST_CASE("a map grows to 64 TiB of data and no further") {
  const auto map = makeMap(1);

  REQUIRE_OK(map->grow(std::uint64_t{1} << 34));
  const Result<void> tooLarge = map->grow((std::uint64_t{1} << 34) + 1);

  REQUIRE_FALSE(tooLarge);
  CHECK(tooLarge.error().kind() == ErrorKind::Exhausted);
}

} // namespace argon
