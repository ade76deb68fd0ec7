// SPDX-License-Identifier: Apache-2.0
#include "addon/metrics_binding.h"

#include "addon/napi_support.h"
#include "base/histogram.h"
#include "base/stage_meter.h"
#include "block/counters.h"
#include "block/snapshot.h"

#include <napi.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace argon::addon {

namespace {

// In the order of RequestKind, WaitStage and Stage.
constexpr std::array<const char*, block::kRequestKindCount> kKindNames = {"read", "write", "flush",
                                                                          "discard", "writeZeroes"};
constexpr std::array<const char*, block::kWaitStageCount> kWaitStageNames = {"wait", "crypto",
                                                                             "device", "complete"};
constexpr std::array<const char*, kStageCount> kStageNames = {"ring", "store", "crypto",
                                                              "complete"};

template <std::size_t Count>
Napi::Value histogramsOf(Napi::Env env, const std::array<const char*, Count>& names,
                         const std::array<HistogramSnapshot, Count>& histograms) {
  const Napi::Object object = Napi::Object::New(env);
  for (std::size_t index = 0; index < Count; ++index) {
    object.Set(names[index], histogramOf(env, histograms[index]));
  }
  return object;
}

Napi::Value queueOf(Napi::Env env, const block::QueueSnapshot& queue) {
  const Napi::Object object = Napi::Object::New(env);
  setCounters(env, object, queue);
  object.Set("inFlight", bigintOf(env, queue.inFlight));
  object.Set("oldestNs", bigintOf(env, queue.oldestNs));
  object.Set("chainsPerRound", histogramOf(env, queue.chainsPerRound));
  object.Set("answersPerPublish", histogramOf(env, queue.answersPerPublish));
  object.Set("latencyNs", histogramsOf(env, kKindNames, queue.latencyNs));
  object.Set("stageNs", histogramsOf(env, kWaitStageNames, queue.stageNs));
  return object;
}

Napi::Value workerOf(Napi::Env env, const block::WorkerSnapshot& worker) {
  const Napi::Object ticks = Napi::Object::New(env);
  for (std::size_t stage = 0; stage < kStageCount; ++stage) {
    ticks.Set(kStageNames[stage], bigintOf(env, worker.stageTicks[stage]));
  }
  const Napi::Object object = Napi::Object::New(env);
  object.Set("busyRounds", bigintOf(env, worker.busyRounds));
  object.Set("pollHits", bigintOf(env, worker.pollHits));
  object.Set("pollMisses", bigintOf(env, worker.pollMisses));
  object.Set("sleeps", bigintOf(env, worker.sleeps));
  object.Set("measuredRequests", bigintOf(env, worker.measuredRequests));
  object.Set("stageTicks", ticks);
  object.Set("ticksPerSecond", bigintOf(env, worker.ticksPerSecond));
  return object;
}

} // namespace

void setCounters(Napi::Env env, Napi::Object object, const block::QueueSnapshot& queue) {
  object.Set("reads", bigintOf(env, queue.reads));
  object.Set("readBytes", bigintOf(env, queue.readBytes));
  object.Set("writes", bigintOf(env, queue.writes));
  object.Set("writtenBytes", bigintOf(env, queue.writtenBytes));
  object.Set("flushes", bigintOf(env, queue.flushes));
  object.Set("discards", bigintOf(env, queue.discards));
  object.Set("discardedBytes", bigintOf(env, queue.discardedBytes));
  object.Set("writeZeroes", bigintOf(env, queue.writeZeroes));
  object.Set("zeroedBytes", bigintOf(env, queue.zeroedBytes));
  object.Set("failures", bigintOf(env, queue.failures));
  object.Set("malformedChains", bigintOf(env, queue.malformedChains));
  object.Set("kicks", bigintOf(env, queue.kicks));
  object.Set("calls", bigintOf(env, queue.calls));
}

Napi::Value histogramOf(Napi::Env env, const HistogramSnapshot& histogram) {
  const auto numberOf = [env](std::uint64_t value) {
    return Napi::Number::New(env, static_cast<double>(value));
  };
  const Napi::Array buckets = Napi::Array::New(env, histogram.buckets().size());
  std::uint32_t index = 0;
  for (const HistogramSnapshot::Bucket& bucket : histogram.buckets()) {
    const Napi::Array pair = Napi::Array::New(env, 2);
    pair.Set(0U, numberOf(bucket.upperEnd));
    pair.Set(1U, numberOf(bucket.count));
    buckets.Set(index++, pair);
  }
  const Napi::Object object = Napi::Object::New(env);
  object.Set("count", numberOf(histogram.count()));
  object.Set("sum", numberOf(histogram.sum()));
  object.Set("max", numberOf(histogram.max()));
  object.Set("buckets", buckets);
  return object;
}

Napi::Value metricsOf(Napi::Env env, const block::DeviceSnapshot& snapshot) {
  const Napi::Array queues = Napi::Array::New(env, snapshot.queues.size());
  std::uint32_t index = 0;
  for (const block::QueueSnapshot& queue : snapshot.queues) {
    queues.Set(index++, queueOf(env, queue));
  }
  const Napi::Array workers = Napi::Array::New(env, snapshot.workers.size());
  index = 0;
  for (const block::WorkerSnapshot& worker : snapshot.workers) {
    workers.Set(index++, workerOf(env, worker));
  }
  const Napi::Object object = Napi::Object::New(env);
  object.Set("queues", queues);
  object.Set("workers", workers);
  return object;
}

} // namespace argon::addon
