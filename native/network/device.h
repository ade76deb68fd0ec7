// SPDX-License-Identifier: Apache-2.0
#pragma once

// A virtio-net device: one interface of the engine, to the vhost-user core. Session thread, but for
// the parts that it posts to the engine.

#include "base/event_loop.h"
#include "base/log.h"
#include "base/result.h"
#include "network/config.h"
#include "network/counters.h"
#include "network/engine.h"
#include "network/interface.h"
#include "vhost_user/device.h"
#include "vhost_user/pending_calls.h"
#include "virtio/features.h"
#include "virtio/spec/net.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

namespace argon::network {

class NetworkDevice final : public vhost_user::Device {
public:
  /// The loop, whose thread the device lives on, and the engine outlive the device. No other device
  /// has the index. `pairCount` is 1 to kPairCountMax.
  NetworkDevice(InterfaceIndex index, std::uint16_t pairCount, EventLoop& loop, Engine& engine,
                Log log);
  NetworkDevice(const NetworkDevice&) = delete;
  NetworkDevice& operator=(const NetworkDevice&) = delete;
  /// Only after close() has called back.
  ~NetworkDevice() override;

  /// Takes the interface from the engine, then calls `done` on the loop's thread. All rings must be
  /// stopped.
  void close(std::function<void()> done);

  [[nodiscard]] vhost_user::DeviceKind kind() const override;
  [[nodiscard]] virtio::FeatureSet offeredFeatures() const override { return kOfferedFeatures; }
  [[nodiscard]] std::uint16_t queueCount() const override {
    return static_cast<std::uint16_t>(pairCount_ * virtio::spec::net::kQueuesPerPair);
  }
  /// What is sent can be thrown away; what is received needs somebody who sends.
  [[nodiscard]] bool drainsDisabled(std::uint16_t index) const override {
    return virtio::spec::net::isTransmitQueue(index);
  }
  /// Not reached by front ends: the configuration space is theirs, and kind() does not offer ours.
  void readConfig(std::span<std::byte> into) const override;
  [[nodiscard]] Result<void> writeConfig(std::size_t offset,
                                         std::span<const std::byte> bytes) override;
  [[nodiscard]] Result<void> setMtu(std::uint64_t mtuBytes) override;
  void reset() override {}
  void startRing(vhost_user::RingStart start) override;
  void stopRing(std::uint16_t index, StopDone done) override;
  void setCall(std::uint16_t index, vhost_user::SharedFd call) override;

  /// Any thread.
  [[nodiscard]] const InterfaceCounters& counters() const { return counters_; }

private:
  InterfaceIndex index_;
  std::uint16_t pairCount_;
  EventLoop& loop_;
  Engine& engine_;
  InterfaceCounters counters_;
  vhost_user::PendingCalls pendingCalls_;
  bool isClosed_ = false;
};

} // namespace argon::network
