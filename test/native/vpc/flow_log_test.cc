// SPDX-License-Identifier: Apache-2.0

// Flow logs by the published sentences about them; a case that stands for one has its id.

#include "vpc/flow_log.h"

#include "packet/address.h"
#include "packet/headers.h"
#include "support/packet_maker.h"
#include "support/policy_maker.h"
#include "support/test.h"
#include "vpc/conntrack.h"
#include "vpc/interface_state.h"
#include "vpc/pipeline.h"
#include "vpc/snapshot.h"
#include "vpc/verdict.h"
#include "vpc/vpc_scene.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace argon::vpc {

namespace {

using test::ip;
using test::net;
using test::PacketText;
using Lines = std::vector<std::string>;

constexpr std::uint64_t kMinuteNs = 60 * kSecondNs;

std::string addressText(packet::IpAddress address) {
  if (!address.isV4()) return "v6:" + std::to_string(address.low);
  const std::uint32_t number = address.v4Number();
  return std::to_string(number >> 24U) + "." + std::to_string(number >> 16U & 0xFFU) + "." +
         std::to_string(number >> 8U & 0xFFU) + "." + std::to_string(number & 0xFFU);
}

// Interface, tuple, packets, bytes, action.
std::string lineOf(const FlowLogRecord& record) {
  const std::string interface = std::to_string(record.identity);
  if (record.status == FlowLogRecord::Status::NoData) return interface + " NODATA";
  if (record.status == FlowLogRecord::Status::SkipData) return interface + " SKIPDATA";
  const packet::Tuple& tuple = record.tuple;
  return interface + " " + addressText(tuple.source) + " " + addressText(tuple.destination) + " " +
         std::to_string(tuple.sourcePort) + " " + std::to_string(tuple.destinationPort) + " " +
         std::to_string(tuple.protocol) + " " + std::to_string(record.packets) + " " +
         std::to_string(record.bytes) +
         (record.action == FlowLogRecord::Action::Accept ? " ACCEPT" : " REJECT");
}

// A scene whose packets are logged at interfaces 0 and 1 for minutes.
class LoggedScene {
public:
  explicit LoggedScene(test::PolicyText policy = openPolicy(), std::uint32_t shareMax = 100,
                       std::size_t ringSize = 256)
      : scene(std::move(policy)), ring(ringSize), log({.interfaceCountMax = 16,
                                                       .entryCountMax = 300,
                                                       .entryShareMax = shareMax,
                                                       .secret = {.words = {3, 4}}},
                                                      ring) {
    apply();
    CHECK(log.start(InterfaceIndex(0), kMinuteNs, scene.nowNs()));
    CHECK(log.start(InterfaceIndex(1), kMinuteNs, scene.nowNs()));
  }

  static test::PolicyText openPolicy() {
    test::PolicyText policy = test::twoSubnets();
    for (test::InterfaceText& interface : policy.interfaces) {
      interface.rulesIn = {{}, {.peer = net("::/0")}};
    }
    return policy;
  }

  void apply() {
    scene.apply();
    log.setPolicy(test::makeSnapshot(scene.policy), scene.nowNs());
  }

  void sendBytes(std::uint32_t from, const test::Bytes& bytes) {
    const test::OwnedFrame owned(bytes);
    const packet::Headers headers = packet::parse(owned.frame());
    const Verdict verdict =
        scene.pipeline().handle(InterfaceIndex(from), owned.frame(), headers, scene.nowNs());
    log.note(InterfaceIndex(from), headers, verdict, scene.nowNs());
  }
  void send(std::uint32_t from, const PacketText& text) { sendBytes(from, test::makeFrame(text)); }

  std::vector<FlowLogRecord> drain() {
    for (int turn = 0; turn < 20; ++turn) {
      log.tick(scene.nowNs());
    }
    std::vector<FlowLogRecord> records;
    while (const std::optional<FlowLogRecord> record = ring.pop()) {
      records.push_back(*record);
    }
    return records;
  }
  Lines lines() {
    Lines lines;
    for (const FlowLogRecord& record : drain()) {
      lines.push_back(lineOf(record));
    }
    std::ranges::sort(lines);
    return lines;
  }
  // Those of the minute that ends now.
  Lines minute() {
    scene.wait(60);
    return lines();
  }

  VpcScene scene;
  FlowLogRing ring;
  FlowLog log;
};

} // namespace

TEST_CASE("FL-1: each interface adds up a 5-tuple's packets and bytes by direction") {
  LoggedScene scene;
  const VpcScene& words = scene.scene;
  scene.send(0, words.tcp(0, 1, 5000, 80));
  scene.send(0, words.tcp(0, 1, 5000, 80, kAck));
  scene.send(1, words.tcp(1, 0, 80, 5000, kSyn | kAck));
  scene.send(0, words.tcp(0, 1, 5001, 80));

  CHECK(scene.minute() == Lines{"100 10.0.0.10 10.0.0.11 5000 80 6 2 80 ACCEPT",
                                "100 10.0.0.10 10.0.0.11 5001 80 6 1 40 ACCEPT",
                                "100 10.0.0.11 10.0.0.10 80 5000 6 1 40 ACCEPT",
                                "101 10.0.0.10 10.0.0.11 5000 80 6 2 80 ACCEPT",
                                "101 10.0.0.10 10.0.0.11 5001 80 6 1 40 ACCEPT",
                                "101 10.0.0.11 10.0.0.10 80 5000 6 1 40 ACCEPT"});
}

TEST_CASE("FL-1: bytes are those of IP packets, without Ethernet's header and padding") {
  LoggedScene scene;
  PacketText text = scene.scene.udp(0, 1, 5000, 53);
  text.payload = test::pattern(56);
  text.paddingBytes = 8;
  scene.send(0, text);

  CHECK(scene.minute().front() == "100 10.0.0.10 10.0.0.11 5000 53 17 1 84 ACCEPT");
}

TEST_CASE("FL-1: a record holds one interval, with its first and last packet's times") {
  LoggedScene scene;
  const std::uint64_t beganNs = scene.scene.nowNs();
  scene.scene.wait(5);
  scene.send(0, scene.scene.tcp(0, 2, 5000, 80));
  scene.scene.wait(10);
  scene.send(0, scene.scene.tcp(0, 2, 5000, 80));
  scene.scene.wait(44);
  CHECK(scene.drain().empty());
  scene.scene.wait(1);

  const std::vector<FlowLogRecord> records = scene.drain();
  REQUIRE(records.size() == 2);
  const auto first = std::ranges::find(records, 100, &FlowLogRecord::identity);
  REQUIRE(first != records.end());
  CHECK(first->startNs == beganNs + 5 * kSecondNs);
  CHECK(first->endNs == beganNs + 15 * kSecondNs);
  CHECK(first->packets == 2);
}

TEST_CASE("FL-1: a flow that goes on begins anew in each interval") {
  LoggedScene scene;
  for (int minute = 0; minute < 3; ++minute) {
    scene.send(0, scene.scene.tcp(0, 2, 5000, 80));
    CHECK(scene.minute() == Lines{"100 10.0.0.10 10.0.1.12 5000 80 6 1 40 ACCEPT", "101 NODATA"});
  }
}

TEST_CASE("FL-1: a packet that comes before its last interval's record has left is of the next") {
  LoggedScene scene;
  for (std::uint16_t port = 1; port <= 100; ++port) {
    scene.send(0, scene.scene.udp(0, 2, port, 9));
  }
  scene.scene.wait(60);
  // One tick ends the interval, and the records of the last entries leave.
  scene.log.tick(scene.scene.nowNs());
  scene.send(0, scene.scene.udp(0, 2, 1, 9));
  CHECK(scene.lines().size() == 101);
  CHECK(scene.minute() == Lines{"100 10.0.0.10 10.0.1.12 1 9 17 1 28 ACCEPT", "101 NODATA"});
}

TEST_CASE("FL-1: intervals of ten minutes last ten minutes") {
  LoggedScene scene;
  CHECK(scene.log.start(InterfaceIndex(0), 10 * kMinuteNs, scene.scene.nowNs()));
  scene.send(0, scene.scene.tcp(0, 2, 5000, 80));
  for (int minute = 0; minute < 9; ++minute) {
    CHECK(scene.minute() == Lines{"101 NODATA"});
  }
  CHECK(scene.minute() == Lines{"100 10.0.0.10 10.0.1.12 5000 80 6 1 40 ACCEPT", "101 NODATA"});
}

TEST_CASE("FL-1: NODATA tells of an interval without a packet, and of its ends") {
  LoggedScene scene;
  const std::uint64_t beganNs = scene.scene.nowNs();
  scene.scene.wait(61);
  const std::vector<FlowLogRecord> records = scene.drain();

  REQUIRE(records.size() == 2);
  for (const FlowLogRecord& record : records) {
    CHECK(record.status == FlowLogRecord::Status::NoData);
    CHECK(record.startNs == beganNs);
    CHECK(record.endNs == beganNs + kMinuteNs);
  }
}

TEST_CASE("FL-1: SKIPDATA tells of an interface that had more than its share, and of no other") {
  LoggedScene scene(LoggedScene::openPolicy(), 10);
  for (std::uint16_t port = 1; port <= 12; ++port) {
    scene.send(0, scene.scene.udp(0, 2, port, 9));
  }
  scene.send(1, scene.scene.udp(1, 2, 1, 9));

  const Lines lines = scene.minute();
  CHECK(lines.size() == 12);
  CHECK(std::ranges::count(lines, "100 SKIPDATA") == 1);
  CHECK(std::ranges::count(lines, "101 10.0.0.11 10.0.1.12 1 9 17 1 28 ACCEPT") == 1);
  CHECK(std::ranges::count(lines, "101 SKIPDATA") == 0);
  CHECK(scene.minute() == Lines{"100 NODATA", "101 NODATA"});
}

TEST_CASE("FL-1: SKIPDATA tells of records for which the ring had no room, once there is some") {
  LoggedScene scene(LoggedScene::openPolicy(), 100, 8);
  for (std::uint16_t port = 1; port <= 20; ++port) {
    scene.send(0, scene.scene.udp(0, 2, port, 9));
  }

  CHECK(scene.minute().size() == 8);
  CHECK(scene.minute() == Lines{"100 SKIPDATA", "101 NODATA"});
  CHECK(scene.minute() == Lines{"100 NODATA", "101 NODATA"});
}

TEST_CASE("FL-2: another address of the interface shows as its primary one of IPv4") {
  test::PolicyText policy = LoggedScene::openPolicy();
  policy.interfaces[0].addresses.push_back(net("10.0.0.77/32"));
  policy.interfaces[1].addresses.push_back(net("10.0.0.64/28"));
  LoggedScene scene(policy);
  PacketText text = scene.scene.udp(0, 1, 1, 2);
  text.source = ip("10.0.0.77");
  scene.send(0, text);
  scene.send(0, scene.scene.packetV6(0, 2));

  // At the other end it is whatever came.
  CHECK(scene.minute() == Lines{"100 10.0.0.10 10.0.0.11 1 2 17 1 28 ACCEPT",
                                "100 v6:16 v6:18 1024 80 6 1 60 ACCEPT",
                                "101 10.0.0.77 10.0.0.11 1 2 17 1 28 ACCEPT"});
}

TEST_CASE("FL-2: the addresses that packets had are told too, and two of them are two flows") {
  test::PolicyText policy = LoggedScene::openPolicy();
  policy.interfaces[0].addresses.push_back(net("10.0.0.77/32"));
  policy.interfaces[1].addresses.push_back(net("10.0.0.64/28"));
  LoggedScene scene(policy);
  PacketText text = scene.scene.udp(0, 1, 1, 2);
  scene.send(0, text);
  text.source = ip("10.0.0.77");
  scene.send(0, text);
  scene.scene.wait(60);

  std::vector<std::string> own;
  for (const FlowLogRecord& record : scene.drain()) {
    if (record.identity != 100) continue;
    CHECK(record.direction == Direction::Out);
    CHECK(addressText(record.tuple.source) == "10.0.0.10");
    own.push_back(addressText(record.packetSource) + " " + addressText(record.packetDestination));
  }
  std::ranges::sort(own);
  CHECK(own == Lines{"10.0.0.10 10.0.0.11", "10.0.0.77 10.0.0.11"});
}

TEST_CASE("FL-3: flags that begin and end connections are told of all packets together") {
  struct Case {
    std::vector<std::uint8_t> sent;
    unsigned told = 0;
  };
  const std::vector<Case> cases = {{{kSyn}, 2},
                                   {{kSyn | kAck}, 18},
                                   {{kFin | kAck}, 1},
                                   {{kSyn, kAck, kFin}, 3},
                                   {{kSyn | kAck, kAck, kFin | kAck}, 19},
                                   {{kRst}, 4},
                                   {{kAck}, 0}};
  for (const Case& one : cases) {
    LoggedScene scene;
    for (const std::uint8_t flags : one.sent) {
      scene.send(0, scene.scene.tcp(0, 1, 5000, 80, flags));
    }
    scene.scene.wait(60);
    for (const FlowLogRecord& record : scene.drain()) {
      CHECK(record.tcpFlags == one.told);
      CHECK((record.direction == Direction::Out) == (record.identity == 100));
    }
  }
}

TEST_CASE("FL-3: what is not TCP has no flags") {
  LoggedScene scene;
  scene.send(0, scene.scene.udp(0, 1, 1, 2));
  scene.scene.wait(60);
  for (const FlowLogRecord& record : scene.drain()) {
    CHECK(record.tcpFlags == 0);
  }
}

TEST_CASE("FL-4: what goes to services and to the router is not logged") {
  LoggedScene scene;
  const VpcScene& words = scene.scene;
  for (const char* service : {"10.0.0.2", "169.254.169.253"}) {
    PacketText dns = words.udp(0, 1, 5000, 53);
    dns.destination = ip(service);
    scene.send(0, dns);
  }
  PacketText metadata = words.tcp(0, 1, 5000, 80);
  metadata.destination = ip("169.254.169.254");
  scene.send(0, metadata);
  metadata.destinationPort = 81;
  scene.send(0, metadata);
  PacketText time = words.udp(0, 1, 123, 123);
  time.destination = ip("169.254.169.123");
  scene.send(0, time);
  PacketText dhcp = words.udp(0, 1, 68, 67);
  dhcp.source = ip("0.0.0.0");
  dhcp.destination = ip("255.255.255.255");
  scene.send(0, dhcp);
  PacketText router = words.ping(0, 1);
  router.destination = ip("10.0.0.1");
  scene.send(0, router);
  router.protocol = kTcp;
  scene.send(0, router);
  scene.sendBytes(0, test::makeArp({.sourceMac = test::macOf(0x10),
                                    .senderMac = test::macOf(0x10),
                                    .sender = ip("10.0.0.10"),
                                    .target = ip("10.0.0.11")}));

  CHECK(scene.minute() == Lines{"100 NODATA", "101 NODATA"});
}

TEST_CASE("FL-5: a ping that an ACL denies its answer has one ACCEPT and one REJECT") {
  test::PolicyText policy = LoggedScene::openPolicy();
  policy.subnets[0].aclOut = {{.denies = true}};
  LoggedScene scene(policy);
  scene.send(2, scene.scene.ping(2, 0));
  scene.send(0, scene.scene.pong(0, 2));

  CHECK(scene.minute() == Lines{"100 10.0.0.10 10.0.1.12 0 0 1 1 28 REJECT",
                                "100 10.0.1.12 10.0.0.10 0 0 1 1 28 ACCEPT", "101 NODATA"});
}

TEST_CASE("FL-5: a ping that security groups deny has one REJECT, and its sender an ACCEPT") {
  test::PolicyText policy = LoggedScene::openPolicy();
  policy.interfaces[1].rulesIn.clear();
  LoggedScene scene(policy);
  scene.send(0, scene.scene.ping(0, 1));
  scene.send(1, scene.scene.ping(1, 0));

  CHECK(scene.minute() == Lines{"100 10.0.0.10 10.0.0.11 0 0 1 1 28 ACCEPT",
                                "100 10.0.0.11 10.0.0.10 0 0 1 1 28 ACCEPT",
                                "101 10.0.0.10 10.0.0.11 0 0 1 1 28 REJECT",
                                "101 10.0.0.11 10.0.0.10 0 0 1 1 28 ACCEPT"});
}

TEST_CASE("what is denied on its way out is a REJECT of its sender alone") {
  test::PolicyText policy = LoggedScene::openPolicy();
  policy.interfaces[0].rulesOut.clear();
  LoggedScene scene(policy);
  scene.send(0, scene.scene.udp(0, 1, 1, 2));

  CHECK(scene.minute() == Lines{"100 10.0.0.10 10.0.0.11 1 2 17 1 28 REJECT", "101 NODATA"});
}

TEST_CASE("what is lost for another reason than rules is not logged where it was lost") {
  test::PolicyText policy = LoggedScene::openPolicy();
  policy.instances[1].packets = {.perSecond = 1, .burst = 0};
  LoggedScene scene(policy);
  // One goes, others wait, and the last one is lost.
  for (std::uint32_t count = 0; count < kBacklogFramesMax + 2; ++count) {
    scene.send(0, scene.scene.udp(0, 1, 1, 2));
  }
  PacketText spoofed = scene.scene.udp(0, 1, 1, 2);
  spoofed.source = ip("10.0.0.200");
  scene.send(0, spoofed);
  PacketText nowhere = scene.scene.udp(0, 1, 1, 2);
  nowhere.destination = ip("8.8.8.8");
  scene.send(0, nowhere);

  CHECK(scene.minute() == Lines{"100 10.0.0.10 10.0.0.11 1 2 17 258 7224 ACCEPT",
                                "101 10.0.0.10 10.0.0.11 1 2 17 257 7196 ACCEPT"});
}

TEST_CASE("an interface that is stopped has what was recorded, and nothing more") {
  LoggedScene scene;
  scene.send(0, scene.scene.udp(0, 2, 1, 9));
  scene.log.stop(InterfaceIndex(0), scene.scene.nowNs());
  scene.log.stop(InterfaceIndex(1), scene.scene.nowNs());
  CHECK(scene.log.dueNs() == std::optional(std::uint64_t{0}));
  scene.send(0, scene.scene.udp(0, 2, 1, 9));

  CHECK(scene.lines() == Lines{"100 10.0.0.10 10.0.1.12 1 9 17 1 28 ACCEPT", "101 NODATA"});
  CHECK(scene.log.dueNs() == std::nullopt);
  CHECK(scene.minute().empty());
}

TEST_CASE(
    "an interface that takes another's number is not logged, and its own name is kept apart") {
  LoggedScene scene;
  scene.send(0, scene.scene.udp(0, 2, 1, 9));
  scene.scene.policy.interfaces[0].identity = 500;
  scene.apply();
  scene.send(0, scene.scene.udp(0, 2, 1, 9));
  CHECK(scene.log.start(InterfaceIndex(0), kMinuteNs, scene.scene.nowNs()));
  scene.send(0, scene.scene.udp(0, 2, 1, 9));

  CHECK(scene.minute() == Lines{"100 10.0.0.10 10.0.1.12 1 9 17 1 28 ACCEPT", "101 NODATA",
                                "500 10.0.0.10 10.0.1.12 1 9 17 1 28 ACCEPT"});
  CHECK_FALSE(scene.log.start(InterfaceIndex(9), kMinuteNs, scene.scene.nowNs()));
}

TEST_CASE("the log is due when an interval ends, and until its records have left") {
  LoggedScene scene;
  CHECK(scene.log.dueNs() == std::optional(scene.scene.nowNs() + kMinuteNs));
  for (std::uint16_t port = 1; port <= 100; ++port) {
    scene.send(0, scene.scene.udp(0, 2, port, 9));
  }
  scene.scene.wait(60);
  scene.log.tick(scene.scene.nowNs());
  CHECK(scene.log.dueNs() == std::optional(std::uint64_t{0}));
  CHECK(scene.lines().size() == 101);
  CHECK(scene.log.dueNs() == std::optional(scene.scene.nowNs() + kMinuteNs));
}

TEST_CASE("entries are used again, interval after interval, by one interface and the next") {
  LoggedScene scene;
  for (std::uint16_t minute = 0; minute < 20; ++minute) {
    for (std::uint16_t port = 1; port <= 40; ++port) {
      const auto source = static_cast<std::uint16_t>(minute * 100U + port);
      scene.send(minute % 2U, scene.scene.udp(minute % 2U, 2, source, 9));
    }
    CHECK(scene.minute().size() == 41);
  }
}

} // namespace argon::vpc
