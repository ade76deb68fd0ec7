// SPDX-License-Identifier: Apache-2.0

// DISCARD and WRITE_ZEROES (virtio 1.2, 5.2.6.2): what of their segments reaches the store, and
// that none of them does where one is bad.

#include "block/config.h"
#include "block/journal_rig.h"
#include "frontend/block_driver.h"
#include "storage/block_store.h"
#include "support/scripted_store.h"
#include "support/test.h"
#include "virtio/features.h"
#include "virtio/spec/blk.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace argon::block {

namespace {

namespace blk = virtio::spec::blk;
using Rig = test::JournalRig;
using Bytes = std::vector<std::byte>;
using test::ScriptedStore;

constexpr std::uint32_t kSectorCount = (1 << 20) / 512;
constexpr std::array kTypes = {blk::T_DISCARD, blk::T_WRITE_ZEROES};

} // namespace

TEST_CASE("a discard and a write of zeroes reach the store segment by segment, in order") {
  Rig rig;

  CHECK(rig.zero(blk::T_DISCARD, {Rig::segment(8, 8)}) == blk::S_OK);
  CHECK(rig.takeJournal() == Rig::Journal{"discard 4096+4096"});

  CHECK(rig.zero(blk::T_WRITE_ZEROES, {Rig::segment(40, 1), Rig::segment(0, 2),
                                       Rig::segment(kSectorCount - 1, 1)}) == blk::S_OK);
  CHECK(rig.takeJournal() ==
        Rig::Journal{"write zeroes 20480+512", "write zeroes 0+1024", "write zeroes 1048064+512"});
}

TEST_CASE("what was discarded or zeroed reads as zeros, and its neighbors as they were") {
  for (const std::uint32_t type : kTypes) {
    CAPTURE(type);
    Rig rig;
    const Bytes written(32 * 512, std::byte{0x5a});
    REQUIRE_OK(rig.driver().write(0, written));

    CHECK(rig.zero(type, {Rig::segment(1, 2), Rig::segment(30, 1)}) == blk::S_OK);

    Bytes expected = written;
    std::fill_n(expected.begin() + 512, 1024, std::byte{0});
    std::fill_n(expected.begin() + std::ptrdiff_t{30} * 512, 512, std::byte{0});
    Bytes read(written.size());
    REQUIRE_OK(rig.driver().read(0, read));
    CHECK(read == expected);
  }
}

TEST_CASE("a segment says by itself whether its space may be given back") {
  Rig rig;
  const std::uint32_t unmap = blk::WRITE_ZEROES_FLAG_UNMAP;

  CHECK(rig.zero(blk::T_WRITE_ZEROES, {Rig::segment(0, 8, unmap), Rig::segment(8, 8),
                                       Rig::segment(16, 8, unmap)}) == blk::S_OK);

  CHECK(rig.takeJournal() == Rig::Journal{"write zeroes 0+4096 unmap", "write zeroes 4096+4096",
                                          "write zeroes 8192+4096 unmap"});
}

// "The device MUST set the status byte to UNSUPP … if any unknown flag is set … the unmap flag is
// set" for a discard.
TEST_CASE("a flag that is unknown, or UNMAP in a discard, is not supported and nothing is done") {
  Rig rig;
  for (const std::uint32_t flags : {2U, 3U, 0x8000'0000U, UINT32_MAX}) {
    CAPTURE(flags);
    for (const std::uint32_t type : kTypes) {
      CHECK(rig.zero(type, {Rig::segment(0, 8), Rig::segment(8, 8, flags)}) == blk::S_UNSUPP);
      CHECK(rig.zero(type, {Rig::segment(0, 0, flags)}) == blk::S_UNSUPP);
    }
  }
  CHECK(rig.zero(blk::T_DISCARD, {Rig::segment(0, 8, blk::WRITE_ZEROES_FLAG_UNMAP)}) ==
        blk::S_UNSUPP);
  CHECK(rig.takeJournal().empty());
}

TEST_CASE("an empty segment is good and does nothing, up to the end of the device") {
  Rig rig;
  for (const std::uint32_t type : kTypes) {
    CAPTURE(type);
    CHECK(rig.zero(type, {Rig::segment(0, 0)}) == blk::S_OK);
    CHECK(rig.zero(type, {Rig::segment(kSectorCount, 0), Rig::segment(7, 0)}) == blk::S_OK);
    CHECK(rig.takeJournal().empty());
    CHECK(rig.zero(type, {Rig::segment(5, 0), Rig::segment(8, 1), Rig::segment(6, 0)}) ==
          blk::S_OK);
    CHECK(rig.takeJournal().size() == 1);
    CHECK(rig.zero(type, {Rig::segment(kSectorCount + 1, 0)}) == blk::S_IOERR);
    CHECK(rig.takeJournal().empty());
  }
}

TEST_CASE("one segment beyond the end fails the request, and the others are left alone") {
  Rig rig;
  for (const std::uint32_t type : kTypes) {
    CAPTURE(type);
    for (const auto& bad : {Rig::segment(kSectorCount, 1), Rig::segment(kSectorCount - 1, 2),
                            Rig::segment(std::uint64_t{1} << 55, 1), Rig::segment(UINT64_MAX, 1),
                            Rig::segment(UINT64_MAX, UINT32_MAX), Rig::segment(0, UINT32_MAX),
                            Rig::segment(0, kSectorCount + 1)}) {
      CAPTURE(bad.sector.get());
      CAPTURE(bad.num_sectors.get());
      CHECK(rig.zero(type, {bad}) == blk::S_IOERR);
      CHECK(rig.zero(type, {Rig::segment(0, 8), bad, Rig::segment(8, 8)}) == blk::S_IOERR);
      CHECK(rig.zero(type, {Rig::segment(0, 8), Rig::segment(8, 8), bad}) == blk::S_IOERR);
    }
    CHECK(rig.zero(type, {Rig::segment(0, kSectorCount)}) == blk::S_OK);
    CHECK(rig.takeJournal().size() == 1);
  }
}

TEST_CASE("64 segments are as many as a request may have") {
  Rig rig;
  for (const std::uint32_t type : kTypes) {
    CAPTURE(type);
    Rig::Segments segments;
    for (std::uint32_t count = 0; count < kRangeCountMax; ++count) {
      segments.push_back(Rig::segment(count * std::uint64_t{2}, 1));
    }
    CHECK(rig.zero(type, segments) == blk::S_OK);
    CHECK(rig.takeJournal().size() == kRangeCountMax);

    segments.push_back(Rig::segment(1000, 1));
    CHECK(rig.zero(type, segments) == blk::S_IOERR);
    CHECK(rig.takeJournal().empty());
  }
}

TEST_CASE("data that is not whole segments, or none, is refused") {
  Rig rig;
  for (const std::uint32_t type : kTypes) {
    for (const std::size_t size : {0U, 1U, 15U, 17U, 24U, 1023U, 1025U}) {
      CAPTURE(type);
      CAPTURE(size);
      const Bytes output(size);
      CHECK(rig.statusOf({.type = type, .output = output}) == blk::S_IOERR);
    }
  }
  CHECK(rig.takeJournal().empty());
}

TEST_CASE("segments may be cut into descriptors anyhow, and lie in an indirect table") {
  Rig rig;
  const std::array segments = {Rig::segment(8, 8), Rig::segment(24, 8)};
  const std::array<std::uint32_t, 3> cuts = {5, 7, 1};
  for (const bool isIndirect : {false, true}) {
    CAPTURE(isIndirect);
    CHECK(rig.statusOf({.type = blk::T_DISCARD,
                        .output = std::as_bytes(std::span(segments)),
                        .cuts = cuts,
                        .isIndirect = isIndirect}) == blk::S_OK);
    CHECK(rig.takeJournal() == Rig::Journal{"discard 4096+4096", "discard 12288+4096"});
  }
}

TEST_CASE("more sectors than the configuration says are refused") {
  Rig rig({.deviceBytes = kRequestBytesMax + (8 << 20)});
  const std::uint32_t sectorsMax = rig.session().config().max_write_zeroes_sectors.get();
  CHECK(sectorsMax == kWriteZeroesSectorsMax);

  CHECK(rig.zero(blk::T_WRITE_ZEROES, {Rig::segment(0, sectorsMax)}) == blk::S_OK);
  CHECK(rig.takeJournal().size() == 1);
  CHECK(rig.zero(blk::T_WRITE_ZEROES, {Rig::segment(0, sectorsMax + 1)}) == blk::S_IOERR);
  CHECK(rig.takeJournal().empty());
  // A discard may be longer.
  CHECK(rig.zero(blk::T_DISCARD, {Rig::segment(0, sectorsMax + 1)}) == blk::S_OK);
}

TEST_CASE("what was not accepted is not supported, each type by itself") {
  const virtio::FeatureSet all{~std::uint64_t{0}};
  Rig noDiscard({.session = {.wantedFeatures = all.without(blk::F_DISCARD)}});
  Rig noZeroes({.session = {.wantedFeatures = all.without(blk::F_WRITE_ZEROES)}});

  CHECK(noDiscard.zero(blk::T_DISCARD, {Rig::segment(0, 8)}) == blk::S_UNSUPP);
  CHECK(noZeroes.zero(blk::T_WRITE_ZEROES, {Rig::segment(0, 8)}) == blk::S_UNSUPP);
  CHECK(noDiscard.takeJournal().empty());
  CHECK(noZeroes.takeJournal().empty());
  CHECK(noDiscard.zero(blk::T_WRITE_ZEROES, {Rig::segment(0, 8)}) == blk::S_OK);
  CHECK(noZeroes.zero(blk::T_DISCARD, {Rig::segment(0, 8)}) == blk::S_OK);
}

TEST_CASE("a segment that the store fails ends the request with an error, and the rest is left") {
  Rig rig;
  rig.setScript([](const StoreRequest& request) {
    return request.offsetBytes == 4096 ? ScriptedStore::Action::FailIo
                                       : ScriptedStore::Action::Perform;
  });

  CHECK(rig.zero(blk::T_DISCARD, {Rig::segment(0, 8), Rig::segment(8, 8), Rig::segment(16, 8)}) ==
        blk::S_IOERR);

  CHECK(rig.takeJournal() == Rig::Journal{"discard 0+4096", "discard 4096+4096"});
  // The ring goes on.
  CHECK(rig.zero(blk::T_DISCARD, {Rig::segment(16, 8)}) == blk::S_OK);
}

} // namespace argon::block
