// SPDX-License-Identifier: Apache-2.0
#include "vpc/pipeline.h"

#include "packet/headers.h"
#include "support/packet_maker.h"
#include "support/policy_maker.h"
#include "support/random.h"
#include "support/test.h"
#include "vpc/drop_reason.h"
#include "vpc/snapshot.h"
#include "vpc/verdict.h"
#include "vpc/vpc_scene.h"

#include <cstddef>
#include <cstdint>
#include <optional>

namespace argon::vpc {

TEST_CASE("without a policy nothing passes") {
  Pipeline pipeline({.interfaceCountMax = 2, .instanceCountMax = 2, .flowCountMax = 10});
  const test::OwnedFrame owned(test::makeFrame({}));
  const Verdict verdict =
      pipeline.handle(InterfaceIndex(1), owned.frame(), packet::parse(owned.frame()), 0);

  CHECK(verdict.kind == Verdict::Kind::Drop);
  CHECK(verdict.reason == DropReason::NoPolicy);
  CHECK(pipeline.conntrackAvailable(InterfaceIndex(1)) == std::nullopt);
}

TEST_CASE("malformed frames are counted by their fault") {
  VpcScene scene;
  CHECK(VpcScene::fateOf(scene.sendBytes(0, test::Bytes(5))) == "malformed");
  CHECK(
      scene.counters(0).faults[static_cast<std::size_t>(packet::ParseFault::FrameTooShort)].get() ==
      1);
  CHECK(scene.counters(0).drops[static_cast<std::size_t>(DropReason::Malformed)].get() == 1);
}

TEST_CASE("what passes is counted at both ends") {
  VpcScene scene;
  scene.policy.interfaces[1].rulesIn = {{}};
  scene.apply();
  for (int count = 0; count < 3; ++count) {
    CHECK(scene.fate(0, scene.packet(0, 1)) == "to 1");
  }
  CHECK(scene.counters(0).framesOut.get() == 3);
  CHECK(scene.counters(0).bytesOut.get() == 3 * 54);
  CHECK(scene.counters(1).framesIn.get() == 3);
  CHECK(scene.counters(1).bytesIn.get() == 3 * 54);
}

TEST_CASE("a flow that is known is decided as its first packet was, and as without the table") {
  // Random packets and policies, in a pipeline with flows and one with room for none: what needs
  // no tracking has the same fate in both.
  for (const std::uint64_t seed : test::seeds()) {
    test::Random random(seed);
    test::PolicyText policy = test::twoSubnets();
    for (test::InterfaceText& interface : policy.interfaces) {
      interface.rulesIn = {{}};
      interface.rulesOut = {{}};
    }
    VpcScene cached(policy, 500);
    VpcScene uncached(policy, 0);
    for (int round = 0; round < test::rounds(2000); ++round) {
      const auto from = static_cast<std::uint32_t>(random.below(4));
      const auto to = static_cast<std::uint32_t>(random.below(4));
      const auto port = static_cast<std::uint16_t>(random.below(8));
      const test::PacketText text = cached.udp(from, to, port, port);
      CAPTURE(round);
      CHECK(cached.fate(from, text) == uncached.fate(from, text));
      if (random.chance(5)) {
        const test::RuleText acl{.protocol = kUdp,
                                 .portFirst = static_cast<std::uint16_t>(random.below(8)),
                                 .portLast = 8,
                                 .denies = true};
        for (VpcScene* scene : {&cached, &uncached}) {
          scene->policy.subnets[round % 2 == 0 ? 0 : 1].aclIn = {acl, {}};
          scene->apply();
        }
      }
    }
  }
}

} // namespace argon::vpc
