// SPDX-License-Identifier: Apache-2.0
#pragma once

// A vhost_user::Device that does nothing to its rings but remember what it was told, and answers
// stops when the test wants it to. The session's side is called on the loop's thread; the test's
// side from any thread.

#include "base/event_loop.h"
#include "base/result.h"
#include "vhost_user/device.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"
#include "virtio/spec/features.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

namespace argon::test {

class FakeDevice final : public vhost_user::Device {
public:
  static constexpr std::size_t kConfigBytes = 60;
  static constexpr virtio::FeatureSet kFeatures = virtio::FeatureSet()
                                                      .with(virtio::spec::F_VERSION_1)
                                                      .with(virtio::spec::F_INDIRECT_DESC)
                                                      .with(virtio::spec::F_EVENT_IDX);

  /// Answers to stops are posted to `loop`, which outlives the device.
  explicit FakeDevice(EventLoop& loop, std::uint16_t queueCount = 2)
      : loop_(loop), rings_(queueCount) {}

  /// As a block device's, but for setKind().
  [[nodiscard]] vhost_user::DeviceKind kind() const override { return kind_; }
  [[nodiscard]] virtio::FeatureSet offeredFeatures() const override { return kFeatures; }
  [[nodiscard]] std::uint16_t queueCount() const override;
  /// Byte n of the configuration is n + 1.
  void readConfig(std::span<std::byte> into) const override;
  /// Refused, but for the byte at offset 32.
  [[nodiscard]] Result<void> writeConfig(std::size_t offset,
                                         std::span<const std::byte> bytes) override;
  /// Refused above kMtuMax.
  [[nodiscard]] Result<void> setMtu(std::uint64_t mtuBytes) override;
  [[nodiscard]] bool drainsDisabled(std::uint16_t index) const override {
    return index == drainedIndex_;
  }
  void reset() override;
  void startRing(vhost_user::RingStart start) override;
  void stopRing(std::uint16_t index, StopDone done) override;
  void setCall(std::uint16_t index, vhost_user::SharedFd call) override;

  // The test's side.

  static constexpr std::uint64_t kMtuMax = 9001;
  /// Before the first session.
  void setKind(const vhost_user::DeviceKind& kind) { kind_ = kind; }
  /// The same. No ring drains while it is disabled but this one.
  void setDrained(std::uint16_t index) { drainedIndex_ = index; }

  struct Ring {
    /// While it is started.
    std::optional<vhost_user::RingStart> start{};
    unsigned startCount = 0;
    unsigned stopCount = 0;
    unsigned setCallCount = 0;
  };
  [[nodiscard]] Ring ring(std::uint16_t index) const;
  [[nodiscard]] bool isStarted(std::uint16_t index) const { return ring(index).start.has_value(); }
  [[nodiscard]] unsigned resetCount() const;
  /// Stops of all rings so far, answered or not.
  [[nodiscard]] unsigned stopCount() const;

  /// From now on stops are answered by releaseStops() only.
  void holdStops();
  /// Answers the stops that are held, and later ones at once.
  void releaseStops();
  [[nodiscard]] std::size_t heldStopCount() const;
  /// How many chains a ring claims to have taken when it stops.
  void setTakenCount(std::uint16_t count);

private:
  EventLoop& loop_;
  vhost_user::DeviceKind kind_{.protocolFeatures =
                                   virtio::FeatureSet()
                                       .with(vhost_user::spec::PROTOCOL_F_CONFIG)
                                       .with(vhost_user::spec::PROTOCOL_F_INFLIGHT_SHMFD)};
  std::optional<std::uint16_t> drainedIndex_;
  mutable std::mutex mutex_;
  std::vector<Ring> rings_;
  bool isHolding_ = false;
  unsigned resetCount_ = 0;
  std::uint16_t takenCount_ = 0;
  std::vector<std::function<void()>> held_;
};

} // namespace argon::test
