// SPDX-License-Identifier: Apache-2.0
#include "support/net_backend.h"

#include "base/result.h"
#include "base/text.h"
#include "frontend/channel.h"
#include "frontend/session.h"
#include "memory/memory_region.h"
#include "network/card.h"
#include "network/counters.h"
#include "network/interface.h"
#include "support/deadline.h"
#include "support/test.h"
#include "vhost_user/listener.h"
#include "virtio/spec/net.h"

#include <poll.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>

namespace argon::test {

NetBackend::NetBackend(const Options& options) : interfaceCount_(options.interfaceCount) {
  Result<std::unique_ptr<network::NetworkCard>> card = network::NetworkCard::start(
      {.pollMode = options.pollMode, .cpus = {}, .flowCountMax = options.flowCountMax}, log_);
  REQUIRE_OK(card);
  card_ = *std::move(card);
  if (options.policy != nullptr) {
    REQUIRE_OK(card_->setPolicy(options.policy));
  }
  for (std::uint32_t index = 0; index < interfaceCount_; ++index) {
    Result<vhost_user::ListeningSocket> socket =
        vhost_user::ListeningSocket::create(socketPath(index));
    REQUIRE_OK(socket);
    REQUIRE_OK(card_->addInterface({.name = concat("eni-", index),
                                    .index = network::InterfaceIndex(index),
                                    .pairCount = options.pairCount},
                                   *std::move(socket),
                                   {.regionPolicy = RegionPolicy::RequireSealed}));
  }
}

NetBackend::~NetBackend() {
  for (std::uint32_t index = 0; index < interfaceCount_; ++index) {
    std::promise<void> removed;
    card_->removeInterface(network::InterfaceIndex(index), [&removed] { removed.set_value(); });
    removed.get_future().wait();
  }
  card_->stop();
}

std::string NetBackend::socketPath(std::uint32_t index) const {
  return dir_.path(concat("socket-", index));
}

frontend::Session::Options NetBackend::sessionOptions() {
  return {.deviceKind = frontend::Session::DeviceKind::Network,
          .queueCount = virtio::spec::net::kQueuesPerPair,
          .queueSize = 256,
          .arenaBytes = std::size_t{4} << 20};
}

frontend::Channel NetBackend::connectChannel(std::uint32_t index) const {
  Result<frontend::Channel> channel = frontend::Channel::connectTo(socketPath(index));
  REQUIRE_OK(channel);
  return *std::move(channel);
}

std::unique_ptr<frontend::Session>
NetBackend::connect(std::uint32_t index, const frontend::Session::Options& options) const {
  Result<std::unique_ptr<frontend::Session>> session =
      frontend::Session::open(connectChannel(index), options);
  REQUIRE_OK(session);
  // The back end answers messages before its engine has started the rings, and loses what comes for
  // a ring that is not. It calls each once when it starts it; that call stays there.
  for (std::uint16_t ring = 0; ring < (*session)->queueCount(); ++ring) {
    pollfd called{.fd = (*session)->callFd(ring), .events = POLLIN, .revents = 0};
    REQUIRE(::poll(&called, 1, static_cast<int>(kDeadlineMs)) == 1);
  }
  return *std::move(session);
}

network::InterfaceSnapshot NetBackend::snapshot(std::uint32_t index) {
  Result<network::InterfaceSnapshot> taken = card_->snapshot(network::InterfaceIndex(index));
  REQUIRE_OK(taken);
  return *taken;
}

void NetBackend::waitFor(std::uint32_t index,
                         const std::function<bool(const network::InterfaceSnapshot&)>& isReached) {
  REQUIRE(waitUntil([&] { return isReached(snapshot(index)); }));
}

} // namespace argon::test
