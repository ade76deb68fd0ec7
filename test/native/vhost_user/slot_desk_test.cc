// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/slot_desk.h"

#include "base/error.h"
#include "base/fd_socket.h"
#include "base/log.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "frontend/channel.h"
#include "support/deadline.h"
#include "support/fake_device.h"
#include "support/loop_thread.h"
#include "support/memfd.h"
#include "support/recording_log.h"
#include "support/slot_backplane.h"
#include "support/test.h"
#include "vhost_user/session.h"
#include "vhost_user/slot_channel.h"
#include "vhost_user/slot_port.h"

#include <sys/stat.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <span>

namespace argon::vhost_user {

namespace {

using MapFuture = std::future<Result<UniqueFd>>;

// A desk without a device, until close().
class Scene {
public:
  Scene()
      : desk_(std::make_unique<SlotDesk>(backplane_.takeCardEnd(), thread_.loop(),
                                         Log(log_, "desk"))) {
    thread_.run([this] { REQUIRE_OK(desk_->start()); });
  }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;
  ~Scene() { close(); }

  void close() {
    thread_.run([this] { desk_ = nullptr; });
  }
  // Waits for a map for as long as the promise is held.
  [[nodiscard]] std::shared_ptr<SlotDesk::MapPromise> ask(std::uint32_t slot) {
    auto promise = std::make_shared<SlotDesk::MapPromise>();
    thread_.run([this, slot, &promise] { desk_->awaitMap(slot, promise); });
    return promise;
  }

  [[nodiscard]] test::SlotBackplane& backplane() { return backplane_; }
  [[nodiscard]] SlotDesk& desk() { return *desk_; }
  [[nodiscard]] test::LoopThread& thread() { return thread_; }
  [[nodiscard]] test::RecordingLog& log() { return log_; }

private:
  test::SlotBackplane backplane_;
  test::RecordingLog log_;
  test::LoopThread thread_;
  std::unique_ptr<SlotDesk> desk_;
};

Result<UniqueFd> take(const std::shared_ptr<SlotDesk::MapPromise>& promise) {
  MapFuture future = promise->get_future();
  REQUIRE(future.wait_for(std::chrono::milliseconds(test::kDeadlineMs)) ==
          std::future_status::ready);
  return future.get();
}

ino_t inodeOf(const UniqueFd& file) {
  struct stat status{};
  REQUIRE(::fstat(file.get(), &status) == 0);
  return status.st_ino;
}

} // namespace

TEST_CASE("a map is had when its slot is offered, before or after it was asked for") {
  Scene scene;
  const UniqueFd map = test::makeMemfd(4096, test::Sealed::Yes);
  const auto early = scene.ask(1);
  const auto other = scene.ask(2);

  const frontend::Channel channel = scene.backplane().offer(1, 5, map);
  const Result<UniqueFd> first = take(early);
  const Result<UniqueFd> second = take(scene.ask(1));

  REQUIRE_OK(first);
  REQUIRE_OK(second);
  CHECK(inodeOf(*first) == inodeOf(map));
  CHECK(inodeOf(*second) == inodeOf(map));
  CHECK(other->get_future().wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
}

TEST_CASE("a slot may have no map") {
  Scene scene;
  const frontend::Channel channel = scene.backplane().offer(1, 5);

  const Result<UniqueFd> map = take(scene.ask(1));

  REQUIRE_OK(map);
  CHECK_FALSE(map->isOpen());
}

TEST_CASE("whoever gives up waiting for a map is forgotten") {
  Scene scene;
  {
    const auto dropped = scene.ask(1);
  }
  const auto kept = scene.ask(1);

  const frontend::Channel channel = scene.backplane().offer(1, 5);

  CHECK_OK(take(kept));
}

TEST_CASE("those who wait for a map are told that the card stops, or that the backplane is gone") {
  Scene stopping;
  const auto waiting = stopping.ask(1);
  stopping.close();
  const Result<UniqueFd> stopped = take(waiting);
  REQUIRE_FALSE(stopped);
  CHECK(stopped.error().kind() == ErrorKind::Closed);

  Scene alone;
  const auto left = alone.ask(1);
  alone.backplane().close();
  const Result<UniqueFd> gone = take(left);
  REQUIRE_FALSE(gone);
  CHECK(gone.error().kind() == ErrorKind::Closed);
  const Result<UniqueFd> late = take(alone.ask(2));
  REQUIRE_FALSE(late);
  CHECK(late.error().kind() == ErrorKind::Closed);
}

TEST_CASE("a map is not asked for twice: its slot has a device") {
  Scene scene;
  test::FakeDevice device(scene.thread().loop());
  SlotPort port(1, scene.desk(), scene.thread().loop(), device, Log(silentLogSink(), "port"),
                Session::Options{});
  scene.thread().run([&port] { REQUIRE_OK(port.start()); });

  const Result<UniqueFd> map = take(scene.ask(1));

  REQUIRE_FALSE(map);
  CHECK(map.error().kind() == ErrorKind::AlreadyExists);
  std::promise<void> stopped;
  scene.thread().run([&] { port.stop([&stopped] { stopped.set_value(); }); });
  stopped.get_future().wait();
}

TEST_CASE("a backplane that sends what is no offer is not read any more") {
  Scene scene;
  const auto waiting = scene.ask(1);
  const SlotPacket packet{.magic = kSlotPacketMagic,
                          .kind = kSlotEnded,
                          .slot = 1,
                          .reason = 0,
                          .session = 1,
                          .mapBytes = 0};

  REQUIRE_OK(sendWithFds(scene.backplane().fd(), std::as_bytes(std::span(&packet, 1)), {}));
  const Result<UniqueFd> map = take(waiting);

  REQUIRE_FALSE(map);
  CHECK(map.error().kind() == ErrorKind::Protocol);
}

TEST_CASE("more slots than a card waits for are given back") {
  Scene scene;
  std::deque<frontend::Channel> channels;
  for (std::uint32_t slot = 0; slot < SlotDesk::kWaitingOfferCountMax; ++slot) {
    channels.push_back(scene.backplane().offer(slot, slot));
    if (slot % 64 == 63) {
      REQUIRE_OK(take(scene.ask(slot))); // So that the channel never fills up.
    }
  }

  channels.push_back(scene.backplane().offer(SlotDesk::kWaitingOfferCountMax, 99));
  const std::optional<SlotEnded> ended = scene.backplane().waitEnded();

  REQUIRE(ended.has_value());
  CHECK(ended->session == 99);
  CHECK(ended->reason == SlotEnd::DeviceRemoved);
}

} // namespace argon::vhost_user
