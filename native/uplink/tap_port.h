// SPDX-License-Identifier: Apache-2.0
#pragma once

// The front end of an uplink's interface: carries frames between a TAP device and the interface's
// rings, which it has as a guest's driver has its own. To the engine the outside is one more guest;
// what the kernel does for a read or a write costs the session thread and not the engine's.
//
//     TAP ──read──▶ a buffer of the transmitting ring, whole ──▶ engine
//     TAP ◀──writev── buffers of the receiving ring, merged ◀── engine
//
// While the engine holds all buffers of the transmitting ring nothing is read: frames wait in the
// device's queue, and the kernel drops and counts what it has no room for (tx_dropped of the
// device). What the engine finds no buffer for it counts as rxOverruns, what the device does not
// take the kernel does (rx_dropped). A device that is deleted carries nothing any more: its owner
// and the log are told, once.
//
// Lives on its loop's thread.

#include "base/event_loop.h"
#include "base/log.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "frontend/arena.h"
#include "frontend/driver_queue.h"
#include "vhost_user/device.h"
#include "vhost_user/port.h"

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace argon::uplink {

class TapPort final : public vhost_user::Port, private EventHandler {
public:
  /// Takes a descriptor of openTap(), which it closes when it has stopped. Loop and device outlive
  /// the port; the device has one pair of rings and no other port. `onFailure` is called when
  /// nothing goes by the TAP device any more, once at most, on the loop's thread.
  TapPort(UniqueFd tap, EventLoop& loop, vhost_user::Device& device, Log log,
          std::function<void()> onFailure);
  TapPort(const TapPort&) = delete;
  TapPort& operator=(const TapPort&) = delete;
  ~TapPort() override;

  [[nodiscard]] Result<void> start() override;
  void stop(std::function<void()> done) override;
  void notifyConfigChanged() override {}

private:
  // One of the two rings, and its buffers, each a chain of one descriptor.
  struct Lane {
    std::unique_ptr<frontend::DriverQueue> queue;
    std::vector<frontend::ArenaBlock> buffers;
    // By the head of a chain under way: which buffer it is.
    std::vector<std::size_t> bufferOf;
    vhost_user::SharedFd kick;
  };

  [[nodiscard]] Result<void> makeLane(Lane& lane, std::uint16_t size, std::size_t bufferBytes);
  [[nodiscard]] Result<vhost_user::RingStart>
  prepare(const Lane& lane, std::uint16_t index,
          const std::shared_ptr<const GuestMemory>& memory) const;
  void onEvents(std::uint32_t events) override;
  [[nodiscard]] Result<void> work();
  [[nodiscard]] Result<void> takeBack();
  [[nodiscard]] Result<void> carryIn();
  [[nodiscard]] Result<bool> readFrame();
  [[nodiscard]] Result<void> carryOut();
  [[nodiscard]] Result<void> writeFrame();
  [[nodiscard]] Result<std::span<std::byte>> takeReceived();
  [[nodiscard]] Result<void> setReading(bool isReading);
  void fail(const Error& error);
  void unwatchAll();
  static void offer(Lane& lane, std::size_t buffer, std::uint32_t bytes, bool isWritable);
  static void publish(Lane& lane);

  UniqueFd tap_;
  EventLoop& loop_;
  vhost_user::Device& device_;
  Log log_;
  std::function<void()> onFailure_;
  std::unique_ptr<frontend::Arena> arena_;
  Lane receiving_;
  Lane transmitting_;
  // Of both rings.
  vhost_user::SharedFd call_;
  // Buffers of the transmitting ring that hold no frame.
  std::vector<std::size_t> free_;
  // Of one frame that goes out: where it is, and in which buffers.
  std::vector<iovec> pieces_;
  std::vector<std::size_t> used_;
  bool isCalled_ = false;  // The call descriptor is watched.
  bool isReading_ = false; // The TAP device is.
  bool isStarted_ = false;
};

} // namespace argon::uplink
