// SPDX-License-Identifier: Apache-2.0
#include "support/backend.h"

#include "base/result.h"
#include "block/card.h"
#include "frontend/channel.h"
#include "frontend/session.h"
#include "storage/block_store.h"
#include "storage/memory_store.h"
#include "support/test.h"
#include "vhost_user/listener.h"

#include <cstdint>
#include <future>
#include <memory>
#include <utility>

namespace argon::test {

Backend::Backend(std::unique_ptr<BlockStore> store, const Options& options) {
  Result<std::unique_ptr<block::BlockCard>> card = block::BlockCard::start(
      {.workerCount = options.workerCount, .pollMode = options.pollMode, .cpus = {}}, log_);
  REQUIRE_OK(card);
  card_ = *std::move(card);
  Result<vhost_user::ListeningSocket> socket = vhost_user::ListeningSocket::create(socketPath());
  REQUIRE_OK(socket);
  device_ = card_->addDevice({.id = options.id,
                              .queueCount = options.queueCount,
                              .blockBytes = options.blockBytes,
                              .isReadOnly = options.isReadOnly},
                             std::move(store), *std::move(socket),
                             {.regionPolicy = options.regionPolicy});
}

Backend::~Backend() {
  std::promise<void> removed;
  card_->removeDevice(device_, [&removed] { removed.set_value(); });
  removed.get_future().wait();
  card_->stop();
}

frontend::Channel Backend::connectChannel() const {
  Result<frontend::Channel> channel = frontend::Channel::connectTo(socketPath());
  REQUIRE_OK(channel);
  return *std::move(channel);
}

Result<std::unique_ptr<frontend::Session>>
Backend::tryConnect(const frontend::Session::Options& options) const {
  return frontend::Session::open(connectChannel(), options);
}

std::unique_ptr<frontend::Session>
Backend::connect(const frontend::Session::Options& options) const {
  Result<std::unique_ptr<frontend::Session>> session = tryConnect(options);
  REQUIRE_OK(session);
  return *std::move(session);
}

std::unique_ptr<BlockStore> makeMemoryStore(std::uint64_t sizeBytes) {
  Result<std::unique_ptr<MemoryStore>> store = MemoryStore::create(sizeBytes);
  REQUIRE_OK(store);
  return *std::move(store);
}

} // namespace argon::test
