// SPDX-License-Identifier: Apache-2.0

// DISCARD and WRITE_ZEROES: one segment and several, flags, limits, and what lies beside them.

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "conformance/case.h"
#include "conformance/trial.h"
#include "frontend/block_driver.h"
#include "frontend/session.h"
#include "virtio/features.h"
#include "virtio/spec/blk.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace argon::conformance {

namespace blk = virtio::spec::blk;
using Segment = blk::DiscardWriteZeroes;

namespace {

constexpr std::string_view kSection = "virtio 1.2, 5.2.6 and 5.2.6.2";
constexpr std::uint64_t kFirstSector = 2048;
constexpr std::uint32_t kSectorCount = 96;

struct Operation {
  std::string_view name;
  std::uint32_t type;
  unsigned feature;
};
constexpr Operation kDiscard{"discard", blk::T_DISCARD, blk::F_DISCARD};
constexpr Operation kWriteZeroes{"write-zeroes", blk::T_WRITE_ZEROES, blk::F_WRITE_ZEROES};

std::uint32_t segmentCountMax(const Trial& trial, const Operation& operation) {
  const blk::Config& config = trial.facts().config;
  return operation.type == blk::T_DISCARD ? config.max_discard_seg.get()
                                          : config.max_write_zeroes_seg.get();
}

std::uint32_t sectorCountMax(const Trial& trial, const Operation& operation) {
  const blk::Config& config = trial.facts().config;
  return operation.type == blk::T_DISCARD ? config.max_discard_sectors.get()
                                          : config.max_write_zeroes_sectors.get();
}

Segment segmentOf(std::uint64_t sector, std::uint32_t count, std::uint32_t flags = 0) {
  return {.sector = sector, .num_sectors = count, .flags = flags};
}

// A device with data in kSectorCount sectors, of which `segments` are then zeroed.
Result<Bytes> zeroAndRead(const Trial& trial, BlockDriver& driver, const Operation& operation,
                          std::span<const Segment> segments, const Framing& framing = {}) {
  ARGON_TRY(checkTransfer(trial, driver, kFirstSector, kSectorCount, {}, 9));
  ARGON_TRY(expectStatus(driver,
                         {.type = operation.type,
                          .output = std::as_bytes(segments),
                          .cuts = framing.cuts,
                          .isIndirect = framing.isIndirect},
                         blk::S_OK, operation.name));
  Bytes read(kSectorCount * blk::SECTOR_BYTES);
  ARGON_TRY(expectStatus(driver, {.type = blk::T_IN, .sector = kFirstSector, .input = read},
                         blk::S_OK, "a read"));
  return read;
}

// Whether each sector is as it must be: zero within the segments where `areZeros`, else as it was.
Result<void> checkSectors(std::span<const std::byte> read, std::span<const Segment> segments,
                          bool areZeros) {
  const Bytes written = pattern(read.size(), 9);
  for (std::uint32_t sector = 0; sector < kSectorCount; ++sector) {
    const std::span<const std::byte> bytes =
        read.subspan(sector * blk::SECTOR_BYTES, blk::SECTOR_BYTES);
    const bool isWithin = std::ranges::any_of(segments, [&](const Segment& segment) {
      const std::uint64_t first = segment.sector.get() - kFirstSector;
      return sector >= first && sector < first + segment.num_sectors.get();
    });
    const bool isZero =
        std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; });
    if (isWithin && areZeros && !isZero) {
      return failure(concat("sector ", kFirstSector + sector, " was zeroed, and is not zero"));
    }
    if (!isWithin && !std::ranges::equal(bytes, std::span(written).subspan(
                                                    sector * blk::SECTOR_BYTES, bytes.size()))) {
      return failure(concat("sector ", kFirstSector + sector, " was not named, and changed"));
    }
  }
  return {};
}

// Only WRITE_ZEROES promises what reads give afterwards.
Result<void> zero(const Trial& trial, BlockDriver& driver, const Operation& operation,
                  std::span<const Segment> segments, const Framing& framing = {}) {
  ARGON_TRY_ASSIGN(const Bytes read, zeroAndRead(trial, driver, operation, segments, framing));
  ARGON_TRY(checkSectors(read, segments, operation.type == blk::T_WRITE_ZEROES));
  // What was given up can be written again.
  return checkTransfer(trial, driver, kFirstSector, kSectorCount, {}, 10);
}

Result<void> zeroOne(const Trial& trial, BlockDriver& driver, const Operation& operation) {
  return zero(trial, driver, operation, std::array{segmentOf(kFirstSector + 8, 64)});
}

Result<void> zeroOdd(const Trial& trial, BlockDriver& driver, const Operation& operation) {
  return zero(trial, driver, operation, std::array{segmentOf(kFirstSector + 3, 11)});
}

Result<void> zeroCut(const Trial& trial, BlockDriver& driver, const Operation& operation) {
  constexpr std::array<std::uint32_t, 2> kCuts = {7, 5};
  return zero(trial, driver, operation, std::array{segmentOf(kFirstSector + 8, 64)},
              {.cuts = kCuts});
}

Result<void> zeroSeveral(const Trial& trial, BlockDriver& driver, const Operation& operation) {
  if (segmentCountMax(trial, operation) < 3) {
    return Error(ErrorKind::Unsupported,
                 concat("more than ", segmentCountMax(trial, operation), " segments"));
  }
  return zero(trial, driver, operation,
              std::array{segmentOf(kFirstSector, 8), segmentOf(kFirstSector + 40, 16),
                         segmentOf(kFirstSector + 17, 5)});
}

Result<void> zeroUnmapping(const Trial& trial, BlockDriver& driver, const Operation& operation) {
  return zero(trial, driver, operation,
              std::array{segmentOf(kFirstSector + 8, 64, blk::WRITE_ZEROES_FLAG_UNMAP)});
}

// A request with a wrong segment fails with `status`, and changes nothing.
Result<void> refuse(const Trial& trial, BlockDriver& driver, const Operation& operation,
                    std::span<const Segment> segments, std::string_view what,
                    std::optional<std::uint8_t> status = {}) {
  ARGON_TRY(checkTransfer(trial, driver, kFirstSector, kSectorCount, {}, 9));
  const BlockDriver::Request request{.type = operation.type, .output = std::as_bytes(segments)};
  ARGON_TRY(status ? expectStatus(driver, request, *status, what)
                   : expectRefused(driver, request, what));
  Bytes read(kSectorCount * blk::SECTOR_BYTES);
  ARGON_TRY(expectStatus(driver, {.type = blk::T_IN, .sector = kFirstSector, .input = read},
                         blk::S_OK, "a read"));
  return checkSectors(read, {}, false);
}

Result<void> refuseFlags(const Trial& trial, BlockDriver& driver, const Operation& operation) {
  for (const std::uint32_t flags : {2U, 0x8000'0000U, 3U}) {
    ARGON_TRY(refuse(trial, driver, operation, std::array{segmentOf(kFirstSector + 8, 8, flags)},
                     "unknown flags", blk::S_UNSUPP));
  }
  return {};
}

Result<void> refuseUnmap(const Trial& trial, BlockDriver& driver, const Operation& operation) {
  return refuse(trial, driver, operation,
                std::array{segmentOf(kFirstSector + 8, 8, blk::WRITE_ZEROES_FLAG_UNMAP)},
                "a discard with the flag unmap", blk::S_UNSUPP);
}

Result<void> refuseRange(const Trial& trial, BlockDriver& driver, const Operation& operation) {
  const std::uint64_t end = trial.facts().sectorCount();
  ARGON_TRY(
      refuse(trial, driver, operation, std::array{segmentOf(end, 8)}, "a segment behind the end"));
  ARGON_TRY(refuse(trial, driver, operation, std::array{segmentOf(end - 4, 8)},
                   "a segment over the end"));
  ARGON_TRY(refuse(trial, driver, operation, std::array{segmentOf(UINT64_MAX, 8)},
                   "a segment at sector 2^64 - 1"));
  return refuse(trial, driver, operation, std::array{segmentOf(std::uint64_t{1} << 55, 8)},
                "a segment at sector 2^55");
}

Result<void> refuseTooMany(const Trial& trial, BlockDriver& driver, const Operation& operation) {
  const std::uint32_t countMax = segmentCountMax(trial, operation);
  if (countMax > 4096) {
    return Error(ErrorKind::Unsupported, "a limit of segments that a request can pass");
  }
  const std::vector<Segment> segments(countMax + 1, segmentOf(kFirstSector + 8, 1));
  return refuse(trial, driver, operation, segments, "more segments than the device takes");
}

Result<void> refuseTooLong(const Trial& trial, BlockDriver& driver, const Operation& operation) {
  const std::uint32_t countMax = sectorCountMax(trial, operation);
  if (countMax >= trial.facts().sectorCount()) {
    return Error(ErrorKind::Unsupported, "a limit of sectors below the device's size");
  }
  return refuse(trial, driver, operation, std::array{segmentOf(kFirstSector + 8, countMax + 1)},
                "a segment of more sectors than the device takes");
}

Result<void> refuseLength(const Trial&, BlockDriver& driver, const Operation& operation) {
  const std::array segments = {segmentOf(kFirstSector, 8), segmentOf(kFirstSector, 8)};
  for (const std::size_t length : {std::size_t{0}, std::size_t{15}, std::size_t{17}}) {
    ARGON_TRY(expectRefused(
        driver,
        {.type = operation.type, .output = std::as_bytes(std::span(segments)).first(length)},
        "a request of no whole segments"));
  }
  return {};
}

using Work = Result<void> (*)(const Trial&, BlockDriver&, const Operation&);

struct Step {
  std::string_view name;
  Work work;
};

constexpr std::array kBoth = std::to_array<Step>({
    {"one segment", zeroOne},
    {"sectors within a block", zeroOdd},
    {"a segment cut in many", zeroCut},
    {"several segments", zeroSeveral},
    {"unknown flags", refuseFlags},
    {"outside the device", refuseRange},
    {"too many segments", refuseTooMany},
    {"too many sectors", refuseTooLong},
    {"no whole segments", refuseLength},
});

void add(std::vector<Case>& cases, const Operation& operation, const Step& step) {
  for (const Session::RingKind kind : ringKinds()) {
    const RingSetup setup{.kind = kind};
    cases.push_back(
        {.name = concat(operation.name, "/", kindName(kind), "/", step.name),
         .section = kSection,
         .needs = {.features = featuresOf(setup).with(operation.feature), .isWriting = true},
         .run = [setup, operation, work = step.work](Trial& trial) -> Result<void> {
           ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(setup));
           return work(trial, link->driver(), operation);
         }});
  }
}

} // namespace

void addZeroCases(std::vector<Case>& cases) {
  for (const Operation& operation : {kDiscard, kWriteZeroes}) {
    for (const Step& step : kBoth)
      add(cases, operation, step);
  }
  add(cases, kWriteZeroes, {.name = "with unmap", .work = zeroUnmapping});
  add(cases, kDiscard, {.name = "with unmap", .work = refuseUnmap});
}

} // namespace argon::conformance
