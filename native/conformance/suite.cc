// SPDX-License-Identifier: Apache-2.0
#include "conformance/suite.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "conformance/case.h"
#include "conformance/trial.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"
#include "virtio/spec/blk.h"
#include "virtio/spec/features.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace argon::conformance {

namespace blk = virtio::spec::blk;
namespace spec = vhost_user::spec;

namespace {

struct FeatureName {
  unsigned bit;
  std::string_view name;
};

constexpr std::array kFeatureNames = std::to_array<FeatureName>({
    {blk::F_RO, "F_RO"},
    {blk::F_FLUSH, "F_FLUSH"},
    {blk::F_CONFIG_WCE, "F_CONFIG_WCE"},
    {blk::F_MQ, "F_MQ"},
    {blk::F_DISCARD, "F_DISCARD"},
    {blk::F_WRITE_ZEROES, "F_WRITE_ZEROES"},
    {blk::F_BLK_SIZE, "F_BLK_SIZE"},
    {blk::F_SEG_MAX, "F_SEG_MAX"},
    {spec::F_LOG_ALL, "F_LOG_ALL"},
    {virtio::spec::F_INDIRECT_DESC, "F_INDIRECT_DESC"},
    {virtio::spec::F_EVENT_IDX, "F_EVENT_IDX"},
    {virtio::spec::F_VERSION_1, "F_VERSION_1"},
    {virtio::spec::F_RING_PACKED, "F_RING_PACKED"},
});

constexpr std::array kProtocolNames = std::to_array<FeatureName>({
    {spec::PROTOCOL_F_MQ, "F_MQ (protocol)"},
    {spec::PROTOCOL_F_LOG_SHMFD, "F_LOG_SHMFD"},
    {spec::PROTOCOL_F_REPLY_ACK, "F_REPLY_ACK"},
    {spec::PROTOCOL_F_BACKEND_REQ, "F_BACKEND_REQ"},
    {spec::PROTOCOL_F_CONFIG, "F_CONFIG"},
    {spec::PROTOCOL_F_INFLIGHT_SHMFD, "F_INFLIGHT_SHMFD"},
    {spec::PROTOCOL_F_RESET_DEVICE, "F_RESET_DEVICE"},
    {spec::PROTOCOL_F_CONFIGURE_MEM_SLOTS, "F_CONFIGURE_MEM_SLOTS"},
    {spec::PROTOCOL_F_STATUS, "F_STATUS"},
});

template <typename Table>
std::string nameOf(unsigned bit, const Table& table) {
  for (const FeatureName& entry : table) {
    if (entry.bit == bit) return std::string(entry.name);
  }
  return concat("feature ", bit);
}

template <typename Table>
void appendNames(virtio::FeatureSet set, const Table& table, std::vector<std::string>& names) {
  for (unsigned bit = 0; bit < 64; ++bit) {
    if (set.has(bit)) names.push_back(nameOf(bit, table));
  }
}

virtio::FeatureSet missingOf(virtio::FeatureSet needed, virtio::FeatureSet offered) {
  return virtio::FeatureSet(needed.bits() & ~offered.bits());
}

// What the back end lacks for a case, in words.
std::optional<std::string> lackOf(const Needs& needs, const DeviceFacts& facts) {
  std::vector<std::string> names;
  appendNames(missingOf(needs.features, facts.features), kFeatureNames, names);
  appendNames(missingOf(needs.protocolFeatures, facts.protocolFeatures), kProtocolNames, names);
  if (needs.queueCount > facts.queueCountMax) {
    names.push_back(concat(needs.queueCount, " queues"));
  }
  if (needs.isWriting && facts.isReadOnly()) {
    names.emplace_back("a device that can be written");
  }
  if (names.empty()) return std::nullopt;
  std::string text = names.front();
  for (std::size_t index = 1; index < names.size(); ++index) {
    text += concat(", ", names[index]);
  }
  return text;
}

Outcome outcomeOf(const Case& conformanceCase, const Trial::Options& options) {
  using State = Outcome::State;
  Result<DeviceFacts> facts = readFacts(options);
  if (!facts) {
    return {.state = State::Failed, .reason = facts.error().message()};
  }
  if (facts->sectorCount() * blk::SECTOR_BYTES < kDeviceBytesMin) {
    return {.state = State::Skipped, .reason = concat("a device of ", kDeviceBytesMin, " bytes")};
  }
  if (std::optional<std::string> lack = lackOf(conformanceCase.needs, *facts)) {
    return {.state = State::Skipped, .reason = *std::move(lack)};
  }
  Trial trial(options, *facts);
  const Result<void> result = conformanceCase.run(trial);
  if (result) {
    return {.state = State::Passed, .reason = {}};
  }
  const bool isLack = result.error().kind() == ErrorKind::Unsupported;
  return {.state = isLack ? State::Skipped : State::Failed, .reason = result.error().message()};
}

} // namespace

std::vector<std::string> needNames(const Needs& needs) {
  std::vector<std::string> names;
  appendNames(needs.features, kFeatureNames, names);
  appendNames(needs.protocolFeatures, kProtocolNames, names);
  return names;
}

std::vector<Case> allCases() {
  std::vector<Case> cases;
  addTransferCases(cases);
  addFramingCases(cases);
  addRingCases(cases);
  addErrorCases(cases);
  addZeroCases(cases);
  addConfigCases(cases);
  addSessionCases(cases);
  addRecoveryCases(cases);
  return cases;
}

std::string_view stateName(Outcome::State state) {
  switch (state) {
  case Outcome::State::Passed:
    return "passed";
  case Outcome::State::Failed:
    return "failed";
  case Outcome::State::Skipped:
    return "skipped";
  }
  ARGON_UNREACHABLE();
}

Outcome runCase(const Case& conformanceCase, const Trial::Options& options) {
  const std::uint64_t startNs = monotonicNs();
  Outcome outcome = outcomeOf(conformanceCase, options);
  outcome.durationNs = monotonicNs() - startNs;
  return outcome;
}

} // namespace argon::conformance
