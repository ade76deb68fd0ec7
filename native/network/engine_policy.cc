// SPDX-License-Identifier: Apache-2.0

// The engine's policy and observer: how one takes the place of another, between two rounds.

#include "base/clock.h"
#include "base/result.h"
#include "crypto/random.h"
#include "network/engine.h"
#include "network/interface.h"
#include "vpc/flow_hash.h"
#include "vpc/interface_state.h"
#include "vpc/observer.h"
#include "vpc/pipeline.h"
#include "vpc/snapshot.h"

#include <atomic>
#include <cstdint>
#include <future>
#include <memory>
#include <span>
#include <utility>

namespace argon::network {

void Engine::setObserver(vpc::Observer* observer) {
  observer_ = observer;
  if (observer_ != nullptr && pipeline_ != nullptr) {
    observer_->flowLog().setPolicy(pipeline_->policy(), monotonicNs());
  }
}

Result<void> Engine::setPolicy(std::shared_ptr<const vpc::Snapshot> policy) {
  // A task must be copyable, so what it moves is shared for the way.
  auto outcome = std::make_shared<std::promise<Result<void>>>();
  post([this, policy = std::move(policy), outcome] { outcome->set_value(applyPolicy(policy)); });
  return outcome->get_future().get();
}

Result<void> Engine::applyPolicy(std::shared_ptr<const vpc::Snapshot> policy) {
  if (pipeline_ == nullptr) {
    vpc::HashSecret secret;
    ARGON_TRY(fillRandom(std::as_writable_bytes(std::span(secret.words))));
    auto made = std::make_unique<vpc::Pipeline>(
        vpc::Pipeline::Options{.interfaceCountMax = kInterfaceCountMax,
                               .instanceCountMax = kInterfaceCountMax,
                               .flowCountMax = flowCountMax_,
                               .secret = secret});
    ARGON_TRY(made->setPolicy(std::move(policy), monotonicNs()));
    pipeline_ = std::move(made);
    queues_.obey(*pipeline_);
    sharedPipeline_.store(pipeline_.get(), std::memory_order_release);
    setObserver(observer_);
    return {};
  }
  const std::uint64_t nowNs = monotonicNs();
  ARGON_TRY(pipeline_->setPolicy(std::move(policy), nowNs));
  queues_.obey(*pipeline_);
  if (observer_ != nullptr) {
    observer_->flowLog().setPolicy(pipeline_->policy(), nowNs);
  }
  // By other allowances they may go now.
  resumeHeld(UINT64_MAX);
  return {};
}

const vpc::InterfaceCounters* Engine::policyCounters(InterfaceIndex index) const {
  // Pairs with the store of the first policy.
  const vpc::Pipeline* pipeline = sharedPipeline_.load(std::memory_order_acquire);
  return pipeline == nullptr ? nullptr : &pipeline->counters(index);
}

} // namespace argon::network
