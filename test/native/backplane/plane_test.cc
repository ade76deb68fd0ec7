// SPDX-License-Identifier: Apache-2.0
#include "backplane/plane.h"

#include "backplane/front_end_script.h"
#include "backplane/model_card.h"
#include "backplane/plane_scene.h"
#include "backplane/spec/control.h"
#include "base/error.h"
#include "base/result.h"
#include "frontend/channel.h"
#include "support/deadline.h"
#include "support/socket_pair.h"
#include "support/test.h"
#include "vhost_user/slot_channel.h"

#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace argon::backplane {

namespace {

ErrorKind kindOf(const Result<void>& result) {
  REQUIRE(!result.has_value());
  return result.error().kind();
}

} // namespace

TEST_CASE("a slot is opened once, and again with the same values only") {
  PlaneScene scene;
  scene.openSlot(3, 4096);
  scene.openSlot(3, 4096);
  scene.run([&](Plane& plane) {
    CHECK(kindOf(plane.openSlot({.number = 3, .socketPath = scene.socketPath(3)})) ==
          ErrorKind::AlreadyExists);
    CHECK(kindOf(plane.openSlot({.number = 4, .socketPath = scene.socketPath(3)})) ==
          ErrorKind::AlreadyExists);
    CHECK(kindOf(plane.openSlot({.number = 4, .socketPath = std::string(200, 'x')})) ==
          ErrorKind::InvalidArgument);
    CHECK(kindOf(plane.openSlot({.number = spec::kSlotCountMax, .socketPath = "/x"})) ==
          ErrorKind::InvalidArgument);
    CHECK(kindOf(plane.openSlot(
              {.number = 4, .socketPath = "/x", .mapBytes = spec::kMapBytesMax + 1})) ==
          ErrorKind::InvalidArgument);
    CHECK(plane.describeSlots().size() == 1);
    plane.closeSlot(3);
    plane.closeSlot(3);
    CHECK(plane.describeSlots().empty());
  });
  CHECK(::access(scene.socketPath(3).c_str(), F_OK) != 0);
  scene.openSlot(3);
}

TEST_CASE("slots are assigned to cards that are attached") {
  PlaneScene scene;
  scene.openSlot(0);
  scene.run([](Plane& plane) {
    CHECK(kindOf(plane.assign(1, "a")) == ErrorKind::NotFound);
    CHECK(kindOf(plane.assign(0, "a")) == ErrorKind::NotFound);
    CHECK_OK(plane.assign(0, ""));
  });
  const std::unique_ptr<ModelCard> card = scene.serve("a");
  CHECK(scene.waitServed());
  scene.run([](Plane& plane) {
    CHECK(plane.cardNames() == "a\n");
    plane.detachCard("a");
    plane.detachCard("a");
    CHECK(plane.cardNames().empty());
  });
  CHECK(scene.reasonOf() == "card a is gone");
}

TEST_CASE("a card's channel keeps bounds between packets") {
  PlaneScene scene;
  test::SocketPair stream = test::makeSocketPair();
  scene.run([&](Plane& plane) {
    CHECK(kindOf(plane.attachCard("a", std::move(stream.frontend))) == ErrorKind::InvalidArgument);
  });
}

TEST_CASE("a card that is attached again takes the place of the one before") {
  const FrontEndScript script;
  PlaneScene scene;
  scene.openSlot(0);
  const std::unique_ptr<ModelCard> first = scene.serve("a");
  frontend::Channel channel = scene.connect();
  REQUIRE_OK(script.negotiate(channel));
  const std::unique_ptr<ModelCard> second = scene.attach("a");
  CHECK(test::waitUntil([&] { return first->isDead(); }));
  CHECK(scene.reasonOf() == "card a is gone");
  scene.assign(0, "a");
  CHECK(scene.waitServed());
  CHECK_OK(script.startRing(channel, 0));
  CHECK(second->sessionCount() == 1);
}

TEST_CASE("a card may serve many slots, and its end is the end of all of them") {
  const FrontEndScript script;
  PlaneScene scene;
  for (const std::uint32_t slot : {0U, 1U, 2U}) {
    scene.openSlot(slot);
  }
  std::unique_ptr<ModelCard> first = scene.serve("a", 0);
  const std::unique_ptr<ModelCard> other = scene.serve("b", 2);
  scene.assign(1, "a");
  frontend::Channel zero = scene.connect(0);
  frontend::Channel one = scene.connect(1);
  REQUIRE_OK(script.negotiate(zero));
  REQUIRE_OK(script.negotiate(one));
  first = nullptr;
  CHECK(scene.waitServed(false, 0));
  CHECK(scene.waitServed(false, 1));
  CHECK(scene.waitServed(true, 2));

  const std::unique_ptr<ModelCard> next = scene.serve("a", 0);
  scene.assign(1, "b");
  CHECK(scene.waitServed(true, 0));
  CHECK(scene.waitServed(true, 1));
  CHECK(next->stateOf(0).contains("region 0"));
  CHECK(other->stateOf(1).contains("region 0"));
}

TEST_CASE("what a card says of slots that are not its own changes nothing") {
  const FrontEndScript script;
  PlaneScene scene;
  scene.openSlot(0);
  const std::unique_ptr<ModelCard> card = scene.serve("a");
  frontend::Channel channel = scene.connect();
  REQUIRE_OK(script.negotiate(channel));
  ChannelPair liar = makeChannel();
  scene.run([&](Plane& plane) { REQUIRE_OK(plane.attachCard("liar", std::move(liar.backplane))); });
  for (std::uint64_t session = 0; session < 10; ++session) {
    for (const std::uint32_t slot : {0U, 9U}) {
      REQUIRE_OK(vhost_user::sendSlotEnded(
          liar.card.get(),
          {.slot = slot, .session = session, .reason = vhost_user::SlotEnd::FrontEndFault}));
    }
  }
  liar.card.reset();
  CHECK(test::waitUntil([&] { return scene.log().contains("card liar is gone"); }));
  CHECK_OK(script.startRing(channel, 0));
  CHECK(scene.slot().replayCount == 0);
}

} // namespace argon::backplane
