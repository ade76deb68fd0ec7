// SPDX-License-Identifier: Apache-2.0
#pragma once

// Counts and times what a ring does, for little: requests that were taken in one round share one
// time stamp, those that are published at once another, and answers of the same batch and kind are
// counted together. Which stage took how long is asked of one request at a time, at most every
// 20 µs. On the worker's thread; the counters are read from any.

#include "base/tick_clock.h"
#include "block/counters.h"
#include "block/request.h"
#include "storage/block_store.h"
#include "storage/stage_trace.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace argon::block {

/// What a request that succeeded counts as.
[[nodiscard]] RequestKind kindOf(StoreOperation operation);

class QueueMeter {
public:
  /// `counters` outlives the meter; `sampleSeed` spreads the samples of rings.
  QueueMeter(QueueCounters& counters, const TickClock& clock, std::uint32_t sampleSeed);

  /// For each chain that is taken; `place` is how many were taken before it in this round.
  void onTaken(BlockRequest& request, std::uint32_t place) {
    if (place == 0) {
      beginBatch();
    }
    request.batch = batch_;
    request.kind = RequestKind::Other;
    request.trace = nullptr;
    if (place == samplePlace_) [[unlikely]] {
      beginSample(request);
    }
  }
  /// The round has taken what it could.
  void onRoundTaken(std::uint32_t takenCount);

  /// The request goes to the store.
  void onSubmit(const BlockRequest& request) {
    if (request.trace != nullptr) [[unlikely]] {
      request.trace->noteEntered();
    }
  }
  /// The request is answered, once, and counts as its `kind`; onTaken() made that Other.
  void onAnswered(const BlockRequest& request) {
    if (request.trace != nullptr) [[unlikely]] {
      onTraceAnswered();
    }
    if (run_.batch != request.batch || run_.kind != request.kind) [[unlikely]] {
      beginRun(request.batch, request.kind);
    }
    ++run_.count;
    run_.bytes += request.askedBytes;
  }

  /// All answers so far become visible to the driver now; whoever saw one finds it counted.
  void onPublishing();

private:
  // Requests that were taken in one round. `openCount`: those that are not published.
  struct Batch {
    std::uint64_t takenTicks;
    std::uint32_t openCount;
  };
  // Answers of one batch and kind, one after another. The bytes of Other mean nothing.
  struct AnswerRun {
    std::uint16_t batch;
    RequestKind kind;
    std::uint32_t count;
    std::uint64_t bytes;
  };

  void beginBatch();
  void beginSample(BlockRequest& request);
  void beginRun(std::uint16_t batch, RequestKind kind);
  void onTraceAnswered();
  void settle(std::uint64_t nowTicks);
  void recordTrace(std::uint64_t nowTicks);
  void recordStage(WaitStage stage, std::uint64_t fromTicks, std::uint64_t toTicks,
                   std::uint64_t cryptoTicks);
  void showInFlight();
  [[nodiscard]] std::uint32_t nextRandom();

  // More batches than this are under way only where each round takes very few of very many; then a
  // batch also gets what is taken later, which counts as taken a little too early.
  static constexpr std::size_t kBatchCount = 64;
  // Answers in order come in few runs. More than this are settled at once, as if published.
  static constexpr std::size_t kRunCount = 32;
  static constexpr std::uint64_t kSampleGapNs = 20'000;

  QueueCounters& counters_;
  TickClock clock_;
  std::uint64_t sampleGapTicks_;
  // A ring of batches: those from `firstBatch_` on may be open, `batch_` is the newest.
  std::array<Batch, kBatchCount> batches_{};
  std::uint16_t firstBatch_ = 0;
  std::uint16_t batch_ = 0;
  std::uint32_t openCount_ = 0;
  std::uint32_t answerCount_ = 0;
  // The newest run, and those before it.
  AnswerRun run_{};
  std::array<AnswerRun, kRunCount + 1> runs_{};
  std::size_t runCount_ = 0;
  // The one request that is followed, from its batch's beginning to its publication.
  enum class Sample : std::uint8_t { None, Taken, Answered };
  Sample sample_ = Sample::None;
  std::uint32_t samplePlace_ = UINT32_MAX; // In the batch; none.
  std::uint32_t lastTakenCount_ = 1;
  std::uint64_t sampledTicks_ = 0;
  std::uint64_t sampleTakenTicks_ = 0;
  std::uint64_t sampleAnsweredTicks_ = 0;
  std::uint32_t random_;
  StageTrace trace_;
};

} // namespace argon::block
