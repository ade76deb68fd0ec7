// SPDX-License-Identifier: Apache-2.0
#pragma once

// A block card: the threads that serve block devices, and the devices. One session thread with its
// event loop for all sockets, and workers that all devices share. A device is served at a socket of
// its own or, behind a backplane, in a slot.
//
// Staged stop of a device: no more front ends are taken, its session ends (rings stop and drain,
// memory is unmapped), the store is flushed and closed, then whoever asked is told.

#include "base/event_loop.h"
#include "base/log.h"
#include "base/poll_window.h"
#include "base/result.h"
#include "base/strong_id.h"
#include "base/tick_clock.h"
#include "base/unique_fd.h"
#include "block/counter_pages.h"
#include "block/device.h"
#include "block/snapshot.h"
#include "block/worker.h"
#include "storage/block_store.h"
#include "vhost_user/listener.h"
#include "vhost_user/port.h"
#include "vhost_user/session.h"
#include "vhost_user/slot_desk.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace argon::block {

using DeviceId = StrongId<struct DeviceIdTag, std::uint32_t>;

class BlockCard {
public:
  struct Options {
    std::uint16_t workerCount = 1;
    PollMode pollMode = PollMode::Adaptive;
    /// CPUs for the workers, given out in turn; empty: any. The session thread stays where it is.
    std::vector<unsigned> cpus;
  };

  /// What a card inherits; closed is nothing.
  struct Surroundings {
    /// The card's end of a slot channel; without one it serves sockets only.
    UniqueFd backplane;
    /// Memory for counters that others read, of createCounterMemory(); else they are the card's.
    UniqueFd counterMemory;
  };

  static Result<std::unique_ptr<BlockCard>> start(const Options& options, LogSink& log,
                                                  Surroundings surroundings = {});
  BlockCard(const BlockCard&) = delete;
  BlockCard& operator=(const BlockCard&) = delete;
  /// Only after stop().
  ~BlockCard();

  /// Serves a device at a socket. When this returns, front ends can connect. Any thread.
  DeviceId addDevice(BlockDevice::Options options, std::unique_ptr<BlockStore> store,
                     vhost_user::ListeningSocket socket, vhost_user::Session::Options session);

  /// Asks for what the backplane keeps for a slot's allocation map, a closed descriptor if that is
  /// nothing; it comes when the slot is offered. Whoever gives up waiting drops the promise. Any
  /// thread.
  std::shared_ptr<vhost_user::SlotDesk::MapPromise> requestSlotMap(std::uint32_t slot);
  /// Serves a device in a slot of the backplane: AlreadyExists if the slot has one. Only on a card
  /// that has a backplane. Any thread but the session's, which it waits for.
  Result<DeviceId> addSlotDevice(BlockDevice::Options options, std::unique_ptr<BlockStore> store,
                                 std::uint32_t slot, vhost_user::Session::Options session);

  /// `done` is called on the session thread when nothing is left of the device. Any thread; once
  /// for each device.
  void removeDevice(DeviceId id, std::function<void()> done);

  enum class Growth : std::uint8_t {
    /// The store alone: so that its size can be written down before anybody counts on it.
    Store,
    /// The device too, and its driver is told.
    Device,
  };
  /// Makes a device larger. `done` is called on the session thread, on which the file system's work
  /// is done. Any thread.
  void growDevice(DeviceId id, std::uint64_t sizeBytes, Growth growth,
                  std::function<void(Result<void>)> done);

  /// A device's counters, by ring, and all workers'; no queues if there is no such device. Any
  /// thread; waits for the session thread, and for nothing on the data path.
  [[nodiscard]] DeviceSnapshot snapshot(DeviceId id);

  /// Ends the threads. All devices must be removed. From another thread; blocks until it is done.
  void stop();

private:
  struct Served {
    std::unique_ptr<BlockDevice> device;
    std::unique_ptr<vhost_user::Port> port;
  };

  BlockCard(std::unique_ptr<EventLoop> loop, LogSink& log);

  LogSink& log_;
  TickClock clock_ = TickClock::calibrate();
  // Null if nobody else reads. Outlives workers and devices.
  std::unique_ptr<CounterPages> counterPages_;
  std::unique_ptr<EventLoop> loop_;
  std::vector<std::unique_ptr<Worker>> workers_;
  // Session thread only. The desk is null without a backplane.
  std::unique_ptr<vhost_user::SlotDesk> desk_;
  std::unordered_map<std::uint32_t, Served> devices_;
  std::atomic<std::uint32_t> nextId_ = 1;
  std::jthread sessionThread_;
};

} // namespace argon::block
