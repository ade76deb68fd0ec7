// SPDX-License-Identifier: Apache-2.0
#include "vpc/vpc_scene.h"

#include "packet/frame.h"
#include "packet/headers.h"
#include "support/packet_maker.h"
#include "support/policy_maker.h"
#include "support/test.h"
#include "vpc/drop_reason.h"
#include "vpc/pipeline.h"
#include "vpc/snapshot.h"
#include "vpc/verdict.h"

#include <cstdint>
#include <string>
#include <utility>

namespace argon::vpc {

using test::PacketText;

VpcScene::VpcScene(test::PolicyText text, std::uint32_t flowCountMax)
    : policy(std::move(text)), pipeline_({.interfaceCountMax = 16,
                                          .instanceCountMax = 16,
                                          .flowCountMax = flowCountMax,
                                          .secret = {.words = {1, 2}}}) {
  apply();
}

void VpcScene::apply() {
  ++policy.generation;
  REQUIRE_OK(pipeline_.setPolicy(test::makeSnapshot(policy), nowNs_));
}

PacketText VpcScene::packet(std::uint32_t from, std::uint32_t to) const {
  return test::packetBetween(policy, from, to);
}

PacketText VpcScene::packetV6(std::uint32_t from, std::uint32_t to) const {
  return test::packetBetween(policy, from, to, 1);
}

PacketText VpcScene::tcp(std::uint32_t from, std::uint32_t to, std::uint16_t sourcePort,
                         std::uint16_t destinationPort, std::uint8_t flags) const {
  PacketText text = packet(from, to);
  text.sourcePort = sourcePort;
  text.destinationPort = destinationPort;
  text.tcpFlags = flags;
  return text;
}

PacketText VpcScene::udp(std::uint32_t from, std::uint32_t to, std::uint16_t sourcePort,
                         std::uint16_t destinationPort) const {
  PacketText text = packet(from, to);
  text.protocol = kUdp;
  text.sourcePort = sourcePort;
  text.destinationPort = destinationPort;
  return text;
}

PacketText VpcScene::ping(std::uint32_t from, std::uint32_t to) const {
  PacketText text = packet(from, to);
  text.protocol = kIcmp;
  return text;
}

PacketText VpcScene::pong(std::uint32_t from, std::uint32_t to) const {
  PacketText text = ping(from, to);
  text.icmpType = 0;
  return text;
}

Verdict VpcScene::sendBytes(std::uint32_t from, const test::Bytes& bytes, packet::Offload offload) {
  test::OwnedFrame owned(bytes);
  owned.offload = offload;
  return pipeline_.handle(InterfaceIndex(from), owned.frame(), packet::parse(owned.frame()),
                          nowNs_);
}

Verdict VpcScene::send(std::uint32_t from, const PacketText& text) {
  return sendBytes(from, test::makeFrame(text));
}

std::string VpcScene::fateOf(const Verdict& verdict) {
  switch (verdict.kind) {
  case Verdict::Kind::Drop:
    return std::string(dropReasonName(verdict.reason));
  case Verdict::Kind::Deliver:
    return (verdict.isQueued ? "later to " : "to ") + std::to_string(verdict.at.get());
  case Verdict::Kind::Answer:
    return "answer";
  case Verdict::Kind::Punt:
    return "punt";
  case Verdict::Kind::Hold:
    return "hold";
  }
  return "?";
}

std::string VpcScene::fate(std::uint32_t from, const PacketText& text) {
  return fateOf(send(from, text));
}

VpcScene openScene() {
  test::PolicyText policy = test::twoSubnets();
  for (test::InterfaceText& interface : policy.interfaces) {
    interface.rulesIn = {{}, {.peer = test::net("::/0")}};
  }
  return VpcScene(policy);
}

} // namespace argon::vpc
