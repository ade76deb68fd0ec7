// SPDX-License-Identifier: Apache-2.0
#pragma once

// A network card: the engine, one session thread with its event loop for all sockets, and the
// interfaces. Each is served at a socket of its own or, behind a backplane, in a slot.
//
// Staged stop of an interface: no more front ends are taken, its session ends (rings stop, memory
// is unmapped), the engine forgets it, then whoever asked is told.

#include "base/event_loop.h"
#include "base/log.h"
#include "base/poll_window.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "network/counters.h"
#include "network/device.h"
#include "network/engine.h"
#include "network/interface.h"
#include "network/punt_lane.h"
#include "network/service_desk.h"
#include "network/stream_port.h"
#include "network/watch.h"
#include "vhost_user/listener.h"
#include "vhost_user/port.h"
#include "vhost_user/session.h"
#include "vhost_user/slot_desk.h"
#include "vpc/snapshot.h"

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace argon::network {

class NetworkCard {
public:
  struct Options {
    PollMode pollMode = PollMode::Adaptive;
    /// CPUs for the engine; empty: any. The session thread stays where it is.
    std::vector<unsigned> cpus;
    /// Connections that the card remembers, each counted at both of its ends.
    std::uint32_t flowCountMax = Engine::kFlowCountMax;
  };
  struct InterfaceOptions {
    /// For logs.
    std::string name;
    /// As policies know it, and without one which end of which cable: below kInterfaceCountMax, and
    /// no other interface's.
    InterfaceIndex index;
    std::uint16_t pairCount = 1;
  };

  /// `backplane`: the card's end of a slot channel; closed: it serves sockets only.
  static Result<std::unique_ptr<NetworkCard>> start(const Options& options, LogSink& log,
                                                    UniqueFd backplane = {});
  NetworkCard(const NetworkCard&) = delete;
  NetworkCard& operator=(const NetworkCard&) = delete;
  /// Only after stop().
  ~NetworkCard();

  /// Serves an interface at a socket. When this returns, front ends can connect. AlreadyExists if
  /// the index is taken. Any thread but the session's, which it waits for.
  [[nodiscard]] Result<void> addInterface(const InterfaceOptions& options,
                                          vhost_user::ListeningSocket socket,
                                          vhost_user::Session::Options session);
  /// Serves an interface in a slot of the backplane, as soon as that offers it. AlreadyExists if
  /// the index is taken or the slot has an interface; Unsupported without a backplane. Any thread
  /// but the session's, which it waits for.
  [[nodiscard]] Result<void> addSlotInterface(const InterfaceOptions& options, std::uint32_t slot,
                                              vhost_user::Session::Options session);
  /// What front ends reach a device by. Called on the session thread, whose loop it gets.
  using MakePort = std::function<std::unique_ptr<vhost_user::Port>(
      EventLoop& loop, NetworkDevice& device, const Log& log)>;
  /// Serves an interface at a port that is of neither kind. AlreadyExists if the index is taken; or
  /// the port's error if it does not start. Any thread but the session's, which it waits for.
  [[nodiscard]] Result<void> addInterfaceAt(const InterfaceOptions& options,
                                            const MakePort& makePort);
  /// `done` is called on the session thread when nothing is left of the interface. Any thread; once
  /// for each that was added.
  void removeInterface(InterfaceIndex index, std::function<void()> done);
  /// As Engine::setPolicy().
  [[nodiscard]] Result<void> setPolicy(std::shared_ptr<const vpc::Snapshot> policy) {
    return engine_->setPolicy(std::move(policy));
  }
  /// What an interface counted; NotFound if there is none. For the thread that watches, as watch()
  /// is: it waits for the session's and for the engine's.
  [[nodiscard]] Result<InterfaceSnapshot> snapshot(InterfaceIndex index);
  /// Traces, flow logs and captures.
  [[nodiscard]] Watch& watch() { return watch_; }
  /// As long as the card.
  [[nodiscard]] Engine& engine() { return *engine_; }
  /// Questions to DHCP, DNS and time, for whoever answers them. As long as the card.
  [[nodiscard]] PuntLane& datagrams() { return desk_->datagrams(); }
  /// Questions to services over TCP, which streams carry.
  [[nodiscard]] const PuntLane& streams() { return desk_->streams(); }
  /// From now on streams end in the namespace that the TUN device leads to (ServiceNamespace).
  /// AlreadyExists the second time. Any thread but the session's, which it waits for.
  [[nodiscard]] Result<void> openStreams(UniqueFd tun);
  /// Any thread.
  [[nodiscard]] const EngineCounters& engineCounters() const { return engine_->counters(); }

  /// Ends the threads. All interfaces must be removed. From another thread; blocks until it is
  /// done.
  void stop();

private:
  struct Served {
    std::unique_ptr<NetworkDevice> device;
    std::unique_ptr<vhost_user::Port> port;
  };

  NetworkCard(std::unique_ptr<EventLoop> loop, std::unique_ptr<Engine> engine, LogSink& log)
      : log_(log), loop_(std::move(loop)), engine_(std::move(engine)),
        desk_(std::make_unique<ServiceDesk>(*engine_)), watch_(*engine_) {}
  using Outcome = std::promise<Result<void>>;

  void serve(const InterfaceOptions& options, const MakePort& makePort,
             const std::shared_ptr<Outcome>& outcome);

  LogSink& log_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<ServiceDesk> desk_;
  Watch watch_;
  // Session thread only; null without services over TCP.
  std::unique_ptr<StreamPort> streamPort_;
  // Session thread only. Null without a backplane.
  std::unique_ptr<vhost_user::SlotDesk> slotDesk_;
  // By index; session thread only.
  std::unordered_map<std::uint32_t, Served> interfaces_;
  std::jthread sessionThread_;
};

} // namespace argon::network
