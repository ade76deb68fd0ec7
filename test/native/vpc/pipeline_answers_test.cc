// SPDX-License-Identifier: Apache-2.0

// What the pipeline answers as a subnet's router; cases of published rules are named by them.

#include "packet/address.h"
#include "packet/headers.h"
#include "support/packet_maker.h"
#include "support/policy_maker.h"
#include "support/test.h"
#include "vpc/verdict.h"
#include "vpc/vpc_scene.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace argon::vpc {

namespace {

using test::ip;

packet::Headers answerOf(const Verdict& verdict) {
  CHECK(test::wrongIn(verdict.answer) == "");
  const test::OwnedFrame owned(test::Bytes(verdict.answer.begin(), verdict.answer.end()));
  return packet::parse(owned.frame());
}

test::Bytes arpFor(const VpcScene& scene, std::uint32_t from, const std::string& target) {
  const test::InterfaceText& asker = scene.policy.interfaces[from];
  return test::makeArp({.sourceMac = asker.mac,
                        .senderMac = asker.mac,
                        .sender = asker.addresses[0].network,
                        .target = ip(target)});
}

test::PacketText solicitation(const VpcScene& scene, std::uint8_t type, const std::string& target) {
  test::PacketText text = scene.packetV6(0, 1);
  text.source = ip("fe80::5");
  text.destination = ip("ff02::1:ff00:1");
  text.protocol = 58;
  text.hopLimit = 255;
  text.icmpType = type;
  text.icmpId = 0;
  text.payload.resize(14 + 2);
  ip(target).writeV6(text.payload, 0);
  return text;
}

} // namespace

TEST_CASE("AD-1: every router has the address fe80:ec2::1") {
  VpcScene scene;
  test::PacketText ping = solicitation(scene, 128, "::");
  ping.destination = ip("fe80:ec2::1");
  ping.destinationMac = test::macOf(0xF0);

  CHECK(scene.fate(0, ping) == "answer");
}

TEST_CASE("AD-3: ARP is answered with who has the address, or the router") {
  VpcScene scene;
  const auto macFor = [&](const char* target) {
    const Verdict verdict = scene.sendBytes(0, arpFor(scene, 0, target));
    CHECK(verdict.kind == Verdict::Kind::Answer);
    return answerOf(verdict).arpSenderMac;
  };

  CHECK(macFor("10.0.0.11") == test::macOf(0x11));
  CHECK(macFor("10.0.0.1") == test::macOf(0xF0));
  CHECK(macFor("169.254.169.254") == test::macOf(0xF0));
  CHECK(macFor("10.0.1.12") == test::macOf(0xF0));
}

TEST_CASE("AD-3: ARP for nobody, for oneself and answers to nothing have no answer") {
  VpcScene scene;
  CHECK(VpcScene::fateOf(scene.sendBytes(0, arpFor(scene, 0, "10.0.0.99"))) == "unanswered");
  CHECK(VpcScene::fateOf(scene.sendBytes(0, arpFor(scene, 0, "10.0.0.10"))) == "unanswered");
  test::Bytes reply = arpFor(scene, 0, "10.0.0.1");
  reply[21] = std::byte{2};

  CHECK(VpcScene::fateOf(scene.sendBytes(0, reply)) == "unanswered");
}

TEST_CASE("AD-3: neighbor discovery is answered likewise") {
  VpcScene scene;
  const auto macFor = [&](const char* target) {
    const Verdict verdict = scene.send(0, solicitation(scene, 135, target));
    CAPTURE(target);
    REQUIRE(verdict.kind == Verdict::Kind::Answer);
    CHECK(answerOf(verdict).icmpType == 136);
    return packet::MacAddress::read(verdict.answer, 80);
  };

  CHECK(macFor("fd00:1:0:0::11") == test::macOf(0x11));
  CHECK(macFor("fe80::1:0") == test::macOf(0xF0));
  CHECK(macFor("fe80:ec2::1") == test::macOf(0xF0));
  CHECK(macFor("fd00:1:0:1::12") == test::macOf(0xF0));
  CHECK(scene.fate(0, solicitation(scene, 135, "fd00:1:0:0::99")) == "unanswered");
  CHECK(scene.fate(0, solicitation(scene, 135, "fe80::77")) == "unanswered");
  CHECK(scene.fate(0, solicitation(scene, 136, "fd00:1:0:0::10")) == "unanswered");
}

TEST_CASE("AD-3: the router advertises itself to who asks") {
  VpcScene scene;
  const Verdict verdict = scene.send(0, solicitation(scene, 133, "::"));

  REQUIRE(verdict.kind == Verdict::Kind::Answer);
  CHECK(answerOf(verdict).icmpType == 134);
  CHECK(answerOf(verdict).tuple.source == ip("fe80::1:0"));
}

TEST_CASE("AD-4: ARP does not say that another's address is one's own") {
  VpcScene scene;
  test::Bytes arp = arpFor(scene, 0, "10.0.0.1");
  arp[31] = std::byte{11};
  CHECK(VpcScene::fateOf(scene.sendBytes(0, arp)) == "spoofed-arp");
  for (const std::size_t offset : {28U, 29U, 30U, 31U}) {
    arp[offset] = std::byte{0};
  }
  CHECK(VpcScene::fateOf(scene.sendBytes(0, arp)) == "answer");
}

TEST_CASE("AD-4: ARP is sent with the MAC address that it names") {
  VpcScene scene;
  test::Bytes arp = arpFor(scene, 0, "10.0.0.1");
  arp[27] = std::byte{0x11};
  CHECK(VpcScene::fateOf(scene.sendBytes(0, arp)) == "spoofed-arp");
}

TEST_CASE("LL-1: what the router answers is within the services' rate") {
  VpcScene scene;
  const test::Bytes arp = arpFor(scene, 0, "10.0.0.1");
  for (int count = 0; count < 1024; ++count) {
    REQUIRE(VpcScene::fateOf(scene.sendBytes(0, arp)) == "answer");
  }
  CHECK(VpcScene::fateOf(scene.sendBytes(0, arp)) == "link-local-allowance");
  CHECK(scene.fate(0, solicitation(scene, 133, "::")) == "link-local-allowance");
  CHECK(scene.counters(0).answers.get() == 1024);
}

} // namespace argon::vpc
