// SPDX-License-Identifier: Apache-2.0
#include "block/queue_meter.h"

#include "base/clock.h"
#include "base/histogram.h"
#include "base/tick_clock.h"
#include "block/counters.h"
#include "block/request.h"
#include "storage/stage_trace.h"
#include "support/random.h"
#include "support/test.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <memory>
#include <vector>

namespace argon::block {

namespace {

constexpr std::uint64_t kPauseNs = 100'000;

std::size_t at(RequestKind kind) { return static_cast<std::size_t>(kind); }
std::size_t at(WaitStage stage) { return static_cast<std::size_t>(stage); }

void pause(std::uint64_t durationNs = kPauseNs) {
  const std::uint64_t startNs = monotonicNs();
  while (monotonicNs() - startNs < durationNs) {
    relaxCpu();
  }
}

struct Rig {
  std::unique_ptr<QueueCounters> counters = std::make_unique<QueueCounters>();
  QueueMeter meter{*counters, TickClock::ofNanoseconds(), 1};

  // Takes a batch of requests.
  std::vector<std::unique_ptr<BlockRequest>> take(std::uint32_t count) {
    std::vector<std::unique_ptr<BlockRequest>> batch;
    for (std::uint32_t number = 0; number < count; ++number) {
      batch.push_back(std::make_unique<BlockRequest>());
      meter.onTaken(*batch.back(), number);
    }
    meter.onRoundTaken(count);
    return batch;
  }
  void answer(BlockRequest& request, RequestKind kind, std::uint64_t bytes = 0) {
    request.kind = kind;
    request.askedBytes = bytes;
    meter.onAnswered(request);
  }
  [[nodiscard]] std::uint64_t requestsOf(RequestKind kind) const {
    return counters->requests[at(kind)].get();
  }
  [[nodiscard]] HistogramSnapshot latencyOf(RequestKind kind) const {
    return counters->latencyNs[at(kind)].read();
  }
  [[nodiscard]] HistogramSnapshot stageOf(WaitStage stage) const {
    return counters->stageNs[at(stage)].read();
  }
};

} // namespace

TEST_CASE("requests count by their kind once they are published") {
  Rig rig;
  const auto batch = rig.take(5);
  CHECK(rig.counters->inFlight.get() == 5);
  CHECK(rig.counters->chainsPerRound.read().max() == 5);

  rig.answer(*batch[0], RequestKind::Read, 4096);
  rig.answer(*batch[1], RequestKind::Read, 512);
  rig.answer(*batch[2], RequestKind::Write, 1024);
  rig.answer(*batch[3], RequestKind::Other, 77);
  rig.meter.onPublishing();

  CHECK(rig.requestsOf(RequestKind::Read) == 2);
  CHECK(rig.counters->bytes[at(RequestKind::Read)].get() == 4608);
  CHECK(rig.requestsOf(RequestKind::Write) == 1);
  CHECK(rig.counters->bytes[at(RequestKind::Write)].get() == 1024);
  CHECK(rig.latencyOf(RequestKind::Read).count() == 2);
  CHECK(rig.latencyOf(RequestKind::Write).count() == 1);
  CHECK(rig.counters->answersPerPublish.read().max() == 4);
  CHECK(rig.counters->inFlight.get() == 1);
}

TEST_CASE("latencies reach from the batch's beginning to the publication") {
  Rig rig;
  const auto early = rig.take(2);
  pause();
  const auto late = rig.take(1);
  pause();
  rig.answer(*early[1], RequestKind::Read);
  rig.answer(*late[0], RequestKind::Write);
  rig.meter.onPublishing();

  CHECK(rig.latencyOf(RequestKind::Read).max() >= 2 * kPauseNs);
  CHECK(rig.latencyOf(RequestKind::Write).max() >= kPauseNs);
  CHECK(rig.latencyOf(RequestKind::Write).max() < rig.latencyOf(RequestKind::Read).max());
}

TEST_CASE("the oldest request under way is known until it is published") {
  Rig rig;
  CHECK(rig.counters->oldestTicks.get() == 0);
  const std::uint64_t beforeNs = monotonicNs();
  const auto first = rig.take(1);
  pause();
  const auto second = rig.take(1);
  const std::uint64_t firstTicks = rig.counters->oldestTicks.get();
  CHECK(firstTicks >= beforeNs);

  rig.answer(*second[0], RequestKind::Flush);
  rig.meter.onPublishing();
  CHECK(rig.counters->oldestTicks.get() == firstTicks);

  const auto third = rig.take(1);
  rig.answer(*first[0], RequestKind::Flush);
  rig.meter.onPublishing();
  CHECK(rig.counters->oldestTicks.get() >= firstTicks + kPauseNs);

  rig.answer(*third[0], RequestKind::Flush);
  rig.meter.onPublishing();
  CHECK(rig.counters->oldestTicks.get() == 0);
  CHECK(rig.counters->inFlight.get() == 0);
}

TEST_CASE("a round that could take nothing counts for nothing") {
  Rig rig;
  rig.meter.onRoundTaken(0);

  CHECK(rig.counters->chainsPerRound.read().count() == 0);
  CHECK(rig.counters->inFlight.get() == 0);
}

// Random batches, answered in random order, some published late, far more of them under way than
// the meter has batches for; the totals are those of a plain count.
TEST_CASE("no request is lost or counted twice, whatever the order") {
  for (const std::uint64_t seed : test::seeds()) {
    CAPTURE(seed);
    test::Random random(seed);
    Rig rig;
    std::deque<std::unique_ptr<BlockRequest>> underWay;
    std::uint64_t takenCount = 0;
    std::uint64_t answerCount = 0;
    std::uint64_t byteCount = 0;
    for (int round = 0; round < test::rounds(1'500); ++round) {
      auto batch = rig.take(static_cast<std::uint32_t>(random.between(1, 3)));
      takenCount += batch.size();
      std::ranges::move(batch, std::back_inserter(underWay));
      // Up to 600 stay open.
      while (underWay.size() > 600 || (!underWay.empty() && random.chance(60))) {
        std::swap(underWay.front(), underWay[random.below(underWay.size())]);
        const std::uint64_t bytes = random.below(9);
        rig.answer(*underWay.front(), random.chance(50) ? RequestKind::Read : RequestKind::Write,
                   bytes);
        underWay.pop_front();
        ++answerCount;
        byteCount += bytes;
      }
      if (random.chance(70)) {
        rig.meter.onPublishing();
        REQUIRE(rig.counters->inFlight.get() == takenCount - answerCount);
        REQUIRE((rig.counters->oldestTicks.get() == 0) == underWay.empty());
      }
    }
    rig.meter.onPublishing();

    CHECK(rig.requestsOf(RequestKind::Read) + rig.requestsOf(RequestKind::Write) == answerCount);
    CHECK(rig.counters->bytes[at(RequestKind::Read)].get() +
              rig.counters->bytes[at(RequestKind::Write)].get() ==
          byteCount);
    CHECK(rig.latencyOf(RequestKind::Read).count() == rig.requestsOf(RequestKind::Read));
    CHECK(rig.counters->chainsPerRound.read().sum() == takenCount);
    CHECK(rig.counters->answersPerPublish.read().sum() == answerCount);
  }
}

TEST_CASE("a sampled request tells its stages") {
  Rig rig;
  pause(); // Samples keep a distance.
  const auto batch = rig.take(1);
  BlockRequest& request = *batch[0];
  REQUIRE(request.trace != nullptr);
  pause(kPauseNs);
  rig.meter.onSubmit(request);
  {
    const CryptoSpan crypto(request.trace);
    pause(2 * kPauseNs);
  }
  request.trace->noteSubmitted();
  pause(3 * kPauseNs);
  request.trace->noteAnswered();
  rig.answer(request, RequestKind::Write, 512);
  pause(4 * kPauseNs);
  rig.meter.onPublishing();

  CHECK(rig.stageOf(WaitStage::Wait).max() >= kPauseNs);
  CHECK(rig.stageOf(WaitStage::Crypto).max() >= 2 * kPauseNs);
  CHECK(rig.stageOf(WaitStage::Device).max() >= 3 * kPauseNs);
  CHECK(rig.stageOf(WaitStage::Complete).max() >= 4 * kPauseNs);
  // Together they are the whole.
  std::uint64_t sumNs = 0;
  for (const CompactHistogram& stage : rig.counters->stageNs) {
    sumNs += stage.read().sum();
  }
  const std::uint64_t wholeNs = rig.latencyOf(RequestKind::Write).sum();
  CHECK(sumNs <= wholeNs);
  CHECK(sumNs + 50'000 >= wholeNs);
}

TEST_CASE("over a plain store the device has all the time from submission to answer") {
  Rig rig;
  pause();
  const auto batch = rig.take(1);
  rig.meter.onSubmit(*batch[0]);
  pause(2 * kPauseNs);
  rig.answer(*batch[0], RequestKind::Read, 512);
  rig.meter.onPublishing();

  CHECK(rig.stageOf(WaitStage::Device).max() >= 2 * kPauseNs);
  CHECK(rig.stageOf(WaitStage::Crypto).max() == 0);
  CHECK(rig.stageOf(WaitStage::Complete).max() < 2 * kPauseNs);
}

TEST_CASE("one request at a time is sampled, and what went to no store has no stages") {
  Rig rig;
  pause();
  const auto first = rig.take(1);
  pause();
  const auto second = rig.take(4);
  CHECK(first[0]->trace != nullptr);
  CHECK(std::ranges::all_of(second, [](const auto& one) { return one->trace == nullptr; }));

  rig.answer(*first[0], RequestKind::Other);
  rig.meter.onPublishing();
  CHECK(rig.stageOf(WaitStage::Wait).count() == 0);
  pause();
  const auto third = rig.take(4);
  CHECK(std::ranges::count_if(third, [](const auto& one) { return one->trace != nullptr; }) == 1);
}

} // namespace argon::block
