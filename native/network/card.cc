// SPDX-License-Identifier: Apache-2.0
#include "network/card.h"

#include "base/check.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/event_loop.h"
#include "base/log.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "network/config.h"
#include "network/counters.h"
#include "network/device.h"
#include "network/engine.h"
#include "network/interface.h"
#include "network/stream_port.h"
#include "vhost_user/listener.h"
#include "vhost_user/session.h"
#include "vhost_user/slot_desk.h"
#include "vhost_user/slot_port.h"

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <utility>

namespace argon::network {

Result<std::unique_ptr<NetworkCard>> NetworkCard::start(const Options& options, LogSink& log,
                                                        UniqueFd backplane) {
  ARGON_TRY_ASSIGN(std::unique_ptr<EventLoop> loop, EventLoop::create());
  std::unique_ptr<vhost_user::SlotDesk> desk;
  if (backplane) {
    desk =
        std::make_unique<vhost_user::SlotDesk>(std::move(backplane), *loop, Log(log, "backplane"));
    ARGON_TRY(desk->start());
  }
  ARGON_TRY_ASSIGN(
      std::unique_ptr<Engine> engine,
      Engine::start(
          {.thread = {.name = "argon-network", .pollMode = options.pollMode, .cpus = options.cpus},
           .flowCountMax = options.flowCountMax}));
  std::unique_ptr<NetworkCard> card(new NetworkCard(std::move(loop), std::move(engine), log));
  card->slotDesk_ = std::move(desk);
  card->sessionThread_ = startThread("argon-session", [raw = card.get()] { raw->loop_->run(); });
  return card;
}

NetworkCard::~NetworkCard() { ARGON_CHECK(!sessionThread_.joinable()); }

Result<void> NetworkCard::addInterface(const InterfaceOptions& options,
                                       vhost_user::ListeningSocket socket,
                                       vhost_user::Session::Options session) {
  // A function must be copyable, so what it moves is shared for the way.
  auto way = std::make_shared<vhost_user::ListeningSocket>(std::move(socket));
  return addInterfaceAt(options, [way = std::move(way),
                                  session](EventLoop& loop, NetworkDevice& device, const Log& log) {
    return std::make_unique<vhost_user::Listener>(std::move(*way), loop, device, log, session);
  });
}

Result<void> NetworkCard::addSlotInterface(const InterfaceOptions& options, std::uint32_t slot,
                                           vhost_user::Session::Options session) {
  if (slotDesk_ == nullptr) {
    return Error(ErrorKind::Unsupported, "the card was started without a backplane");
  }
  return addInterfaceAt(
      options, [this, slot, session](EventLoop& loop, NetworkDevice& device, const Log& log) {
        return std::make_unique<vhost_user::SlotPort>(slot, *slotDesk_, loop, device, log, session);
      });
}

Result<void> NetworkCard::addInterfaceAt(const InterfaceOptions& options,
                                         const MakePort& makePort) {
  if (options.index.get() >= kInterfaceCountMax || options.pairCount == 0 ||
      options.pairCount > kPairCountMax) {
    return Error(ErrorKind::InvalidArgument, concat("interface ", options.index.get(), " with ",
                                                    options.pairCount, " pairs of rings"));
  }
  auto outcome = std::make_shared<Outcome>();
  // This thread waits, so that what is captured stays until the outcome is there, and what was not
  // taken, as a socket, is gone before anybody hears of it.
  loop_->post([this, &options, &makePort, outcome] { serve(options, makePort, outcome); });
  return outcome->get_future().get();
}

void NetworkCard::serve(const InterfaceOptions& options, const MakePort& makePort,
                        const std::shared_ptr<Outcome>& outcome) {
  const std::uint32_t index = options.index.get();
  const auto [place, isNew] = interfaces_.try_emplace(index);
  if (!isNew) {
    outcome->set_value(
        Error(ErrorKind::AlreadyExists, concat("interface ", index, " is there already")));
    return;
  }
  const Log log(log_, options.name);
  Served& served = place->second;
  served.device =
      std::make_unique<NetworkDevice>(options.index, options.pairCount, *loop_, *engine_, log);
  served.port = makePort(*loop_, *served.device, log);
  Result<void> started = served.port->start();
  if (started) {
    outcome->set_value({});
    return;
  }
  served.port = nullptr;
  served.device->close([this, index, outcome, error = std::move(started).error()] {
    interfaces_.erase(index);
    outcome->set_value(error);
  });
}

void NetworkCard::removeInterface(InterfaceIndex index, std::function<void()> done) {
  loop_->post([this, index, done = std::move(done)] {
    const auto found = interfaces_.find(index.get());
    ARGON_CHECK(found != interfaces_.end());
    Served& served = found->second;
    served.port->stop([this, index, &served, done] {
      served.port = nullptr;
      served.device->close([this, index, done] {
        interfaces_.erase(index.get());
        if (streamPort_ != nullptr) {
          streamPort_->forget(index);
        }
        done();
      });
    });
  });
}

Result<void> NetworkCard::openStreams(UniqueFd tun) {
  auto way = std::make_shared<UniqueFd>(std::move(tun));
  auto outcome = std::make_shared<std::promise<Result<void>>>();
  loop_->post([this, way, outcome] {
    if (streamPort_ != nullptr) {
      outcome->set_value(Error(ErrorKind::AlreadyExists, "the streams are open already"));
      return;
    }
    streamPort_ = std::make_unique<StreamPort>(std::move(*way), *loop_, desk_->streams());
    outcome->set_value(streamPort_->start());
  });
  return outcome->get_future().get();
}

Result<InterfaceSnapshot> NetworkCard::snapshot(InterfaceIndex index) {
  auto taken = std::make_shared<std::promise<Result<InterfaceSnapshot>>>();
  loop_->post([this, index, taken] {
    const auto found = interfaces_.find(index.get());
    if (found == interfaces_.end()) {
      taken->set_value(Error(ErrorKind::NotFound, "there is no such interface"));
      return;
    }
    taken->set_value(
        readCounters(found->second.device->counters(), engine_->policyCounters(index)));
  });
  Result<InterfaceSnapshot> snapshot = taken->get_future().get();
  if (snapshot) {
    // The one number that is the engine's alone.
    snapshot->policy.conntrack_allowance_available = watch_.conntrackAvailable(index);
  }
  return snapshot;
}

void NetworkCard::stop() {
  loop_->stop();
  sessionThread_.join();
  ARGON_CHECK(interfaces_.empty());
  slotDesk_ = nullptr;
  engine_->stop();
}

} // namespace argon::network
