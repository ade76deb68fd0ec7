// SPDX-License-Identifier: Apache-2.0
#include "block/card.h"

#include "base/check.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/event_loop.h"
#include "base/log.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "block/counter_pages.h"
#include "block/device.h"
#include "block/snapshot.h"
#include "block/worker.h"
#include "storage/block_store.h"
#include "vhost_user/listener.h"
#include "vhost_user/session.h"
#include "vhost_user/slot_desk.h"
#include "vhost_user/slot_port.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <utility>
#include <vector>

namespace argon::block {

Result<std::unique_ptr<BlockCard>> BlockCard::start(const Options& options, LogSink& log,
                                                    Surroundings surroundings) {
  ARGON_TRY_ASSIGN(std::unique_ptr<EventLoop> loop, EventLoop::create());
  std::unique_ptr<BlockCard> card(new BlockCard(std::move(loop), log));
  if (surroundings.counterMemory) {
    ARGON_TRY_ASSIGN(card->counterPages_, CounterPages::open(std::move(surroundings.counterMemory),
                                                             options.workerCount));
  }
  if (surroundings.backplane) {
    card->desk_ = std::make_unique<vhost_user::SlotDesk>(std::move(surroundings.backplane),
                                                         *card->loop_, Log(log, "backplane"));
    ARGON_TRY(card->desk_->start());
  }
  for (std::uint16_t index = 0; index < options.workerCount; ++index) {
    Worker::Options workerOptions{
        .name = concat("argon-block-", index),
        .pollMode = options.pollMode,
        .cpus = {},
        .counters = card->counterPages_ == nullptr ? nullptr : card->counterPages_->worker(index)};
    if (!options.cpus.empty()) {
      workerOptions.cpus = {options.cpus[index % options.cpus.size()]};
    }
    Result<std::unique_ptr<Worker>> worker = Worker::start(workerOptions);
    if (!worker) {
      for (const std::unique_ptr<Worker>& started : card->workers_) {
        started->stop();
      }
      return std::move(worker).error();
    }
    card->workers_.push_back(*std::move(worker));
  }
  card->sessionThread_ = startThread("argon-session", [raw = card.get()] { raw->loop_->run(); });
  return card;
}

BlockCard::BlockCard(std::unique_ptr<EventLoop> loop, LogSink& log)
    : log_(log), loop_(std::move(loop)) {}

BlockCard::~BlockCard() { ARGON_CHECK(!sessionThread_.joinable()); }

DeviceId BlockCard::addDevice(BlockDevice::Options options, std::unique_ptr<BlockStore> store,
                              vhost_user::ListeningSocket socket,
                              vhost_user::Session::Options session) {
  const DeviceId id(nextId_.fetch_add(1, std::memory_order_relaxed));
  const Log log(log_, options.id);
  options.counterPages = counterPages_.get();
  auto device =
      std::make_unique<BlockDevice>(std::move(options), std::move(store), *loop_, workers_, log);
  auto port =
      std::make_unique<vhost_user::Listener>(std::move(socket), *loop_, *device, log, session);
  // A task must be copyable, so what it moves is shared for the way.
  auto served =
      std::make_shared<Served>(Served{.device = std::move(device), .port = std::move(port)});
  loop_->post([this, id, served, log] {
    const Result<void> started = served->port->start();
    if (!started) {
      log.error(started.error().message());
    }
    devices_[id.get()] = std::move(*served);
  });
  return id;
}

std::shared_ptr<vhost_user::SlotDesk::MapPromise> BlockCard::requestSlotMap(std::uint32_t slot) {
  auto promise = std::make_shared<vhost_user::SlotDesk::MapPromise>();
  if (desk_ == nullptr) {
    promise->set_value(Error(ErrorKind::Unsupported, "the card was started without a backplane"));
    return promise;
  }
  loop_->post([this, slot, waiting = std::weak_ptr(promise)] {
    if (const auto present = waiting.lock()) {
      desk_->awaitMap(slot, present);
    }
  });
  return promise;
}

Result<DeviceId> BlockCard::addSlotDevice(BlockDevice::Options options,
                                          std::unique_ptr<BlockStore> store, std::uint32_t slot,
                                          vhost_user::Session::Options session) {
  ARGON_CHECK(desk_ != nullptr);
  const DeviceId id(nextId_.fetch_add(1, std::memory_order_relaxed));
  const Log log(log_, options.id);
  options.counterPages = counterPages_.get();
  auto device =
      std::make_unique<BlockDevice>(std::move(options), std::move(store), *loop_, workers_, log);
  auto port = std::make_unique<vhost_user::SlotPort>(slot, *desk_, *loop_, *device, log, session);
  auto served =
      std::make_shared<Served>(Served{.device = std::move(device), .port = std::move(port)});
  auto outcome = std::make_shared<std::promise<Result<DeviceId>>>();
  loop_->post([this, id, served, outcome] {
    Result<void> started = served->port->start();
    if (started) {
      devices_[id.get()] = std::move(*served);
      outcome->set_value(id);
      return;
    }
    served->port = nullptr;
    served->device->close([served, outcome, error = std::move(started).error()] {
      served->device = nullptr;
      outcome->set_value(error);
    });
  });
  return outcome->get_future().get();
}

void BlockCard::removeDevice(DeviceId id, std::function<void()> done) {
  loop_->post([this, id, done = std::move(done)] {
    const auto found = devices_.find(id.get());
    ARGON_CHECK(found != devices_.end());
    Served& served = found->second;
    served.port->stop([this, id, &served, done] {
      served.port = nullptr;
      served.device->close([this, id, done] {
        devices_.erase(id.get());
        done();
      });
    });
  });
}

void BlockCard::growDevice(DeviceId id, std::uint64_t sizeBytes, Growth growth,
                           std::function<void(Result<void>)> done) {
  loop_->post([this, id, sizeBytes, growth, done = std::move(done)] {
    const auto found = devices_.find(id.get());
    if (found == devices_.end()) {
      done(Error(ErrorKind::NotFound, "the device is gone"));
      return;
    }
    BlockDevice& device = *found->second.device;
    if (growth == Growth::Store) {
      done(device.growStore(sizeBytes));
      return;
    }
    Result<void> grown = device.grow(sizeBytes);
    if (grown && found->second.port != nullptr) {
      found->second.port->notifyConfigChanged();
    }
    done(std::move(grown));
  });
}

DeviceSnapshot BlockCard::snapshot(DeviceId id) {
  auto taken = std::make_shared<std::promise<DeviceSnapshot>>();
  std::future<DeviceSnapshot> outcome = taken->get_future();
  loop_->post([this, id, taken] {
    DeviceSnapshot snapshot;
    const auto found = devices_.find(id.get());
    const std::uint16_t count =
        found == devices_.end() ? std::uint16_t{0} : found->second.device->queueCount();
    for (std::uint16_t index = 0; index < count; ++index) {
      snapshot.queues.push_back(readCounters(found->second.device->counters(index), clock_));
    }
    for (const std::unique_ptr<Worker>& worker : workers_) {
      snapshot.workers.push_back(readCounters(worker->counters()));
    }
    taken->set_value(std::move(snapshot));
  });
  return outcome.get();
}

void BlockCard::stop() {
  loop_->stop();
  sessionThread_.join();
  ARGON_CHECK(devices_.empty());
  desk_ = nullptr;
  for (const std::unique_ptr<Worker>& worker : workers_) {
    worker->stop();
  }
}

} // namespace argon::block
