// SPDX-License-Identifier: Apache-2.0
#pragma once

// One ring of an interface without engine or session: the driver's side and the device's, on the
// test's thread.

#include "base/uring.h"
#include "frontend/arena.h"
#include "frontend/driver_ring.h"
#include "memory/guest_memory.h"
#include "network/counters.h"
#include "network/ring.h"
#include "support/recording_log.h"
#include "vhost_user/device.h"
#include "virtio/features.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace argon::test {

enum class RingLayoutKind : std::uint8_t { Split, Packed };

class RingRig final : private network::KickListener {
public:
  struct Options {
    /// 0 receives, 1 transmits.
    std::uint16_t index = 0;
    std::uint16_t size = 16;
    virtio::FeatureSet features;
    RingLayoutKind layout = RingLayoutKind::Split;
    bool hasKick = true;
  };

  explicit RingRig(const Options& options);
  RingRig(const RingRig&) = delete;
  RingRig& operator=(const RingRig&) = delete;
  /// Stops the ring as the engine does.
  ~RingRig();

  [[nodiscard]] frontend::Arena& arena() { return *arena_; }
  [[nodiscard]] frontend::DriverRing& driver() { return *driver_; }
  [[nodiscard]] network::Ring& ring() { return *ring_; }
  [[nodiscard]] network::InterfaceCounters& counters() { return counters_; }
  [[nodiscard]] RecordingLog& log() { return log_; }
  [[nodiscard]] const vhost_user::SharedFd& kick() const { return kick_; }
  [[nodiscard]] const vhost_user::SharedFd& call() const { return call_; }
  [[nodiscard]] const vhost_user::SharedFd& err() const { return err_; }
  /// How often the ring said that it is active again.
  [[nodiscard]] unsigned activeCount() const { return activeCount_; }

  /// Offers buffers of these sizes for the device to write, one chain each.
  void offerBuffers(const std::vector<std::uint32_t>& sizes);
  /// Publishes what the device answered, and has the driver take it: lengths, in order.
  [[nodiscard]] std::vector<std::uint32_t> publishAndTake();
  /// The bytes of the buffer that was offered n-th.
  [[nodiscard]] std::span<const std::byte> buffer(std::size_t number) const {
    return buffers_[number].bytes;
  }
  /// Waits for a completion of the io_uring and delivers it.
  void reap();
  /// Stops the ring: the base it says.
  [[nodiscard]] std::uint32_t stop();

private:
  void onActive(network::Ring& ring) override;

  std::unique_ptr<frontend::Arena> arena_;
  std::unique_ptr<frontend::DriverRing> driver_;
  RecordingLog log_;
  network::InterfaceCounters counters_;
  std::unique_ptr<Uring> uring_;
  vhost_user::SharedFd kick_;
  vhost_user::SharedFd call_;
  vhost_user::SharedFd err_;
  std::unique_ptr<network::Ring> ring_;
  std::vector<frontend::ArenaBlock> buffers_;
  unsigned activeCount_ = 0;
};

} // namespace argon::test
