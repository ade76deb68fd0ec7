// SPDX-License-Identifier: Apache-2.0
#include "backplane/journal.h"

#include "backplane/stored_message.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "support/test.h"
#include "vhost_user/message_table.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace argon::backplane {

namespace spec = vhost_user::spec;
using spec::Request;

namespace {

SharedFd makeFd() {
  Result<UniqueFd> fd = createEventFd();
  REQUIRE_OK(fd);
  return std::make_shared<const UniqueFd>(*std::move(fd));
}

template <typename Struct>
StoredMessage withFd(Request request, const Struct& value, const SharedFd& fd) {
  StoredMessage message = makeMessage(request, value);
  message.fds.push_back(fd);
  return message;
}

// A journal, and short ways to say what a front end says.
struct Scene {
  Journal journal;

  void tell(StoredMessage message) {
    message.needsReply = true;
    journal.record(message, {});
  }
  void tellU64(Request request, std::uint64_t value) { tell(makeMessage(request, value)); }
  void tellState(Request request, std::uint32_t ring, std::uint32_t number) {
    tell(makeMessage(request, spec::VringState{.index = ring, .num = number}));
  }
  void tellFd(Request request, std::uint64_t ring) { tell(withFd(request, ring, makeFd())); }
  void tellRing(std::uint32_t ring) {
    tellState(Request::SET_VRING_ENABLE, ring, 1);
    tellFd(Request::SET_VRING_CALL, ring);
    tellFd(Request::SET_VRING_KICK, ring);
    tellFd(Request::SET_VRING_ERR, ring);
    tell(makeMessage(Request::SET_VRING_ADDR, spec::VringAddress{.index = ring}));
    tellState(Request::SET_VRING_BASE, ring, 5);
    tellState(Request::SET_VRING_NUM, ring, 64);
  }
  void answerBase(std::uint32_t ring, std::uint32_t base) {
    const spec::VringState state{.index = ring, .num = base};
    journal.record(makeMessage(Request::GET_VRING_BASE, state),
                   std::as_bytes(std::span(&state, 1)));
  }
  // Messages by name, with the ring where there is one.
  [[nodiscard]] std::string replayed() const {
    std::string text;
    for (const StoredMessage& message : journal.replay()) {
      CHECK(!message.needsReply);
      text += concat(text.empty() ? "" : " ", message.rule->name);
    }
    return text;
  }
  [[nodiscard]] const StoredMessage replayedOne(Request request) const {
    for (StoredMessage& message : journal.replay()) {
      if (message.request() == request) {
        return std::move(message);
      }
    }
    FAIL("not replayed: ", vhost_user::findRule(static_cast<std::uint32_t>(request))->name);
    return {};
  }
};

spec::MemoryRegion regionAt(std::uint64_t address) {
  return {.guestAddress = address, .size = 4096, .userAddress = address + 1, .mmapOffset = 0};
}

StoredMessage tableOf(std::vector<spec::MemoryRegion> regions) {
  StoredMessage message = makeMessage(
      Request::SET_MEM_TABLE,
      spec::MemoryTableHeader{.regionCount = static_cast<std::uint32_t>(regions.size())});
  const auto bytes = std::as_bytes(std::span(regions));
  message.payload.insert(message.payload.end(), bytes.begin(), bytes.end());
  for (std::size_t index = 0; index < regions.size(); ++index) {
    message.fds.push_back(makeFd());
  }
  return message;
}

StoredMessage regionMessage(Request request, std::uint64_t address) {
  StoredMessage message =
      makeMessage(request, spec::SingleMemoryRegion{.padding = 0, .region = regionAt(address)});
  if (request == Request::ADD_MEM_REG) {
    message.fds.push_back(makeFd());
  }
  return message;
}

StoredMessage configWrite(std::uint32_t offset, std::byte value) {
  StoredMessage message =
      makeMessage(Request::SET_CONFIG, spec::ConfigHeader{.offset = offset, .size = 1, .flags = 0});
  message.payload.push_back(value);
  return message;
}

} // namespace

TEST_CASE("a journal replays all that was set, in an order that any back end takes") {
  Scene scene;
  CHECK(scene.journal.isEmpty());
  // As little in order as a front end may say it.
  scene.tellU64(Request::SET_STATUS, 15);
  scene.tellRing(1);
  scene.tellRing(0);
  scene.tell(configWrite(32, std::byte{1}));
  scene.tell(withFd(Request::SET_LOG_FD, std::uint64_t{0}, makeFd()));
  scene.tell(withFd(Request::SET_LOG_BASE, spec::LogDescription{}, makeFd()));
  scene.tell(tableOf({regionAt(0)}));
  scene.tell(regionMessage(Request::ADD_MEM_REG, 4096));
  scene.tell(withFd(Request::SET_INFLIGHT_FD, spec::InflightDescription{}, makeFd()));
  scene.tell(withFd(Request::SET_BACKEND_REQ_FD, std::uint64_t{0}, makeFd()));
  scene.tellU64(Request::SET_PROTOCOL_FEATURES, 8);
  scene.tellU64(Request::SET_FEATURES, 1ULL << 32);
  scene.tell(makeMessage(Request::SET_OWNER));

  const std::string ring = " SET_VRING_NUM SET_VRING_ADDR SET_VRING_BASE SET_VRING_ERR"
                           " SET_VRING_CALL SET_VRING_KICK SET_VRING_ENABLE";
  CHECK(scene.replayed() ==
        concat("SET_OWNER SET_FEATURES SET_PROTOCOL_FEATURES SET_BACKEND_REQ_FD SET_INFLIGHT_FD"
               " SET_MEM_TABLE ADD_MEM_REG SET_LOG_BASE SET_LOG_FD SET_CONFIG",
               ring, ring, " SET_STATUS"));
  CHECK(scene.journal.features() == virtio::FeatureSet(1ULL << 32));
  CHECK(scene.journal.protocolFeatures() == virtio::FeatureSet(8));
  CHECK(scene.journal.hasReplyAck());
  scene.journal.clear();
  CHECK(scene.journal.isEmpty());
  CHECK(scene.journal.replay().empty());
}

TEST_CASE("of each kind and each ring the last message counts, with its own descriptor") {
  Scene scene;
  scene.tellRing(0);
  scene.tellRing(1);
  const SharedFd last = makeFd();
  scene.tell(withFd(Request::SET_VRING_CALL, std::uint64_t{0}, last));
  scene.tellU64(Request::SET_FEATURES, 1);
  scene.tellU64(Request::SET_FEATURES, 2);

  CHECK(scene.journal.replay().size() == 15);
  CHECK(scene.replayedOne(Request::SET_VRING_CALL).fds.front() == last);
  CHECK(scene.replayedOne(Request::SET_FEATURES).as<std::uint64_t>() == 2);
}

TEST_CASE("a ring that was stopped has no kick any more, and its base is the answer") {
  Scene scene;
  scene.tellRing(0);
  scene.answerBase(0, 77);

  CHECK(scene.replayed() == "SET_VRING_NUM SET_VRING_ADDR SET_VRING_BASE SET_VRING_ERR"
                            " SET_VRING_CALL SET_VRING_ENABLE");
  CHECK(scene.replayedOne(Request::SET_VRING_BASE).as<spec::VringState>().num == 77);
  scene.tellFd(Request::SET_VRING_KICK, 0);
  CHECK(scene.journal.replay().size() == 7);
}

TEST_CASE("the answer of a ring that nobody set, or of no sense, changes nothing") {
  Scene scene;
  scene.answerBase(3, 1);
  CHECK(scene.journal.isEmpty());
  scene.tellRing(0);
  scene.journal.record(makeMessage(Request::GET_VRING_BASE, spec::VringState{}), {});
  CHECK(scene.journal.replay().size() == 7);
}

TEST_CASE("memory is the table, what was added to it and not what was removed") {
  Scene scene;
  scene.tell(regionMessage(Request::ADD_MEM_REG, 1 << 20));
  scene.tell(tableOf({regionAt(0), regionAt(8192)}));
  scene.tell(regionMessage(Request::ADD_MEM_REG, 65536));
  scene.tell(regionMessage(Request::ADD_MEM_REG, 131072));
  CHECK(scene.replayed() == "SET_MEM_TABLE ADD_MEM_REG ADD_MEM_REG");

  scene.tell(regionMessage(Request::REM_MEM_REG, 65536));
  scene.tell(regionMessage(Request::REM_MEM_REG, 0));
  scene.tell(regionMessage(Request::REM_MEM_REG, 0));
  CHECK(scene.replayed() == "SET_MEM_TABLE ADD_MEM_REG");
  const StoredMessage table = scene.replayedOne(Request::SET_MEM_TABLE);
  CHECK(table.fds.size() == 1);
  spec::MemoryRegion left{};
  REQUIRE(table.payload.size() == sizeof(spec::MemoryTableHeader) + sizeof left);
  std::memcpy(&left, table.payload.data() + sizeof(spec::MemoryTableHeader), sizeof left);
  CHECK(left.guestAddress == 8192);
  CHECK(table.as<spec::MemoryTableHeader>().regionCount == 1);
  const auto added = scene.replayedOne(Request::ADD_MEM_REG).as<spec::SingleMemoryRegion>().region;
  CHECK(added.guestAddress == 131072);

  scene.tell(regionMessage(Request::REM_MEM_REG, 8192));
  CHECK(scene.replayed() == "ADD_MEM_REG");
}

TEST_CASE("a table that says of itself what is not so changes nothing") {
  Scene scene;
  scene.tell(tableOf({regionAt(0)}));
  StoredMessage table = tableOf({regionAt(0), regionAt(8192)});
  table.fds.pop_back();
  scene.tell(table);
  CHECK(scene.replayedOne(Request::SET_MEM_TABLE).fds.size() == 1);
}

TEST_CASE("a journal has an end") {
  Scene scene;
  for (std::size_t index = 0; index < Journal::kRegionCountMax + 3; ++index) {
    scene.tell(regionMessage(Request::ADD_MEM_REG, index * 4096));
  }
  CHECK(scene.journal.replay().size() == Journal::kRegionCountMax);
  scene.journal.clear();
  for (std::uint32_t offset = 0; offset < 100; ++offset) {
    scene.tell(configWrite(offset, std::byte{1}));
  }
  CHECK(scene.journal.replay().size() == Journal::kConfigCountMax);
  scene.journal.clear();
  scene.tellState(Request::SET_VRING_NUM, Journal::kRingCountMax, 1);
  CHECK(scene.journal.isEmpty());
  scene.tellState(Request::SET_VRING_NUM, Journal::kRingCountMax - 1, 1);
  CHECK(scene.journal.replay().size() == 1);
}

TEST_CASE("the same place of the configuration is written once") {
  Scene scene;
  scene.tell(configWrite(32, std::byte{1}));
  scene.tell(configWrite(33, std::byte{1}));
  scene.tell(configWrite(32, std::byte{0}));

  const std::vector<StoredMessage> messages = scene.journal.replay();
  REQUIRE(messages.size() == 2);
  CHECK(messages[1].payload.back() == std::byte{0});
}

TEST_CASE("a reset leaves what the session keeps: memory, protocol features, calls and errors") {
  for (const bool isByStatus : {false, true}) {
    Scene scene;
    scene.tellRing(0);
    scene.tell(configWrite(32, std::byte{1}));
    scene.tell(tableOf({regionAt(0)}));
    scene.tell(withFd(Request::SET_INFLIGHT_FD, spec::InflightDescription{}, makeFd()));
    scene.tellU64(Request::SET_FEATURES, 1);
    scene.tellU64(Request::SET_PROTOCOL_FEATURES, 1);
    scene.tellU64(Request::SET_STATUS, 15);
    if (isByStatus) {
      scene.tellU64(Request::SET_STATUS, 0);
    } else {
      scene.tell(makeMessage(Request::RESET_DEVICE));
    }
    CHECK(scene.replayed() == "SET_PROTOCOL_FEATURES SET_MEM_TABLE SET_VRING_ERR SET_VRING_CALL");
  }
}

TEST_CASE("RESET_OWNER disables rings") {
  Scene scene;
  scene.tellRing(0);
  scene.tell(makeMessage(Request::RESET_OWNER));
  CHECK(scene.journal.replay().size() == 6);
}

TEST_CASE("what only asks, or does something once, is not kept") {
  Scene scene;
  for (const Request request :
       {Request::GET_FEATURES, Request::GET_QUEUE_NUM, Request::GET_STATUS}) {
    scene.tell(makeMessage(request));
  }
  scene.tellU64(Request::SEND_RARP, 1);
  CHECK(scene.journal.isEmpty());
}

TEST_CASE("a driver is there when it says so, or when a ring runs") {
  Scene scene;
  CHECK(!scene.journal.isDriverOk());
  // Without PROTOCOL_FEATURES a ring is enabled from the start.
  scene.tellFd(Request::SET_VRING_KICK, 0);
  CHECK(scene.journal.isDriverOk());
  scene.tellU64(Request::SET_FEATURES, 1ULL << spec::F_PROTOCOL_FEATURES);
  CHECK(!scene.journal.isDriverOk());
  scene.tellState(Request::SET_VRING_ENABLE, 0, 1);
  CHECK(scene.journal.isDriverOk());
  scene.tellState(Request::SET_VRING_ENABLE, 0, 0);
  CHECK(!scene.journal.isDriverOk());

  scene.tellU64(Request::SET_PROTOCOL_FEATURES, 1ULL << spec::PROTOCOL_F_STATUS);
  scene.tellState(Request::SET_VRING_ENABLE, 0, 1);
  scene.tellU64(Request::SET_STATUS, 3);
  CHECK(!scene.journal.isDriverOk());
  scene.tellU64(Request::SET_STATUS, 7);
  CHECK(scene.journal.isDriverOk());
}

} // namespace argon::backplane
