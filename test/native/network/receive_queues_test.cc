// SPDX-License-Identifier: Apache-2.0
#include "network/receive_queues.h"

#include "network/interface.h"
#include "packet/frame.h"
#include "packet/headers.h"
#include "support/packet_maker.h"
#include "support/policy_maker.h"
#include "support/test.h"
#include "vpc/pipeline.h"
#include "vpc/verdict.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace argon::network {

namespace {

constexpr std::uint64_t kStartNs = 1'000'000'000'000;
constexpr std::uint64_t kMs = 1'000'000;

// Two receivers, 1 and 2, of 100 packets a second each, and what they get.
struct Scene {
  Scene()
      : policy(test::twoSubnets()), pipeline({.interfaceCountMax = 16,
                                              .instanceCountMax = 16,
                                              .flowCountMax = 100,
                                              .secret = {.words = {1, 2}}}) {
    for (const std::size_t index : {1U, 2U}) {
      policy.interfaces.at(index).rulesIn = {{}};
      policy.instances.at(index).packets = {.perSecond = 100, .burst = 0};
    }
    apply();
  }

  void apply() {
    ++policy.generation;
    REQUIRE_OK(pipeline.setPolicy(test::makeSnapshot(policy), nowNs));
    queues.obey(pipeline);
  }

  // As the engine does: true if the frame has to wait.
  bool send(std::uint32_t to, std::uint16_t pairIndex = 0) {
    const test::OwnedFrame owned(test::makeFrame(test::packetBetween(policy, 0, to)));
    const packet::Frame frame = owned.frame();
    const vpc::Verdict verdict =
        pipeline.handle(InterfaceIndex(0), frame, packet::parse(frame), nowNs);
    REQUIRE(verdict.kind == vpc::Verdict::Kind::Deliver);
    if (verdict.isQueued) {
      queues.push(verdict.at, pairIndex, frame);
    }
    return verdict.isQueued;
  }

  bool release() {
    return queues.release(pipeline, nowNs,
                          [this](InterfaceIndex to, std::uint16_t pairIndex, const packet::Frame&) {
                            delivered.emplace_back(to.get(), pairIndex);
                          });
  }

  test::PolicyText policy;
  vpc::Pipeline pipeline;
  ReceiveQueues queues{16};
  std::uint64_t nowNs = kStartNs;
  std::vector<std::pair<std::uint32_t, std::uint16_t>> delivered;
};

} // namespace

TEST_CASE("frames wait for their own receiver's allowance, in order") {
  Scene scene;
  CHECK(scene.queues.dueNs() == std::nullopt);
  CHECK_FALSE(scene.send(1));
  CHECK(scene.send(1, 5));
  CHECK(scene.send(1, 6));
  scene.nowNs += 4 * kMs;
  CHECK_FALSE(scene.send(2));
  CHECK(scene.send(2, 7));
  CHECK_FALSE(scene.queues.isEmpty());

  CHECK_FALSE(scene.release());
  CHECK(scene.queues.dueNs() == kStartNs + 10 * kMs);
  scene.nowNs = kStartNs + 10 * kMs;
  CHECK(scene.release());
  CHECK(scene.queues.dueNs() == kStartNs + 14 * kMs);
  scene.nowNs = kStartNs + 20 * kMs;
  CHECK(scene.release());

  CHECK(scene.delivered ==
        std::vector<std::pair<std::uint32_t, std::uint16_t>>{{1, 5}, {1, 6}, {2, 7}});
  CHECK(scene.queues.isEmpty());
  CHECK(scene.queues.dueNs() == std::nullopt);
  CHECK_FALSE(scene.release());
}

TEST_CASE("one that may send much is released a turn's frames at a time") {
  Scene scene;
  CHECK_FALSE(scene.send(1));
  for (int count = 0; count < 40; ++count) {
    REQUIRE(scene.send(1));
  }
  scene.policy.instances.at(1).packets = {};
  scene.apply();
  CHECK(scene.queues.dueNs() == 0);

  CHECK(scene.release());
  CHECK(scene.delivered.size() == 32);
  CHECK(scene.queues.dueNs() == 0);
  CHECK(scene.release());
  CHECK(scene.delivered.size() == 40);
}

TEST_CASE("what waits for an interface that is gone is let go of") {
  Scene scene;
  CHECK_FALSE(scene.send(1));
  CHECK(scene.send(1));
  CHECK_FALSE(scene.send(2));
  CHECK(scene.send(2));
  scene.policy.interfaces.at(1).identity = 0x777;

  scene.apply();
  scene.nowNs += 10 * kMs;

  CHECK(scene.release());
  CHECK(scene.delivered == std::vector<std::pair<std::uint32_t, std::uint16_t>>{{2, 0}});
  CHECK(scene.queues.isEmpty());
}

} // namespace argon::network
