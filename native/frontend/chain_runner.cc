// SPDX-License-Identifier: Apache-2.0

// Runs the cases of chain_cases.h: offer, watch, compare, and see that the device still works.

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "frontend/block_driver.h"
#include "frontend/chain_cases.h"
#include "frontend/chain_scene.h"
#include "frontend/driver_queue.h"
#include "frontend/session.h"
#include "frontend/wait.h"
#include "virtio/spec/blk.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace argon::frontend {

namespace {

// Far above what any answer takes, so that only a device that hangs is found out by it.
constexpr std::uint64_t kDeadlineMs = 10'000;

// How long a device may take over chains of which nothing is expected; that it still works is seen
// afterwards.
constexpr std::uint64_t kAnyWaitMs = 20;

// What the device did with the chain.
Result<ChainOutcome> observe(ChainScene& scene, Session& session, std::uint16_t queueIndex,
                             std::uint16_t usedBefore, ChainOutcome expected) {
  const DriverQueue& queue = session.queue(queueIndex);
  const std::uint64_t startNs = monotonicNs();
  for (;;) {
    const auto usedCount = static_cast<std::uint16_t>(queue.usedIndex() - usedBefore);
    if (expected == ChainOutcome::Any &&
        (usedCount >= scene.offeredCount() || monotonicNs() > startNs + kAnyWaitMs * 1'000'000)) {
      return ChainOutcome::Any;
    }
    if (usedCount > scene.offeredCount()) {
      return Error(ErrorKind::Protocol, "the device used more chains than were offered");
    }
    if (scene.offeredCount() > 0 && usedCount == scene.offeredCount()) {
      const std::uint8_t status = scene.statusByte();
      if (status == ChainScene::kNoStatus) return ChainOutcome::Returned;
      return status == virtio::spec::blk::S_OK ? ChainOutcome::Served : ChainOutcome::Refused;
    }
    if (waitForEvent(session.errFd(queueIndex), 1)) {
      return expected == ChainOutcome::Any ? ChainOutcome::Any : ChainOutcome::RingBroken;
    }
    if (monotonicNs() > startNs + kDeadlineMs * 1'000'000) {
      return Error(ErrorKind::TimedOut, "the device neither answered nor stopped the ring");
    }
  }
}

Result<void> restart(Session& session, std::uint16_t queueIndex, std::uint16_t base) {
  ARGON_TRY(session.stopQueue(queueIndex));
  session.queue(queueIndex).reset(base);
  return session.startQueue(queueIndex, base);
}

// A ring that broke, or that nothing is known of, starts anew; one that did not goes on.
Result<void> recover(Session& session, std::uint16_t queueIndex, ChainOutcome outcome) {
  if (outcome == ChainOutcome::RingBroken || outcome == ChainOutcome::Any) {
    return restart(session, queueIndex, 0);
  }
  session.queue(queueIndex).forgetChains();
  return {};
}

Result<void> checkGoodRequest(Session& session, std::uint16_t queueIndex) {
  BlockDriver driver(session, queueIndex);
  constexpr std::size_t kBytes = 1024;
  const std::vector<std::byte> written(kBytes, std::byte{0xa5});
  ARGON_TRY(driver.write(4096, written));
  std::vector<std::byte> read(kBytes);
  ARGON_TRY(driver.read(4096, read));
  if (read != written) {
    return Error(ErrorKind::Corrupt, "a block did not read back as it was written");
  }
  return {};
}

} // namespace

std::string_view chainOutcomeName(ChainOutcome outcome) {
  switch (outcome) {
  case ChainOutcome::Served:
    return "served";
  case ChainOutcome::Refused:
    return "refused";
  case ChainOutcome::Returned:
    return "returned";
  case ChainOutcome::RingBroken:
    return "ring-broken";
  case ChainOutcome::Any:
    return "any";
  }
  ARGON_UNREACHABLE();
}

Result<void> runChainCase(const ChainCase& chainCase, Session& session, std::uint16_t queueIndex) {
  if (chainCase.base != 0) ARGON_TRY(restart(session, queueIndex, chainCase.base));
  // Nothing of an earlier case may count as this one's outcome.
  [[maybe_unused]] const bool hadError = waitForEvent(session.errFd(queueIndex), 0);
  const std::uint16_t usedBefore = session.queue(queueIndex).usedIndex();
  Result<ChainOutcome> outcome = [&]() -> Result<ChainOutcome> {
    ARGON_TRY_ASSIGN(ChainScene scene, ChainScene::create(session, queueIndex));
    chainCase.arrange(scene);
    scene.publish();
    ARGON_TRY_ASSIGN(const ChainOutcome observed,
                     observe(scene, session, queueIndex, usedBefore, chainCase.expected));
    if (observed != ChainOutcome::Any) ARGON_TRY(scene.checkUntouched());
    return observed;
  }();
  if (!outcome) return std::move(outcome).error().within(chainCase.name);
  ARGON_TRY(recover(session, queueIndex, *outcome));
  if (*outcome != chainCase.expected) {
    return Error(ErrorKind::Protocol,
                 concat(chainCase.name, ": ", chainOutcomeName(*outcome), ", and should be ",
                        chainOutcomeName(chainCase.expected)));
  }
  const auto neighbor = static_cast<std::uint16_t>((queueIndex + 1U) % session.queueCount());
  for (const std::uint16_t index : {queueIndex, neighbor}) {
    Result<void> good = checkGoodRequest(session, index);
    if (!good) {
      return std::move(good).error().within(concat("on ring ", index, " after ", chainCase.name));
    }
  }
  return {};
}

} // namespace argon::frontend
