// SPDX-License-Identifier: Apache-2.0
#include "block/queue_meter.h"

#include "base/check.h"
#include "base/tick_clock.h"
#include "block/counters.h"
#include "block/request.h"
#include "storage/block_store.h"
#include "storage/stage_trace.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace argon::block {

RequestKind kindOf(StoreOperation operation) {
  switch (operation) {
  case StoreOperation::Read:
    return RequestKind::Read;
  case StoreOperation::Write:
    return RequestKind::Write;
  case StoreOperation::Flush:
    return RequestKind::Flush;
  case StoreOperation::Discard:
    return RequestKind::Discard;
  case StoreOperation::WriteZeroes:
    return RequestKind::WriteZeroes;
  }
  ARGON_UNREACHABLE();
}

QueueMeter::QueueMeter(QueueCounters& counters, const TickClock& clock, std::uint32_t sampleSeed)
    : counters_(counters), clock_(clock), sampleGapTicks_(clock.fromNs(kSampleGapNs)),
      random_(sampleSeed * 2 + 1) {
  counters_.nsPerTick.set(clock_.nsPerTick());
}

void QueueMeter::beginBatch() {
  const std::uint64_t nowTicks = clock_.now();
  const auto next = static_cast<std::uint16_t>((batch_ + 1) % kBatchCount);
  if (batches_[batch_].openCount == 0) {
    batches_[batch_].takenTicks = nowTicks;
  } else if (next != firstBatch_) {
    batch_ = next;
    batches_[batch_] = {.takenTicks = nowTicks, .openCount = 0};
  }
  samplePlace_ = UINT32_MAX;
  if (sample_ == Sample::None && nowTicks - sampledTicks_ >= sampleGapTicks_) {
    sampledTicks_ = nowTicks;
    // How many the round will take is known later; it is mostly as many as the last time.
    samplePlace_ = lastTakenCount_ == 1 ? 0 : nextRandom() % lastTakenCount_;
  }
}

void QueueMeter::beginSample(BlockRequest& request) {
  sample_ = Sample::Taken;
  sampleTakenTicks_ = batches_[batch_].takenTicks;
  trace_ = {.clock = clock_};
  request.trace = &trace_;
}

void QueueMeter::onRoundTaken(std::uint32_t takenCount) {
  if (takenCount > 0) {
    lastTakenCount_ = takenCount;
    batches_[batch_].openCount += takenCount;
    openCount_ += takenCount;
    counters_.chainsPerRound.record(takenCount);
    showInFlight();
  }
}

void QueueMeter::beginRun(std::uint16_t batch, RequestKind kind) {
  if (runCount_ == kRunCount) {
    settle(clock_.now());
  } else if (run_.count > 0) {
    runs_[runCount_++] = run_;
  }
  run_ = {.batch = batch, .kind = kind, .count = 0, .bytes = 0};
}

void QueueMeter::onTraceAnswered() {
  sample_ = Sample::Answered;
  sampleAnsweredTicks_ = clock_.now();
}

void QueueMeter::onPublishing() {
  const std::uint64_t nowTicks = clock_.now();
  settle(nowTicks);
  if (answerCount_ > 0) {
    counters_.answersPerPublish.record(answerCount_);
    openCount_ -= answerCount_;
    answerCount_ = 0;
  }
  if (sample_ == Sample::Answered) {
    recordTrace(nowTicks);
    sample_ = Sample::None;
  }
  showInFlight();
}

// A batch may still be being taken: then more of it were answered than are known to be open, which
// onRoundTaken() makes good.
void QueueMeter::settle(std::uint64_t nowTicks) {
  if (run_.count > 0) {
    runs_[runCount_++] = run_;
    run_.count = 0;
    run_.bytes = 0;
  }
  for (const AnswerRun& run : std::span(runs_).first(runCount_)) {
    Batch& batch = batches_[run.batch];
    batch.openCount -= run.count;
    answerCount_ += run.count;
    if (run.kind != RequestKind::Other) {
      const auto kind = static_cast<std::size_t>(run.kind);
      counters_.requests[kind].add(run.count);
      counters_.bytes[kind].add(run.bytes);
      counters_.latencyNs[kind].record(clock_.toNs(nowTicks - batch.takenTicks), run.count);
    }
  }
  runCount_ = 0;
  while (firstBatch_ != batch_ && batches_[firstBatch_].openCount == 0) {
    firstBatch_ = static_cast<std::uint16_t>((firstBatch_ + 1) % kBatchCount);
  }
}

void QueueMeter::recordTrace(std::uint64_t nowTicks) {
  if (trace_.enteredTicks == 0) {
    return; // It never went to a store.
  }
  const bool isSubmitted = trace_.submittedTicks != 0;
  // Over one store there is nobody to say when that store had it.
  const std::uint64_t submitted = isSubmitted ? trace_.submittedTicks : trace_.enteredTicks;
  const bool isPlain = !isSubmitted && trace_.cryptoTicks == 0;
  std::uint64_t answered = trace_.answeredTicks;
  if (answered == 0) {
    answered = isPlain ? sampleAnsweredTicks_ : submitted;
  }
  recordStage(WaitStage::Wait, sampleTakenTicks_, submitted, trace_.cryptoBeforeSubmitTicks);
  recordStage(WaitStage::Device, submitted, answered,
              trace_.cryptoBeforeAnswerTicks - trace_.cryptoBeforeSubmitTicks);
  recordStage(WaitStage::Complete, answered, nowTicks,
              trace_.cryptoTicks - trace_.cryptoBeforeAnswerTicks);
  counters_.stageNs[static_cast<std::size_t>(WaitStage::Crypto)].record(
      clock_.toNs(trace_.cryptoTicks));
}

void QueueMeter::recordStage(WaitStage stage, std::uint64_t fromTicks, std::uint64_t toTicks,
                             std::uint64_t cryptoTicks) {
  const std::uint64_t ticks = toTicks - fromTicks;
  counters_.stageNs[static_cast<std::size_t>(stage)].record(
      ticks > cryptoTicks ? clock_.toNs(ticks - cryptoTicks) : 0);
}

void QueueMeter::showInFlight() {
  counters_.inFlight.set(openCount_);
  counters_.oldestTicks.set(openCount_ == 0 ? 0 : batches_[firstBatch_].takenTicks);
}

// xorshift32: which of a batch is sampled must not follow the batch.
std::uint32_t QueueMeter::nextRandom() {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 17;
  random_ ^= random_ << 5;
  return random_;
}

} // namespace argon::block
