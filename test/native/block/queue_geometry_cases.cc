// SPDX-License-Identifier: Apache-2.0

// Devices that are not the usual ones: read-only, and with logical blocks of 4096 bytes.

#include "base/result.h"
#include "block/journal_rig.h"
#include "support/test.h"
#include "virtio/features.h"
#include "virtio/spec/blk.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace argon::block {

namespace {

namespace blk = virtio::spec::blk;
using Rig = test::JournalRig;
using Bytes = std::vector<std::byte>;

constexpr std::uint64_t kSectorCount = (1 << 20) / 512;
constexpr std::size_t kWritebackOffset = offsetof(blk::Config, writeback);

} // namespace

TEST_CASE("a read-only device says so, and offers nothing that writes") {
  Rig rig({.backend = {.isReadOnly = true}});
  const virtio::FeatureSet offered = rig.session().offeredFeatures();

  CHECK(offered.has(blk::F_RO));
  CHECK_FALSE(offered.has(blk::F_DISCARD));
  CHECK_FALSE(offered.has(blk::F_WRITE_ZEROES));
  CHECK_FALSE(offered.has(blk::F_CONFIG_WCE));
  CHECK_FALSE(rig.session().writeConfig(kWritebackOffset, std::array{std::byte{0}}).has_value());

  Rig usual;
  CHECK_FALSE(usual.session().offeredFeatures().has(blk::F_RO));
}

TEST_CASE("a read-only device reads and flushes, and writes nothing whatever was accepted") {
  const virtio::FeatureSet all{~std::uint64_t{0}};
  for (const virtio::FeatureSet wanted : {all, all.without(blk::F_RO)}) {
    CAPTURE(wanted.bits());
    Rig rig({.backend = {.isReadOnly = true}, .session = {.wantedFeatures = wanted}});
    const Bytes output(512, std::byte{1});
    Bytes input(512, std::byte{0xaa});

    CHECK(rig.statusOf({.type = blk::T_OUT, .output = output}) == blk::S_IOERR);
    CHECK(rig.zero(blk::T_DISCARD, {Rig::segment(0, 8)}) == blk::S_UNSUPP);
    CHECK(rig.zero(blk::T_WRITE_ZEROES, {Rig::segment(0, 8)}) == blk::S_UNSUPP);
    CHECK(rig.takeJournal().empty());

    CHECK(rig.statusOf({.type = blk::T_IN, .input = input}) == blk::S_OK);
    CHECK(input == Bytes(512));
    CHECK(rig.statusOf({.type = blk::T_FLUSH}) == blk::S_OK);
    CHECK(rig.takeJournal() == Rig::Journal{"read 0+512", "flush"});
  }
}

TEST_CASE("a device with blocks of 4096 bytes says so, and counts in sectors all the same") {
  Rig rig({.backend = {.blockBytes = 4096}});

  CHECK(rig.session().config().blk_size.get() == 4096);
  CHECK(rig.session().config().physical_block_exp == 0);
  CHECK(rig.session().config().capacity.get() == kSectorCount);

  Rig usual;
  CHECK(usual.session().config().blk_size.get() == 512);
  CHECK(usual.session().config().physical_block_exp == 3);
}

TEST_CASE("a device with blocks of 4096 bytes serves whole blocks and refuses their parts") {
  Rig rig({.backend = {.blockBytes = 4096}});
  struct Place {
    std::uint64_t sector;
    std::size_t sectorCount;
    bool isGood;
  };
  for (const Place& place : std::vector<Place>{{0, 8, true},
                                               {kSectorCount - 8, 8, true},
                                               {8, 24, true},
                                               {0, 1, false},
                                               {0, 7, false},
                                               {0, 9, false},
                                               {1, 8, false},
                                               {4, 8, false},
                                               {7, 1, false},
                                               {kSectorCount, 8, false}}) {
    CAPTURE(place.sector);
    CAPTURE(place.sectorCount);
    const std::uint8_t expected = place.isGood ? blk::S_OK : blk::S_IOERR;
    Bytes data(place.sectorCount * 512);
    CHECK(rig.statusOf({.type = blk::T_OUT, .sector = place.sector, .output = data}) == expected);
    CHECK(rig.statusOf({.type = blk::T_IN, .sector = place.sector, .input = data}) == expected);
    const auto sectorCount = static_cast<std::uint32_t>(place.sectorCount);
    CHECK(rig.zero(blk::T_DISCARD, {Rig::segment(place.sector, sectorCount)}) == expected);
    CHECK(rig.zero(blk::T_WRITE_ZEROES, {Rig::segment(place.sector, sectorCount)}) == expected);
    CHECK(rig.takeJournal().size() == (place.isGood ? 4 : 0));
  }
  // One that is not aligned fails them all.
  CHECK(rig.zero(blk::T_DISCARD, {Rig::segment(0, 8), Rig::segment(9, 8)}) == blk::S_IOERR);
  CHECK(rig.takeJournal().empty());
}

} // namespace argon::block
