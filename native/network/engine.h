// SPDX-License-Identifier: Apache-2.0
#pragma once

// The data thread of network interfaces. It owns all their rings and moves frames between them,
// with one copy, from guest to guest. A round: at most 32 frames of each transmitting ring, then
// every ring that got answers is published and called once. What comes between rounds is
// DataThread's.
//
// Interfaces 2n and 2n + 1 are the two ends of a cable (docs/design/0017).

#include "base/data_thread.h"
#include "base/log.h"
#include "base/result.h"
#include "base/uring.h"
#include "network/config.h"
#include "network/counters.h"
#include "network/frame_finisher.h"
#include "network/frame_reader.h"
#include "network/interface.h"
#include "network/receiver.h"
#include "network/ring.h"
#include "packet/frame.h"
#include "vhost_user/device.h"
#include "virtio/spec/net.h"

#include <sys/uio.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace argon::network {

class Engine final : private DataThread::Work, private KickListener {
public:
  using Options = DataThread::Options;

  /// Returns when the thread runs.
  static Result<std::unique_ptr<Engine>> start(const Options& options);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  /// Only after stop().
  ~Engine() = default;

  /// Runs a task on the engine's thread, between rounds. From any thread.
  void post(DataThread::Task task) { thread_.post(std::move(task)); }
  /// Any thread.
  [[nodiscard]] const EngineCounters& counters() const { return counters_; }
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
  [[nodiscard]] std::optional<std::uint64_t> sleepNsMax() const override { return std::nullopt; }
  void onStop() override;
  void onActive(Ring& ring) override { active_.push_back(&ring); }

  [[nodiscard]] bool transmitAll();
  unsigned transmit(Ring& ring);
  void forward(Ring& ring, const virtio::Chain& chain);
  void deliver(Interface& target, std::uint16_t pairIndex, const packet::Frame& frame);
  void receive(Interface& target, Ring& ring, const packet::Frame& frame);
  void noteAnswered(Ring& ring);
  void publishAll();
  void removeStopped();
  [[nodiscard]] Interface& interfaceAt(InterfaceIndex index) { return *interfaces_[index.get()]; }
  [[nodiscard]] Interface* otherEndOf(InterfaceIndex index);

  EngineCounters counters_;
  Uring* uring_ = nullptr; // The thread's, while it runs.
  std::vector<std::unique_ptr<Interface>> interfaces_;
  // Transmitting rings that are looked at in each round.
  std::vector<Ring*> active_;
  std::vector<Ring*> answered_;
  std::vector<std::unique_ptr<Ring>> stopping_;
  std::vector<iovec> segments_;
  FrameReader reader_;
  Receiver receiver_;
  FrameFinisher finisher_;
  DataThread thread_;
};

} // namespace argon::network
