// SPDX-License-Identifier: Apache-2.0
#pragma once

// A running card and its devices. Shared by the JavaScript object and by work under way on it; for
// any thread, most of it blocking.

#include "addon/device_controls.h"
#include "addon/device_place.h"
#include "addon/js_log_sink.h"
#include "addon/store_plan.h"
#include "base/log.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "block/card.h"
#include "block/device.h"
#include "block/snapshot.h"
#include "storage/block_store.h"
#include "storage/limit_tree.h"

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace argon::addon {

class RunningCard {
public:
  static Result<std::shared_ptr<RunningCard>> start(const block::BlockCard::Options& options,
                                                    std::unique_ptr<JsLogSink> log,
                                                    block::BlockCard::Surroundings inherited);

  /// What a device at a place has to take over. Waits for the backplane to offer the slot.
  Result<Succession> awaitSuccession(const DevicePlace& place);
  Result<std::uint32_t> add(block::BlockDevice::Options options, std::unique_ptr<BlockStore> store,
                            std::shared_ptr<DeviceControls> controls, const DevicePlace& place);
  Result<void> remove(std::uint32_t id);
  Result<void> grow(std::uint32_t id, std::uint64_t sizeBytes, block::BlockCard::Growth growth);
  Result<block::DeviceSnapshot> snapshot(std::uint32_t id);

  /// What can be done to a device while it is served.
  Result<std::shared_ptr<DeviceControls>> controls(std::uint32_t id);
  [[nodiscard]] LimitTree& limits() { return limits_; }

  /// Removes all devices and ends the threads; waits where another thread is at it. Harmless when
  /// stopped already.
  void stop();
  [[nodiscard]] bool hasStopped();

  Log log(const std::string& object) { return {*log_, object}; }

private:
  // With what controls each, if it was asked for.
  using Devices = std::map<std::uint32_t, std::shared_ptr<DeviceControls>>;

  RunningCard(std::unique_ptr<JsLogSink> log, std::unique_ptr<block::BlockCard> card)
      : log_(std::move(log)), card_(std::move(card)) {}

  // Order matters: the card writes to the log until it has stopped.
  std::unique_ptr<JsLogSink> log_;
  std::unique_ptr<block::BlockCard> card_;
  std::mutex mutex_;
  std::condition_variable changed_;
  LimitTree limits_;
  Devices devices_;
  std::size_t removalCount_ = 0; // Under way.
  bool isStopping_ = false;
  bool hasStopped_ = false;
};

} // namespace argon::addon
