// SPDX-License-Identifier: Apache-2.0
#include "network/watch.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/result.h"
#include "crypto/random.h"
#include "network/engine.h"
#include "network/interface.h"
#include "vpc/capture.h"
#include "vpc/flow_hash.h"
#include "vpc/flow_log.h"
#include "vpc/observer.h"
#include "vpc/pipeline.h"
#include "vpc/trace.h"

#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace argon::network {

namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;

// Runs work on the engine's thread and waits for what it gives.
template <typename Work>
auto waitFor(Engine& engine, Work work) {
  // A task must be copyable, so what it keeps its word by is shared for the way.
  auto outcome = std::make_shared<std::promise<decltype(work())>>();
  engine.post([work = std::move(work), outcome] { outcome->set_value(work()); });
  return outcome->get_future().get();
}

} // namespace

Result<vpc::Trace> Watch::trace(const vpc::TraceQuestion& question) {
  const vpc::TraceSeed seed = waitFor(engine_, [this, question] {
    const vpc::Pipeline* pipeline = engine_.pipeline();
    return pipeline == nullptr ? vpc::TraceSeed{} : pipeline->seedTrace(question, monotonicNs());
  });
  return vpc::rehearse(seed, question);
}

std::optional<std::uint32_t> Watch::conntrackAvailable(InterfaceIndex index) {
  return waitFor(engine_, [this, index]() -> std::optional<std::uint32_t> {
    const vpc::Pipeline* pipeline = engine_.pipeline();
    return pipeline == nullptr ? std::nullopt : pipeline->conntrackAvailable(index);
  });
}

Result<void> Watch::observe() {
  if (observer_ != nullptr) return {};
  vpc::HashSecret secret;
  ARGON_TRY(fillRandom(std::as_writable_bytes(std::span(secret.words))));
  observer_ = std::make_unique<vpc::Observer>(kInterfaceCountMax, secret);
  waitFor(engine_, [this] {
    engine_.setObserver(observer_.get());
    return true;
  });
  return {};
}

Result<void> Watch::startFlowLog(InterfaceIndex index, std::uint32_t intervalSeconds) {
  ARGON_TRY(observe());
  const bool isStarted = waitFor(engine_, [this, index, intervalSeconds] {
    return observer_->flowLog().start(index, intervalSeconds * kNsPerSecond, monotonicNs());
  });
  if (!isStarted) return Error(ErrorKind::NotFound, "the interface is in no policy");
  return {};
}

void Watch::stopFlowLog(InterfaceIndex index) {
  if (observer_ == nullptr) return;
  waitFor(engine_, [this, index] {
    observer_->flowLog().stop(index, monotonicNs());
    return true;
  });
}

std::vector<vpc::FlowLogRecord> Watch::takeFlowLog() {
  std::vector<vpc::FlowLogRecord> records;
  while (observer_ != nullptr && records.size() < kTakeCountMax) {
    const std::optional<vpc::FlowLogRecord> record = observer_->takeRecord();
    if (!record) break;
    records.push_back(*record);
  }
  return records;
}

Result<void> Watch::startCapture(vpc::Environment environment, std::optional<InterfaceIndex> only) {
  ARGON_TRY_ASSIGN(std::unique_ptr<vpc::Capture> capture,
                   vpc::Capture::create(environment, kCapturedCountMax, only));
  ARGON_TRY(observe());
  stopCapture();
  capture_ = std::move(capture);
  waitFor(engine_, [this] {
    observer_->setCapture(capture_.get());
    return true;
  });
  return {};
}

void Watch::stopCapture() {
  if (capture_ == nullptr) return;
  waitFor(engine_, [this] {
    observer_->setCapture(nullptr);
    return true;
  });
  capture_ = nullptr;
}

std::vector<vpc::CapturedFrame> Watch::takeCapture() {
  std::vector<vpc::CapturedFrame> frames;
  while (capture_ != nullptr && frames.size() < kTakeCountMax) {
    const std::optional<vpc::CapturedFrame> frame = capture_->take();
    if (!frame) break;
    frames.push_back(*frame);
  }
  return frames;
}

} // namespace argon::network
