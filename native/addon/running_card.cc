// SPDX-License-Identifier: Apache-2.0
#include "addon/running_card.h"

#include "addon/device_controls.h"
#include "addon/device_place.h"
#include "addon/js_log_sink.h"
#include "addon/store_plan.h"
#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "block/card.h"
#include "block/device.h"
#include "block/snapshot.h"
#include "storage/block_store.h"
#include "vhost_user/listener.h"
#include "vhost_user/session.h"
#include "vhost_user/slot_desk.h"

#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <mutex>
#include <utility>

namespace argon::addon {

namespace {

// How long to wait for a volume's files: for a predecessor that was told to end, and for one that
// was killed, whose last writes may be on their way to a slow disk. Arbitrary; the first is how
// long an operator waits for an error.
constexpr std::uint64_t kLockTimeoutNs = 5'000'000'000;
constexpr std::uint64_t kFenceTimeoutNs = 30'000'000'000;

// The backplane offers a slot as soon as it is told to. Arbitrary; long beside that.
constexpr std::chrono::seconds kSlotOfferTimeout{20};

Error hasBeenStopped() { return {ErrorKind::Closed, "the card has been stopped"}; }
Error noSuchDevice() { return {ErrorKind::NotFound, "there is no such device"}; }

} // namespace

Result<std::shared_ptr<RunningCard>> RunningCard::start(const block::BlockCard::Options& options,
                                                        std::unique_ptr<JsLogSink> log,
                                                        block::BlockCard::Surroundings inherited) {
  Result<std::unique_ptr<block::BlockCard>> card =
      block::BlockCard::start(options, *log, std::move(inherited));
  if (!card) {
    log->close();
    return std::move(card).error();
  }
  return std::shared_ptr<RunningCard>(new RunningCard(std::move(log), *std::move(card)));
}

Result<Succession> RunningCard::awaitSuccession(const DevicePlace& place) {
  if (!place.slot) return Succession{.lockTimeoutNs = kLockTimeoutNs, .mapMemory = UniqueFd()};
  std::shared_ptr<vhost_user::SlotDesk::MapPromise> promise;
  {
    const std::scoped_lock lock(mutex_);
    if (isStopping_) return hasBeenStopped();
    promise = card_->requestSlotMap(*place.slot);
  }
  // Not under the lock: others are served meanwhile, and a card that stops breaks this off.
  std::future<Result<UniqueFd>> map = promise->get_future();
  if (map.wait_for(kSlotOfferTimeout) != std::future_status::ready) {
    return Error(ErrorKind::TimedOut, concat("the backplane has not offered slot ", *place.slot));
  }
  ARGON_TRY_ASSIGN(UniqueFd memory, map.get());
  return Succession{.lockTimeoutNs = kFenceTimeoutNs, .mapMemory = std::move(memory)};
}

Result<std::uint32_t> RunningCard::add(block::BlockDevice::Options options,
                                       std::unique_ptr<BlockStore> store,
                                       std::shared_ptr<DeviceControls> controls,
                                       const DevicePlace& place) {
  const vhost_user::Session::Options session{.regionPolicy = place.policy};
  if (place.slot) {
    const std::scoped_lock lock(mutex_);
    if (isStopping_) return hasBeenStopped();
    ARGON_TRY_ASSIGN(
        const block::DeviceId id,
        card_->addSlotDevice(std::move(options), std::move(store), *place.slot, session));
    devices_.emplace(id.get(), std::move(controls));
    return id.get();
  }
  ARGON_TRY_ASSIGN(vhost_user::ListeningSocket socket,
                   vhost_user::ListeningSocket::create(place.socketPath));
  const std::scoped_lock lock(mutex_);
  if (isStopping_) return hasBeenStopped();
  const block::DeviceId id =
      card_->addDevice(std::move(options), std::move(store), std::move(socket), session);
  devices_.emplace(id.get(), std::move(controls));
  return id.get();
}

Result<void> RunningCard::remove(std::uint32_t id) {
  std::shared_ptr<DeviceControls> controls;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = devices_.find(id);
    if (found == devices_.end()) return noSuchDevice();
    controls = std::move(found->second);
    devices_.erase(found);
    ++removalCount_;
  }
  if (controls != nullptr) controls->close();
  std::promise<void> removed;
  card_->removeDevice(block::DeviceId(id), [&removed] { removed.set_value(); });
  removed.get_future().wait();
  const std::scoped_lock lock(mutex_);
  --removalCount_;
  changed_.notify_all();
  return {};
}

Result<void> RunningCard::grow(std::uint32_t id, std::uint64_t sizeBytes,
                               block::BlockCard::Growth growth) {
  // Held meanwhile, as below.
  const std::scoped_lock lock(mutex_);
  if (isStopping_) return hasBeenStopped();
  std::promise<Result<void>> grown;
  card_->growDevice(block::DeviceId(id), sizeBytes, growth,
                    [&grown](Result<void> outcome) { grown.set_value(std::move(outcome)); });
  return grown.get_future().get();
}

Result<block::DeviceSnapshot> RunningCard::snapshot(std::uint32_t id) {
  // Held meanwhile, so that the session thread, which answers, is not stopped before it has.
  const std::scoped_lock lock(mutex_);
  if (isStopping_) return hasBeenStopped();
  return card_->snapshot(block::DeviceId(id));
}

Result<std::shared_ptr<DeviceControls>> RunningCard::controls(std::uint32_t id) {
  const std::scoped_lock lock(mutex_);
  const auto found = devices_.find(id);
  if (found == devices_.end()) return noSuchDevice();
  if (found->second == nullptr) {
    return Error(ErrorKind::Unsupported, "the device was started without limits and faults");
  }
  return found->second;
}

void RunningCard::stop() {
  Devices remaining;
  {
    std::unique_lock lock(mutex_);
    if (std::exchange(isStopping_, true)) {
      changed_.wait(lock, [this] { return hasStopped_; });
      return;
    }
    remaining = devices_;
  }
  for (const auto& [id, controls] : remaining) {
    [[maybe_unused]] const Result<void> removed = remove(id);
  }
  {
    // Those that others remove.
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return removalCount_ == 0; });
  }
  card_->stop();
  log_->close();
  const std::scoped_lock lock(mutex_);
  hasStopped_ = true;
  changed_.notify_all();
}

bool RunningCard::hasStopped() {
  const std::scoped_lock lock(mutex_);
  return hasStopped_;
}

} // namespace argon::addon
