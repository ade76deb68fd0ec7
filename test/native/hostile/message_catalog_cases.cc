// SPDX-License-Identifier: Apache-2.0

// The catalog of messages over a real socket: after each of them the next front end is served, the
// device beside it goes on, and nothing is left behind.

#include "base/result.h"
#include "frontend/block_driver.h"
#include "frontend/channel.h"
#include "frontend/session.h"
#include "hostile/attacker.h"
#include "hostile/message_catalog.h"
#include "support/backend.h"
#include "support/deadline.h"
#include "support/process.h"
#include "support/process_facts.h"
#include "support/second_device.h"
#include "support/test.h"
#include "support/vhost_peer.h"
#include "vhost_user/spec/messages.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <set>
#include <span>
#include <string_view>
#include <vector>

namespace argon::hostile {

namespace {

using test::Told;

constexpr std::uint64_t kDeviceBytes = 1 << 20;
constexpr std::size_t kArenaBytes = std::size_t{256} * 1024;

// Descriptors and mappings of guests that this process holds.
struct Holdings {
  std::size_t fds = test::openFdCount();
  std::size_t mappings = test::mappingCount("argon-frontend");

  friend bool operator==(const Holdings&, const Holdings&) = default;
};

// A whole session: a block is written and reads back. What is held while it goes on is that session
// alone: a device takes the next front end when the one before has gone with all that it had.
Holdings checkServed(const test::Backend& backend) {
  const std::unique_ptr<frontend::Session> session = backend.connect({.arenaBytes = kArenaBytes});
  frontend::BlockDriver driver(*session);
  const std::vector<std::byte> written(512, std::byte{0x5a});
  REQUIRE_OK(driver.write(0, written));
  std::vector<std::byte> read(512);
  REQUIRE_OK(driver.read(0, read));
  CHECK(read == written);
  return {};
}

// The good conversation up to a ring that runs, as bytes: what a front end that leaves early has
// sent a part of.
std::vector<std::byte> conversation(const test::VhostPeer& peer) {
  using vhost_user::spec::Request;
  std::vector<std::byte> bytes;
  const auto add = [&bytes](Request request, std::span<const std::byte> payload) {
    const vhost_user::spec::Header header = Attacker::headerOf(request, payload.size());
    const auto headerBytes = test::bytesOf(header);
    bytes.insert(bytes.end(), headerBytes.begin(), headerBytes.end());
    bytes.insert(bytes.end(), payload.begin(), payload.end());
  };
  const std::uint64_t features = std::uint64_t{1} << 32;
  add(Request::GET_FEATURES, {});
  add(Request::SET_FEATURES, test::bytesOf(features));
  add(Request::SET_OWNER, {});
  add(Request::SET_VRING_NUM, test::bytesOf(vhost_user::spec::VringState{.index = 0, .num = 16}));
  add(Request::SET_VRING_ADDR, test::bytesOf(peer.addressOf(0)));
  return bytes;
}

} // namespace

TEST_CASE("the next front end is served after every message of the catalog, and neighbors are") {
  test::Backend backend(test::makeMemoryStore(kDeviceBytes));
  const test::SecondDevice neighbor(backend.card(), test::makeMemoryStore(kDeviceBytes));
  const std::unique_ptr<frontend::Session> other = neighbor.connect();
  frontend::BlockDriver otherDriver(*other);
  const Holdings before = checkServed(backend);
  for (const MessageCase& messageCase : messageCases()) {
    for (std::uint32_t variant = 0; variant < messageCase.variantCount; ++variant) {
      CAPTURE(messageCase.name);
      CAPTURE(variant);
      {
        Attacker attacker(backend, messageCase.prelude);
        CHECK(messageCase.play(attacker, variant) == messageCase.expected);
      }
      static_cast<void>(checkServed(backend));
      CHECK_OK(otherDriver.flush());
    }
  }

  CHECK(checkServed(backend) == before);
}

TEST_CASE("the catalog of messages has its rows, each with a name of its own") {
  const std::vector<MessageCase> cases = messageCases();
  std::set<std::string_view> names;
  std::uint32_t playCount = 0;
  for (const MessageCase& messageCase : cases) {
    names.insert(messageCase.name);
    playCount += messageCase.variantCount;
  }

  CHECK(names.size() == cases.size());
  MESSAGE(cases.size(), " rows, ", playCount, " plays");
  CHECK(cases.size() >= 105);
  CHECK(playCount >= 1350);
}

TEST_CASE("a front end that leaves after any byte leaves nothing behind") {
  const test::Backend backend(test::makeMemoryStore(kDeviceBytes));
  const Holdings before = checkServed(backend);
  const std::size_t byteCount = [&backend] {
    Attacker attacker(backend, Prelude::Fresh);
    return conversation(attacker.peer()).size();
  }();
  for (std::size_t count = 0; count <= byteCount; ++count) {
    CAPTURE(count);
    {
      Attacker attacker(backend, Prelude::Fresh);
      const std::vector<std::byte> bytes = conversation(attacker.peer());
      const int fd = attacker.peer().kick();
      // With a descriptor beside it, which is then one too many.
      attacker.sendBytes(std::span(bytes).first(count),
                         count % 2 == 1 ? std::span(&fd, 1) : std::span<const int>());
    }
    if (count % 8 == 0) {
      static_cast<void>(checkServed(backend));
    }
  }

  CHECK(checkServed(backend) == before);
}

TEST_CASE("a second front end waits until the first one has gone") {
  const test::Backend backend(test::makeMemoryStore(kDeviceBytes));
  auto first = std::make_unique<Attacker>(backend, Prelude::Running);
  frontend::Channel second = backend.connectChannel();
  second.setTimeoutMs(50);

  CHECK_FALSE(second.ask(Attacker::Request::GET_FEATURES, {}).has_value());
  CHECK(first->probe() == Told::Accepted);

  first = nullptr;
  second.setTimeoutMs(static_cast<int>(test::kDeadlineMs));
  CHECK_OK(second.receive());
}

} // namespace argon::hostile
