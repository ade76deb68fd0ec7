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

#include <functional>
#include <future>
#include <memory>
#include <utility>

namespace argon::network {

Result<std::unique_ptr<NetworkCard>> NetworkCard::start(const Options& options, LogSink& log) {
  ARGON_TRY_ASSIGN(std::unique_ptr<EventLoop> loop, EventLoop::create());
  ARGON_TRY_ASSIGN(
      std::unique_ptr<Engine> engine,
      Engine::start(
          {.thread = {.name = "argon-network", .pollMode = options.pollMode, .cpus = options.cpus},
           .flowCountMax = options.flowCountMax}));
  std::unique_ptr<NetworkCard> card(new NetworkCard(std::move(loop), std::move(engine), log));
  card->sessionThread_ = startThread("argon-session", [raw = card.get()] { raw->loop_->run(); });
  return card;
}

NetworkCard::~NetworkCard() { ARGON_CHECK(!sessionThread_.joinable()); }

Result<void> NetworkCard::addInterface(const InterfaceOptions& options,
                                       vhost_user::ListeningSocket socket,
                                       vhost_user::Session::Options session) {
  if (options.index.get() >= kInterfaceCountMax || options.pairCount == 0 ||
      options.pairCount > kPairCountMax) {
    return Error(ErrorKind::InvalidArgument, concat("interface ", options.index.get(), " with ",
                                                    options.pairCount, " pairs of rings"));
  }
  // A task must be copyable, so what it moves is shared for the way.
  auto way = std::make_shared<vhost_user::ListeningSocket>(std::move(socket));
  auto outcome = std::make_shared<std::promise<Result<void>>>();
  loop_->post([this, options, way, session, outcome] {
    // A socket that was not taken is closed before anybody hears of it, and may try its path again.
    Result<void> served = serve(options, std::move(*way), session);
    outcome->set_value(std::move(served));
  });
  return outcome->get_future().get();
}

Result<void> NetworkCard::serve(const InterfaceOptions& options, vhost_user::ListeningSocket socket,
                                vhost_user::Session::Options session) {
  const auto [place, isNew] = interfaces_.try_emplace(options.index.get());
  if (!isNew) {
    return Error(ErrorKind::AlreadyExists,
                 concat("interface ", options.index.get(), " is there already"));
  }
  const Log log(log_, options.name);
  Served& served = place->second;
  served.device =
      std::make_unique<NetworkDevice>(options.index, options.pairCount, *loop_, *engine_, log);
  served.port = std::make_unique<vhost_user::Listener>(std::move(socket), *loop_, *served.device,
                                                       log, session);
  const Result<void> started = served.port->start();
  if (!started) {
    log.error(started.error().message());
  }
  return {};
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
  return taken->get_future().get();
}

void NetworkCard::stop() {
  loop_->stop();
  sessionThread_.join();
  ARGON_CHECK(interfaces_.empty());
  engine_->stop();
}

} // namespace argon::network
