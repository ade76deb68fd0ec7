// SPDX-License-Identifier: Apache-2.0
#include "network/engine.h"

#include "base/data_thread.h"
#include "base/log.h"
#include "base/poll_window.h"
#include "base/result.h"
#include "frontend/net_driver.h"
#include "frontend/session.h"
#include "network/config.h"
#include "network/counters.h"
#include "network/frames.h"
#include "network/interface.h"
#include "support/deadline.h"
#include "support/death.h"
#include "support/net_backend.h"
#include "support/test.h"
#include "virtio/features.h"
#include "virtio/spec/features.h"
#include "virtio/spec/net.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

// Over real sockets, with our own front end at each end of a cable.

namespace argon::network {

namespace {

namespace net = virtio::spec::net;
using frontend::NetDriver;
using frontend::Session;
using test::FrameKind;
using test::NetBackend;
using virtio::FeatureSet;

// One end of a cable: the session and the driver of its first pair.
struct End {
  End(const NetBackend& backend, std::uint32_t index,
      const Session::Options& options = NetBackend::sessionOptions(),
      const NetDriver::Options& driverOptions = NetDriver::Options())
      : session(backend.connect(index, options)) {
    Result<std::unique_ptr<NetDriver>> made = NetDriver::create(*session, driverOptions);
    REQUIRE_OK(made);
    driver = *std::move(made);
  }

  std::unique_ptr<Session> session;
  std::unique_ptr<NetDriver> driver;
};

NetDriver::Received receive(End& end) {
  Result<NetDriver::Received> received = end.driver->receive();
  REQUIRE_OK(received);
  REQUIRE_OK(end.driver->refill());
  return *std::move(received);
}

void checkCrosses(End& from, End& to, const NetDriver::Frame& frame) {
  REQUIRE_OK(from.driver->send(frame));
  CHECK(std::ranges::equal(receive(to).bytes, frame.bytes));
}

Session::Options withFeatures(FeatureSet features) {
  Session::Options options = NetBackend::sessionOptions();
  options.wantedFeatures = features.with(virtio::spec::F_VERSION_1);
  return options;
}

} // namespace

TEST_CASE("frames cross a cable both ways, in order, on rings of either kind") {
  for (const Session::RingKind kind : {Session::RingKind::Split, Session::RingKind::Packed}) {
    for (const PollMode mode : {PollMode::Off, PollMode::Adaptive, PollMode::Always}) {
      NetBackend backend({.pollMode = mode});
      Session::Options options = NetBackend::sessionOptions();
      options.ringKind = kind;
      End left(backend, 0, options);
      End right(backend, 1, options);

      for (std::uint32_t number = 0; number < 600; ++number) {
        const std::vector<std::byte> frame =
            test::makeFrame(FrameKind::Udp4, 60 + number % 1400, number);
        checkCrosses(left, right, {.bytes = frame});
        checkCrosses(right, left, {.bytes = frame});
      }

      const InterfaceSnapshot counted = backend.snapshot(0);
      CHECK(counted.txFrames == 600);
      CHECK(counted.rxFrames == 600);
      CHECK(counted.txBytes == counted.rxBytes);
      CHECK(counted.rxOverruns + counted.rxUnfit + counted.txMalformed == 0);
    }
  }
}

TEST_CASE("frames of the MTU cross, in as many buffers as they need") {
  const NetBackend backend;
  End left(backend, 0);
  End right(backend, 1);
  const std::vector<std::byte> frame = test::makeFrame(FrameKind::Udp4, 14 + 9001);

  REQUIRE_OK(left.driver->send({.bytes = frame}));
  const NetDriver::Received received = receive(right);

  CHECK(received.bytes == frame);
  CHECK(received.bufferCount == 5);
}

TEST_CASE("a chain may be indirect, and cut anywhere") {
  const NetBackend backend;
  End left(backend, 0);
  End right(backend, 1);
  const std::vector<std::byte> frame = test::makeFrame(FrameKind::Udp4, 300);
  for (const std::vector<std::uint32_t>& cuts :
       std::vector<std::vector<std::uint32_t>>{{}, {12}, {1}, {11, 1}, {12, 14}, {10, 2, 1, 255}}) {
    checkCrosses(left, right, {.bytes = frame, .cuts = cuts, .isIndirect = true});
    if (cuts != std::vector<std::uint32_t>{1}) { // More descriptors than the ring has.
      checkCrosses(left, right, {.bytes = frame, .cuts = cuts});
    }
  }
}

TEST_CASE("a driver that does not merge gets frames in one buffer, however that is cut") {
  NetBackend backend;
  End left(backend, 0);
  End right(backend, 1, withFeatures(kOfferedFeatures.without(net::F_MRG_RXBUF)),
            {.bufferBytes = 4096, .bufferCuts = {12, 1000}});
  checkCrosses(left, right, {.bytes = test::makeFrame(FrameKind::Udp4, 4084)});

  REQUIRE_OK(left.driver->send({.bytes = test::makeFrame(FrameKind::Udp4, 4085)}));

  backend.waitFor(1, [](const InterfaceSnapshot& counted) { return counted.rxUnfit == 1; });
}

TEST_CASE("a segmented frame crosses whole between drivers that agreed to it") {
  const NetBackend backend;
  End left(backend, 0);
  End right(backend, 1, NetBackend::sessionOptions(), {.bufferCount = 32, .bufferBytes = 4096});
  for (const FrameKind kind : {FrameKind::Tcp4, FrameKind::Tcp6}) {
    const std::vector<std::byte> frame = test::makeFrame(kind, 60'000);
    REQUIRE_OK(left.driver->send({.header = test::tcpHeader(kind, 1448), .bytes = frame}));

    const NetDriver::Received received = receive(right);

    CHECK(received.bytes == frame);
    CHECK(received.header.flags == net::hdr::F_NEEDS_CSUM);
    CHECK(received.header.gso_size.get() == 1448);
    CHECK(received.header.hdr_len.get() == test::transportStart(kind) + 20);
  }
}

TEST_CASE("a header that lies costs its frame, and nothing else") {
  NetBackend backend;
  End left(backend, 0);
  End right(backend, 1);
  const std::vector<std::byte> frame = test::makeFrame(FrameKind::Tcp4, 100);
  std::uint64_t lieCount = 0;
  for (const std::uint16_t start : {std::uint16_t{13}, std::uint16_t{99}, std::uint16_t{0xffff}}) {
    net::Header header = test::tcpHeader(FrameKind::Tcp4, 1448);
    header.csum_start = start;
    REQUIRE_OK(left.driver->send({.header = header, .bytes = frame}));
    ++lieCount;
  }
  REQUIRE_OK(left.driver->send({.bytes = std::span(frame).first(13)}));
  ++lieCount;

  checkCrosses(left, right, {.bytes = frame});

  const InterfaceSnapshot counted = backend.snapshot(0);
  CHECK(counted.txMalformed == lieCount);
  CHECK(counted.txFrames == 1);
  CHECK(backend.log().contains("a frame was dropped: a checksum outside the frame's headers"));
}

TEST_CASE("frames for a guest without buffers are lost, counted, and later ones come") {
  NetBackend backend;
  End left(backend, 0);
  End right(backend, 1, NetBackend::sessionOptions(), {.bufferCount = 4});
  const std::vector<std::byte> frame = test::makeFrame(FrameKind::Udp4, 60);
  for (int count = 0; count < 10; ++count) {
    REQUIRE_OK(left.driver->send({.bytes = frame}));
  }

  CHECK(backend.snapshot(1).rxFrames == 4);
  CHECK(backend.snapshot(1).rxOverruns == 6);
  CHECK(backend.snapshot(0).txFrames == 10);
  for (int count = 0; count < 4; ++count) {
    REQUIRE_OK(right.driver->receive());
  }
  const Result<std::optional<NetDriver::Received>> more = right.driver->take();
  REQUIRE_OK(more);
  CHECK_FALSE(more->has_value());
  REQUIRE_OK(right.driver->refill());
  checkCrosses(left, right, {.bytes = frame});
}

TEST_CASE("what is sent to nobody is taken from the ring") {
  NetBackend alone({.interfaceCount = 1});
  End only(alone, 0);
  const std::vector<std::byte> frame = test::makeFrame(FrameKind::Udp4, 60);
  REQUIRE_OK(only.driver->send({.bytes = frame}));
  alone.waitFor(0, [](const InterfaceSnapshot& counted) { return counted.txUnreachable == 1; });

  NetBackend backend;
  End left(backend, 0);
  REQUIRE_OK(left.driver->send({.bytes = frame}));
  backend.waitFor(1, [](const InterfaceSnapshot& counted) { return counted.rxOverruns == 1; });
}

TEST_CASE("cables do not touch, and a flood on one does not stop the other") {
  NetBackend backend({.interfaceCount = 4});
  End left(backend, 0);
  const End right(backend, 1, NetBackend::sessionOptions(), {.bufferCount = 1});
  End otherLeft(backend, 2);
  End otherRight(backend, 3);
  const std::vector<std::byte> flood = test::makeFrame(FrameKind::Udp4, 60, 1);
  const std::vector<std::byte> frame = test::makeFrame(FrameKind::Udp4, 60, 2);
  for (int count = 0; count < 200; ++count) {
    REQUIRE_OK(left.driver->offer({.bytes = flood}));
  }

  checkCrosses(otherLeft, otherRight, {.bytes = frame});

  for (int count = 0; count < 200; ++count) {
    REQUIRE_OK(left.driver->waitSent());
  }
  CHECK(backend.snapshot(1).rxOverruns == 199);
  CHECK(backend.snapshot(3).rxFrames == 1);
}

TEST_CASE("each pair of rings reaches the pair of its number, and a missing one the first") {
  const NetBackend backend({.pairCount = 2});
  Session::Options two = NetBackend::sessionOptions();
  two.queueCount = 4;
  End left(backend, 0, two);
  End right(backend, 1, two);
  Result<std::unique_ptr<NetDriver>> second = NetDriver::create(*left.session, {.pairIndex = 1});
  Result<std::unique_ptr<NetDriver>> peer = NetDriver::create(*right.session, {.pairIndex = 1});
  REQUIRE_OK(second);
  REQUIRE_OK(peer);
  const std::vector<std::byte> frame = test::makeFrame(FrameKind::Udp4, 60);

  REQUIRE_OK((*second)->send({.bytes = frame}));
  REQUIRE_OK((*peer)->receive());

  REQUIRE_OK(right.session->setQueueEnabled(2, false));
  REQUIRE_OK((*second)->send({.bytes = frame}));
  CHECK(receive(right).bytes == frame);
}

// network.md, T-3: a guest that uses fewer pairs than it had gets back what it sent by the others.
TEST_CASE("a transmitting ring that is disabled is emptied, and nobody gets its frames") {
  for (const Session::RingKind kind : {Session::RingKind::Split, Session::RingKind::Packed}) {
    NetBackend backend({.pairCount = 2});
    Session::Options options = NetBackend::sessionOptions();
    options.queueCount = 4;
    options.ringKind = kind;
    End left(backend, 0, options);
    End right(backend, 1, options);
    Result<std::unique_ptr<NetDriver>> second = NetDriver::create(*left.session, {.pairIndex = 1});
    Result<std::unique_ptr<NetDriver>> peer = NetDriver::create(*right.session, {.pairIndex = 1});
    REQUIRE_OK(second);
    REQUIRE_OK(peer);
    const std::vector<std::byte> frame = test::makeFrame(FrameKind::Udp4, 60, 1);
    const std::vector<std::byte> later = test::makeFrame(FrameKind::Udp4, 60, 2);
    REQUIRE_OK(left.session->setQueueEnabled(3, false));

    // More than a turn's: the ring is armed in between, and its kicks are heard.
    for (int count = 0; count < 100; ++count) {
      REQUIRE_OK((*second)->send({.bytes = frame}));
    }
    checkCrosses(left, right, {.bytes = later});

    const InterfaceSnapshot counted = backend.snapshot(0);
    CHECK(counted.txUnreachable == 100);
    CHECK(counted.txFrames == 101);
    CHECK(backend.snapshot(1).rxFrames == 1);
    CHECK(backend.snapshot(1).rxOverruns == 0);

    REQUIRE_OK(left.session->setQueueEnabled(3, true));
    REQUIRE_OK((*second)->send({.bytes = frame}));
    REQUIRE_OK((*peer)->receive());
    CHECK(backend.snapshot(0).brokenRings == 0);
  }
}

TEST_CASE("a disabled ring's malformed frames are counted as such") {
  NetBackend backend;
  End left(backend, 0);
  REQUIRE_OK(left.session->setQueueEnabled(1, false));
  const std::vector<std::byte> frame = test::makeFrame(FrameKind::Udp4, 13);

  REQUIRE_OK(left.driver->send({.bytes = std::span(frame).first(13)}));

  CHECK(backend.snapshot(0).txMalformed == 1);
  CHECK(backend.snapshot(0).txUnreachable == 0);
}

TEST_CASE("a receiving ring that is disabled gets nothing") {
  NetBackend backend;
  End left(backend, 0);
  End right(backend, 1);
  const std::vector<std::byte> frame = test::makeFrame(FrameKind::Udp4, 60);
  REQUIRE_OK(right.session->setQueueEnabled(0, false));

  REQUIRE_OK(left.driver->send({.bytes = frame}));

  CHECK(backend.snapshot(1).rxOverruns == 1);
  const Result<std::optional<NetDriver::Received>> received = right.driver->take();
  REQUIRE_OK(received);
  CHECK_FALSE(received->has_value());
  REQUIRE_OK(right.session->setQueueEnabled(0, true));
}

TEST_CASE("rings stop and go on where they were") {
  const NetBackend backend;
  End left(backend, 0);
  End right(backend, 1);
  const std::vector<std::byte> frame = test::makeFrame(FrameKind::Udp4, 60);
  for (int round = 0; round < 20; ++round) {
    checkCrosses(left, right, {.bytes = frame});
    for (std::uint16_t index = 0; index < 2; ++index) {
      const Result<std::uint32_t> base = right.session->stopQueue(index);
      REQUIRE_OK(base);
      REQUIRE_OK(right.session->startQueue(index, *base));
    }
    checkCrosses(right, left, {.bytes = frame});
  }
}

// Nothing is tracked: all is answered in order, so a ring goes on behind its last answer.
TEST_CASE("a front end that lost its connection goes on with the frames and buffers it has") {
  NetBackend backend;
  End left(backend, 0);
  End right(backend, 1);
  const std::vector<std::byte> frame = test::makeFrame(FrameKind::Udp4, 60);
  for (int round = 0; round < 10; ++round) {
    checkCrosses(left, right, {.bytes = frame});
    right.session->disconnect();
    REQUIRE_OK(right.session->reconnect(backend.connectChannel(1)));
    REQUIRE_OK(right.session->resumeQueues());
    checkCrosses(right, left, {.bytes = frame});
  }
  CHECK(backend.snapshot(1).brokenRings == 0);
}

TEST_CASE("an engine that has nothing to do sleeps, with many rings too") {
  NetBackend backend({.interfaceCount = 16, .pollMode = PollMode::Adaptive});
  std::vector<std::unique_ptr<Session>> sessions;
  sessions.reserve(16);
  for (std::uint32_t index = 0; index < 16; ++index) {
    sessions.push_back(backend.connect(index));
  }
  const EngineCounters& counters = backend.card().engineCounters();

  // Asleep, until something comes: what it counted stays as it is.
  std::uint64_t before = 0;
  CHECK(test::waitUntil([&] {
    const std::uint64_t now = counters.loop.sleeps.get() + counters.loop.busyRounds.get();
    return std::exchange(before, now) == now && now > 0;
  }));
}

TEST_CASE("an engine that stops with an interface left is a mistake of ours") {
  test::checkDies("stopping_.empty()", [] {
    Result<std::unique_ptr<Engine>> engine =
        Engine::start({.thread = {.name = "engine", .pollMode = PollMode::Off, .cpus = {}}});
    REQUIRE_OK(engine);
    InterfaceCounters counters;
    (*engine)->post([&] {
      (*engine)->addInterface(InterfaceIndex(0), counters, Log(silentLogSink(), "test"));
    });
    (*engine)->stop();
  });
}

} // namespace argon::network
