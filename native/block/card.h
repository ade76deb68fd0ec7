// SPDX-License-Identifier: Apache-2.0
#pragma once

// A block card: the threads that serve block devices, and the devices. One session thread with its
// event loop for all sockets, and workers that all devices share.
//
// Staged stop of a device: listening ends, its session ends (rings stop and drain, memory is
// unmapped), the store is flushed and closed, then whoever asked is told.

#include "base/event_loop.h"
#include "base/log.h"
#include "base/result.h"
#include "base/strong_id.h"
#include "base/tick_clock.h"
#include "block/device.h"
#include "block/poll_window.h"
#include "block/snapshot.h"
#include "block/worker.h"
#include "storage/block_store.h"
#include "vhost_user/listener.h"
#include "vhost_user/session.h"

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

  static Result<std::unique_ptr<BlockCard>> start(const Options& options, LogSink& log);
  BlockCard(const BlockCard&) = delete;
  BlockCard& operator=(const BlockCard&) = delete;
  /// Only after stop().
  ~BlockCard();

  /// Serves a device at a socket. When this returns, front ends can connect. Any thread.
  DeviceId addDevice(BlockDevice::Options options, std::unique_ptr<BlockStore> store,
                     vhost_user::ListeningSocket socket, vhost_user::Session::Options session);
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
    std::unique_ptr<vhost_user::Listener> listener;
  };

  BlockCard(std::unique_ptr<EventLoop> loop, LogSink& log);

  LogSink& log_;
  TickClock clock_ = TickClock::calibrate();
  std::unique_ptr<EventLoop> loop_;
  std::vector<std::unique_ptr<Worker>> workers_;
  // Session thread only.
  std::unordered_map<std::uint32_t, Served> devices_;
  std::atomic<std::uint32_t> nextId_ = 1;
  std::jthread sessionThread_;
};

} // namespace argon::block
