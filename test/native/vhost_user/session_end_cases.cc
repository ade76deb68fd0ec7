// SPDX-License-Identifier: Apache-2.0

// How a session ends: the front end leaves, or its owner ends it, in every state there is.

#include "base/result.h"
#include "support/deadline.h"
#include "support/process.h"
#include "support/process_facts.h"
#include "support/session_scene.h"
#include "support/test.h"
#include "support/vhost_peer.h"
#include "vhost_user/spec/messages.h"

#include <cstddef>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace argon::vhost_user {

namespace {

using spec::Request;
using test::SessionScene;
using test::Told;

// A state to bring a session into.
struct State {
  std::string_view name;
  std::function<void(SessionScene&)> reach;
};

void sendGetBase(SessionScene& scene) {
  const spec::VringState asked{.index = 0, .num = 0};
  REQUIRE_OK(scene.peer.channel().send(Request::GET_VRING_BASE, test::bytesOf(asked)));
}

void waitHeld(SessionScene& scene, std::size_t count) {
  REQUIRE(test::waitUntil([&scene, count] { return scene.device.heldStopCount() == count; }));
}

const std::vector<State>& states() {
  static const std::vector<State> all = {
      {"connected", [](SessionScene&) {}},
      {"in the middle of a message",
       [](SessionScene& scene) {
         REQUIRE_OK(scene.peer.channel().sendRaw(std::vector<std::byte>(5, std::byte{1})));
       }},
      {"negotiated",
       [](SessionScene& scene) { REQUIRE(scene.peer.negotiate() == Told::Accepted); }},
      {"with memory",
       [](SessionScene& scene) {
         REQUIRE(scene.peer.negotiate() == Told::Accepted);
         REQUIRE(scene.peer.setMemTable() == Told::Accepted);
       }},
      {"with a ring that is configured",
       [](SessionScene& scene) {
         REQUIRE(scene.peer.negotiate() == Told::Accepted);
         REQUIRE(scene.peer.configureRing(0) == Told::Accepted);
       }},
      {"with a ring that runs",
       [](SessionScene& scene) { REQUIRE(scene.peer.startRing() == Told::Accepted); }},
      {"with two rings that run",
       [](SessionScene& scene) {
         REQUIRE(scene.peer.startRing() == Told::Accepted);
         REQUIRE(scene.peer.configureRing(1) == Told::Accepted);
         REQUIRE(scene.peer.tellState(Request::SET_VRING_ENABLE, 1, 1) == Told::Accepted);
       }},
      {"with a ring that was stopped",
       [](SessionScene& scene) {
         REQUIRE(scene.peer.startRing() == Told::Accepted);
         REQUIRE(scene.peer.getBase(0).has_value());
       }},
  };
  return all;
}

} // namespace

TEST_CASE("a front end that leaves in any state ends its session without a reason") {
  for (const State& state : states()) {
    CAPTURE(state.name);
    SessionScene scene;
    state.reach(scene);

    scene.host.channel().close();

    CHECK(scene.host.waitEnded() == "");
    CHECK_FALSE(scene.device.isStarted(0));
    CHECK_FALSE(scene.device.isStarted(1));
  }
}

TEST_CASE("an owner can end a session in any state, and the front end sees it") {
  for (const State& state : states()) {
    CAPTURE(state.name);
    SessionScene scene;
    state.reach(scene);

    scene.host.end();

    CHECK(scene.host.waitEnded() == "");
    CHECK_FALSE(scene.device.isStarted(0));
    CHECK_FALSE(scene.device.isStarted(1));
    CHECK(scene.peer.tell(Request::SET_OWNER, {}) == Told::HungUp);
  }
}

TEST_CASE("a session that ended has unmapped memory and closed every descriptor") {
  for (const State& state : states()) {
    CAPTURE(state.name);
    const std::size_t fdsBefore = test::openFdCount();
    {
      SessionScene scene;
      state.reach(scene);
      scene.host.channel().close();
      REQUIRE(scene.host.waitEnded().has_value());
      // The arena is mapped by the front end itself, too.
      CHECK(test::mappingCount("argon-frontend") == 1);
    }
    CHECK(test::openFdCount() == fdsBefore);
  }
}

TEST_CASE("a session whose rings drain ends only when they have") {
  SessionScene scene;
  REQUIRE(scene.peer.startRing() == Told::Accepted);
  scene.device.holdStops();

  scene.host.channel().close();
  waitHeld(scene, 1);
  CHECK_FALSE(scene.host.hasEnded());
  scene.device.releaseStops();

  CHECK(scene.host.waitEnded() == "");
}

TEST_CASE("a front end that leaves while its ring drains ends its session afterwards") {
  SessionScene scene;
  REQUIRE(scene.peer.startRing() == Told::Accepted);
  scene.device.holdStops();
  sendGetBase(scene);
  waitHeld(scene, 1);

  scene.host.channel().close();
  // The reply to GET_VRING_BASE finds nobody.
  scene.device.releaseStops();

  CHECK(scene.host.waitEnded().has_value());
  CHECK(scene.device.stopCount() == 1);
}

TEST_CASE("an owner that ends a session while a ring drains gets the other ring stopped too") {
  SessionScene scene;
  REQUIRE(scene.peer.startRing() == Told::Accepted);
  REQUIRE(scene.peer.configureRing(1) == Told::Accepted);
  REQUIRE(scene.peer.tellState(Request::SET_VRING_ENABLE, 1, 1) == Told::Accepted);
  scene.device.holdStops();
  sendGetBase(scene);
  waitHeld(scene, 1);

  scene.host.end();
  waitHeld(scene, 2);
  CHECK_FALSE(scene.host.hasEnded());
  scene.device.releaseStops();

  CHECK(scene.host.waitEnded() == "");
  // The message that waited is not answered any more.
  CHECK_FALSE(scene.peer.channel().receive().has_value());
}

TEST_CASE("ending a session twice, or while it ends, tells the owner once") {
  SessionScene scene;
  REQUIRE(scene.peer.startRing() == Told::Accepted);
  scene.device.holdStops();
  scene.host.end();
  scene.host.end();
  waitHeld(scene, 1);
  scene.host.end();
  scene.device.releaseStops();
  REQUIRE(scene.host.waitEnded().has_value());
  scene.host.end();

  CHECK(scene.host.endCount() == 1);
  CHECK(scene.device.stopCount() == 1);
}

TEST_CASE("a protocol error while rings run drains them first and then gives its reason") {
  SessionScene scene;
  REQUIRE(scene.peer.startRing() == Told::Accepted);
  scene.device.holdStops();
  const spec::Header header{.request = 99, .flags = spec::kVersion, .size = 0};

  REQUIRE_OK(scene.peer.channel().sendRaw(test::bytesOf(header)));
  waitHeld(scene, 1);
  CHECK_FALSE(scene.host.hasEnded());
  scene.device.releaseStops();

  CHECK(scene.host.waitEnded() == "an unknown message 99");
}

TEST_CASE("a front end that does not read its answers loses its session, not the back end") {
  SessionScene scene;
  std::vector<std::byte> questions;
  for (int count = 0; count < 1000; ++count) {
    const spec::Header header{.request = 1, .flags = spec::kVersion, .size = 0};
    const std::span<const std::byte> bytes = test::bytesOf(header);
    questions.insert(questions.end(), bytes.begin(), bytes.end());
  }

  // Until the answers fill the socket's buffer.
  REQUIRE(test::waitUntil([&] {
    static_cast<void>(scene.peer.channel().sendRaw(questions));
    return scene.host.hasEnded();
  }));

  CHECK(scene.host.waitEnded() == "the peer does not read what is sent to it");
}

TEST_CASE("RESET_OWNER stops the rings until they are enabled again") {
  SessionScene scene;
  REQUIRE(scene.peer.startRing(0, 12) == Told::Accepted);

  REQUIRE(scene.peer.tell(Request::RESET_OWNER, {}) == Told::Accepted);
  CHECK_FALSE(scene.device.isStarted(0));
  REQUIRE(scene.peer.tellState(Request::SET_VRING_ENABLE, 0, 1) == Told::Accepted);

  REQUIRE(scene.device.isStarted(0));
  CHECK(scene.device.ring(0).start->queue.base() == 12);
}

} // namespace argon::vhost_user
