// SPDX-License-Identifier: Apache-2.0

#include "base/clock.h"
#include "base/result.h"
#include "frontend/channel.h"
#include "support/fake_device.h"
#include "support/loop_thread.h"
#include "support/recording_log.h"
#include "support/session_host.h"
#include "support/session_scene.h"
#include "support/test.h"
#include "support/vhost_peer.h"
#include "vhost_user/message_table.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"
#include "virtio/spec/features.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace argon::vhost_user {

namespace {

using spec::Request;
using test::FakeDevice;
using test::SessionScene;
using test::Told;
using virtio::FeatureSet;

constexpr FeatureSet kModern =
    FeatureSet().with(virtio::spec::F_VERSION_1).with(spec::F_PROTOCOL_FEATURES);

// The payload of GET_CONFIG or SET_CONFIG: a header that claims `size` and `actualBytes` behind it.
std::vector<std::byte> configPayload(std::uint32_t offset, std::uint32_t size,
                                     std::size_t actualBytes) {
  const spec::ConfigHeader header{.offset = offset, .size = size, .flags = 0};
  std::vector<std::byte> payload(sizeof header + actualBytes);
  std::memcpy(payload.data(), &header, sizeof header);
  return payload;
}

// The configuration that comes back; nullopt for the empty payload that means an error.
std::optional<std::vector<std::byte>> readConfig(SessionScene& scene, std::uint32_t offset,
                                                 std::uint32_t size) {
  Result<frontend::Answer> answer =
      scene.peer.channel().ask(Request::GET_CONFIG, configPayload(offset, size, size));
  REQUIRE_OK(answer);
  if (answer->payload.empty()) {
    return std::nullopt;
  }
  REQUIRE(answer->payload.size() == sizeof(spec::ConfigHeader) + size);
  return std::vector(answer->payload.begin() + sizeof(spec::ConfigHeader), answer->payload.end());
}

} // namespace

TEST_CASE("the features offered are the device's and vhost-user's own two bits") {
  SessionScene scene;

  const std::optional<std::uint64_t> offered = scene.peer.askU64(Request::GET_FEATURES);

  CHECK(offered ==
        FakeDevice::kFeatures.with(spec::F_PROTOCOL_FEATURES).with(spec::F_LOG_ALL).bits());
}

TEST_CASE("features are refused unless every one was offered") {
  SessionScene scene;
  REQUIRE(scene.peer.negotiate() == Told::Accepted);
  const FeatureSet offered =
      FakeDevice::kFeatures.with(spec::F_PROTOCOL_FEATURES).with(spec::F_LOG_ALL);
  for (unsigned bit = 0; bit < 64; ++bit) {
    CAPTURE(bit);
    const Told told = scene.peer.tellU64(Request::SET_FEATURES, kModern.with(bit).bits());
    CHECK(told == (offered.has(bit) ? Told::Accepted : Told::Refused));
  }
  CHECK(scene.peer.tellU64(Request::SET_FEATURES, UINT64_MAX) == Told::Refused);
  CHECK(scene.peer.tellU64(Request::SET_FEATURES, 0) == Told::Accepted);
}

TEST_CASE("the protocol features are those that a session implements") {
  SessionScene scene;

  const std::optional<std::uint64_t> offered = scene.peer.askU64(Request::GET_PROTOCOL_FEATURES);

  CHECK(offered == FeatureSet()
                       .with(spec::PROTOCOL_F_MQ)
                       .with(spec::PROTOCOL_F_LOG_SHMFD)
                       .with(spec::PROTOCOL_F_REPLY_ACK)
                       .with(spec::PROTOCOL_F_BACKEND_REQ)
                       .with(spec::PROTOCOL_F_CONFIG)
                       .with(spec::PROTOCOL_F_INFLIGHT_SHMFD)
                       .with(spec::PROTOCOL_F_RESET_DEVICE)
                       .with(spec::PROTOCOL_F_CONFIGURE_MEM_SLOTS)
                       .with(spec::PROTOCOL_F_STATUS)
                       .bits());
}

TEST_CASE("protocol features that were not offered are refused, and what was agreed stays") {
  SessionScene scene;
  REQUIRE(scene.peer.negotiate() == Told::Accepted);
  const FeatureSet offered(*scene.peer.askU64(Request::GET_PROTOCOL_FEATURES));
  for (unsigned bit = 0; bit < 64; ++bit) {
    CAPTURE(bit);
    const Told told = scene.peer.tellU64(Request::SET_PROTOCOL_FEATURES, offered.with(bit).bits());
    CHECK(told == (offered.has(bit) ? Told::Accepted : Told::Refused));
  }
  CHECK(scene.peer.askU64(Request::GET_QUEUE_NUM) == 2);
}

TEST_CASE("the number of queues is the device's, the number of memory slots a constant") {
  SessionScene scene(5);
  REQUIRE(scene.peer.negotiate() == Told::Accepted);

  CHECK(scene.peer.askU64(Request::GET_QUEUE_NUM) == 5);
  CHECK(scene.peer.askU64(Request::GET_MAX_MEM_SLOTS) == 64);
}

TEST_CASE("a kind of device has its own protocol features, and queues that are pairs of rings") {
  SessionScene scene(4);
  scene.device.setKind(
      {.protocolFeatures = FeatureSet().with(spec::PROTOCOL_F_MTU), .ringsPerQueue = 2});
  REQUIRE(scene.peer.negotiate() == Told::Accepted);

  const FeatureSet offered(scene.peer.askU64(Request::GET_PROTOCOL_FEATURES).value_or(0));
  CHECK(offered.has(spec::PROTOCOL_F_MTU));
  CHECK_FALSE(offered.has(spec::PROTOCOL_F_CONFIG));
  CHECK_FALSE(offered.has(spec::PROTOCOL_F_INFLIGHT_SHMFD));
  CHECK(scene.peer.askU64(Request::GET_QUEUE_NUM) == 2);
  CHECK(scene.peer.tellU64(Request::NET_SET_MTU, test::FakeDevice::kMtuMax) == Told::Accepted);
  CHECK(scene.peer.tellU64(Request::NET_SET_MTU, test::FakeDevice::kMtuMax + 1) == Told::Refused);
}

TEST_CASE("a message of a protocol feature that was not agreed ends the session") {
  for (std::uint32_t number = 1; number <= spec::kRequestMax; ++number) {
    const MessageRule& rule = *findRule(number);
    if (!rule.protocolFeature || rule.fdCountMin > 0) {
      continue;
    }
    CAPTURE(rule.name);
    SessionScene scene;
    REQUIRE_OK(
        scene.peer.channel().send(rule.request, std::vector<std::byte>(rule.payloadBytesMin)));
    CHECK(scene.host.waitEnded() == std::string(rule.name) + " without its protocol feature");
  }
}

TEST_CASE("a broken message ends the session and says why") {
  SessionScene scene;
  const spec::Header header{.request = 77, .flags = spec::kVersion, .size = 0};

  REQUIRE_OK(scene.peer.channel().sendRaw(test::bytesOf(header)));

  CHECK(scene.host.waitEnded() == "an unknown message 77");
}

TEST_CASE("every message is answered as REPLY_ACK says, and none twice") {
  // What a fresh session makes of each message of zeros, with the descriptors it must have.
  enum class Expected : std::uint8_t { Accepted, Refused, OwnReply, Ends };
  const auto expectedOf = [](Request request) {
    switch (request) {
    case Request::SET_FEATURES:
    case Request::SET_OWNER:
    case Request::RESET_OWNER:
    case Request::SET_MEM_TABLE: // of no regions
    case Request::SET_VRING_ADDR:
    case Request::SET_VRING_BASE:
    case Request::SET_VRING_ENABLE:
    case Request::RESET_DEVICE:
    case Request::SET_STATUS: // 0: a reset
      return Expected::Accepted;
    case Request::GET_FEATURES:
    case Request::GET_PROTOCOL_FEATURES:
    case Request::GET_QUEUE_NUM:
    case Request::GET_MAX_MEM_SLOTS:
    case Request::GET_CONFIG:
    case Request::GET_VRING_BASE:
    case Request::GET_STATUS:
    case Request::GET_INFLIGHT_FD:
      return Expected::OwnReply;
    case Request::SET_CONFIG:
    case Request::ADD_MEM_REG:
    case Request::REM_MEM_REG:
    case Request::SET_BACKEND_REQ_FD:
    case Request::SET_INFLIGHT_FD:
      return Expected::Refused;
    default: // not supported, or zeros make no sense
      return findRule(static_cast<std::uint32_t>(request))->protocolFeature.has_value() ||
                     request == Request::IOTLB_MSG
                 ? Expected::Ends
                 : Expected::Refused;
    }
  };
  for (std::uint32_t number = 1; number <= spec::kRequestMax; ++number) {
    const MessageRule& rule = *findRule(number);
    if (rule.request == Request::SET_PROTOCOL_FEATURES) {
      continue; // Zeros would take REPLY_ACK away.
    }
    CAPTURE(rule.name);
    for (const std::uint32_t flags : {0U, spec::NEED_REPLY}) {
      CAPTURE(flags);
      SessionScene scene;
      REQUIRE(scene.peer.negotiate() == Told::Accepted);
      const std::vector<std::byte> payload(rule.payloadBytesMin);
      const std::vector<int> fds(rule.fdCountMin, scene.peer.kick());
      REQUIRE_OK(scene.peer.channel().send(rule.request, payload, fds, flags));
      const Expected expected = expectedOf(rule.request);
      if (expected == Expected::Ends) {
        CHECK(scene.host.waitEnded().has_value());
        continue;
      }
      if (expected == Expected::OwnReply || flags != 0) {
        const Result<frontend::Answer> answer = scene.peer.channel().receive();
        REQUIRE_OK(answer);
        CHECK(answer->header.request == number);
        CHECK(answer->header.flags == (spec::kVersion | spec::REPLY));
        if (expected != Expected::OwnReply) {
          std::uint64_t code = 99;
          REQUIRE(answer->payload.size() == sizeof code);
          std::memcpy(&code, answer->payload.data(), sizeof code);
          CHECK(code == (expected == Expected::Accepted ? 0 : 1));
        }
      }
      // Whatever else came would stand before this answer.
      CHECK(scene.peer.askU64(Request::GET_QUEUE_NUM) == 2);
    }
  }
}

TEST_CASE("without REPLY_ACK the need_reply flag brings no answer") {
  SessionScene scene;
  const std::uint64_t features = kModern.bits();
  REQUIRE_OK(scene.peer.channel().send(Request::SET_FEATURES, test::bytesOf(features), {},
                                       spec::NEED_REPLY));

  // The first answer is to this.
  CHECK(scene.peer.askU64(Request::GET_FEATURES).has_value());
}

TEST_CASE("the configuration is read in the size asked for, with zeros behind the device's") {
  SessionScene scene;
  REQUIRE(scene.peer.negotiate() == Told::Accepted);
  for (const std::uint32_t size : {1U, 59U, 60U, 61U, 72U, 255U, 256U}) {
    CAPTURE(size);
    const std::optional<std::vector<std::byte>> config = readConfig(scene, 0, size);
    REQUIRE(config.has_value());
    for (std::uint32_t index = 0; index < size; ++index) {
      CHECK(config->at(index) == std::byte(index < FakeDevice::kConfigBytes ? index + 1 : 0));
    }
  }
}

TEST_CASE("the configuration is read from the offset asked for") {
  SessionScene scene;
  REQUIRE(scene.peer.negotiate() == Told::Accepted);

  CHECK(readConfig(scene, 34, 2) == std::vector{std::byte{35}, std::byte{36}});
  CHECK(readConfig(scene, 59, 2) == std::vector{std::byte{60}, std::byte{0}});
  CHECK(readConfig(scene, 100, 1) == std::vector{std::byte{0}});
  CHECK(readConfig(scene, 255, 1) == std::vector{std::byte{0}});
  CHECK(readConfig(scene, 0, 0) == std::vector<std::byte>());
  CHECK(readConfig(scene, 256, 0) == std::vector<std::byte>());
}

TEST_CASE("a configuration read beyond 256 bytes is answered with an empty payload") {
  SessionScene scene;
  REQUIRE(scene.peer.negotiate() == Told::Accepted);

  CHECK(readConfig(scene, 256, 1) == std::nullopt);
  CHECK(readConfig(scene, 1, 256) == std::nullopt);
  CHECK(readConfig(scene, 257, 0) == std::nullopt);
  CHECK(readConfig(scene, UINT32_MAX, 2) == std::nullopt);
  CHECK(scene.peer.askU64(Request::GET_QUEUE_NUM) == 2);
}

TEST_CASE("a configuration read whose header and payload disagree gets an empty payload") {
  for (const std::uint32_t claimed : {0U, 59U, 61U, UINT32_MAX, UINT32_MAX - 11}) {
    CAPTURE(claimed);
    SessionScene scene;
    REQUIRE(scene.peer.negotiate() == Told::Accepted);
    const Result<frontend::Answer> answer =
        scene.peer.channel().ask(Request::GET_CONFIG, configPayload(0, claimed, 60));
    REQUIRE_OK(answer);
    CHECK(answer->payload.empty());
  }
}

TEST_CASE("a configuration message of more than 256 bytes ends the session") {
  for (const Request request : {Request::GET_CONFIG, Request::SET_CONFIG}) {
    SessionScene scene;
    REQUIRE(scene.peer.negotiate() == Told::Accepted);
    REQUIRE_OK(scene.peer.channel().send(request, configPayload(0, 257, 257)));
    CHECK(scene.host.waitEnded().has_value());
  }
}

TEST_CASE("a configuration write is the device's to accept or refuse") {
  SessionScene scene;
  REQUIRE(scene.peer.negotiate() == Told::Accepted);
  const auto write = [&scene](std::uint32_t offset, std::uint32_t size, std::size_t bytes) {
    return scene.peer.tell(Request::SET_CONFIG, configPayload(offset, size, bytes));
  };

  CHECK(write(32, 1, 1) == Told::Accepted);
  CHECK(write(0, 8, 8) == Told::Refused);
  CHECK(write(0, 256, 256) == Told::Refused);
}

TEST_CASE("a configuration write whose sizes disagree or that is out of range is refused") {
  SessionScene scene;
  REQUIRE(scene.peer.negotiate() == Told::Accepted);
  const auto write = [&scene](std::uint32_t offset, std::uint32_t size, std::size_t bytes) {
    return scene.peer.tell(Request::SET_CONFIG, configPayload(offset, size, bytes));
  };

  CHECK(write(32, 1, 2) == Told::Refused);
  CHECK(write(32, 2, 1) == Told::Refused);
  CHECK(write(32, UINT32_MAX, 1) == Told::Refused);
  CHECK(write(256, 1, 1) == Told::Refused);
  CHECK(write(UINT32_MAX, 1, 1) == Told::Refused);
  CHECK(scene.peer.askU64(Request::GET_QUEUE_NUM) == 2);
}

TEST_CASE("many messages that come at once are all handled, in order") {
  SessionScene scene;
  // More than a session handles in one turn, so that others of its loop get theirs.
  constexpr int kCount = 100;
  std::vector<std::byte> bytes;
  const auto append = [&bytes](Request request, std::span<const std::byte> payload) {
    const spec::Header header{.request = static_cast<std::uint32_t>(request),
                              .flags = spec::kVersion,
                              .size = static_cast<std::uint32_t>(payload.size())};
    const std::span<const std::byte> headerBytes = test::bytesOf(header);
    bytes.insert(bytes.end(), headerBytes.begin(), headerBytes.end());
    bytes.insert(bytes.end(), payload.begin(), payload.end());
  };
  for (std::uint32_t number = 0; number < kCount; ++number) {
    append(Request::SET_VRING_BASE, test::bytesOf(spec::VringState{.index = 0, .num = number}));
    append(Request::GET_VRING_BASE, test::bytesOf(spec::VringState{.index = 0, .num = 0}));
  }

  REQUIRE_OK(scene.peer.channel().sendRaw(bytes));

  for (std::uint32_t number = 0; number < kCount; ++number) {
    const Result<frontend::Answer> answer = scene.peer.channel().receive();
    REQUIRE_OK(answer);
    spec::VringState state{};
    REQUIRE(answer->payload.size() == sizeof state);
    std::memcpy(&state, answer->payload.data(), sizeof state);
    CHECK(state.num == number);
  }
}

TEST_CASE("messages that are not supported are refused and the session goes on") {
  SessionScene scene;
  REQUIRE(scene.peer.negotiate() == Told::Accepted);
  const std::array fds = {scene.peer.kick()};

  CHECK(scene.peer.tell(Request::SET_LOG_FD, {}, fds) == Told::Refused);
  CHECK(scene.peer.tell(Request::GPU_SET_SOCKET, {}, fds) == Told::Refused);

  CHECK(scene.peer.askU64(Request::GET_QUEUE_NUM) == 2);
}

TEST_CASE("refusals are logged, but not as often as a front end can cause them") {
  test::LoopThread thread;
  FakeDevice device(thread.loop());
  test::RecordingLog log;
  test::SessionHost host(thread, device, {}, log);
  test::VhostPeer peer(host.channel());
  REQUIRE(peer.negotiate() == Told::Accepted);

  const std::uint64_t startNs = monotonicNs();
  for (int count = 0; count < 1000; ++count) {
    REQUIRE(peer.tellState(Request::SET_VRING_NUM, 0, 3) == Told::Refused);
  }
  const std::uint64_t seconds = (monotonicNs() - startNs) / 1'000'000'000;

  const std::size_t lineCount = log.countOf("SET_VRING_NUM: ring 0 with 3 entries");
  CHECK(lineCount >= 1);
  // A burst of 8 in any second.
  CHECK(lineCount <= 8 * (seconds + 2));
}

} // namespace argon::vhost_user
