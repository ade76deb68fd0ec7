// SPDX-License-Identifier: Apache-2.0
#include "support/second_device.h"

#include "base/result.h"
#include "block/card.h"
#include "frontend/channel.h"
#include "frontend/session.h"
#include "storage/block_store.h"
#include "support/test.h"
#include "vhost_user/listener.h"

#include <future>
#include <memory>
#include <utility>

namespace argon::test {

SecondDevice::SecondDevice(block::BlockCard& card, std::unique_ptr<BlockStore> store)
    : card_(card) {
  Result<vhost_user::ListeningSocket> socket =
      vhost_user::ListeningSocket::create(dir_.path("socket"));
  REQUIRE_OK(socket);
  id_ = card.addDevice({.id = "vol-second"}, std::move(store), *std::move(socket), {});
}

SecondDevice::~SecondDevice() {
  std::promise<void> removed;
  card_.removeDevice(id_, [&removed] { removed.set_value(); });
  removed.get_future().wait();
}

std::unique_ptr<frontend::Session> SecondDevice::connect() const {
  Result<frontend::Channel> channel = frontend::Channel::connectTo(dir_.path("socket"));
  REQUIRE_OK(channel);
  Result<std::unique_ptr<frontend::Session>> session =
      frontend::Session::open(*std::move(channel), {});
  REQUIRE_OK(session);
  return *std::move(session);
}

} // namespace argon::test
