// SPDX-License-Identifier: Apache-2.0
#include "vpc/trace.h"

#include "base/error.h"
#include "base/result.h"
#include "support/policy_maker.h"
#include "support/test.h"
#include "vpc/conntrack.h"
#include "vpc/drop_reason.h"
#include "vpc/interface_state.h"
#include "vpc/pipeline.h"
#include "vpc/snapshot.h"
#include "vpc/snapshot_format.h"
#include "vpc/trace_recorder.h"
#include "vpc/vpc_scene.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace argon::vpc {

namespace {

using test::ip;
using test::net;

// Web servers may be asked by their VPC, by rules and entries that have numbers.
test::PolicyText webPolicy() {
  test::PolicyText policy = test::twoSubnets();
  for (test::InterfaceText& interface : policy.interfaces) {
    interface.rulesIn = {
        {.peer = net("10.0.0.0/8"), .protocol = kTcp, .portFirst = 80, .portLast = 80, .id = 11}};
    interface.rulesOut = {{.id = 22}, {.peer = net("::/0"), .id = 23}};
  }
  for (test::SubnetText& subnet : policy.subnets) {
    subnet.aclOut = {{.protocol = kTcp, .portFirst = 81, .portLast = 81, .denies = true, .id = 90},
                     {.id = 100}};
    subnet.aclIn = {{.id = 200}};
  }
  return policy;
}

TraceQuestion tcpTo(std::uint32_t from, const std::string& destination, std::uint16_t port) {
  return {.from = InterfaceIndex(from),
          .destination = ip(destination),
          .protocol = kTcp,
          .sourcePort = 5000,
          .destinationPort = port,
          .tcpFlags = kSyn};
}

Trace traceOf(VpcScene& scene, const TraceQuestion& question) {
  Result<Trace> trace = rehearse(scene.pipeline().seedTrace(question, scene.nowNs()), question);
  REQUIRE_OK(trace);
  return *std::move(trace);
}

std::string stepText(const TraceStep& step) {
  std::string text(traceStageName(step.stage));
  text += step.direction == Direction::Out ? " out " : " in ";
  text += std::to_string(step.at.get());
  text += step.isAllowed ? " yes" : " no";
  text += step.rule ? " by " + std::to_string(*step.rule) : "";
  return text;
}

std::vector<std::string> stepsOf(const Trace& trace) {
  std::vector<std::string> steps;
  for (const TraceStep& step : trace.steps) {
    steps.push_back(stepText(step));
  }
  return steps;
}

using Steps = std::vector<std::string>;

std::string fateOf(const Trace& trace) {
  return VpcScene::fateOf({.kind = trace.kind, .reason = trace.reason, .at = trace.at});
}

} // namespace

TEST_CASE("a trace names what decided at each stage of a packet between subnets") {
  VpcScene scene(webPolicy());

  const Trace trace = traceOf(scene, tcpTo(0, "10.0.1.12", 80));

  CHECK(fateOf(trace) == "to 2");
  CHECK(trace.generation == scene.policy.generation);
  CHECK(stepsOf(trace) == Steps{"route out 0 yes", "security-groups out 0 yes by 22",
                                "acl out 0 yes by 100", "acl in 2 yes by 200",
                                "security-groups in 2 yes by 11"});
  CHECK(trace.steps[0].routeTarget == format::RouteTarget::Local);
  CHECK(trace.steps[0].routeNetwork == ip("10.0.0.0"));
  CHECK(trace.steps[0].routeBits == net("10.0.0.0/16").bits);
  CHECK(trace.steps[4].isTracked);
}

TEST_CASE("a trace says of what answers need no memory") {
  VpcScene scene(webPolicy());
  scene.policy.interfaces[1].rulesIn = {{.id = 12}};
  scene.apply();

  const Trace trace = traceOf(scene, tcpTo(0, "10.0.0.11", 80));

  CHECK(stepText(trace.steps.back()) == "security-groups in 1 yes by 12");
  CHECK_FALSE(trace.steps.back().isTracked);
}

TEST_CASE("a trace ends at the rule that denies, or with none that covers the packet") {
  VpcScene scene(webPolicy());

  const Trace byAcl = traceOf(scene, tcpTo(0, "10.0.1.12", 81));
  CHECK(fateOf(byAcl) == "acl-out");
  CHECK(stepText(byAcl.steps.back()) == "acl out 0 no by 90");

  const Trace byGroups = traceOf(scene, tcpTo(0, "10.0.0.11", 82));
  CHECK(fateOf(byGroups) == "security-group-in");
  CHECK(stepsOf(byGroups) ==
        Steps{"route out 0 yes", "security-groups out 0 yes by 22", "security-groups in 1 no"});
}

TEST_CASE("a trace says which route leads nowhere") {
  VpcScene scene(webPolicy());
  scene.policy.subnets[0].routes.push_back(
      {.to = net("192.168.0.0/16"), .target = format::RouteTarget::Blackhole});
  scene.apply();

  const Trace hole = traceOf(scene, tcpTo(0, "192.168.7.1", 80));
  CHECK(fateOf(hole) == "blackhole");
  CHECK(stepText(hole.steps.front()) == "route out 0 no");
  CHECK(hole.steps.front().routeTarget == format::RouteTarget::Blackhole);

  const Trace nowhere = traceOf(scene, tcpTo(0, "8.8.8.8", 80));
  CHECK(fateOf(nowhere) == "no-route");
  CHECK_FALSE(nowhere.steps.front().routeTarget.has_value());
}

TEST_CASE("a trace tells that a tracked connection lets through what no rule does any more") {
  VpcScene scene(webPolicy());
  const TraceQuestion question = tcpTo(0, "10.0.0.11", 80);
  REQUIRE(scene.fate(0, scene.tcp(0, 1, 5000, 80)) == "to 1");
  scene.policy.interfaces[1].rulesIn.clear();
  scene.policy.interfaces[0].rulesOut.clear();
  scene.apply();

  const Trace trace = traceOf(scene, question);

  CHECK(fateOf(trace) == "to 1");
  CHECK(stepsOf(trace) == Steps{"route out 0 yes", "connection out 0 yes", "connection in 1 yes"});
  TraceQuestion other = question;
  other.sourcePort = 5001;
  CHECK(fateOf(traceOf(scene, other)) == "security-group-out");
}

TEST_CASE("a trace of an answer finds the connection that it belongs to") {
  VpcScene scene(webPolicy());
  scene.policy.interfaces[1].rulesOut.clear();
  scene.apply();
  REQUIRE(scene.fate(0, scene.tcp(0, 1, 5000, 80)) == "to 1");
  TraceQuestion question = tcpTo(1, "10.0.0.10", 5000);
  question.sourcePort = 80;
  question.tcpFlags = kSyn | kAck;

  CHECK(fateOf(traceOf(scene, question)) == "to 0");
  scene.wait(60);
  CHECK(fateOf(traceOf(scene, question)) == "security-group-out");
}

TEST_CASE("a ping is traced by its identifier") {
  VpcScene scene(webPolicy());
  scene.policy.interfaces[1].rulesIn = {{.protocol = kIcmp, .portFirst = 8, .portLast = 0xFFFF}};
  scene.apply();
  TraceQuestion question = tcpTo(0, "10.0.0.11", 0);
  question.protocol = kIcmp;
  question.sourcePort = 7;
  REQUIRE(scene.fate(0, scene.ping(0, 1)) == "to 1");
  scene.policy.interfaces[1].rulesIn.clear();
  scene.apply();

  CHECK(fateOf(traceOf(scene, question)) == "to 1");
  question.sourcePort = 8;
  CHECK(fateOf(traceOf(scene, question)) == "security-group-in");
}

TEST_CASE("a trace changes nothing: no flow, no allowance, no count") {
  test::PolicyText policy = webPolicy();
  policy.instances[0].packets = {.perSecond = 1, .burst = 0};
  VpcScene scene(policy);
  const auto refusedOf = [&] {
    return scene.counters(0).drops[static_cast<std::size_t>(DropReason::SecurityGroupOut)].get();
  };

  for (int round = 0; round < 10; ++round) {
    CHECK(fateOf(traceOf(scene, tcpTo(0, "10.0.0.11", 80))) == "to 1");
    CHECK(fateOf(traceOf(scene, tcpTo(0, "10.0.0.1", 80))) == "router-address");
  }

  CHECK(scene.pipeline().flows().size() == 0);
  CHECK(scene.counters(0).framesOut.get() == 0);
  CHECK(refusedOf() == 0);
  CHECK(scene.fate(0, scene.tcp(0, 1, 5000, 80)) == "to 1");
}

TEST_CASE("a trace tells of a full table and of an instance that has all its connections") {
  test::PolicyText policy = webPolicy();
  policy.instances[1].trackedMax = 1;
  VpcScene scene(policy, 4);
  REQUIRE(scene.fate(0, scene.tcp(0, 1, 5000, 80)) == "to 1");

  TraceQuestion another = tcpTo(0, "10.0.0.11", 80);
  CHECK(fateOf(traceOf(scene, another)) == "to 1");
  another.sourcePort = 5001;
  CHECK(fateOf(traceOf(scene, another)) == "conntrack-allowance");

  REQUIRE(scene.fate(0, scene.tcp(0, 2, 5002, 80)) == "to 2");
  CHECK(fateOf(traceOf(scene, tcpTo(3, "10.0.0.10", 80))) == "conntrack-allowance");
}

TEST_CASE("a trace says which service a packet is for") {
  VpcScene scene(webPolicy());
  TraceQuestion question = tcpTo(0, "169.254.169.253", 53);
  question.protocol = kUdp;

  const Trace trace = traceOf(scene, question);

  CHECK(fateOf(trace) == "punt");
  CHECK(serviceName(trace.service) == "dns");
  CHECK(verdictKindName(trace.kind) == "punt");
  const Trace overTcp = traceOf(scene, tcpTo(0, "169.254.169.253", 53));
  CHECK(serviceName(overTcp.service) == "dns-over-tcp");
}

TEST_CASE("a trace goes from an address of the interface, or from the one that is asked for") {
  VpcScene scene(webPolicy());
  TraceQuestion question = tcpTo(0, "10.0.0.11", 80);
  question.source = ip("10.0.0.99");
  CHECK(fateOf(traceOf(scene, question)) == "spoofed-source");
  CHECK(fateOf(traceOf(scene, tcpTo(0, "fd00:1::11", 80))) == "security-group-in");

  question.source = ip("fd00:1::10");
  const auto kindOf = [&](const TraceQuestion& asked) {
    const Result<Trace> trace = rehearse(scene.pipeline().seedTrace(asked, scene.nowNs()), asked);
    REQUIRE_FALSE(trace.has_value());
    return trace.error().kind();
  };
  CHECK(kindOf(question) == ErrorKind::InvalidArgument);
  CHECK(kindOf(tcpTo(9, "10.0.0.11", 80)) == ErrorKind::NotFound);
  scene.policy.interfaces[0].addresses = {net("10.0.0.10/32")};
  scene.apply();
  CHECK(kindOf(tcpTo(0, "fd00:1::11", 80)) == ErrorKind::InvalidArgument);
  CHECK(rehearse({}, question).error().kind() == ErrorKind::NotFound);
}

} // namespace argon::vpc
