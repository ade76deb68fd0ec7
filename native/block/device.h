// SPDX-License-Identifier: Apache-2.0
#pragma once

// A virtio-blk device over a store. Session thread, but for the parts that it posts to workers:
// ring n is worked on by worker n modulo their number.

#include "base/event_loop.h"
#include "base/log.h"
#include "base/mapped_region.h"
#include "base/result.h"
#include "block/config.h"
#include "block/counter_pages.h"
#include "block/counters.h"
#include "block/queue.h"
#include "block/worker.h"
#include "storage/block_store.h"
#include "vhost_user/device.h"
#include "vhost_user/pending_calls.h"
#include "virtio/features.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace argon::block {

class BlockDevice final : public vhost_user::Device {
public:
  struct Options {
    /// The driver's answer to GET_ID: at most 20 bytes.
    std::string id;
    std::uint16_t queueCount = 1;
    /// The logical block that drivers see: 512 or 4096, not smaller than the store's.
    std::uint32_t blockBytes = 512;
    bool isReadOnly = false;
    /// Where its rings count, for readers of another process; outlives the device. Null, or full:
    /// in memory of its own.
    CounterPages* counterPages = nullptr;
  };

  /// The loop, whose thread the device lives on, and the workers outlive the device.
  BlockDevice(Options options, std::unique_ptr<BlockStore> store, EventLoop& loop,
              std::span<const std::unique_ptr<Worker>> workers, Log log);
  BlockDevice(const BlockDevice&) = delete;
  BlockDevice& operator=(const BlockDevice&) = delete;
  /// Only after close() has called back.
  ~BlockDevice() override;

  /// Flushes the store, so that a clean end loses nothing, and closes every worker's channel; then
  /// `done` is called on the loop's thread. All rings must be stopped.
  void close(std::function<void()> done);

  [[nodiscard]] vhost_user::DeviceKind kind() const override;
  [[nodiscard]] virtio::FeatureSet offeredFeatures() const override;
  [[nodiscard]] std::uint16_t queueCount() const override { return geometry_.queueCount; }
  /// A request that is not carried out cannot be answered.
  [[nodiscard]] bool drainsDisabled(std::uint16_t /*index*/) const override { return false; }
  void readConfig(std::span<std::byte> into) const override;
  [[nodiscard]] Result<void> writeConfig(std::size_t offset,
                                         std::span<const std::byte> bytes) override;
  [[nodiscard]] Result<void> setMtu(std::uint64_t mtuBytes) override;
  void reset() override;
  void startRing(vhost_user::RingStart start) override;
  void stopRing(std::uint16_t index, StopDone done) override;
  void setCall(std::uint16_t index, vhost_user::SharedFd call) override;

  /// Makes the store larger; drivers see nothing of it yet.
  [[nodiscard]] Result<void> growStore(std::uint64_t sizeBytes);
  /// Makes the store and the device larger. The front end is to be told by whoever serves the
  /// device.
  [[nodiscard]] Result<void> grow(std::uint64_t sizeBytes);

  /// Any thread.
  [[nodiscard]] const QueueCounters& counters(std::uint16_t index) const {
    return *counters_[index];
  }
  [[nodiscard]] BlockStore& store() const { return *store_; }

private:
  class LastFlush;

  [[nodiscard]] Worker& workerOf(std::uint16_t index) const {
    return *workers_[index % workers_.size()];
  }
  void placeCounters(const Options& options);
  void closeChannels(const std::function<void()>& done);

  Geometry geometry_;
  QueueDevice queueDevice_;
  std::unique_ptr<BlockStore> store_;
  EventLoop& loop_;
  std::span<const std::unique_ptr<Worker>> workers_;
  Log log_;
  // Where its rings count: in shared pages or in its own, which cost nothing until something is
  // counted in them.
  CounterPages::Lease sharedCounters_;
  MappedRegion ownCounters_;
  std::vector<QueueCounters*> counters_;
  // Each entry belongs to the worker of its ring, between startRing() and the end of stopRing().
  std::vector<BlockQueue*> queues_;
  vhost_user::PendingCalls pendingCalls_;
  std::unique_ptr<LastFlush> lastFlush_;
  bool isClosed_ = false;
};

} // namespace argon::block
