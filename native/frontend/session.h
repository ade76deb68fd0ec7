// SPDX-License-Identifier: Apache-2.0
#pragma once

// A front end's whole conversation with a vhost-user back end: negotiation, memory, rings.
// The calls a driver of a virtual machine monitor makes, in the order QEMU makes them, with any
// subset of what both sides know. One thread; every call blocks for the channel's time-out at most.

#include "base/mapped_region.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "frontend/arena.h"
#include "frontend/channel.h"
#include "frontend/driver_queue.h"
#include "frontend/driver_ring.h"
#include "memory/guest_address.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"
#include "virtio/spec/blk.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace argon::frontend {

class Session {
public:
  enum class DeviceKind : std::uint8_t {
    /// Has its configuration space at the back end.
    Block,
    /// Has none there, and rings in pairs, which GET_QUEUE_NUM counts.
    Network,
  };
  enum class RingKind : std::uint8_t { Split, Packed };
  enum class MemoryMessage : std::uint8_t {
    /// SET_MEM_TABLE: all regions at once.
    Table,
    /// ADD_MEM_REG, one region each; needs CONFIGURE_MEM_SLOTS.
    Slots,
  };
  /// MQ, REPLY_ACK and CONFIG: what a front end cannot do without, or hardly.
  static constexpr virtio::FeatureSet kUsualProtocolFeatures =
      virtio::FeatureSet()
          .with(vhost_user::spec::PROTOCOL_F_MQ)
          .with(vhost_user::spec::PROTOCOL_F_REPLY_ACK)
          .with(vhost_user::spec::PROTOCOL_F_CONFIG);

  struct Options {
    DeviceKind deviceKind = DeviceKind::Block;
    std::uint16_t queueCount = 1;
    std::uint16_t queueSize = 128;
    RingKind ringKind = RingKind::Split;
    /// Features to accept of those offered. RING_PACKED and LOG_ALL are not asked for here.
    virtio::FeatureSet wantedFeatures{~std::uint64_t{0}};
    virtio::FeatureSet wantedProtocolFeatures = kUsualProtocolFeatures;
    /// False: the rings start enabled, as they do for a front end that is older than this feature.
    bool acceptsProtocolFeatures = true;
    MemoryMessage memoryMessage = MemoryMessage::Table;
    std::size_t arenaBytes = std::size_t{16} * 1024 * 1024;
    std::size_t regionCount = 1;
    Arena::Sealing sealing = Arena::Sealing::Sealed;
  };

  /// Talks to the back end behind `channel` until its rings are started. With INFLIGHT_SHMFD among
  /// the protocol features of both sides, requests under way are tracked from the start.
  static Result<std::unique_ptr<Session>> open(Channel channel, const Options& options);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  /// Closes the connection; the back end drains by itself.
  ~Session() = default;

  /// Stops a ring and returns where the back end would have gone on, in the form of
  /// SET_VRING_BASE.
  [[nodiscard]] Result<std::uint32_t> stopQueue(std::uint16_t index);
  /// Starts a stopped ring at `base`: one that stopQueue() returned, or that the ring was reset to.
  [[nodiscard]] Result<void> startQueue(std::uint16_t index, std::uint32_t base);
  [[nodiscard]] Result<void> setQueueEnabled(std::uint16_t index, bool isEnabled);
  /// Hands over a new call descriptor for a running ring, in place of the one it has.
  [[nodiscard]] Result<void> replaceCallFd(std::uint16_t index);

  // A connection that is lost, and the way back (vhost-user, "Inflight I/O tracking").

  /// Hangs up as a crash would. Memory, rings and the in-flight region stay.
  void disconnect() { channel_.close(); }
  /// Negotiates the same over a new channel and hands over memory and in-flight region. The rings
  /// do not run yet: take the answers that are there, then call resumeQueues().
  [[nodiscard]] Result<void> reconnect(Channel channel);
  /// Starts every ring behind the last answer that its driver took.
  [[nodiscard]] Result<void> resumeQueues();

  // Configuration

  /// Reads the configuration space again.
  [[nodiscard]] Result<virtio::spec::blk::Config> readConfig();
  /// `byteCount` bytes of it from `offset`, as they came.
  [[nodiscard]] Result<std::vector<std::byte>> readConfigBytes(std::uint32_t offset,
                                                               std::uint32_t byteCount);
  /// SET_CONFIG. An error if the back end refused it, where REPLY_ACK lets it say so.
  [[nodiscard]] Result<void> writeConfig(std::uint32_t offset, std::span<const std::byte> bytes);

  // Memory

  /// Sends the memory table, as a virtual machine monitor does when its memory layout changes.
  [[nodiscard]] Result<void> sendMemory();
  /// ADD_MEM_REG and REM_MEM_REG for all regions of an arena in another place than arena().
  [[nodiscard]] Result<void> addMemory(const Arena& arena);
  [[nodiscard]] Result<void> removeMemory(const Arena& arena);
  [[nodiscard]] Result<std::uint64_t> readSlotCountMax();

  // Dirty page log (vhost-user, "Migration")

  /// Has the device log every page that it writes, rings included. Needs LOG_SHMFD.
  [[nodiscard]] Result<void> startLog();
  [[nodiscard]] Result<void> stopLog();
  /// True if the page of `address` was written since startLog() or clearLog().
  [[nodiscard]] bool isLogged(GuestAddress address) const;
  [[nodiscard]] std::size_t loggedPageCount() const;
  void clearLog();

  /// NET_SET_MTU. Needs PROTOCOL_F_MTU.
  [[nodiscard]] Result<void> setMtu(std::uint64_t mtuBytes);

  // Device state

  [[nodiscard]] Result<void> setStatus(std::uint8_t status);
  [[nodiscard]] Result<std::uint8_t> readStatus();
  /// RESET_DEVICE: afterwards the rings are stopped, and features are accepted anew.
  [[nodiscard]] Result<void> resetDevice();
  /// SET_FEATURES as it was.
  [[nodiscard]] Result<void> sendFeatures();

  // Back-end channel

  /// SET_BACKEND_REQ_FD.
  [[nodiscard]] Result<void> openBackendChannel();
  /// The next message of the back end, acknowledged if it asks for that. TimedOut if none comes.
  [[nodiscard]] Result<Answer> receiveFromBackend(int timeoutMs);

  [[nodiscard]] Channel& channel() { return channel_; }
  [[nodiscard]] Arena& arena() { return *arena_; }
  [[nodiscard]] DriverRing& ring(std::uint16_t index) { return *queues_[index].ring; }
  /// The same as a split ring, which it must be.
  [[nodiscard]] DriverQueue& queue(std::uint16_t index);
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
  /// Of a block device; of another all zero.
  [[nodiscard]] const virtio::spec::blk::Config& config() const { return config_; }
  [[nodiscard]] bool hasInflight() const { return static_cast<bool>(inflightFd_); }

private:
  struct Queue {
    std::unique_ptr<DriverRing> ring;
    // The same ring, if it is a split one.
    DriverQueue* split = nullptr;
    UniqueFd kick;
    UniqueFd call;
    UniqueFd err;
  };

  Session(Channel channel, const Options& options, std::unique_ptr<Arena> arena)
      : channel_(std::move(channel)), options_(options), arena_(std::move(arena)) {}
  [[nodiscard]] Result<void> negotiate();
  [[nodiscard]] Result<void> shareMemory();
  [[nodiscard]] Result<void> takeInflight();
  [[nodiscard]] Result<void> giveInflight();
  [[nodiscard]] Result<void> addQueue();
  [[nodiscard]] Result<std::unique_ptr<DriverRing>> createRing(DriverQueue*& split);
  [[nodiscard]] Result<void> sendAddress(std::uint16_t index);
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
  Options options_;
  std::unique_ptr<Arena> arena_;
  virtio::FeatureSet offered_;
  virtio::FeatureSet features_;
  virtio::FeatureSet protocolFeatures_;
  virtio::spec::blk::Config config_{};
  std::vector<Queue> queues_;
  UniqueFd inflightFd_;
  vhost_user::spec::InflightDescription inflight_{};
  // Bytes of the log, one bit for each page of guest addresses from 0.
  MappedRegion log_;
  UniqueFd logFd_;
  std::optional<Channel> backendChannel_;
};

} // namespace argon::frontend
