// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/slot_port.h"

#include "base/error.h"
#include "base/log.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "frontend/channel.h"
#include "support/deadline.h"
#include "support/fake_device.h"
#include "support/loop_thread.h"
#include "support/memfd.h"
#include "support/process.h"
#include "support/slot_backplane.h"
#include "support/test.h"
#include "support/vhost_peer.h"
#include "vhost_user/session.h"
#include "vhost_user/slot_channel.h"
#include "vhost_user/slot_desk.h"
#include "vhost_user/spec/messages.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>

namespace argon::vhost_user {

namespace {

using spec::Request;
using test::SlotBackplane;
using test::Told;
using test::VhostPeer;

constexpr std::uint32_t kSlot = 3;

// A desk with one device in a slot, until the scene goes.
class Scene {
public:
  enum class Device : std::uint8_t { Present, Later };

  explicit Scene(Device device = Device::Present)
      : device_(thread_.loop()),
        desk_(std::make_unique<SlotDesk>(backplane_.takeCardEnd(), thread_.loop(),
                                         Log(silentLogSink(), "desk"))) {
    thread_.run([this] { REQUIRE_OK(desk_->start()); });
    if (device == Device::Present) {
      enter();
    }
  }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;
  ~Scene() {
    if (port_ != nullptr) {
      leave();
    }
    thread_.run([this] { desk_ = nullptr; });
  }

  void enter() {
    port_ = std::make_unique<SlotPort>(kSlot, *desk_, thread_.loop(), device_,
                                       Log(silentLogSink(), "port"), Session::Options{});
    thread_.run([this] { REQUIRE_OK(port_->start()); });
  }
  void beginLeave() {
    thread_.run([this] { port_->stop([this] { stopped_.set_value(); }); });
  }
  void finishLeave() {
    const std::future<void> outcome = stopped_.get_future();
    REQUIRE(outcome.wait_for(std::chrono::milliseconds(test::kDeadlineMs)) ==
            std::future_status::ready);
    thread_.run([this] { port_ = nullptr; });
    stopped_ = {};
  }
  void leave() {
    beginLeave();
    finishLeave();
  }

  [[nodiscard]] SlotBackplane& backplane() { return backplane_; }
  [[nodiscard]] test::FakeDevice& device() { return device_; }
  [[nodiscard]] SlotDesk& desk() { return *desk_; }
  [[nodiscard]] SlotPort& port() { return *port_; }
  [[nodiscard]] test::LoopThread& thread() { return thread_; }

private:
  SlotBackplane backplane_;
  test::LoopThread thread_;
  test::FakeDevice device_;
  std::unique_ptr<SlotDesk> desk_;
  std::unique_ptr<SlotPort> port_;
  std::promise<void> stopped_;
};

void checkEnded(SlotBackplane& backplane, std::uint64_t session, SlotEnd reason) {
  const std::optional<SlotEnded> ended = backplane.waitEnded();
  REQUIRE(ended.has_value());
  CHECK(ended->slot == kSlot);
  CHECK(ended->session == session);
  CHECK(ended->reason == reason);
}

} // namespace

TEST_CASE("a device in a slot is served on the socket that the backplane offers") {
  Scene scene;
  frontend::Channel channel = scene.backplane().offer(kSlot, 1);
  VhostPeer peer(channel);

  CHECK(peer.startRing() == Told::Accepted);
  CHECK(scene.device().isStarted(0));
  CHECK_FALSE(scene.backplane().hasEnded());
}

TEST_CASE("an offer waits for its device, and the newest one counts") {
  Scene scene(Scene::Device::Later);
  const frontend::Channel older = scene.backplane().offer(kSlot, 1);
  frontend::Channel newer = scene.backplane().offer(kSlot, 2);
  checkEnded(scene.backplane(), 1, SlotEnd::PeerClosed);
  scene.enter();
  VhostPeer peer(newer);

  CHECK(peer.startRing() == Told::Accepted);
}

TEST_CASE("a session whose peer closes is reported when its rings have stopped") {
  Scene scene;
  frontend::Channel channel = scene.backplane().offer(kSlot, 7);
  VhostPeer peer(channel);
  REQUIRE(peer.startRing() == Told::Accepted);
  scene.device().holdStops();

  channel.close();

  REQUIRE(test::waitUntil([&scene] { return scene.device().heldStopCount() == 1; }));
  CHECK_FALSE(scene.backplane().hasEnded());
  scene.device().releaseStops();
  checkEnded(scene.backplane(), 7, SlotEnd::PeerClosed);
}

TEST_CASE("a front end that breaks the protocol is the reason that is reported") {
  Scene scene;
  frontend::Channel channel = scene.backplane().offer(kSlot, 7);
  VhostPeer peer(channel);
  REQUIRE(peer.negotiate() == Told::Accepted);

  // Of a size that the message does not have.
  CHECK(peer.tell(Request::SET_VRING_NUM, test::bytesOf(std::uint8_t{1})) == Told::HungUp);

  checkEnded(scene.backplane(), 7, SlotEnd::FrontEndFault);
}

TEST_CASE("a newer offer replaces a session once that one's rings have stopped") {
  Scene scene;
  frontend::Channel first = scene.backplane().offer(kSlot, 1);
  VhostPeer peer(first);
  REQUIRE(peer.startRing() == Told::Accepted);
  scene.device().holdStops();

  // Not closed by its peer, so that only the offer ends it.
  const frontend::Channel second = scene.backplane().offer(kSlot, 2);
  REQUIRE(test::waitUntil([&scene] { return scene.device().heldStopCount() == 1; }));
  frontend::Channel third = scene.backplane().offer(kSlot, 3);
  checkEnded(scene.backplane(), 2, SlotEnd::PeerClosed);
  scene.device().releaseStops();
  checkEnded(scene.backplane(), 1, SlotEnd::PeerClosed);
  VhostPeer next(third);

  CHECK(next.startRing() == Told::Accepted);
  CHECK(scene.device().ring(0).startCount == 2);
}

TEST_CASE("a slot whose device is removed says so, for the session and for the offer behind it") {
  Scene scene;
  frontend::Channel first = scene.backplane().offer(kSlot, 1);
  VhostPeer peer(first);
  REQUIRE(peer.startRing() == Told::Accepted);
  scene.device().holdStops();
  const frontend::Channel second = scene.backplane().offer(kSlot, 2);
  REQUIRE(test::waitUntil([&scene] { return scene.device().heldStopCount() == 1; }));

  scene.beginLeave();
  checkEnded(scene.backplane(), 2, SlotEnd::DeviceRemoved);
  scene.device().releaseStops();
  scene.finishLeave();

  checkEnded(scene.backplane(), 1, SlotEnd::DeviceRemoved);
}

TEST_CASE("an offer for a device that is being removed is there for the next one") {
  Scene scene;
  frontend::Channel first = scene.backplane().offer(kSlot, 1);
  VhostPeer peer(first);
  REQUIRE(peer.startRing() == Told::Accepted);
  scene.device().holdStops();
  scene.beginLeave();
  frontend::Channel second = scene.backplane().offer(kSlot, 2);
  scene.device().releaseStops();
  scene.finishLeave();
  checkEnded(scene.backplane(), 1, SlotEnd::DeviceRemoved);

  scene.enter();
  VhostPeer next(second);

  CHECK(next.startRing() == Told::Accepted);
}

TEST_CASE("a slot has one device at a time") {
  Scene scene;
  SlotPort other(kSlot, scene.desk(), scene.thread().loop(), scene.device(),
                 Log(silentLogSink(), "other"), Session::Options{});

  scene.thread().run([&other] {
    const Result<void> started = other.start();
    REQUIRE_FALSE(started);
    CHECK(started.error().kind() == ErrorKind::AlreadyExists);
  });
}

TEST_CASE("a front end in a slot is told of a new configuration, and none is no harm") {
  Scene scene;
  scene.thread().run([&scene] { scene.port().notifyConfigChanged(); });
  frontend::Channel channel = scene.backplane().offer(kSlot, 1);
  VhostPeer peer(channel);
  REQUIRE(peer.negotiate() == Told::Accepted);

  scene.thread().run([&scene] { scene.port().notifyConfigChanged(); });

  CHECK(peer.askU64(Request::GET_FEATURES).has_value());
}

TEST_CASE("sessions in a slot leave no descriptor behind") {
  const std::size_t before = test::openFdCount();
  {
    Scene scene;
    for (std::uint64_t session = 1; session <= 3; ++session) {
      const UniqueFd map = test::makeMemfd(4096, test::Sealed::Yes);
      frontend::Channel channel = scene.backplane().offer(kSlot, session, map);
      VhostPeer peer(channel);
      REQUIRE(peer.startRing() == Told::Accepted);
      channel.close();
      checkEnded(scene.backplane(), session, SlotEnd::PeerClosed);
    }
  }
  CHECK(test::openFdCount() == before);
}

} // namespace argon::vhost_user
