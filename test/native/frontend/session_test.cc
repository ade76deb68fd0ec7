// SPDX-License-Identifier: Apache-2.0
#include "frontend/session.h"

#include "base/error.h"
#include "base/result.h"
#include "frontend/arena.h"
#include "frontend/block_driver.h"
#include "frontend/channel.h"
#include "memory/memory_region.h"
#include "support/backend.h"
#include "support/deadline.h"
#include "support/process_facts.h"
#include "support/scripted_backend.h"
#include "support/test.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"
#include "virtio/spec/blk.h"
#include "virtio/spec/features.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace argon::frontend {

namespace {

namespace spec = vhost_user::spec;
namespace blk = virtio::spec::blk;
using spec::Request;
using test::ScriptedBackend;
using Bytes = std::vector<std::byte>;

constexpr std::uint64_t kDeviceBytes = 1 << 20;

// A back end that answers as a good one does, but for one message.
ScriptedBackend::Reply goodBut(Request exception, ScriptedBackend::Reply reply) {
  return [exception,
          reply = std::move(reply)](const spec::Header& header,
                                    std::span<const std::byte> payload) -> std::optional<Bytes> {
    const auto request = static_cast<Request>(header.request);
    if (request == exception) {
      return reply(header, payload);
    }
    switch (request) {
    case Request::GET_FEATURES:
      return ScriptedBackend::answerU64(header, std::uint64_t{1} << 32 | std::uint64_t{1} << 30);
    case Request::GET_PROTOCOL_FEATURES:
      return ScriptedBackend::answerU64(header,
                                        1U << spec::PROTOCOL_F_CONFIG | 1U << spec::PROTOCOL_F_MQ);
    case Request::GET_QUEUE_NUM:
      return ScriptedBackend::answerU64(header, 4);
    case Request::GET_CONFIG:
      return ScriptedBackend::answer(header, payload);
    default:
      return Bytes(); // Without REPLY_ACK nothing else is answered.
    }
  };
}

Result<std::unique_ptr<Session>> openWith(const ScriptedBackend::Reply& reply,
                                          const Session::Options& options = {},
                                          int timeoutMs = test::kDeadlineMs) {
  ScriptedBackend backend(reply);
  Channel channel = backend.takeChannel();
  channel.setTimeoutMs(timeoutMs);
  Result<std::unique_ptr<Session>> session = Session::open(std::move(channel), options);
  // The session goes before its back end: it has the channel.
  return session ? Result<std::unique_ptr<Session>>(std::unique_ptr<Session>())
                 : std::move(session).error();
}

ErrorKind kindOf(const auto& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error().kind();
}

} // namespace

TEST_CASE("a session negotiates all that both sides have") {
  const test::Backend backend(test::makeMemoryStore(kDeviceBytes), {.queueCount = 2});
  const std::unique_ptr<Session> session = backend.connect({.queueCount = 2});

  CHECK(session->features().has(virtio::spec::F_VERSION_1));
  CHECK(session->features().has(virtio::spec::F_EVENT_IDX));
  CHECK(session->features().has(virtio::spec::F_INDIRECT_DESC));
  CHECK(session->features().has(spec::F_PROTOCOL_FEATURES));
  CHECK(session->features().isSubsetOf(session->offeredFeatures().with(spec::F_PROTOCOL_FEATURES)));
  CHECK(session->protocolFeatures().has(spec::PROTOCOL_F_REPLY_ACK));
  CHECK(session->queueCount() == 2);
  CHECK(session->config().capacity.get() == kDeviceBytes / 512);
}

TEST_CASE("a session accepts only the features that its user wants") {
  const test::Backend backend(test::makeMemoryStore(kDeviceBytes));
  const std::unique_ptr<Session> session =
      backend.connect({.wantedFeatures = virtio::FeatureSet().with(virtio::spec::F_VERSION_1)});

  CHECK(session->features() ==
        virtio::FeatureSet().with(virtio::spec::F_VERSION_1).with(spec::F_PROTOCOL_FEATURES));
  BlockDriver driver(*session);
  CHECK_OK(driver.flush());
}

TEST_CASE("more queues than the back end has are refused before anything is set up") {
  const test::Backend backend(test::makeMemoryStore(kDeviceBytes), {.queueCount = 2});

  const auto session = backend.tryConnect({.queueCount = 3});

  CHECK(kindOf(session) == ErrorKind::InvalidArgument);
}

TEST_CASE("memory that is not sealed is refused by a back end that wants it sealed") {
  const test::Backend strict(test::makeMemoryStore(kDeviceBytes));
  CHECK(kindOf(strict.tryConnect({.sealing = Arena::Sealing::Unsealed})) ==
        ErrorKind::InvalidArgument);

  const test::Backend lax(test::makeMemoryStore(kDeviceBytes),
                          {.regionPolicy = RegionPolicy::AllowUnsealed});
  const std::unique_ptr<Session> session = lax.connect({.sealing = Arena::Sealing::Unsealed});
  BlockDriver driver(*session);
  CHECK_OK(driver.flush());
}

TEST_CASE("a session works on memory of two regions") {
  const test::Backend backend(test::makeMemoryStore(kDeviceBytes));
  const std::unique_ptr<Session> session =
      backend.connect({.arenaBytes = 1 << 20, .regionCount = 2});
  BlockDriver driver(*session);
  const Bytes written(4096, std::byte{7});
  REQUIRE_OK(driver.write(0, written));
  Bytes read(4096);

  REQUIRE_OK(driver.read(0, read));

  CHECK(read == written);
}

TEST_CASE("a queue that is stopped can be started again where it was") {
  const test::Backend backend(test::makeMemoryStore(kDeviceBytes));
  const std::unique_ptr<Session> session = backend.connect();
  BlockDriver driver(*session);
  REQUIRE_OK(driver.flush());
  REQUIRE_OK(driver.flush());

  const Result<std::uint32_t> base = session->stopQueue(0);
  REQUIRE_OK(base);
  CHECK(*base == 2);
  REQUIRE_OK(session->startQueue(0, *base));

  CHECK_OK(driver.flush());
}

TEST_CASE("a queue can be started at any index once it was reset to it") {
  const test::Backend backend(test::makeMemoryStore(kDeviceBytes));
  const std::unique_ptr<Session> session = backend.connect();
  REQUIRE_OK(session->stopQueue(0));
  session->queue(0).reset(65530);
  REQUIRE_OK(session->startQueue(0, 65530));
  BlockDriver driver(*session);
  for (int count = 0; count < 10; ++count) {
    REQUIRE_OK(driver.flush());
  }

  const Result<std::uint32_t> base = session->stopQueue(0);

  REQUIRE_OK(base);
  CHECK(*base == 4);
}

TEST_CASE("the configuration can be read again and memory sent again while queues run") {
  const test::Backend backend(test::makeMemoryStore(kDeviceBytes));
  const std::unique_ptr<Session> session = backend.connect();
  BlockDriver driver(*session);
  REQUIRE_OK(driver.flush());

  const Result<blk::Config> config = session->readConfig();
  REQUIRE_OK(config);
  CHECK(config->capacity == session->config().capacity);
  CHECK_OK(session->sendMemory());
  CHECK_OK(driver.flush());
}

TEST_CASE("sessions that come and go leave nothing behind") {
  const test::Backend backend(test::makeMemoryStore(kDeviceBytes));
  const std::size_t mapsBefore = test::mappingCount("argon-frontend");
  for (int round = 0; round < 20; ++round) {
    REQUIRE_OK(backend.tryConnect({}));
  }

  // The device lets go of the last session's memory on its own thread.
  CHECK(
      test::waitUntil([mapsBefore] { return test::mappingCount("argon-frontend") <= mapsBefore; }));
}

TEST_CASE("a back end that answers well is enough for a session to open") {
  CHECK_OK(openWith(goodBut(Request::SET_LOG_FD, {})));
}

TEST_CASE("a back end without a configuration space is no block device") {
  CHECK(
      kindOf(openWith(goodBut(Request::GET_PROTOCOL_FEATURES, [](const spec::Header& header, auto) {
        return ScriptedBackend::answerU64(header, 0);
      }))) == ErrorKind::Unsupported);
}

TEST_CASE("a back end without protocol features is not asked for them") {
  CHECK(kindOf(openWith(goodBut(Request::GET_FEATURES, [](const spec::Header& header, auto) {
          return ScriptedBackend::answerU64(header, std::uint64_t{1} << 32);
        }))) == ErrorKind::Unsupported);
}

TEST_CASE("answers of a wrong size are the back end's mistake") {
  const auto shortAnswer = [](const spec::Header& header, auto) {
    return ScriptedBackend::answer(header, Bytes(4));
  };

  CHECK(kindOf(openWith(goodBut(Request::GET_FEATURES, shortAnswer))) == ErrorKind::Protocol);
  CHECK(kindOf(openWith(goodBut(Request::GET_CONFIG, shortAnswer))) == ErrorKind::Protocol);
  CHECK(kindOf(openWith(goodBut(Request::GET_QUEUE_NUM, shortAnswer), {.queueCount = 2})) ==
        ErrorKind::Protocol);
}

TEST_CASE("a configuration that cannot be read is the back end's mistake") {
  CHECK(kindOf(openWith(goodBut(Request::GET_CONFIG, [](const spec::Header& header, auto) {
          return ScriptedBackend::answer(header, {});
        }))) == ErrorKind::Protocol);
}

TEST_CASE("a back end that hangs up or says nothing in the middle is an error of its kind") {
  CHECK(kindOf(openWith(goodBut(Request::GET_CONFIG, [](const auto&, auto) {
          return std::optional<Bytes>();
        }))) == ErrorKind::Closed);
  CHECK(kindOf(openWith(goodBut(Request::GET_CONFIG, [](const auto&, auto) { return Bytes(); }), {},
                        200)) == ErrorKind::TimedOut);
}

} // namespace argon::frontend
