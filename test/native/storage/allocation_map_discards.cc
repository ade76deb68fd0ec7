// SPDX-License-Identifier: Apache-2.0

// What an allocation map does for discards: bits that are cleared, units that are given back.

#include "storage/allocation_map.h"
#include "storage/crypt_scene.h"
#include "support/test.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace argon {

namespace {

using test::makeMap;

constexpr std::uint64_t kUnitsPerPage = 32'768;

using Runs = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

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

// Everything that may be given back now, as first unit and count.
Runs takeDiscarded(AllocationMap& map,
                   AllocationMap::Clearness clearness = AllocationMap::Clearness::Working) {
  Runs all;
  std::uint64_t cursor = 0;
  while (true) {
    const AllocationMap::Units units = map.claimDiscarded(cursor, clearness);
    if (units.count == 0) {
      return all;
    }
    all.emplace_back(units.first, units.count);
    map.releaseDiscarded(units);
  }
}

} // namespace

TEST_CASE("cleared bits are clear, to the unit, and change their pages") {
  const auto map = makeMap(2 * kUnitsPerPage);
  map->set(0, 2 * kUnitsPerPage);
  static_cast<void>(takeChanged(*map));

  CHECK(map->clear(100, 300, AllocationMap::Space::GiveBack) == 300);

  CHECK(map->isSet(99));
  CHECK_FALSE(map->isSet(100));
  CHECK_FALSE(map->isSet(399));
  CHECK(map->isSet(400));
  CHECK(takeChanged(*map) == std::vector<std::uint64_t>{0});
  CHECK(isSetInShadow(*map, 99));
  CHECK_FALSE(isSetInShadow(*map, 100));
}

TEST_CASE("clearing what holds nothing changes nothing") {
  const auto map = makeMap(1000);

  CHECK(map->clear(0, 1000, AllocationMap::Space::GiveBack) == 1000);

  CHECK(takeChanged(*map).empty());
  CHECK(takeDiscarded(*map).empty());
}

TEST_CASE("clearing stops before a unit that a first write holds, if it holds data") {
  const auto map = makeMap(1000);
  map->set(0, 500);
  REQUIRE(map->tryClaim(200, 1));
  REQUIRE(map->tryClaim(600, 1));

  CHECK(map->clear(0, 1000, AllocationMap::Space::GiveBack) == 192);
  CHECK(map->isSet(192));
  map->releaseClaim(200, 1);
  CHECK(map->clear(192, 808, AllocationMap::Space::GiveBack) == 808);

  // The claim of the unit that held nothing is still its owner's, and no other was left.
  CHECK_FALSE(map->tryClaim(600, 1));
  CHECK(map->tryClaim(0, 600));
  CHECK(map->runAt(0, 1000).unitCount == 1000);
}

TEST_CASE("discarded units are given back once, in runs, whatever words and pages they lie in") {
  const auto map = makeMap(3 * kUnitsPerPage);
  map->set(0, 3 * kUnitsPerPage);
  for (const auto& [first, count] : Runs{{3, 2}, {7, 1}, {60, 200}, {kUnitsPerPage - 1, 2}}) {
    CHECK(map->clear(first, count, AllocationMap::Space::GiveBack) == count);
  }

  // A run ends with its page of the map.
  CHECK(takeDiscarded(*map) ==
        Runs{{3, 2}, {7, 1}, {60, 200}, {kUnitsPerPage - 1, 1}, {kUnitsPerPage, 1}});
  CHECK(takeDiscarded(*map).empty());
}

TEST_CASE("units are not given back before their cleared bits are stored") {
  const auto map = makeMap(1000);
  map->set(0, 1000);
  static_cast<void>(takeChanged(*map));
  CHECK(map->clear(10, 20, AllocationMap::Space::GiveBack) == 20);

  CHECK(takeDiscarded(*map, AllocationMap::Clearness::Stored).empty());
  static_cast<void>(takeChanged(*map));
  CHECK(map->clear(40, 5, AllocationMap::Space::GiveBack) == 5);

  CHECK(takeDiscarded(*map, AllocationMap::Clearness::Stored) == Runs{{10, 20}});
  static_cast<void>(takeChanged(*map));
  CHECK(takeDiscarded(*map, AllocationMap::Clearness::Stored) == Runs{{40, 5}});
}

TEST_CASE("what was written again, or must keep its space, is not given back") {
  const auto map = makeMap(1000);
  map->set(0, 1000);
  CHECK(map->clear(10, 20, AllocationMap::Space::GiveBack) == 20);
  map->set(12, 3);
  CHECK(map->clear(20, 4, AllocationMap::Space::Keep) == 4);
  CHECK(map->clear(500, 100, AllocationMap::Space::Keep) == 100);

  CHECK(takeDiscarded(*map) == Runs{{10, 2}, {15, 5}, {24, 6}});
  map->set(10, 20);
  CHECK(map->clear(12, 1, AllocationMap::Space::Keep) == 1);
  CHECK(takeDiscarded(*map).empty());
}

TEST_CASE("a unit that is claimed is given back another time, and claims its own while it is") {
  const auto map = makeMap(1000);
  map->set(0, 1000);
  CHECK(map->clear(10, 20, AllocationMap::Space::GiveBack) == 20);
  REQUIRE(map->tryClaim(15, 1));
  std::uint64_t cursor = 0;

  const AllocationMap::Units units = map->claimDiscarded(cursor, AllocationMap::Clearness::Working);
  CHECK(units.first == 10);
  CHECK(units.count == 5);
  CHECK_FALSE(map->tryClaim(14, 1));
  CHECK(map->tryClaim(16, 1));
  map->releaseClaim(15, 2);
  map->releaseDiscarded(units);

  CHECK(takeDiscarded(*map) == Runs{{15, 15}});
}

TEST_CASE("a search that ends early leaves the rest to the next one") {
  const auto map = makeMap(kUnitsPerPage);
  map->set(0, kUnitsPerPage);
  CHECK(map->clear(10, 2, AllocationMap::Space::GiveBack) == 2);
  CHECK(map->clear(1000, 2, AllocationMap::Space::GiveBack) == 2);
  std::uint64_t cursor = 0;
  map->releaseDiscarded(map->claimDiscarded(cursor, AllocationMap::Clearness::Working));

  CHECK(takeDiscarded(*map) == Runs{{1000, 2}});
}

TEST_CASE("a generation starts when units are to be given back, and only then") {
  const auto map = makeMap(1000);
  map->set(0, 1000);
  CHECK(map->clear(10, 20, AllocationMap::Space::GiveBack) == 20);
  const std::uint64_t before = map->generation();
  std::uint64_t cursor = 0;

  const AllocationMap::Units units = map->claimDiscarded(cursor, AllocationMap::Clearness::Working);
  const std::uint64_t during = map->generation();
  map->releaseDiscarded(units);

  CHECK(during != before);
  CHECK(map->claimDiscarded(cursor, AllocationMap::Clearness::Working).count == 0);
  CHECK(map->generation() == during);
}

} // namespace argon
