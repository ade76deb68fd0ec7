// SPDX-License-Identifier: Apache-2.0

// How a policy takes the place of another.

#include "base/error.h"
#include "support/policy_maker.h"
#include "support/test.h"
#include "vpc/pipeline.h"
#include "vpc/snapshot.h"
#include "vpc/vpc_scene.h"

#include <cstdint>

namespace argon::vpc {

TEST_CASE("a policy that is too large is refused, and the one before stays") {
  VpcScene scene;
  test::PolicyText large = scene.policy;
  while (large.interfaces.size() <= 16) {
    large.interfaces.emplace_back();
  }
  const auto refused = scene.pipeline().setPolicy(test::makeSnapshot(large), 0);
  REQUIRE(!refused);
  CHECK(refused.error().kind() == ErrorKind::Exhausted);
  CHECK(scene.fate(0, scene.packet(0, 1)) == "security-group-in");
}

TEST_CASE("BW-1: what an instance has taken stays its own when instances are numbered anew") {
  VpcScene scene = openScene();
  scene.policy.instances[0].packets = {.perSecond = 1, .burst = 0};
  scene.apply();
  CHECK(scene.fate(0, scene.ping(0, 1)) == "to 1");
  CHECK(scene.fate(0, scene.ping(0, 1)) == "hold");

  // One comes before it that has the same allowance.
  scene.policy.instances.insert(scene.policy.instances.begin(), scene.policy.instances[0]);
  scene.policy.instances[0].identity = 0x2000;
  for (const std::uint32_t index : {0U, 1U, 2U}) {
    scene.policy.interfaces[index].instance = index + 1;
  }
  scene.policy.interfaces[3].instance = 0;
  scene.apply();

  CHECK(scene.fate(0, scene.ping(0, 1)) == "hold");
  CHECK(scene.fate(3, scene.ping(3, 2)) == "to 2");
  CHECK(scene.fate(3, scene.ping(3, 2)) == "hold");
  // The buckets of an instance that is new are full, whatever its number was before.
  scene.policy.instances[1].identity = 0x2001;
  scene.apply();
  CHECK(scene.fate(0, scene.ping(0, 1)) == "to 1");
}

// Of an instance with a packet a second.
TEST_CASE("what waits for an interface goes with it, and stays under other policies of its own") {
  VpcScene scene = openScene();
  const InterfaceIndex at(1);
  CHECK_FALSE(scene.pipeline().mayQueueFor(at));
  scene.policy.instances[1].packets = {.perSecond = 1, .burst = 0};
  scene.apply();
  CHECK(scene.pipeline().mayQueueFor(at));
  CHECK(scene.fate(0, scene.packet(0, 1)) == "to 1");
  CHECK(scene.fate(0, scene.packet(0, 1)) == "later to 1");

  scene.policy.interfaces[1].rulesIn.clear();
  scene.apply();
  CHECK(scene.pipeline().backlogCount(at) == 1);
  scene.policy.interfaces[1].identity = 0x777;
  scene.apply();
  CHECK(scene.pipeline().backlogCount(at) == 0);

  // Without the allowance nothing has to wait, but what waits already is asked for.
  scene.policy.interfaces[1].rulesIn = {{}};
  scene.apply();
  CHECK(scene.fate(0, scene.packet(0, 1)) == "later to 1");
  scene.policy.instances[1].packets = {};
  scene.apply();
  CHECK_FALSE(scene.pipeline().mayQueueFor(at));
  CHECK(scene.fate(0, scene.packet(0, 1)) == "later to 1");
  CHECK(scene.pipeline().release(at, 54, scene.nowNs()) == 0);
  CHECK(scene.pipeline().release(at, 54, scene.nowNs()) == 0);
  CHECK(scene.fate(0, scene.packet(0, 1)) == "to 1");
}

} // namespace argon::vpc
