// SPDX-License-Identifier: Apache-2.0
#pragma once

// The data thread of network interfaces. It owns all their rings and moves frames between them,
// with one copy, from guest to guest. A round: at most 32 frames of each transmitting ring, then
// every ring that got answers is published and called once. What comes between rounds is
// DataThread's.
//
// A policy says where frames go (docs/design/0017). Until there is one, interfaces 2n and 2n + 1
// are the two ends of a cable.

#include "base/data_thread.h"
#include "base/log.h"
#include "base/result.h"
#include "base/uring.h"
#include "network/config.h"
#include "network/counters.h"
#include "network/frame_batch.h"
#include "network/frame_finisher.h"
#include "network/interface.h"
#include "network/punt_sink.h"
#include "network/receive_queues.h"
#include "network/receiver.h"
#include "network/ring.h"
#include "packet/frame.h"
#include "vhost_user/device.h"
#include "virtio/spec/net.h"
#include "vpc/interface_state.h"
#include "vpc/observer.h"
#include "vpc/pipeline.h"
#include "vpc/snapshot.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace argon::network {

class Engine final : private DataThread::Work, private KickListener {
public:
  /// Flows of all interfaces together: those of eight instances at the published allowance. A flow
  /// between two interfaces counts twice.
  static constexpr std::uint32_t kFlowCountMax = 1U << 20U;

  struct Options {
    DataThread::Options thread;
    std::uint32_t flowCountMax = kFlowCountMax;
  };

  /// Returns when the thread runs.
  static Result<std::unique_ptr<Engine>> start(const Options& options);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  /// Only after stop().
  ~Engine() = default;

  /// Runs a task on the engine's thread, between rounds. From any thread.
  void post(DataThread::Task task) { thread_.post(std::move(task)); }
  /// Puts a policy in the place of the one before, between two rounds; with the first the flow
  /// table is made, which takes its time. Fails with the first only, if the host has no random
  /// bytes. From another thread, which waits.
  [[nodiscard]] Result<void> setPolicy(std::shared_ptr<const vpc::Snapshot> policy);
  /// Any thread.
  [[nodiscard]] const EngineCounters& counters() const { return counters_; }
  /// What an interface counted under policies; null while there was none. Any thread.
  [[nodiscard]] const vpc::InterfaceCounters* policyCounters(InterfaceIndex index) const;
  /// Ends the thread. All interfaces must be removed. From another thread.
  void stop() { thread_.stop(); }

  // On the engine's thread.

  /// The counters outlive the interface. The index is below kInterfaceCountMax and free.
  void addInterface(InterfaceIndex index, InterfaceCounters& counters, Log log);
  /// All its rings are stopped.
  void removeInterface(InterfaceIndex index);
  void startRing(InterfaceIndex index, vhost_user::RingStart start);
  /// `done` is called on this thread when the ring is gone.
  void stopRing(InterfaceIndex index, std::uint16_t ringIndex, Ring::StopDone done);
  /// Nothing if the ring is not started.
  void setCall(InterfaceIndex index, std::uint16_t ringIndex, vhost_user::SharedFd call);
  /// Who gets what is for services; null for nobody, and the frames are lost. Outlives the engine's
  /// thread, or is taken away before.
  void setPuntSink(PuntSink* sink) { puntSink_ = sink; }
  /// Who is told of each frame that policies decided about; null for nobody. Outlives the engine's
  /// thread, or is taken away before.
  void setObserver(vpc::Observer* observer);
  /// Null before the first policy.
  [[nodiscard]] const vpc::Pipeline* pipeline() const { return pipeline_.get(); }
  /// Gives an interface's guest a whole frame of ours, with its checksums. Nothing if there is no
  /// such interface.
  void send(InterfaceIndex to, std::span<const std::byte> bytes);

private:
  struct Interface {
    InterfaceCounters& counters;
    Log log;
    // By queue index; null while it is not started.
    std::array<std::unique_ptr<Ring>,
               std::size_t{kPairCountMax} * virtio::spec::net::kQueuesPerPair>
        rings{};
  };

  explicit Engine(const Options& options);
  [[nodiscard]] Result<void> onStart(Uring& uring) override;
  bool runRound() override;
  [[nodiscard]] bool isLooking() override;
  [[nodiscard]] bool arm() override;
  void pause() override;
  [[nodiscard]] std::optional<std::uint64_t> sleepNsMax() const override;
  void onStop() override;
  void onActive(Ring& ring) override { active_.push_back(&ring); }

  [[nodiscard]] bool releaseQueued();
  [[nodiscard]] bool transmitAll();
  unsigned transmit(Ring& ring);
  unsigned discard(Ring& ring);
  std::size_t forwardAll(Ring& ring, unsigned countMax);
  [[nodiscard]] bool forward(Ring& ring, FrameBatch::Entry& entry);
  [[nodiscard]] bool forwardByPolicy(Ring& ring, FrameBatch::Entry& entry);
  void forwardByCable(Ring& ring, const packet::Frame& frame);
  void resumeHeld(std::uint64_t nowNs);
  void sendTo(Interface& target, std::uint16_t pairIndex, std::span<const std::byte> bytes);
  void deliver(Interface& target, std::uint16_t pairIndex, const packet::Frame& frame);
  void receive(Interface& target, Ring& ring, const packet::Frame& frame);
  void noteAnswered(Ring& ring);
  void publishAll();
  void removeStopped();
  [[nodiscard]] Interface& interfaceAt(InterfaceIndex index) { return *interfaces_[index.get()]; }
  [[nodiscard]] Interface* otherEndOf(InterfaceIndex index);

  Result<void> applyPolicy(std::shared_ptr<const vpc::Snapshot> policy);

  EngineCounters counters_;
  std::uint32_t flowCountMax_;
  Uring* uring_ = nullptr; // The thread's, while it runs.
  std::vector<std::unique_ptr<Interface>> interfaces_;
  // Made with the first policy.
  std::unique_ptr<vpc::Pipeline> pipeline_;
  // The same, for readers of counters.
  std::atomic<const vpc::Pipeline*> sharedPipeline_{nullptr};
  PuntSink* puntSink_ = nullptr;
  vpc::Observer* observer_ = nullptr;
  // As of this round.
  std::uint64_t nowNs_ = 0;
  // Transmitting rings that are looked at in each round.
  std::vector<Ring*> active_;
  // Transmitting rings whose next frame is over an allowance.
  std::vector<Ring*> held_;
  // Frames that are over their receivers' allowances.
  ReceiveQueues queues_{kInterfaceCountMax};
  // Before the rings are looked at, in this round.
  bool releasesFirst_ = false;
  std::vector<Ring*> answered_;
  std::vector<std::unique_ptr<Ring>> stopping_;
  FrameBatch batch_;
  Receiver receiver_;
  FrameFinisher finisher_;
  // Cut by it for the ring whose turn it is.
  unsigned segmentCount_ = 0;
  DataThread thread_;
};

} // namespace argon::network
