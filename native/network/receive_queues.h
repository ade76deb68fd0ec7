// SPDX-License-Identifier: Apache-2.0
#pragma once

// What waits for the allowances of receivers: a queue for each interface whose instance has one
// (BW-3). A receiver whose queue is empty costs nothing here. The engine's thread.

#include "network/interface.h"
#include "network/receive_queue.h"
#include "packet/frame.h"
#include "vpc/pipeline.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace argon::network {

class ReceiveQueues {
public:
  /// As many as the pipeline has.
  explicit ReceiveQueues(std::uint32_t interfaceCountMax);
  ReceiveQueues(const ReceiveQueues&) = delete;
  ReceiveQueues& operator=(const ReceiveQueues&) = delete;
  ~ReceiveQueues() = default;

  /// After another policy: makes room for interfaces that have got an allowance, lets go of frames
  /// for those that are gone, and asks for the others anew.
  void obey(const vpc::Pipeline& pipeline);
  /// A frame that is to wait (Verdict::isQueued), as it is to be delivered.
  void push(InterfaceIndex to, std::uint16_t pairIndex, const packet::Frame& frame);
  [[nodiscard]] bool isEmpty() const { return waiting_.empty(); }

  using Deliver =
      std::function<void(InterfaceIndex to, std::uint16_t pairIndex, const packet::Frame& frame)>;
  /// Delivers what may go at `nowNs`, of each queue no more than a turn's. True if anything went.
  [[nodiscard]] bool release(vpc::Pipeline& pipeline, std::uint64_t nowNs, const Deliver& deliver);
  /// When release() is to be called next; nothing while nothing waits.
  [[nodiscard]] std::optional<std::uint64_t> dueNs() const;

private:
  struct Waiting {
    InterfaceIndex at;
    std::uint64_t retryAtNs = 0;
  };

  [[nodiscard]] bool releaseFrom(Waiting& waiting, vpc::Pipeline& pipeline, std::uint64_t nowNs,
                                 const Deliver& deliver);
  void forgetEmpty();
  [[nodiscard]] ReceiveQueue& queueOf(InterfaceIndex at) { return *queues_[at.get()]; }

  // By interface; null for one that never had an allowance.
  std::vector<std::unique_ptr<ReceiveQueue>> queues_;
  // Those that are not empty.
  std::vector<Waiting> waiting_;
};

} // namespace argon::network
