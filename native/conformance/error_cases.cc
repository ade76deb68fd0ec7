// SPDX-License-Identifier: Apache-2.0

// Requests that a device has to refuse. After each one an ordinary request must work.

#include "base/result.h"
#include "base/text.h"
#include "conformance/case.h"
#include "conformance/trial.h"
#include "frontend/session.h"
#include "virtio/features.h"
#include "virtio/spec/blk.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace argon::conformance {

namespace blk = virtio::spec::blk;

namespace {

// 5.2.6.1 forbids drivers to ask for these; a device that answered OK would have made it up.
constexpr std::string_view kRange = "virtio 1.2, 5.2.6.1 and 5.2.6.2";

using Work = std::function<Result<void>(const Trial&, BlockDriver&)>;

void add(std::vector<Case>& cases, std::string_view name, std::string_view section, Needs needs,
         const Work& work) {
  for (const Session::RingKind kind : ringKinds()) {
    const RingSetup setup{.kind = kind};
    needs.features = virtio::FeatureSet(needs.features.bits() | featuresOf(setup).bits());
    cases.push_back({.name = concat("error/", kindName(kind), "/", name),
                     .section = section,
                     .needs = needs,
                     .run = [setup, work](Trial& trial) -> Result<void> {
                       ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(setup));
                       return work(trial, link->driver());
                     }});
  }
}

Result<void> refuseRead(BlockDriver& driver, std::uint64_t sector, std::size_t length,
                        std::string_view what) {
  Bytes into(length);
  return expectRefused(driver, {.type = blk::T_IN, .sector = sector, .input = into}, what);
}

Result<void> refuseWrite(BlockDriver& driver, std::uint64_t sector, std::size_t length,
                         std::string_view what) {
  const Bytes from = pattern(length, sector);
  return expectRefused(driver, {.type = blk::T_OUT, .sector = sector, .output = from}, what);
}

// Sectors at the device's end and beyond; `refuse` is refuseRead or refuseWrite.
template <typename Refuse>
void addRangeCases(std::vector<Case>& cases, std::string_view verb, Needs needs, Refuse refuse) {
  add(cases, concat(verb, " behind the end"), kRange, needs,
      [refuse](const Trial& trial, BlockDriver& driver) {
        return refuse(driver, trial.facts().sectorCount(), 512, "a request behind the end");
      });
  add(cases, concat(verb, " over the end"), kRange, needs,
      [refuse](const Trial& trial, BlockDriver& driver) {
        return refuse(driver, trial.facts().sectorCount() - 1, 1024, "a request over the end");
      });
  add(cases, concat(verb, " at the last sector number"), kRange, needs,
      [refuse](const Trial&, BlockDriver& driver) {
        return refuse(driver, UINT64_MAX, 512, "a request at sector 2^64 - 1");
      });
  add(cases, concat(verb, " whose offset in bytes wraps"), kRange, needs,
      [refuse](const Trial&, BlockDriver& driver) {
        return refuse(driver, std::uint64_t{1} << 55, 512, "a request at sector 2^55");
      });
  for (const std::size_t length : {std::size_t{100}, std::size_t{513}}) {
    add(cases, concat(verb, " of ", length, " bytes"), "virtio 1.2, 5.2.6.1", needs,
        [refuse, length](const Trial&, BlockDriver& driver) {
          return refuse(driver, 0, length, "a request of no whole sectors");
        });
  }
}

// The refused write must not have written, all or in part.
Result<void> keepDataOverEnd(const Trial& trial, BlockDriver& driver) {
  const std::uint64_t last = trial.facts().sectorCount() - 1;
  ARGON_TRY(checkTransfer(trial, driver, last, 1, {}, 5));
  ARGON_TRY(refuseWrite(driver, last, 1024, "a write over the end"));
  Bytes read(512);
  ARGON_TRY(expectStatus(driver, {.type = blk::T_IN, .sector = last, .input = read}, blk::S_OK,
                         "a read of the last sector"));
  return read == pattern(512, 5) ? Result<void>()
                                 : failure("the refused write changed the last sector");
}

Result<void> refuseWriteToReadOnly(const Trial&, BlockDriver& driver) {
  Bytes before(512);
  ARGON_TRY(expectStatus(driver, {.type = blk::T_IN, .input = before}, blk::S_OK, "a read"));
  const Bytes bytes = pattern(512, 77);
  ARGON_TRY(expectStatus(driver, {.type = blk::T_OUT, .output = bytes}, blk::S_IOERR,
                         "a write to a read-only device"));
  Bytes after(512);
  ARGON_TRY(expectStatus(driver, {.type = blk::T_IN, .input = after}, blk::S_OK, "a read"));
  return before == after ? Result<void>() : failure("the device was written");
}

Result<void> refuseType(BlockDriver& driver, std::uint32_t type) {
  ARGON_TRY(
      expectStatus(driver, {.type = type}, blk::S_UNSUPP, concat("a request of type ", type)));
  Bytes into(512);
  ARGON_TRY(expectStatus(driver, {.type = type, .input = into}, blk::S_UNSUPP,
                         concat("a request of type ", type, " with a buffer")));
  return expectStatus(driver, {.type = blk::T_IN, .input = into}, blk::S_OK, "a read after it");
}

} // namespace

void addErrorCases(std::vector<Case>& cases) {
  addRangeCases(cases, "read", {}, refuseRead);
  addRangeCases(cases, "write", {.isWriting = true}, refuseWrite);
  add(cases, "write over the end writes nothing", kRange, {.isWriting = true}, keepDataOverEnd);
  add(cases, "last sector reads", kRange, {}, [](const Trial& trial, BlockDriver& driver) {
    return checkTransfer(trial, driver, trial.facts().sectorCount() - 1, 1);
  });
  // 2 is the legacy SCSI command, 3 and 5 are legacy too, 14 needs SECURE_ERASE.
  for (const std::uint32_t type : {2U, 3U, 5U, 14U, 99U, 0xffff'ffffU}) {
    add(cases, concat("unknown type ", type), "virtio 1.2, 5.2.6", {},
        [type](const Trial&, BlockDriver& driver) { return refuseType(driver, type); });
  }
  add(cases, "write to a read-only device", "virtio 1.2, 5.2.6.2",
      {.features = virtio::FeatureSet().with(blk::F_RO)}, refuseWriteToReadOnly);
}

} // namespace argon::conformance
