// SPDX-License-Identifier: Apache-2.0

// Connection tracking by the published sentences about it; each case is named by its rule. The
// first interface asks, the second one serves.

#include "support/packet_maker.h"
#include "support/policy_maker.h"
#include "support/test.h"
#include "vpc/flow_table.h"
#include "vpc/snapshot.h"
#include "vpc/vpc_scene.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace argon::vpc {

namespace {

using test::net;
using test::RuleText;

const RuleText kAllOut;
RuleText tcpRule(std::uint16_t port, const char* peer = "0.0.0.0/0") {
  return {.peer = net(peer), .protocol = kTcp, .portFirst = port, .portLast = port};
}

// 1 lets in what `rules` say, and lets out nothing but answers; 0 lets out all.
VpcScene servedBy(std::vector<RuleText> rules) {
  test::PolicyText policy = test::twoSubnets();
  policy.interfaces[1].rulesIn = std::move(rules);
  policy.interfaces[1].rulesOut.clear();
  return VpcScene(policy);
}

std::uint32_t trackedAt(VpcScene& scene, std::uint32_t index) {
  return scene.pipeline().flows().trackedCount(index);
}

} // namespace

TEST_CASE("CT-1: answers pass whatever the rules of their direction say") {
  VpcScene scene = servedBy({tcpRule(80)});

  CHECK(scene.fate(1, scene.tcp(1, 0, 80, 5000, kSyn | kAck)) == "security-group-out");
  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 80)) == "to 1");
  CHECK(scene.fate(1, scene.tcp(1, 0, 80, 5000, kSyn | kAck)) == "to 0");
  CHECK(scene.fate(1, scene.tcp(1, 0, 80, 5001, kSyn | kAck)) == "security-group-out");
}

TEST_CASE("CT-2: TCP and UDP of everybody, with all answers allowed, are untracked") {
  VpcScene scene;
  scene.policy.interfaces[1].rulesIn = {tcpRule(80), {.protocol = kUdp, .portLast = 0xFFFF}};
  scene.apply();

  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 80)) == "to 1");
  CHECK(scene.fate(0, scene.udp(0, 1, 5000, 53)) == "to 1");
  CHECK(trackedAt(scene, 1) == 0);
}

TEST_CASE("CT-2: a rule for fewer peers makes a tracked flow") {
  VpcScene scene;
  scene.policy.interfaces[1].rulesIn = {tcpRule(22, "10.0.0.0/8")};
  scene.apply();

  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 22)) == "to 1");
  CHECK(trackedAt(scene, 1) == 1);
}

TEST_CASE("CT-2: answers that are allowed to some ports only make a tracked flow") {
  VpcScene scene;
  scene.policy.interfaces[1].rulesIn = {tcpRule(80)};
  scene.policy.interfaces[1].rulesOut = {{.protocol = kTcp, .portFirst = 1024, .portLast = 0xFFFF}};
  scene.apply();

  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 80)) == "to 1");
  CHECK(trackedAt(scene, 1) == 1);
}

TEST_CASE("CT-2: families are judged separately") {
  VpcScene scene;
  scene.policy.interfaces[1].rulesIn = {tcpRule(80), tcpRule(80, "::/0")};
  scene.policy.interfaces[1].rulesOut = {{.peer = net("::/0")}};
  scene.apply();

  CHECK(scene.fate(0, scene.packetV6(0, 1)) == "to 1");
  CHECK(trackedAt(scene, 1) == 0);
  CHECK(scene.fate(0, scene.packet(0, 1)) == "to 1");
  CHECK(trackedAt(scene, 1) == 1);
}

TEST_CASE("CT-3: ICMP is always tracked") {
  VpcScene scene;
  scene.policy.interfaces[1].rulesIn = {{}};
  scene.apply();

  CHECK(scene.fate(0, scene.ping(0, 1)) == "to 1");
  CHECK(trackedAt(scene, 1) == 1);
}

TEST_CASE("CT-3: an answer to a ping passes, a ping the other way does not") {
  VpcScene scene;
  scene.policy.interfaces[1].rulesIn = {{.protocol = kIcmp, .portFirst = 8, .portLast = 0xFFFF}};
  scene.apply();

  CHECK(scene.fate(1, scene.pong(1, 0)) == "security-group-in");
  CHECK(scene.fate(0, scene.ping(0, 1)) == "to 1");
  CHECK(scene.fate(1, scene.pong(1, 0)) == "to 0");
  CHECK(scene.fate(1, scene.ping(1, 0)) == "security-group-in");
}

TEST_CASE("CT-5: of other protocols, what comes within 600 seconds is an answer") {
  constexpr std::uint8_t kGre = 47;
  VpcScene scene = servedBy({{.protocol = kGre}});
  test::PacketText asked = scene.packet(0, 1);
  asked.protocol = kGre;
  test::PacketText answered = scene.packet(1, 0);
  answered.protocol = kGre;

  CHECK(scene.fate(0, asked) == "to 1");
  scene.wait(599);
  CHECK(scene.fate(1, answered) == "to 0");
  scene.wait(600);
  CHECK(scene.fate(1, answered) == "security-group-out");
}

TEST_CASE("CT-6: tracked flows go on when their rule is gone, until they time out") {
  VpcScene scene = servedBy({{.peer = net("10.0.0.0/8"), .protocol = kUdp, .portLast = 0xFFFF}});
  CHECK(scene.fate(0, scene.udp(0, 1, 5000, 53)) == "to 1");
  scene.policy.interfaces[1].rulesIn.clear();
  scene.apply();

  CHECK(scene.fate(0, scene.udp(0, 1, 5000, 53)) == "to 1");
  CHECK(scene.fate(1, scene.udp(1, 0, 53, 5000)) == "to 0");
  CHECK(scene.fate(0, scene.udp(0, 1, 5001, 53)) == "security-group-in");
  scene.wait(30);
  CHECK(scene.fate(0, scene.udp(0, 1, 5000, 53)) == "security-group-in");
}

TEST_CASE("CT-6: untracked flows stop at once when their rule is gone, both ways") {
  VpcScene scene;
  scene.policy.interfaces[1].rulesIn = {tcpRule(80)};
  scene.apply();
  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 80)) == "to 1");
  CHECK(scene.fate(1, scene.tcp(1, 0, 80, 5000, kSyn | kAck)) == "to 0");
  scene.policy.interfaces[1].rulesIn.clear();
  scene.apply();

  // The server's attempts do not make the flow one that it has begun.
  for (int attempt = 0; attempt < 10; ++attempt) {
    CHECK(scene.fate(1, scene.tcp(1, 0, 80, 5000, kAck)) == "security-group-out");
    CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 80, kAck)) == "security-group-in");
    scene.wait(60);
  }
}

TEST_CASE("CT-6: an untracked flow goes on when its rule is back") {
  VpcScene scene;
  scene.policy.interfaces[1].rulesIn = {tcpRule(80)};
  scene.apply();
  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 80)) == "to 1");
  scene.policy.interfaces[1].rulesIn.clear();
  scene.apply();
  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 80, kAck)) == "security-group-in");
  scene.policy.interfaces[1].rulesIn = {tcpRule(80)};
  scene.apply();

  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 80, kAck)) == "to 1");
}

TEST_CASE("CT-6: a network ACL cuts tracked flows") {
  VpcScene scene;
  scene.policy.interfaces[2].rulesIn = {tcpRule(22, "10.0.0.0/8")};
  scene.apply();
  CHECK(scene.fate(0, scene.tcp(0, 2, 5000, 22)) == "to 2");
  scene.policy.subnets[1].aclIn = {
      {.protocol = kTcp, .portFirst = 22, .portLast = 22, .denies = true}, {}};
  scene.apply();

  CHECK(scene.fate(0, scene.tcp(0, 2, 5000, 22, kAck)) == "acl-in");
}

TEST_CASE("CT-7: an established TCP connection may be idle as long as its interface says") {
  VpcScene scene = servedBy({tcpRule(80)});
  scene.policy.interfaces[1].tcpEstablishedSeconds = 350;
  scene.apply();
  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 80)) == "to 1");
  CHECK(scene.fate(1, scene.tcp(1, 0, 80, 5000, kSyn | kAck)) == "to 0");
  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 80, kAck)) == "to 1");

  scene.wait(349);
  CHECK(scene.fate(1, scene.tcp(1, 0, 80, 5000, kAck)) == "to 0");
  scene.wait(350);
  CHECK(scene.fate(1, scene.tcp(1, 0, 80, 5000, kAck)) == "security-group-out");
}

TEST_CASE("CT-7: UDP may be idle for 30 seconds, and a stream for 180") {
  VpcScene scene = servedBy({{.protocol = kUdp, .portLast = 0xFFFF}});
  CHECK(scene.fate(0, scene.udp(0, 1, 5000, 53)) == "to 1");
  CHECK(scene.fate(1, scene.udp(1, 0, 53, 5000)) == "to 0");
  scene.wait(29);
  CHECK(scene.fate(1, scene.udp(1, 0, 53, 5000)) == "to 0");
  scene.wait(30);
  CHECK(scene.fate(1, scene.udp(1, 0, 53, 5000)) == "security-group-out");

  for (int request = 0; request < 2; ++request) {
    CHECK(scene.fate(0, scene.udp(0, 1, 6000, 53)) == "to 1");
    CHECK(scene.fate(1, scene.udp(1, 0, 53, 6000)) == "to 0");
  }
  scene.wait(179);
  CHECK(scene.fate(1, scene.udp(1, 0, 53, 6000)) == "to 0");
  scene.wait(180);
  CHECK(scene.fate(1, scene.udp(1, 0, 53, 6000)) == "security-group-out");
}

TEST_CASE("CT-8: a full allowance drops what would need an entry, and nobody is put out") {
  VpcScene scene = servedBy({tcpRule(80)});
  scene.policy.instances[1].trackedMax = 3;
  scene.apply();
  for (std::uint16_t port = 5000; port < 5003; ++port) {
    CHECK(scene.fate(0, scene.tcp(0, 1, port, 80)) == "to 1");
  }

  CHECK(scene.pipeline().conntrackAvailable(InterfaceIndex(1)) == 0);
  CHECK(scene.fate(0, scene.tcp(0, 1, 6000, 80)) == "conntrack-allowance");
  CHECK(scene.counters(1).conntrack_allowance_exceeded.get() == 1);
  for (std::uint16_t port = 5000; port < 5003; ++port) {
    CHECK(scene.fate(1, scene.tcp(1, 0, 80, port, kSyn | kAck)) == "to 0");
  }
  scene.wait(30);
  CHECK(scene.fate(0, scene.tcp(0, 1, 6000, 80)) == "conntrack-allowance");
  static_cast<void>(scene.pipeline().tick(scene.nowNs() + kSecondNs));
  CHECK(scene.pipeline().conntrackAvailable(InterfaceIndex(1)) == 3);
  CHECK(scene.fate(0, scene.tcp(0, 1, 6000, 80)) == "to 1");
}

TEST_CASE("a connection goes on, and is counted, when its instance gets another number") {
  VpcScene scene = servedBy({tcpRule(80)});
  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 80)) == "to 1");
  const std::uint32_t left = scene.pipeline().conntrackAvailable(InterfaceIndex(1)).value_or(0);

  std::swap(scene.policy.interfaces[1].instance, scene.policy.interfaces[2].instance);
  scene.apply();

  CHECK(scene.pipeline().conntrackAvailable(InterfaceIndex(1)) == left);
  CHECK(scene.pipeline().conntrackAvailable(InterfaceIndex(2)) == left + 1);
  CHECK(scene.fate(1, scene.tcp(1, 0, 80, 5000, kSyn | kAck)) == "to 0");
}

TEST_CASE("CT-8: untracked flows need no room") {
  VpcScene scene;
  scene.policy.interfaces[0].rulesIn = {{}};
  scene.policy.interfaces[1].rulesIn = {{}};
  scene.policy.instances[0].trackedMax = 0;
  scene.policy.instances[1].trackedMax = 0;
  scene.apply();

  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 80)) == "to 1");
  CHECK(scene.fate(1, scene.tcp(1, 0, 80, 5000, kSyn | kAck)) == "to 0");
  CHECK(scene.fate(0, scene.ping(0, 1)) == "conntrack-allowance");
}

TEST_CASE("CT-9: errors reach the sender of a tracked flow, or if a rule allows them") {
  VpcScene scene;
  scene.policy.interfaces[1].rulesIn = {{}};
  scene.policy.interfaces[2].rulesIn = {{}};
  scene.apply();
  const test::PacketText sent = scene.udp(0, 1, 5000, 53);
  test::PacketText error = scene.ping(2, 0);
  error.icmpType = 3;
  error.icmpCode = 4;
  error.payload = test::withoutEthernet(test::makeFrame(sent));

  CHECK(scene.fate(2, error) == "security-group-in");
  CHECK(scene.fate(0, sent) == "to 1");
  CHECK(scene.fate(2, error) == "to 0");

  // The same flow untracked: all may come in, from everybody, but no ICMP.
  VpcScene untracked;
  untracked.policy.interfaces[0].rulesIn = {{.protocol = kUdp, .portLast = 0xFFFF}};
  untracked.policy.interfaces[1].rulesIn = {{}};
  untracked.apply();
  CHECK(untracked.fate(0, sent) == "to 1");
  CHECK(untracked.fate(2, error) == "security-group-in");
  untracked.policy.interfaces[0].rulesIn.push_back(
      {.protocol = kIcmp, .portFirst = 3, .portLast = 4});
  untracked.apply();
  CHECK(untracked.fate(2, error) == "to 0");
}

TEST_CASE("CT-10: the published example") {
  VpcScene scene;
  scene.policy.interfaces[1].rulesIn = {
      tcpRule(22, "10.0.0.10/32"),
      tcpRule(80),
      tcpRule(80, "::/0"),
      {.protocol = kIcmp, .portFirst = 0xFFFF, .portLast = 0xFFFF}};
  scene.apply();
  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 80)) == "to 1");
  CHECK(trackedAt(scene, 1) == 0);
  CHECK(scene.fate(0, scene.packetV6(0, 1)) == "to 1");
  CHECK(trackedAt(scene, 1) == 0);
  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 22)) == "to 1");
  CHECK(trackedAt(scene, 1) == 1);
  CHECK(scene.fate(0, scene.ping(0, 1)) == "to 1");
  CHECK(trackedAt(scene, 1) == 2);

  // Without the rule for what leaves by IPv4, all of IPv4 is tracked.
  scene.policy.interfaces[1].rulesOut = {{.peer = net("::/0")}};
  scene.apply();
  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 80, kAck)) == "to 1");
  CHECK(trackedAt(scene, 1) == 3);
  CHECK(scene.fate(0, scene.packetV6(0, 1)) == "to 1");
  CHECK(trackedAt(scene, 1) == 3);
}

TEST_CASE("CT-11: each interface of an asymmetric flow asks its own rules") {
  // Asked by 0, answered by interface 3 with the address of 1: two half-seen flows.
  VpcScene scene = servedBy({tcpRule(80)});
  scene.policy.interfaces[3].checksAddresses = false;
  scene.policy.interfaces[3].rulesOut.clear();
  scene.apply();
  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 80)) == "to 1");
  test::PacketText answer = scene.tcp(3, 0, 80, 5000, kSyn | kAck);
  answer.source = test::ip("10.0.0.11");

  CHECK(scene.fate(3, answer) == "security-group-out");
  scene.policy.interfaces[3].rulesOut = {kAllOut};
  scene.apply();
  CHECK(scene.fate(3, answer) == "to 0");
}

TEST_CASE("a connection that is over is decided anew when its ports are used again") {
  VpcScene scene = servedBy({tcpRule(80)});
  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 80)) == "to 1");
  CHECK(scene.fate(1, scene.tcp(1, 0, 80, 5000, kRst | kAck)) == "to 0");
  scene.policy.interfaces[1].rulesIn.clear();
  scene.apply();

  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 80, kAck)) == "to 1");
  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 80, kSyn)) == "security-group-in");
}

TEST_CASE("a policy that changes nothing for an interface leaves its verdicts") {
  VpcScene scene;
  scene.policy.interfaces[1].rulesIn = {{}};
  scene.apply();
  CHECK(scene.fate(0, scene.udp(0, 1, 5000, 53)) == "to 1");
  const auto epochOf = [&] {
    std::uint32_t epoch = 0;
    scene.pipeline().flows().visitInterface(0, [&](const Flow& flow) {
      epoch = flow.epoch;
      return true;
    });
    return epoch;
  };
  const std::uint32_t before = epochOf();
  scene.policy.interfaces[1].rulesIn = {{}, {}};
  scene.apply();
  CHECK(scene.fate(0, scene.udp(0, 1, 5000, 53)) == "to 1");

  CHECK(epochOf() == before);
}

TEST_CASE("an interface that is gone takes its flows with it") {
  VpcScene scene = servedBy({tcpRule(80)});
  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 80)) == "to 1");
  CHECK(scene.pipeline().flows().size() == 2);
  scene.policy.interfaces[1].identity = 0;
  scene.apply();

  CHECK(scene.pipeline().flows().size() == 1);
  CHECK(trackedAt(scene, 1) == 0);
  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 80)) == "no-mapping");
  CHECK(scene.fate(1, scene.tcp(1, 0, 80, 5000)) == "no-policy");
}

} // namespace argon::vpc
