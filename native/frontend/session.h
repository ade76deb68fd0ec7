// SPDX-License-Identifier: Apache-2.0
#pragma once

// A front end's whole conversation with a vhost-user block back end: negotiation, memory, rings.
// The calls a driver of a virtual machine monitor makes, in the order QEMU makes them.

#include "base/result.h"
#include "base/unique_fd.h"
#include "frontend/arena.h"
#include "frontend/channel.h"
#include "frontend/driver_queue.h"
#include "virtio/features.h"
#include "virtio/spec/blk.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace argon::frontend {

class Session {
public:
  struct Options {
    std::uint16_t queueCount = 1;
    std::uint16_t queueSize = 128;
    /// Features to accept of those offered.
    virtio::FeatureSet wantedFeatures{~std::uint64_t{0}};
    std::size_t arenaBytes = std::size_t{16} * 1024 * 1024;
    std::size_t regionCount = 1;
    Arena::Sealing sealing = Arena::Sealing::Sealed;
  };

  /// Talks to the back end behind `channel` until its rings are started.
  static Result<std::unique_ptr<Session>> open(Channel channel, const Options& options);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  /// Closes the connection; the back end drains by itself.
  ~Session() = default;

  /// Stops a ring and returns the next chain that the back end would have taken.
  [[nodiscard]] Result<std::uint16_t> stopQueue(std::uint16_t index);
  /// Starts a stopped ring at `base`. The queue must have been reset to it.
  [[nodiscard]] Result<void> startQueue(std::uint16_t index, std::uint16_t base);
  /// Reads the configuration space again.
  [[nodiscard]] Result<virtio::spec::blk::Config> readConfig();
  /// Sends the memory table, as a virtual machine monitor does when its memory layout changes.
  [[nodiscard]] Result<void> sendMemory();

  [[nodiscard]] Channel& channel() { return channel_; }
  [[nodiscard]] Arena& arena() { return *arena_; }
  [[nodiscard]] DriverQueue& queue(std::uint16_t index) { return queues_[index].ring; }
  [[nodiscard]] std::uint16_t queueCount() const {
    return static_cast<std::uint16_t>(queues_.size());
  }
  void kick(std::uint16_t index);
  /// Readable when the device called; the caller reads it empty.
  [[nodiscard]] int callFd(std::uint16_t index) const { return queues_[index].call.get(); }
  [[nodiscard]] int errFd(std::uint16_t index) const { return queues_[index].err.get(); }
  [[nodiscard]] virtio::FeatureSet features() const { return features_; }
  [[nodiscard]] virtio::FeatureSet offeredFeatures() const { return offered_; }
  [[nodiscard]] virtio::FeatureSet protocolFeatures() const { return protocolFeatures_; }
  [[nodiscard]] const virtio::spec::blk::Config& config() const { return config_; }

private:
  struct Queue {
    DriverQueue ring;
    UniqueFd kick;
    UniqueFd call;
    UniqueFd err;
  };

  Session(Channel channel, std::unique_ptr<Arena> arena)
      : channel_(std::move(channel)), arena_(std::move(arena)) {}
  [[nodiscard]] Result<void> negotiate(const Options& options);
  [[nodiscard]] Result<void> addQueue(const Options& options);
  [[nodiscard]] Result<std::uint64_t> askU64(vhost_user::spec::Request request);
  [[nodiscard]] Result<void> tellU64(vhost_user::spec::Request request, std::uint64_t value);
  [[nodiscard]] Result<void> tellState(vhost_user::spec::Request request, std::uint16_t index,
                                       std::uint32_t number);
  [[nodiscard]] Result<void> tellFd(vhost_user::spec::Request request, std::uint16_t index, int fd);
  // With an acknowledgment where the back end gives one.
  [[nodiscard]] Result<void> tell(vhost_user::spec::Request request,
                                  std::span<const std::byte> payload,
                                  std::span<const int> fds = {});

  Channel channel_;
  std::unique_ptr<Arena> arena_;
  virtio::FeatureSet offered_;
  virtio::FeatureSet features_;
  virtio::FeatureSet protocolFeatures_;
  virtio::spec::blk::Config config_{};
  std::vector<Queue> queues_;
};

} // namespace argon::frontend
