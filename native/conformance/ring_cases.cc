// SPDX-License-Identifier: Apache-2.0

// Rings of all sizes, filled to the brim; indexes and counters that wrap.

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "conformance/case.h"
#include "conformance/trial.h"
#include "frontend/block_driver.h"
#include "frontend/driver_ring.h"
#include "frontend/session.h"
#include "virtio/features.h"
#include "virtio/spec/blk.h"
#include "virtio/spec/features.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace argon::conformance {

namespace blk = virtio::spec::blk;

namespace {

// What any back end has to take; larger rings are for it to refuse, and no feature bit says so.
constexpr std::uint16_t kUsualSizeMax = 1024;

// A session whose rings the back end may find too large.
Result<std::unique_ptr<Link>> connectSized(const Trial& trial, const RingSetup& setup) {
  Result<std::unique_ptr<Link>> link = trial.openLink(setup);
  if (!link && setup.size > kUsualSizeMax && link.error().kind() == ErrorKind::InvalidArgument) {
    return Error(ErrorKind::Unsupported, concat("rings of ", setup.size, " entries"));
  }
  return link;
}

// From so many requests on they are such as no disk is needed for.
constexpr std::size_t kReadCountMax = 4096;

// As many requests as the ring takes, again and again, so that every entry is used in turn.
Result<void> fillRing(BlockDriver& driver, std::uint16_t size, bool isIndirect,
                      std::size_t requestCount) {
  const bool isReading = requestCount <= kReadCountMax;
  Bytes into(isReading ? blk::SECTOR_BYTES : std::uint64_t{blk::ID_BYTES});
  // Header; data with status.
  static constexpr std::array<std::uint32_t, 1> kTwoBuffers = {1024};
  return runPipeline(driver,
                     {.count = requestCount, .depth = size, .make = [&](std::size_t n) {
                        return BlockDriver::Request{.type = isReading ? blk::T_IN : blk::T_GET_ID,
                                                    .sector = n % 1024,
                                                    .input = into,
                                                    .cuts = kTwoBuffers,
                                                    .isIndirect = isIndirect};
                      }});
}

Result<void> fillSized(const Trial& trial, const RingSetup& setup, bool isIndirect) {
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, connectSized(trial, setup));
  ARGON_TRY(fillRing(link->driver(), setup.size, isIndirect,
                     std::max<std::size_t>(64, setup.size * 2U + 5)));
  return checkTransfer(trial, link->driver(), 8, 8, {.cuts = {}, .isIndirect = isIndirect});
}

// Small rings take only requests of few descriptors.
Result<void> fillSmall(const Trial& trial, const RingSetup& setup) {
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, connectSized(trial, setup));
  static constexpr std::array<std::uint32_t, 1> kTwoBuffers = {1 << 20};
  ARGON_TRY(fillRing(link->driver(), setup.size, false, 200));
  return checkTransfer(trial, link->driver(), 8, 8, {.cuts = kTwoBuffers});
}

Result<void> startAt(const Trial& trial, const RingSetup& setup, std::uint32_t base,
                     std::size_t requestCount) {
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(setup));
  Session& session = link->session();
  ARGON_TRY(session.stopQueue(0));
  session.ring(0).reset(base);
  ARGON_TRY(session.startQueue(0, base));
  ARGON_TRY(fillRing(link->driver(), setup.size, false, requestCount));
  return checkTransfer(trial, link->driver(), 8, 8);
}

void addSizeCases(std::vector<Case>& cases, Session::RingKind kind) {
  const std::string stem = concat("ring/", kindName(kind), "/size ");
  const auto add = [&](std::uint16_t size, auto&& run, std::string_view suffix,
                       virtio::FeatureSet more) {
    const RingSetup setup{.kind = kind, .size = size};
    cases.push_back(
        {.name = concat(stem, size, suffix),
         .section = kind == Session::RingKind::Split ? "virtio 1.2, 2.7" : "virtio 1.2, 2.8.10.1",
         .needs = {.features = virtio::FeatureSet(featuresOf(setup).bits() | more.bits())},
         .run = [setup, run](Trial& trial) { return run(trial, setup); }});
  };
  const auto small = [](const Trial& trial, const RingSetup& setup) {
    return fillSmall(trial, setup);
  };
  const auto direct = [](const Trial& trial, const RingSetup& setup) {
    return fillSized(trial, setup, false);
  };
  const auto indirect = [](const Trial& trial, const RingSetup& setup) {
    return fillSized(trial, setup, true);
  };
  const auto indirectFeature = virtio::FeatureSet().with(virtio::spec::F_INDIRECT_DESC);
  add(1, indirect, " indirect", indirectFeature);
  add(2, small, "", {});
  for (const std::uint16_t size : std::to_array<std::uint16_t>({4, 8, 128, 256, 1024, 32768})) {
    add(size, direct, "", {});
    add(size, indirect, " indirect", indirectFeature);
  }
  if (kind == Session::RingKind::Packed) {
    // 2.8.10.1: the size need not be a power of two.
    for (const std::uint16_t size : std::to_array<std::uint16_t>({3, 7, 100, 1000})) {
      add(size, direct, "", {});
    }
  }
}

} // namespace

void addRingCases(std::vector<Case>& cases) {
  for (const Session::RingKind kind : ringKinds())
    addSizeCases(cases, kind);
  for (const bool hasEventIdx : {false, true}) {
    const std::string_view events = hasEventIdx ? "event-idx" : "flags";
    const RingSetup split{.hasEventIdx = hasEventIdx};
    cases.push_back({.name = concat("ring/split/", events, "/starts near 65535 and wraps"),
                     .section = "virtio 1.2, 2.7.6; vhost-user, SET_VRING_BASE",
                     .needs = {.features = featuresOf(split)},
                     .run = [split](Trial& trial) { return startAt(trial, split, 65500, 300); }});
    cases.push_back({.name = concat("ring/split/", events, "/goes all the way over 65535"),
                     .section = "virtio 1.2, 2.7.6",
                     .needs = {.features = featuresOf(split)},
                     .run = [split](Trial& trial) { return startAt(trial, split, 0, 66000); }});
    const RingSetup packed{
        .kind = Session::RingKind::Packed, .hasEventIdx = hasEventIdx, .size = 7};
    const Needs needs{.features = featuresOf(packed)};
    cases.push_back(
        {.name = concat("ring/packed/", events, "/wraps a thousand times"),
         .section = "virtio 1.2, 2.8.1",
         .needs = needs,
         .run = [packed](Trial& trial) { return startAt(trial, packed, 0x8000'8000, 3500); }});
    cases.push_back({.name = concat("ring/packed/", events, "/starts with wrap counters of 0"),
                     .section = "virtio 1.2, 2.8.1; vhost-user, Vring state",
                     .needs = needs,
                     .run = [packed](Trial& trial) { return startAt(trial, packed, 0, 100); }});
    cases.push_back(
        {.name = concat("ring/packed/", events, "/starts at its last entry"),
         .section = "virtio 1.2, 2.8.1; vhost-user, Vring state",
         .needs = needs,
         .run = [packed](Trial& trial) { return startAt(trial, packed, 0x8006'8006, 100); }});
  }
}

} // namespace argon::conformance
