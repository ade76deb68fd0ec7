// SPDX-License-Identifier: Apache-2.0
#include "network/receive_queues.h"

#include "base/check.h"
#include "network/interface.h"
#include "network/receive_queue.h"
#include "packet/frame.h"
#include "vpc/pipeline.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace argon::network {

namespace {

// As of a transmitting ring in a round.
constexpr unsigned kFramesPerTurn = 32;

} // namespace

ReceiveQueues::ReceiveQueues(std::uint32_t interfaceCountMax) : queues_(interfaceCountMax) {}

void ReceiveQueues::obey(const vpc::Pipeline& pipeline) {
  for (std::uint32_t index = 0; index < queues_.size(); ++index) {
    if (queues_[index] == nullptr && pipeline.mayQueueFor(InterfaceIndex(index))) {
      queues_[index] = std::make_unique<ReceiveQueue>();
    }
  }
  for (Waiting& waiting : waiting_) {
    waiting.retryAtNs = 0;
    if (pipeline.backlogCount(waiting.at) == 0) {
      queueOf(waiting.at).clear();
    }
  }
  forgetEmpty();
}

void ReceiveQueues::forgetEmpty() {
  std::erase_if(waiting_, [this](const Waiting& waiting) { return queueOf(waiting.at).isEmpty(); });
}

void ReceiveQueues::push(InterfaceIndex to, std::uint16_t pairIndex, const packet::Frame& frame) {
  ARGON_CHECK(queues_[to.get()] != nullptr);
  ReceiveQueue& queue = queueOf(to);
  if (queue.isEmpty()) {
    waiting_.push_back({.at = to});
  }
  queue.push(frame, pairIndex);
}

bool ReceiveQueues::release(vpc::Pipeline& pipeline, std::uint64_t nowNs, const Deliver& deliver) {
  bool didWork = false;
  for (Waiting& waiting : waiting_) {
    if (waiting.retryAtNs <= nowNs) {
      didWork = releaseFrom(waiting, pipeline, nowNs, deliver) || didWork;
    }
  }
  forgetEmpty();
  return didWork;
}

bool ReceiveQueues::releaseFrom(Waiting& waiting, vpc::Pipeline& pipeline, std::uint64_t nowNs,
                                const Deliver& deliver) {
  ReceiveQueue& queue = queueOf(waiting.at);
  unsigned count = 0;
  for (; count < kFramesPerTurn && !queue.isEmpty(); ++count) {
    const packet::Frame& frame = queue.front();
    waiting.retryAtNs = pipeline.release(waiting.at, frame.lengthBytes, nowNs);
    if (waiting.retryAtNs != 0) break;
    deliver(waiting.at, queue.frontPair(), frame);
    queue.pop();
  }
  return count > 0;
}

std::optional<std::uint64_t> ReceiveQueues::dueNs() const {
  const auto first = std::ranges::min_element(waiting_, {}, &Waiting::retryAtNs);
  return first == waiting_.end() ? std::nullopt : std::optional(first->retryAtNs);
}

} // namespace argon::network
