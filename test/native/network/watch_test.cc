// SPDX-License-Identifier: Apache-2.0

// What an operator is told, of an engine that runs. What traces and logs say is test/native/vpc's
// matter; here is that the engine tells it.

#include "network/watch.h"

#include "base/error.h"
#include "base/poll_window.h"
#include "base/result.h"
#include "frontend/net_driver.h"
#include "frontend/session.h"
#include "network/counters.h"
#include "network/interface.h"
#include "support/deadline.h"
#include "support/net_backend.h"
#include "support/packet_maker.h"
#include "support/policy_maker.h"
#include "support/test.h"
#include "vpc/capture.h"
#include "vpc/conntrack.h"
#include "vpc/drop_reason.h"
#include "vpc/flow_log.h"
#include "vpc/trace.h"
#include "vpc/verdict.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace argon::network {

namespace {

using frontend::NetDriver;
using test::PolicyText;
using vpc::FlowLogRecord;

constexpr std::uint8_t kUdp = 17;

// Interface 1 takes all, and interface 0 nothing.
PolicyText policyOf() {
  PolicyText policy = test::twoSubnets();
  policy.interfaces.at(1).rulesIn = {{}};
  return policy;
}

struct Scene {
  explicit Scene(PollMode mode = PollMode::Off)
      : policy(policyOf()),
        backend({.interfaceCount = 2, .pollMode = mode, .policy = test::makeSnapshot(policy)}) {
    for (std::uint32_t index = 0; index < 2; ++index) {
      sessions.push_back(backend.connect(index));
      Result<std::unique_ptr<NetDriver>> made = NetDriver::create(*sessions.back(), {});
      REQUIRE_OK(made);
      drivers.push_back(*std::move(made));
    }
  }

  Watch& watch() { return backend.card().watch(); }
  void send(std::uint32_t from, std::uint32_t to) {
    test::PacketText text = test::packetBetween(policy, from, to);
    text.protocol = kUdp;
    text.payload = test::pattern(100);
    REQUIRE_OK(drivers.at(from)->send({.bytes = test::makeFrame(text)}));
  }
  // Waits for a record that is as `isWanted` says.
  bool waitForRecord(const auto& isWanted) {
    return test::waitUntil([&] {
      const std::vector<FlowLogRecord> records = watch().takeFlowLog();
      return std::ranges::any_of(records, isWanted);
    });
  }

  PolicyText policy;
  test::NetBackend backend;
  std::vector<std::unique_ptr<frontend::Session>> sessions;
  std::vector<std::unique_ptr<NetDriver>> drivers;
};

vpc::TraceQuestion questionTo(const std::string& destination) {
  return {.from = InterfaceIndex(0),
          .destination = test::ip(destination),
          .protocol = kUdp,
          .sourcePort = 1024,
          .destinationPort = 80};
}

} // namespace

TEST_CASE("a running card says what would become of a packet") {
  Scene scene;
  const Result<vpc::Trace> trace = scene.watch().trace(questionTo("10.0.0.11"));
  REQUIRE_OK(trace);
  CHECK(trace->kind == vpc::Verdict::Kind::Deliver);
  CHECK(trace->at == InterfaceIndex(1));

  scene.policy.interfaces.at(1).rulesIn.clear();
  REQUIRE_OK(scene.backend.card().setPolicy(test::makeSnapshot(scene.policy)));
  const Result<vpc::Trace> other = scene.watch().trace(questionTo("10.0.0.11"));
  REQUIRE_OK(other);
  CHECK(other->reason == vpc::DropReason::SecurityGroupIn);
}

TEST_CASE("a card without a policy has nothing to trace and nothing to log") {
  test::NetBackend backend;
  Watch& watch = backend.card().watch();
  CHECK(watch.trace(questionTo("10.0.0.11")).error().kind() == ErrorKind::NotFound);
  CHECK(watch.startFlowLog(InterfaceIndex(0), 60).error().kind() == ErrorKind::NotFound);
  watch.stopFlowLog(InterfaceIndex(0));
  CHECK(watch.takeFlowLog().empty());
  CHECK(watch.takeCapture().empty());
  watch.stopCapture();
}

TEST_CASE("flow logs leave a card that sleeps as well as one that looks on") {
  for (const PollMode mode : {PollMode::Off, PollMode::Always}) {
    Scene scene(mode);
    REQUIRE_OK(scene.watch().startFlowLog(InterfaceIndex(0), 1));
    REQUIRE_OK(scene.watch().startFlowLog(InterfaceIndex(1), 1));
    scene.send(0, 1);
    CHECK(scene.waitForRecord([&](const FlowLogRecord& record) {
      return record.identity == scene.policy.interfaces.at(1).identity &&
             record.status == FlowLogRecord::Status::Ok &&
             record.action == FlowLogRecord::Action::Accept && record.packets == 1 &&
             record.bytes == 128;
    }));
    scene.send(1, 0);
    CHECK(scene.waitForRecord([&](const FlowLogRecord& record) {
      return record.identity == scene.policy.interfaces.at(0).identity &&
             record.status == FlowLogRecord::Status::Ok &&
             record.action == FlowLogRecord::Action::Reject;
    }));
    CHECK(scene.waitForRecord([](const FlowLogRecord& record) {
      return record.status == FlowLogRecord::Status::NoData;
    }));
  }
}

TEST_CASE("an interface that is gone from the policy has its last record, and is logged no more") {
  Scene scene;
  REQUIRE_OK(scene.watch().startFlowLog(InterfaceIndex(0), 600));
  scene.send(0, 1);
  scene.backend.waitFor(0, [](const InterfaceSnapshot& counted) { return counted.txFrames == 1; });
  scene.policy.interfaces.at(0).identity = 900;
  REQUIRE_OK(scene.backend.card().setPolicy(test::makeSnapshot(scene.policy)));

  CHECK(scene.waitForRecord([](const FlowLogRecord& record) { return record.identity == 100; }));
}

TEST_CASE("a test host's card captures headers, and a production host's none") {
  Scene scene;
  CHECK(scene.watch().startCapture(vpc::Environment::Production).error().kind() ==
        ErrorKind::PermissionDenied);
  REQUIRE_OK(scene.watch().startCapture(vpc::Environment::Test));
  scene.send(0, 1);

  std::vector<vpc::CapturedFrame> frames;
  CHECK(test::waitUntil([&] {
    for (const vpc::CapturedFrame& frame : scene.watch().takeCapture()) {
      frames.push_back(frame);
    }
    return frames.size() == 2;
  }));
  CHECK(frames.at(0).direction == vpc::Direction::Out);
  CHECK(frames.at(1).direction == vpc::Direction::In);
  CHECK(frames.at(1).interface == 1);
  CHECK(frames.at(1).headerBytes == 42);
  CHECK(frames.at(1).lengthBytes == 142);

  scene.watch().stopCapture();
  scene.send(0, 1);
  scene.backend.waitFor(1, [](const InterfaceSnapshot& counted) { return counted.rxFrames == 2; });
  CHECK(scene.watch().takeCapture().empty());
}

} // namespace argon::network
