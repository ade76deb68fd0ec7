// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/listener.h"

#include "base/error.h"
#include "base/log.h"
#include "base/result.h"
#include "frontend/channel.h"
#include "support/deadline.h"
#include "support/fake_device.h"
#include "support/loop_thread.h"
#include "support/process.h"
#include "support/recording_log.h"
#include "support/temp_dir.h"
#include "support/test.h"
#include "support/vhost_peer.h"
#include "vhost_user/session.h"
#include "vhost_user/spec/messages.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace argon::vhost_user {

namespace {

using test::Told;

// A listener over a fake device, until stop().
class ListenerHost {
public:
  explicit ListenerHost(const std::string& path) : device_(thread_.loop()) {
    Result<ListeningSocket> socket = ListeningSocket::create(path);
    REQUIRE_OK(socket);
    listener_ = std::make_unique<Listener>(*std::move(socket), thread_.loop(), device_,
                                           Log(log_, "test"), Session::Options{});
    thread_.run([this] { REQUIRE_OK(listener_->start()); });
  }
  ListenerHost(const ListenerHost&) = delete;
  ListenerHost& operator=(const ListenerHost&) = delete;
  ~ListenerHost() {
    beginStop();
    finishStop();
  }

  void beginStop() {
    if (!hasBegunStop_) {
      hasBegunStop_ = true;
      thread_.run([this] { listener_->stop([this] { stopped_.set_value(); }); });
    }
  }
  [[nodiscard]] bool hasStopped() {
    return outcome_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }
  void finishStop() {
    if (listener_ != nullptr) {
      REQUIRE(outcome_.wait_for(std::chrono::milliseconds(test::kDeadlineMs)) ==
              std::future_status::ready);
      thread_.run([this] { listener_ = nullptr; });
    }
  }

  test::FakeDevice& device() { return device_; }
  test::RecordingLog& log() { return log_; }

private:
  test::LoopThread thread_;
  test::FakeDevice device_;
  test::RecordingLog log_;
  std::unique_ptr<Listener> listener_;
  std::promise<void> stopped_;
  std::future<void> outcome_ = stopped_.get_future();
  bool hasBegunStop_ = false;
};

frontend::Channel connectTo(const std::string& path) {
  Result<frontend::Channel> channel = frontend::Channel::connectTo(path);
  REQUIRE_OK(channel);
  return *std::move(channel);
}

// A socket file that nobody listens on any more.
void leaveStaleSocket(const std::string& path) {
  const std::string madeAt = path + ".made";
  const Result<ListeningSocket> socket = ListeningSocket::create(madeAt);
  REQUIRE_OK(socket);
  // Its end then finds no file to remove.
  std::filesystem::rename(madeAt, path);
}

} // namespace

TEST_CASE("a socket is made at its path for its owner alone, and goes with its object") {
  const test::TempDir dir;
  const std::string path = dir.path("socket");
  {
    const Result<ListeningSocket> socket = ListeningSocket::create(path);
    REQUIRE_OK(socket);
    struct stat status{};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK(S_ISSOCK(status.st_mode));
    CHECK((status.st_mode & 07777) == 0600);
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a socket that was moved from does not take the file along") {
  const test::TempDir dir;
  const std::string path = dir.path("socket");
  Result<ListeningSocket> socket = ListeningSocket::create(path);
  REQUIRE_OK(socket);
  {
    const ListeningSocket moved = [&socket] {
      ListeningSocket first(*std::move(socket));
      return ListeningSocket(std::move(first));
    }();
    CHECK(std::filesystem::exists(path));
  }

  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a stale socket file is replaced") {
  const test::TempDir dir;
  leaveStaleSocket(dir.path("socket"));

  const Result<ListeningSocket> socket = ListeningSocket::create(dir.path("socket"));

  REQUIRE_OK(socket);
  CHECK(frontend::Channel::connectTo(dir.path("socket")).has_value());
}

TEST_CASE("a socket that somebody listens on is left alone") {
  const test::TempDir dir;
  const Result<ListeningSocket> first = ListeningSocket::create(dir.path("socket"));
  REQUIRE_OK(first);

  const Result<ListeningSocket> second = ListeningSocket::create(dir.path("socket"));

  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().kind() == ErrorKind::AlreadyExists);
  CHECK(frontend::Channel::connectTo(dir.path("socket")).has_value());
}

TEST_CASE("a file or folder that is no socket is left alone") {
  const test::TempDir dir;
  std::ofstream(dir.path("file")) << "precious";
  std::filesystem::create_directory(dir.path("folder"));
  std::filesystem::create_symlink(dir.path("nowhere"), dir.path("link"));
  for (const char* name : {"file", "folder", "link"}) {
    CAPTURE(name);
    const Result<ListeningSocket> socket = ListeningSocket::create(dir.path(name));
    REQUIRE_FALSE(socket.has_value());
    CHECK(socket.error().kind() == ErrorKind::AlreadyExists);
  }
  CHECK(std::filesystem::file_size(dir.path("file")) == 8);
  CHECK(std::filesystem::is_symlink(dir.path("link")));
}

TEST_CASE("a path has 1 to 107 bytes") {
  const test::TempDir dir;
  const auto create = [&dir](std::size_t length) {
    const std::string start = dir.path("");
    return ListeningSocket::create(start + std::string(length - start.size(), 'x'));
  };

  CHECK(create(107).has_value());
  const Result<ListeningSocket> tooLong = create(108);
  REQUIRE_FALSE(tooLong.has_value());
  CHECK(tooLong.error().kind() == ErrorKind::InvalidArgument);
  CHECK_FALSE(ListeningSocket::create("").has_value());
}

TEST_CASE("a path in a folder that does not exist is an error that names it") {
  const Result<ListeningSocket> socket = ListeningSocket::create("/nonexistent/folder/socket");

  REQUIRE_FALSE(socket.has_value());
  CHECK(socket.error().kind() == ErrorKind::NotFound);
  CHECK(socket.error().message().find("/nonexistent/folder/socket") != std::string::npos);
}

TEST_CASE("a front end is served from when it connects until it leaves, then the next one") {
  const test::TempDir dir;
  ListenerHost host(dir.path("socket"));
  for (int round = 0; round < 3; ++round) {
    CAPTURE(round);
    frontend::Channel channel = connectTo(dir.path("socket"));
    test::VhostPeer peer(channel);
    REQUIRE(peer.startRing() == Told::Accepted);
    CHECK(host.device().isStarted(0));
    channel.close();
    REQUIRE(test::waitUntil([&host] { return !host.device().isStarted(0); }));
  }
  CHECK(host.log().countOf("front end connected") == 3);
}

TEST_CASE("a second front end waits until the first has left, and is then served") {
  const test::TempDir dir;
  ListenerHost host(dir.path("socket"));
  frontend::Channel first = connectTo(dir.path("socket"));
  test::VhostPeer firstPeer(first);
  REQUIRE(firstPeer.startRing() == Told::Accepted);

  frontend::Channel second = connectTo(dir.path("socket"));
  REQUIRE_OK(second.send(spec::Request::GET_FEATURES, {}));
  second.setTimeoutMs(50);
  CHECK_FALSE(second.receive().has_value());
  // The first one's session is not disturbed.
  CHECK(firstPeer.getBase(0) == 0);
  CHECK(host.log().countOf("front end connected") == 1);
  first.close();

  second.setTimeoutMs(20'000);
  CHECK(second.receive().has_value());
}

TEST_CASE("the next front end is served only when the first one's rings have drained") {
  const test::TempDir dir;
  ListenerHost host(dir.path("socket"));
  frontend::Channel first = connectTo(dir.path("socket"));
  test::VhostPeer firstPeer(first);
  REQUIRE(firstPeer.startRing() == Told::Accepted);
  host.device().holdStops();
  first.close();
  REQUIRE(test::waitUntil([&host] { return host.device().heldStopCount() == 1; }));
  frontend::Channel second = connectTo(dir.path("socket"));
  test::VhostPeer secondPeer(second);
  CHECK(host.log().countOf("front end connected") == 1);

  host.device().releaseStops();

  CHECK(secondPeer.startRing() == Told::Accepted);
}

TEST_CASE("a front end that breaks the protocol makes room for the next") {
  const test::TempDir dir;
  ListenerHost host(dir.path("socket"));
  frontend::Channel first = connectTo(dir.path("socket"));
  REQUIRE_OK(first.sendRaw(std::vector<std::byte>(12, std::byte{0xff})));
  CHECK_FALSE(first.receive().has_value());

  frontend::Channel second = connectTo(dir.path("socket"));
  test::VhostPeer peer(second);

  CHECK(peer.startRing() == Told::Accepted);
  CHECK(host.log().contains("session ended: "));
}

TEST_CASE("a listener without a session stops at once and its socket file goes") {
  const test::TempDir dir;
  ListenerHost host(dir.path("socket"));

  host.beginStop();
  host.finishStop();

  CHECK_FALSE(std::filesystem::exists(dir.path("socket")));
  CHECK_FALSE(frontend::Channel::connectTo(dir.path("socket")).has_value());
}

TEST_CASE("a listener with a session stops when its rings have drained") {
  const test::TempDir dir;
  ListenerHost host(dir.path("socket"));
  frontend::Channel channel = connectTo(dir.path("socket"));
  test::VhostPeer peer(channel);
  REQUIRE(peer.startRing() == Told::Accepted);
  host.device().holdStops();

  host.beginStop();
  REQUIRE(test::waitUntil([&host] { return host.device().heldStopCount() == 1; }));
  CHECK_FALSE(host.hasStopped());
  host.device().releaseStops();
  host.finishStop();

  CHECK(peer.tell(spec::Request::SET_OWNER, {}) == Told::HungUp);
  CHECK_FALSE(std::filesystem::exists(dir.path("socket")));
}

TEST_CASE("a listener can stop while its session is ending already") {
  const test::TempDir dir;
  ListenerHost host(dir.path("socket"));
  frontend::Channel channel = connectTo(dir.path("socket"));
  test::VhostPeer peer(channel);
  REQUIRE(peer.startRing() == Told::Accepted);
  host.device().holdStops();
  channel.close();
  REQUIRE(test::waitUntil([&host] { return host.device().heldStopCount() == 1; }));

  host.beginStop();
  host.device().releaseStops();
  host.finishStop();

  CHECK(host.device().stopCount() == 1);
}

TEST_CASE("a thousand front ends that come and go leave no descriptor") {
  const test::TempDir dir;
  ListenerHost host(dir.path("socket"));
  {
    frontend::Channel channel = connectTo(dir.path("socket"));
    CHECK(test::VhostPeer(channel).negotiate() == Told::Accepted);
  }
  const std::size_t before = test::openFdCount();
  for (int round = 0; round < 1000; ++round) {
    const frontend::Channel channel = connectTo(dir.path("socket"));
  }

  // The last ones may still be in the kernel's queue or on their way out.
  CHECK(test::waitUntil([&host] { return host.log().countOf("front end disconnected") >= 1001; }));
  CHECK(test::waitUntil([before] { return test::openFdCount() <= before; }));
}

TEST_CASE("a process without descriptors neither spins nor floods the log, and serves later") {
  const test::TempDir dir;
  ListenerHost host(dir.path("socket"));
  frontend::Channel first = connectTo(dir.path("socket"));
  REQUIRE(test::VhostPeer(first).negotiate() == Told::Accepted);
  frontend::Channel second = connectTo(dir.path("socket"));
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  // Standard input, output and errors, which are there, and nothing more.
  const rlimit none{.rlim_cur = 3, .rlim_max = before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);

  first.close();
  const bool hasFailed =
      test::waitUntil([&host] { return host.log().countOf("accept a front end") > 0; });
  const std::clock_t cpuBefore = std::clock();
  // Long enough for several more tries.
  second.setTimeoutMs(500);
  const bool isServed = second.ask(spec::Request::GET_FEATURES, {}).has_value();
  const std::clock_t cpu = std::clock() - cpuBefore;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);

  CHECK(hasFailed);
  CHECK(host.log().countOf("accept a front end") <= 2);
  CHECK(cpu < CLOCKS_PER_SEC / 4);
  CHECK_FALSE(isServed);
  second.setTimeoutMs(static_cast<int>(test::kDeadlineMs));
  CHECK_OK(second.receive());
}

} // namespace argon::vhost_user
