// SPDX-License-Identifier: Apache-2.0

// The configuration space, GET_ID, FLUSH and the length of answers.

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
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace argon::conformance {

namespace blk = virtio::spec::blk;

namespace {

constexpr std::string_view kConfigMessages = "vhost-user, GET_CONFIG and SET_CONFIG";

Result<void> checkFields(Trial& trial) {
  const blk::Config& config = trial.facts().config;
  const virtio::FeatureSet features = trial.facts().features;
  const std::uint32_t blockBytes = config.blk_size.get();
  if (features.has(blk::F_BLK_SIZE) &&
      (blockBytes < blk::SECTOR_BYTES || !std::has_single_bit(blockBytes))) {
    return failure(concat("blk_size is ", blockBytes));
  }
  if (features.has(blk::F_SEG_MAX) && config.seg_max.get() == 0) {
    return failure("seg_max is 0");
  }
  // 5.2.5: the driver may read it as 0 only where MQ is not there.
  if (features.has(blk::F_MQ) && config.num_queues.get() == 0) {
    return failure("num_queues is 0");
  }
  if (features.has(blk::F_DISCARD) &&
      (config.max_discard_sectors.get() == 0 || config.max_discard_seg.get() == 0)) {
    return failure("DISCARD with a limit of 0");
  }
  if (features.has(blk::F_WRITE_ZEROES) &&
      (config.max_write_zeroes_sectors.get() == 0 || config.max_write_zeroes_seg.get() == 0)) {
    return failure("WRITE_ZEROES with a limit of 0");
  }
  return {};
}

// A front end may ask for any part, and gets as many bytes as it asked for.
Result<void> readParts(Trial& trial) {
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(RingSetup{}));
  ARGON_TRY_ASSIGN(const Bytes whole, link->session().readConfigBytes(0, 60));
  struct Part {
    std::uint32_t offset;
    std::uint32_t byteCount;
  };
  for (const auto [offset, byteCount] :
       {Part{0, 8}, Part{8, 4}, Part{20, 4}, Part{34, 2}, Part{32, 1}, Part{36, 24}}) {
    ARGON_TRY_ASSIGN(const Bytes part, link->session().readConfigBytes(offset, byteCount));
    if (!std::ranges::equal(part, std::span(whole).subspan(offset, byteCount))) {
      return failure(concat(byteCount, " bytes from offset ", offset, " are other bytes there"));
    }
  }
  return {};
}

Result<void> setWriteback(Trial& trial) {
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(RingSetup{}));
  for (const std::uint8_t value :
       {std::uint8_t{0}, std::uint8_t{1}, std::uint8_t{0}, std::uint8_t{1}}) {
    const std::array bytes = {std::byte{value}};
    ARGON_TRY(link->session().writeConfig(offsetof(blk::Config, writeback), bytes));
    ARGON_TRY_ASSIGN(const blk::Config config, link->session().readConfig());
    if (config.writeback != value) {
      return failure(concat("writeback was set to ", value, ", and is ", config.writeback));
    }
    ARGON_TRY(checkTransfer(trial, link->driver(), 40, 8, {}, value));
  }
  return {};
}

// The back end may ignore it, refuse it, or hang up; the capacity stays.
Result<void> writeCapacity(Trial& trial) {
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(RingSetup{}));
  const Bytes bytes(8, std::byte{0xff});
  const Result<void> written = link->session().writeConfig(0, bytes);
  link->session().disconnect();
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> again, trial.openLink(RingSetup{}));
  return again->session().config().capacity.get() == trial.facts().sectorCount()
             ? checkTransfer(trial, again->driver(), 0, 8)
             : failure(concat("the capacity could be written, ",
                              written ? "and was acknowledged" : "though it was refused"));
}

Result<void> identify(Trial& trial) {
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(RingSetup{}));
  Bytes id(blk::ID_BYTES);
  ARGON_TRY(
      expectStatus(link->driver(), {.type = blk::T_GET_ID, .input = id}, blk::S_OK, "GET_ID"));
  Bytes again(blk::ID_BYTES);
  ARGON_TRY(
      expectStatus(link->driver(), {.type = blk::T_GET_ID, .input = again}, blk::S_OK, "GET_ID"));
  return id == again ? Result<void>() : failure("the device has two ids");
}

Result<void> flush(Trial& trial) {
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(RingSetup{}));
  ARGON_TRY(link->driver().flush());
  ARGON_TRY(checkTransfer(trial, link->driver(), 64, 8));
  return link->driver().flush();
}

// Flushes among writes, all under way at once.
Result<void> flushUnderLoad(Trial& trial) {
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(RingSetup{}));
  const Bytes bytes = pattern(4096, 3);
  return runPipeline(link->driver(), {.count = 300, .depth = 20, .make = [&](std::size_t n) {
                                        return n % 5 == 0
                                                   ? BlockDriver::Request{.type = blk::T_FLUSH}
                                                   : BlockDriver::Request{.type = blk::T_OUT,
                                                                          .sector = n * 8,
                                                                          .output = bytes};
                                      }});
}

// 2.7.8.2: what the device wrote, from the first writable byte on; the status byte is the last.
Result<void> checkLengths(const Trial& trial, const RingSetup& setup) {
  ARGON_TRY_ASSIGN(const std::unique_ptr<Link> link, trial.openLink(setup));
  BlockDriver& driver = link->driver();
  const auto check = [&driver](const BlockDriver::Request& request, std::uint32_t expected,
                               std::string_view what) -> Result<void> {
    ARGON_TRY_ASSIGN(const BlockDriver::Answer answer, driver.execute(request));
    return answer.usedBytes == expected
               ? Result<void>()
               : failure(
                     concat(what, " has a length of ", answer.usedBytes, ", and wrote ", expected));
  };
  Bytes sectors(1024);
  ARGON_TRY(check({.type = blk::T_IN, .input = sectors}, 1025, "a read of 1024 bytes"));
  Bytes id(blk::ID_BYTES);
  ARGON_TRY(check({.type = blk::T_GET_ID, .input = id}, blk::ID_BYTES + 1, "GET_ID"));
  if (trial.facts().features.has(blk::F_FLUSH)) {
    ARGON_TRY(check({.type = blk::T_FLUSH}, 1, "a flush"));
  }
  return trial.facts().isReadOnly() ? Result<void>()
                                    : check({.type = blk::T_OUT, .output = sectors}, 1, "a write");
}

} // namespace

void addConfigCases(std::vector<Case>& cases) {
  const auto feature = [](unsigned bit) { return virtio::FeatureSet().with(bit); };
  cases.push_back({.name = "config/fields make sense",
                   .section = "virtio 1.2, 5.2.4 and 5.2.5",
                   .run = checkFields});
  cases.push_back(
      {.name = "config/any part can be read", .section = kConfigMessages, .run = readParts});
  cases.push_back({.name = "config/writeback can be set",
                   .section = "virtio 1.2, 5.2.5.2; vhost-user, SET_CONFIG",
                   .needs = {.features = feature(blk::F_CONFIG_WCE), .isWriting = true},
                   .run = setWriteback});
  cases.push_back({.name = "config/capacity cannot be written",
                   .section = "virtio 1.2, 2.5.1 and 5.2.5.2",
                   .run = writeCapacity});
  cases.push_back(
      {.name = "config/the device has one id", .section = "virtio 1.2, 5.2.6", .run = identify});
  cases.push_back({.name = "config/flush",
                   .section = "virtio 1.2, 5.2.6.2",
                   .needs = {.features = feature(blk::F_FLUSH)},
                   .run = flush});
  cases.push_back({.name = "config/flushes among writes",
                   .section = "virtio 1.2, 5.2.6.2",
                   .needs = {.features = feature(blk::F_FLUSH), .isWriting = true},
                   .run = flushUnderLoad});
  for (const Session::RingKind kind : ringKinds()) {
    const RingSetup setup{.kind = kind};
    cases.push_back({.name = concat("config/", kindName(kind), "/answers say what was written"),
                     .section = "virtio 1.2, 2.7.8.2 and 2.8.10",
                     .needs = {.features = featuresOf(setup)},
                     .run = [setup](Trial& trial) { return checkLengths(trial, setup); }});
  }
}

} // namespace argon::conformance
