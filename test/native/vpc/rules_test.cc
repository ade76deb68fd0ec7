// SPDX-License-Identifier: Apache-2.0
#include "vpc/rules.h"

#include "support/policy_maker.h"
#include "support/test.h"
#include "vpc/snapshot.h"
#include "vpc/snapshot_format.h"

#include <memory>
#include <span>
#include <vector>

namespace argon::vpc {

namespace {

using test::ip;
using test::net;
using test::RuleText;

// Rules as the first interface's, in and out.
struct Rules {
  std::shared_ptr<const Snapshot> snapshot;
  std::span<const format::Rule> in;
  std::span<const format::Rule> out;
};

Rules rulesOf(const std::vector<RuleText>& in, const std::vector<RuleText>& out = {}) {
  test::PolicyText policy = test::twoSubnets();
  policy.interfaces[0].rulesIn = in;
  policy.interfaces[0].rulesOut = out;
  const auto snapshot = test::makeSnapshot(policy);
  const format::Interface& interface = *snapshot->interfaceAt(InterfaceIndex(0));
  return {.snapshot = snapshot,
          .in = snapshot->rules(interface.rulesIn),
          .out = snapshot->rules(interface.rulesOut)};
}

bool isCovered(const RuleText& rule, const RuleSubject& subject) {
  const Rules rules = rulesOf({rule});
  return covers(*rules.snapshot, rules.in[0], subject);
}

const RuleSubject kWeb = {.peer = ip("192.0.2.1"), .protocol = 6, .destinationPort = 80};

} // namespace

TEST_CASE("a rule covers its protocol, ports and peers, and their borders") {
  const RuleText rule{.peer = net("192.0.2.0/31"), .protocol = 6, .portFirst = 80, .portLast = 90};
  RuleSubject subject = kWeb;

  CHECK(isCovered(rule, subject));
  subject.destinationPort = 90;
  CHECK(isCovered(rule, subject));
  subject.destinationPort = 91;
  CHECK(!isCovered(rule, subject));
  subject.destinationPort = 79;
  CHECK(!isCovered(rule, subject));
  subject = kWeb;
  subject.protocol = 17;
  CHECK(!isCovered(rule, subject));
  subject = kWeb;
  subject.peer = ip("192.0.2.2");
  CHECK(!isCovered(rule, subject));
}

TEST_CASE("a rule of any protocol covers all of its family") {
  CHECK(isCovered({}, kWeb));
  CHECK(!isCovered({.peer = net("::/0")}, kWeb));
  RuleSubject v6 = kWeb;
  v6.peer = ip("2001:db8::1");
  CHECK(!isCovered({}, v6));
  CHECK(isCovered({.peer = net("::/0")}, v6));
}

TEST_CASE("a rule for another protocol has no ports") {
  const RuleSubject gre{.peer = ip("192.0.2.1"), .protocol = 47};
  CHECK(isCovered({.protocol = 47}, gre));
  CHECK(!isCovered({.protocol = 50}, gre));
}

TEST_CASE("all traffic is untracked only if all answers may go") {
  const auto isTracked = [](const RuleText& in, const RuleText& out, RuleSubject subject = kWeb) {
    const Rules rules = rulesOf({in}, {out});
    const GroupDecision decision = decideByGroups(*rules.snapshot, rules.in, rules.out, subject);
    CHECK(decision.isAllowed);
    return decision.isTracked;
  };
  const RuleText all;
  const RuleText tcpAll{.protocol = 6, .portLast = 0xFFFF};

  CHECK(!isTracked(all, all));
  CHECK(!isTracked(all, tcpAll));
  CHECK(!isTracked({.protocol = 6, .portFirst = 80, .portLast = 80}, all));
  CHECK(isTracked(all, {.protocol = 17, .portLast = 0xFFFF}));
  CHECK(isTracked(all, {.protocol = 6, .portFirst = 1, .portLast = 0xFFFF}));
  CHECK(isTracked(all, {.protocol = 6, .portLast = 0xFFFE}));
  CHECK(isTracked(all, {.peer = net("0.0.0.0/1")}));
  CHECK(isTracked(all, {.peer = net("::/0")}));
  CHECK(isTracked({.peer = net("128.0.0.0/1")}, all));
  CHECK(isTracked(all, all, {.peer = ip("192.0.2.1"), .protocol = 47}));
}

TEST_CASE("what no rule covers is not allowed") {
  const Rules rules = rulesOf({{.peer = net("10.0.0.0/8")}});

  CHECK(!decideByGroups(*rules.snapshot, rules.in, rules.out, kWeb).isAllowed);
  CHECK(decideByGroups(*rules.snapshot, rules.in, rules.out, kWeb).rule == nullptr);
  CHECK(!decideByAcl(*rules.snapshot, rules.in, kWeb).isAllowed);
  CHECK(!decideByAcl(*rules.snapshot, {}, kWeb).isAllowed);
  CHECK(decideByAcl(*rules.snapshot, {}, kWeb).rule == nullptr);
}

} // namespace argon::vpc
