// SPDX-License-Identifier: Apache-2.0

// Reads and writes over every kind of ring, with kicks and calls and without.

#include "base/result.h"
#include "base/text.h"
#include "conformance/case.h"
#include "conformance/trial.h"
#include "frontend/block_driver.h"
#include "frontend/session.h"
#include "vhost_user/spec/messages.h"
#include "virtio/spec/blk.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace argon::conformance {

namespace blk = virtio::spec::blk;
namespace spec = vhost_user::spec;

namespace {

constexpr std::size_t kRequestCount = 96;
constexpr std::size_t kDepth = 16;
constexpr std::uint32_t kSectorsPerRequest = 24;

// Many writes under way, then as many reads, each into a place of its own.
Result<void> transferMany(const Trial& trial, BlockDriver& driver, std::uint64_t firstSector) {
  const std::size_t length = kSectorsPerRequest * blk::SECTOR_BYTES;
  const auto sectorOf = [firstSector](std::size_t number) {
    return firstSector + number * kSectorsPerRequest;
  };
  std::vector<Bytes> written;
  written.reserve(kRequestCount);
  for (std::size_t number = 0; number < kRequestCount; ++number) {
    written.push_back(pattern(length, number + firstSector));
  }
  if (!trial.facts().isReadOnly()) {
    ARGON_TRY(runPipeline(driver, {.count = kRequestCount, .depth = kDepth, .make = [&](auto n) {
                                     return BlockDriver::Request{.type = blk::T_OUT,
                                                                 .sector = sectorOf(n),
                                                                 .output = written[n]};
                                   }}));
  }
  std::vector<Bytes> read(kRequestCount, Bytes(length));
  ARGON_TRY(runPipeline(driver, {.count = kRequestCount, .depth = kDepth, .make = [&](auto n) {
                                   return BlockDriver::Request{
                                       .type = blk::T_IN, .sector = sectorOf(n), .input = read[n]};
                                 }}));
  if (!trial.facts().isReadOnly() && read != written) {
    return failure("the sectors did not read back as they were written");
  }
  return {};
}

Result<void> transferOn(const Trial& trial, const RingSetup& setup, BlockDriver::Wait wait) {
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(setup));
  link->driver().setWait(wait);
  return transferMany(trial, link->driver(), 0);
}

// Requests on all queues before any answer is taken.
Result<void> transferOnMany(const Trial& trial, Session::RingKind kind, std::uint16_t queueCount) {
  Session::Options options = optionsOf({.kind = kind});
  options.queueCount = queueCount;
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(options));
  std::vector<Bytes> read(link->driverCount(), Bytes(4096));
  for (std::size_t index = 0; index < link->driverCount(); ++index) {
    ARGON_TRY(
        link->driver(index).submit({.type = blk::T_IN, .sector = index * 8, .input = read[index]}));
  }
  for (std::size_t index = 0; index < link->driverCount(); ++index) {
    link->driver(index).publish();
  }
  for (std::size_t index = link->driverCount(); index > 0; --index) {
    ARGON_TRY_ASSIGN(const BlockDriver::Completion done, link->driver(index - 1).waitAny());
    if (done.answer.status != blk::S_OK) {
      return failure(concat("queue ", index - 1, " has status ", done.answer.status));
    }
  }
  // What one queue wrote, the others read.
  for (std::size_t index = 0; index < link->driverCount(); ++index) {
    ARGON_TRY(transferMany(trial, link->driver(index), index * kRequestCount));
  }
  return {};
}

Result<void> useLastQueueOnly(const Trial& trial, Session::RingKind kind) {
  Session::Options options = optionsOf({.kind = kind});
  options.queueCount = 2;
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(options));
  return checkTransfer(trial, link->driver(1), 100, 8);
}

// One large request, as long as the device's segments allow.
Result<void> transferLarge(const Trial& trial, const RingSetup& setup) {
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(setup));
  const std::array<std::uint32_t, 1> cuts = {16384};
  return checkTransfer(trial, link->driver(), 0, 2048, {.cuts = cuts});
}

} // namespace

void addTransferCases(std::vector<Case>& cases) {
  constexpr std::string_view kNotification = "virtio 1.2, 2.7.7 and 2.7.10; packed 2.8.10";
  for (const Session::RingKind kind : ringKinds()) {
    for (const bool hasEventIdx : {false, true}) {
      const RingSetup setup{.kind = kind, .hasEventIdx = hasEventIdx};
      const std::string stem =
          concat("transfer/", kindName(kind), "/", hasEventIdx ? "event-idx" : "flags");
      cases.push_back({.name = stem + "/calls",
                       .section = kNotification,
                       .needs = {.features = featuresOf(setup)},
                       .run = [setup](Trial& trial) {
                         return transferOn(trial, setup, BlockDriver::Wait::Calls);
                       }});
      cases.push_back({.name = stem + "/polling",
                       .section = kNotification,
                       .needs = {.features = featuresOf(setup)},
                       .run = [setup](Trial& trial) {
                         return transferOn(trial, setup, BlockDriver::Wait::Polling);
                       }});
    }
    const RingSetup setup{.kind = kind};
    const Needs twoQueues{.features = featuresOf(setup).with(blk::F_MQ),
                          .protocolFeatures = virtio::FeatureSet().with(spec::PROTOCOL_F_MQ),
                          .queueCount = 2};
    cases.push_back({.name = concat("transfer/", kindName(kind), "/one MiB"),
                     .section = "virtio 1.2, 5.2.6",
                     .needs = {.features = featuresOf(setup)},
                     .run = [setup](Trial& trial) { return transferLarge(trial, setup); }});
    cases.push_back({.name = concat("transfer/", kindName(kind), "/two queues"),
                     .section = "virtio 1.2, 5.2.2",
                     .needs = twoQueues,
                     .run = [kind](Trial& trial) { return transferOnMany(trial, kind, 2); }});
    cases.push_back({.name = concat("transfer/", kindName(kind), "/last queue alone"),
                     .section = "virtio 1.2, 5.2.2",
                     .needs = twoQueues,
                     .run = [kind](Trial& trial) { return useLastQueueOnly(trial, kind); }});
    cases.push_back({.name = concat("transfer/", kindName(kind), "/every queue"),
                     .section = "virtio 1.2, 5.2.2",
                     .needs = twoQueues,
                     .run = [kind](Trial& trial) {
                       // No more than what a session's memory is made for.
                       constexpr std::uint64_t kQueueCountMax = 16;
                       return transferOnMany(trial, kind,
                                             static_cast<std::uint16_t>(std::min(
                                                 trial.facts().queueCountMax, kQueueCountMax)));
                     }});
  }
}

} // namespace argon::conformance
