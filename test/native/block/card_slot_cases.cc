// SPDX-License-Identifier: Apache-2.0

// Cards behind a backplane that a test plays: devices in slots, and cards that take them over.

#include "base/error.h"
#include "base/log.h"
#include "base/poll_window.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "block/card.h"
#include "frontend/block_driver.h"
#include "frontend/channel.h"
#include "frontend/session.h"
#include "storage/block_store.h"
#include "support/backend.h"
#include "support/deadline.h"
#include "support/lent_store.h"
#include "support/memfd.h"
#include "support/slot_backplane.h"
#include "support/test.h"
#include "vhost_user/slot_channel.h"
#include "vhost_user/spec/messages.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace argon::block {

namespace {

using frontend::BlockDriver;
using frontend::Session;
using test::SlotBackplane;

constexpr std::uint32_t kSlot = 4;
constexpr std::uint64_t kDeviceBytes = 1 << 20;
constexpr Session::Options kTracked{.wantedProtocolFeatures = Session::kUsualProtocolFeatures.with(
                                        vhost_user::spec::PROTOCOL_F_INFLIGHT_SHMFD)};

// A card behind the test's backplane.
class Card {
public:
  explicit Card(UniqueFd backplane) {
    Result<std::unique_ptr<BlockCard>> card =
        BlockCard::start({.workerCount = 1, .pollMode = PollMode::Off, .cpus = {}}, silentLogSink(),
                         {.backplane = std::move(backplane), .counterMemory = {}});
    REQUIRE_OK(card);
    card_ = *std::move(card);
  }
  Card(const Card&) = delete;
  Card& operator=(const Card&) = delete;
  ~Card() {
    for (const DeviceId id : devices_) {
      std::promise<void> removed;
      card_->removeDevice(id, [&removed] { removed.set_value(); });
      removed.get_future().wait();
    }
    card_->stop();
  }

  Result<DeviceId> add(std::unique_ptr<BlockStore> store) {
    Result<DeviceId> id =
        card_->addSlotDevice({.id = "vol0123456789abcdef0"}, std::move(store), kSlot, {});
    if (id) {
      devices_.push_back(*id);
    }
    return id;
  }
  [[nodiscard]] Result<UniqueFd> awaitMap(std::chrono::milliseconds timeout) {
    const auto promise = card_->requestSlotMap(kSlot);
    std::future<Result<UniqueFd>> map = promise->get_future();
    if (map.wait_for(timeout) != std::future_status::ready) {
      return Error(ErrorKind::TimedOut, "no map");
    }
    return map.get();
  }

private:
  std::unique_ptr<BlockCard> card_;
  std::vector<DeviceId> devices_;
};

std::unique_ptr<Session> open(frontend::Channel channel, const Session::Options& options = {}) {
  Result<std::unique_ptr<Session>> session = Session::open(std::move(channel), options);
  REQUIRE_OK(session);
  return *std::move(session);
}

} // namespace

TEST_CASE("a device in a slot serves what it holds, offered before or after it was added") {
  for (const bool isOfferedFirst : {true, false}) {
    CAPTURE(isOfferedFirst);
    SlotBackplane backplane;
    Card card(backplane.takeCardEnd());
    std::optional<frontend::Channel> channel;
    if (isOfferedFirst) {
      channel.emplace(backplane.offer(kSlot, 1));
    }
    REQUIRE_OK(card.add(test::makeMemoryStore(kDeviceBytes)));
    if (!isOfferedFirst) {
      channel.emplace(backplane.offer(kSlot, 1));
    }
    const std::unique_ptr<Session> session = open(*std::move(channel));
    BlockDriver driver(*session);
    const std::vector<std::byte> written(4096, std::byte{0x5a});
    std::vector<std::byte> read(4096);

    REQUIRE_OK(driver.write(8192, written));
    REQUIRE_OK(driver.read(8192, read));

    CHECK(read == written);
  }
}

TEST_CASE("a front end comes back to the same device on another socket") {
  SlotBackplane backplane;
  Card card(backplane.takeCardEnd());
  REQUIRE_OK(card.add(test::makeMemoryStore(kDeviceBytes)));
  const std::vector<std::byte> written(4096, std::byte{0x5a});
  std::vector<std::byte> read(4096);
  {
    const std::unique_ptr<Session> session = open(backplane.offer(kSlot, 1));
    BlockDriver driver(*session);
    REQUIRE_OK(driver.write(0, written));
  }

  const std::unique_ptr<Session> session = open(backplane.offer(kSlot, 2));
  BlockDriver driver(*session);
  REQUIRE_OK(driver.read(0, read));

  CHECK(read == written);
  const std::optional<vhost_user::SlotEnded> ended = backplane.waitEnded();
  REQUIRE(ended.has_value());
  CHECK(ended->session == 1);
}

TEST_CASE("a card takes a slot over from one that stopped, rings and all") {
  const std::unique_ptr<BlockStore> disk = test::makeMemoryStore(kDeviceBytes);
  SlotBackplane firstBackplane;
  auto first = std::make_unique<Card>(firstBackplane.takeCardEnd());
  REQUIRE_OK(first->add(std::make_unique<test::LentStore>(*disk)));
  const std::unique_ptr<Session> session = open(firstBackplane.offer(kSlot, 1), kTracked);
  BlockDriver driver(*session);
  const std::vector<std::byte> written(4096, std::byte{0x77});
  REQUIRE_OK(driver.write(4096, written));
  session->disconnect();
  first = nullptr;

  SlotBackplane secondBackplane;
  Card second(secondBackplane.takeCardEnd());
  REQUIRE_OK(second.add(std::make_unique<test::LentStore>(*disk)));
  REQUIRE_OK(session->reconnect(secondBackplane.offer(kSlot, 2)));
  REQUIRE_OK(session->resumeQueues());
  std::vector<std::byte> read(4096);
  REQUIRE_OK(driver.read(4096, read));

  CHECK(read == written);
}

TEST_CASE("a slot that has a device gets no other, whose store is closed in order") {
  SlotBackplane backplane;
  Card card(backplane.takeCardEnd());
  REQUIRE_OK(card.add(test::makeMemoryStore(kDeviceBytes)));

  const Result<DeviceId> second = card.add(test::makeMemoryStore(kDeviceBytes));

  REQUIRE_FALSE(second);
  CHECK(second.error().kind() == ErrorKind::AlreadyExists);
  const std::unique_ptr<Session> session = open(backplane.offer(kSlot, 1));
  BlockDriver driver(*session);
  CHECK_OK(driver.flush());
}

TEST_CASE("a card has a slot's map as soon as it is offered, and not before") {
  SlotBackplane backplane;
  Card card(backplane.takeCardEnd());
  CHECK(card.awaitMap(std::chrono::milliseconds(0)).error().kind() == ErrorKind::TimedOut);

  const frontend::Channel channel =
      backplane.offer(kSlot, 1, test::makeMemfd(8192, test::Sealed::Yes));
  const Result<UniqueFd> map = card.awaitMap(std::chrono::milliseconds(test::kDeadlineMs));

  REQUIRE_OK(map);
  CHECK(map->isOpen());
}

TEST_CASE("a card without a backplane has no slots") {
  Card card{UniqueFd()};

  const Result<UniqueFd> map = card.awaitMap(std::chrono::milliseconds(test::kDeadlineMs));

  REQUIRE_FALSE(map);
  CHECK(map.error().kind() == ErrorKind::Unsupported);
}

TEST_CASE("a device goes on with its session when the backplane is gone, and ends with it") {
  SlotBackplane backplane;
  Card card(backplane.takeCardEnd());
  REQUIRE_OK(card.add(test::makeMemoryStore(kDeviceBytes)));
  const std::unique_ptr<Session> session = open(backplane.offer(kSlot, 1));
  BlockDriver driver(*session);

  backplane.close();

  CHECK_OK(driver.flush());
  CHECK(card.awaitMap(std::chrono::milliseconds(test::kDeadlineMs)).error().kind() !=
        ErrorKind::TimedOut);
}

} // namespace argon::block
