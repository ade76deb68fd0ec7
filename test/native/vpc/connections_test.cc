// SPDX-License-Identifier: Apache-2.0
#include "vpc/connections.h"

#include "packet/headers.h"
#include "support/policy_maker.h"
#include "support/test.h"
#include "vpc/conntrack.h"
#include "vpc/drop_reason.h"
#include "vpc/flow_table.h"
#include "vpc/snapshot.h"
#include "vpc/snapshot_format.h"

#include <cstdint>
#include <memory>
#include <utility>

namespace argon::vpc {

namespace {

using test::ip;

// Interface 1 with its rules, and a table.
struct Scene {
  explicit Scene(std::uint32_t capacity = 10)
      : table({.capacity = capacity, .ownerCountMax = 4, .interfaceCountMax = 4}) {
    policy = test::twoSubnets();
    apply();
  }
  void apply() {
    snapshot = test::makeSnapshot(policy);
    ++epoch;
  }
  [[nodiscard]] End end(Direction direction) const {
    const format::Interface* interface = snapshot->interfaceAt(InterfaceIndex(1));
    return {.index = InterfaceIndex(1),
            .interface = interface,
            .subnet = &snapshot->subnetOf(*interface),
            .direction = direction,
            .epoch = epoch};
  }
  Connections::Admission decide(Direction direction, const packet::Headers& headers) {
    return connections.decide(*snapshot, end(direction), headers, InterfaceIndex(0), 0);
  }

  test::PolicyText policy;
  std::shared_ptr<const Snapshot> snapshot;
  std::uint32_t epoch = 0;
  FlowTable table;
  Connections connections{table};
};

packet::Headers udpIn(std::uint16_t port) {
  packet::Headers headers;
  headers.tuple = {.source = ip("10.0.0.10"),
                   .destination = ip("10.0.0.11"),
                   .sourcePort = 5000,
                   .destinationPort = port,
                   .protocol = 17};
  return headers;
}

} // namespace

TEST_CASE("a flow is found in its epoch, from both ends") {
  Scene scene;
  scene.policy.interfaces[1].rulesIn = {{}};
  scene.apply();
  const packet::Headers headers = udpIn(53);
  packet::Headers answer = headers;
  std::swap(answer.tuple.source, answer.tuple.destination);
  std::swap(answer.tuple.sourcePort, answer.tuple.destinationPort);

  CHECK(scene.connections.find(scene.end(Direction::In), headers, 0) == nullptr);
  const Flow* flow = scene.decide(Direction::In, headers).flow;
  REQUIRE(flow != nullptr);
  CHECK(flow->connection.originator == Direction::In);
  CHECK(scene.connections.find(scene.end(Direction::In), headers, 0) == flow);
  CHECK(scene.connections.find(scene.end(Direction::Out), answer, 0) == flow);
  scene.apply();
  CHECK(scene.connections.find(scene.end(Direction::In), headers, 0) == nullptr);
}

TEST_CASE("what is denied leaves no entry") {
  Scene scene;
  CHECK(scene.decide(Direction::In, udpIn(53)).reason == DropReason::SecurityGroupIn);
  CHECK(scene.table.size() == 0);
}

TEST_CASE("a full table drops what must be tracked and lets pass what need not") {
  Scene scene(1);
  scene.policy.interfaces[1].rulesIn = {{}};
  scene.apply();
  CHECK(scene.decide(Direction::In, udpIn(1)).flow != nullptr);
  const Connections::Admission untracked = scene.decide(Direction::In, udpIn(2));
  CHECK(untracked.reason == DropReason::None);
  CHECK(untracked.flow == nullptr);
  scene.policy.interfaces[1].rulesOut.clear();
  scene.apply();
  CHECK(scene.decide(Direction::In, udpIn(2)).reason == DropReason::ConntrackAllowance);
}

TEST_CASE("an answer to a ping that nobody sent is not remembered") {
  Scene scene;
  scene.policy.interfaces[1].rulesIn = {{}};
  scene.apply();
  packet::Headers pong = udpIn(7);
  pong.tuple.sourcePort = 7;
  pong.tuple.protocol = 1;
  pong.icmp = packet::Headers::Icmp::Query;
  const Connections::Admission admission = scene.decide(Direction::In, pong);
  CHECK(admission.reason == DropReason::None);
  CHECK(admission.flow == nullptr);
  CHECK(scene.table.size() == 0);
  pong.icmpType = 8;
  CHECK(scene.decide(Direction::In, pong).flow != nullptr);
}

} // namespace argon::vpc
