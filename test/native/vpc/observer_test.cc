// SPDX-License-Identifier: Apache-2.0
#include "vpc/observer.h"

#include "base/result.h"
#include "packet/headers.h"
#include "support/packet_maker.h"
#include "support/policy_maker.h"
#include "support/test.h"
#include "vpc/capture.h"
#include "vpc/conntrack.h"
#include "vpc/drop_reason.h"
#include "vpc/flow_log.h"
#include "vpc/snapshot.h"
#include "vpc/verdict.h"

#include <cstdint>
#include <memory>
#include <optional>

namespace argon::vpc {

namespace {

constexpr std::uint64_t kMinuteNs = 60'000'000'000;

struct Sent {
  test::OwnedFrame owned{test::makeFrame({})};
  packet::Headers headers = packet::parse(owned.frame());
};

} // namespace

TEST_CASE("an observer has flow logs of what it is told") {
  Observer observer(4, {.words = {1, 2}});
  observer.flowLog().setPolicy(test::makeSnapshot(test::twoSubnets()), 0);
  REQUIRE(observer.flowLog().start(InterfaceIndex(1), kMinuteNs, 0));
  const Sent sent;
  observer.note(
      InterfaceIndex(0), sent.owned.frame(), sent.headers,
      {.kind = Verdict::Kind::Drop, .reason = DropReason::SecurityGroupIn, .at = InterfaceIndex(1)},
      5);
  observer.flowLog().tick(kMinuteNs);

  const std::optional<FlowLogRecord> record = observer.takeRecord();
  REQUIRE(record.has_value());
  CHECK(record->action == FlowLogRecord::Action::Reject);
  CHECK(record->startNs == 5);
  CHECK_FALSE(observer.takeRecord().has_value());
}

TEST_CASE("a capture has each frame where it was sent and where it is delivered, while it is set") {
  Observer observer(4, {.words = {1, 2}});
  Result<std::unique_ptr<Capture>> capture = Capture::create(Environment::Test, 8);
  REQUIRE_OK(capture);
  const Sent sent;
  const Verdict delivered{
      .kind = Verdict::Kind::Deliver, .at = InterfaceIndex(1), .lengthBytes = 54};
  const Verdict dropped{.kind = Verdict::Kind::Drop, .at = InterfaceIndex(0)};
  const auto note = [&](const Verdict& verdict) {
    observer.note(InterfaceIndex(0), sent.owned.frame(), sent.headers, verdict, 0);
  };

  note(delivered);
  observer.setCapture(capture->get());
  note(delivered);
  note(dropped);
  observer.setCapture(nullptr);
  note(delivered);

  Capture& frames = **capture;
  CHECK(frames.take()->direction == Direction::Out);
  CHECK(frames.take()->direction == Direction::In);
  CHECK(frames.take()->direction == Direction::Out);
  CHECK_FALSE(frames.take().has_value());
}

} // namespace argon::vpc
