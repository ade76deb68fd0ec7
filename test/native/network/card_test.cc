// SPDX-License-Identifier: Apache-2.0
#include "network/card.h"

#include "base/error.h"
#include "base/log.h"
#include "base/result.h"
#include "frontend/channel.h"
#include "frontend/session.h"
#include "network/config.h"
#include "network/interface.h"
#include "support/death.h"
#include "support/net_backend.h"
#include "support/process.h"
#include "support/slot_backplane.h"
#include "support/temp_dir.h"
#include "support/test.h"
#include "vhost_user/listener.h"

#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <utility>

namespace argon::network {

namespace {

using test::NetBackend;

Result<void> add(NetBackend& backend, const test::TempDir& dir, InterfaceIndex index,
                 std::uint16_t pairCount = 1) {
  Result<vhost_user::ListeningSocket> socket =
      vhost_user::ListeningSocket::create(dir.path("socket"));
  REQUIRE_OK(socket);
  return backend.card().addInterface({.name = "eni", .index = index, .pairCount = pairCount},
                                     *std::move(socket), {});
}

void remove(NetBackend& backend, InterfaceIndex index) {
  std::promise<void> removed;
  backend.card().removeInterface(index, [&removed] { removed.set_value(); });
  removed.get_future().wait();
}

} // namespace

TEST_CASE("an interface's number is its own, and within bounds") {
  NetBackend backend;
  const test::TempDir dir;

  CHECK(add(backend, dir, InterfaceIndex(1)).error().kind() == ErrorKind::AlreadyExists);
  CHECK(add(backend, dir, InterfaceIndex(kInterfaceCountMax)).error().kind() ==
        ErrorKind::InvalidArgument);
  CHECK(add(backend, dir, InterfaceIndex(2), 0).error().kind() == ErrorKind::InvalidArgument);
  CHECK(add(backend, dir, InterfaceIndex(2), kPairCountMax + 1).error().kind() ==
        ErrorKind::InvalidArgument);
  CHECK(backend.card().snapshot(InterfaceIndex(2)).error().kind() == ErrorKind::NotFound);
}

TEST_CASE("an interface comes and goes while others are served, with a front end connected") {
  NetBackend backend;
  const std::unique_ptr<frontend::Session> other = backend.connect(0);
  for (int round = 0; round < 5; ++round) {
    const test::TempDir dir;
    REQUIRE_OK(add(backend, dir, InterfaceIndex(7)));
    Result<frontend::Channel> channel = frontend::Channel::connectTo(dir.path("socket"));
    REQUIRE_OK(channel);
    const Result<std::unique_ptr<frontend::Session>> session =
        frontend::Session::open(*std::move(channel), NetBackend::sessionOptions());
    REQUIRE_OK(session);
    remove(backend, InterfaceIndex(7));
  }
  CHECK_OK(other->stopQueue(0));
}

TEST_CASE("interfaces in slots are served on what the backplane offers, in either order") {
  test::SlotBackplane backplane;
  Result<std::unique_ptr<NetworkCard>> started =
      NetworkCard::start({}, silentLogSink(), backplane.takeCardEnd());
  REQUIRE_OK(started);
  NetworkCard& card = **started;
  const auto addSlot = [&card](std::uint32_t index, std::uint32_t slot) {
    return card.addSlotInterface({.name = "eni", .index = InterfaceIndex(index), .pairCount = 1},
                                 slot, {});
  };
  const auto open = [](frontend::Channel channel) {
    Result<std::unique_ptr<frontend::Session>> session =
        frontend::Session::open(std::move(channel), NetBackend::sessionOptions());
    REQUIRE_OK(session);
    return *std::move(session);
  };

  frontend::Channel early = backplane.offer(5, 1);
  REQUIRE_OK(addSlot(0, 5));
  REQUIRE_OK(addSlot(1, 6));
  frontend::Channel late = backplane.offer(6, 2);
  CHECK(addSlot(2, 6).error().kind() == ErrorKind::AlreadyExists);
  CHECK(card.snapshot(InterfaceIndex(2)).error().kind() == ErrorKind::NotFound);

  std::unique_ptr<frontend::Session> left = open(std::move(early));
  std::unique_ptr<frontend::Session> right = open(std::move(late));
  CHECK_OK(left->stopQueue(0));
  CHECK_OK(right->stopQueue(1));
  left = nullptr;
  right = nullptr;

  for (const std::uint32_t index : {0U, 1U}) {
    std::promise<void> removed;
    card.removeInterface(InterfaceIndex(index), [&removed] { removed.set_value(); });
    removed.get_future().wait();
  }
  card.stop();
}

TEST_CASE("a card without a backplane has no slots") {
  NetBackend backend;

  CHECK(backend.card()
            .addSlotInterface({.name = "eni", .index = InterfaceIndex(7), .pairCount = 1}, 0, {})
            .error()
            .kind() == ErrorKind::Unsupported);
}

TEST_CASE("a card that stopped has closed all it opened") {
  const std::size_t before = test::openFdCount();
  {
    const NetBackend backend({.interfaceCount = 4});
    const std::unique_ptr<frontend::Session> session = backend.connect(3);
  }
  CHECK(test::openFdCount() == before);
}

TEST_CASE("a card that goes without having been stopped is a mistake of ours") {
  test::checkDies("!sessionThread_.joinable()", [] {
    Result<std::unique_ptr<NetworkCard>> card = NetworkCard::start({}, silentLogSink());
    REQUIRE_OK(card);
    card->reset();
  });
}

} // namespace argon::network
