// SPDX-License-Identifier: Apache-2.0

// What a session takes as a kick, call or error descriptor: eventfds, and nothing that a worker
// could spin or block on.

#include "base/result.h"
#include "base/unique_fd.h"
#include "support/fake_device.h"
#include "support/memfd.h"
#include "support/session_scene.h"
#include "support/socket_pair.h"
#include "support/temp_dir.h"
#include "support/test.h"
#include "support/vhost_peer.h"
#include "vhost_user/spec/messages.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace argon::vhost_user {

namespace {

using spec::Request;
using test::SessionScene;
using test::Told;

struct NamedFd {
  std::string_view name;
  UniqueFd fd;
};

// One of each kind of file that is no eventfd.
std::vector<NamedFd> makeOtherFds(const test::TempDir& dir) {
  std::array<int, 2> pipeEnds{};
  REQUIRE(::pipe2(pipeEnds.data(), O_CLOEXEC | O_NONBLOCK) == 0);
  test::SocketPair sockets = test::makeSocketPair();
  sigset_t signals;
  ::sigemptyset(&signals);
  std::vector<NamedFd> fds;
  const auto add = [&fds](std::string_view name, UniqueFd fd) {
    REQUIRE(fd.isOpen());
    fds.push_back({.name = name, .fd = std::move(fd)});
  };
  add("pipe, read end", UniqueFd(pipeEnds[0]));
  add("pipe, write end", UniqueFd(pipeEnds[1]));
  add("regular file",
      UniqueFd(::open(dir.path("file").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)));
  add("folder", UniqueFd(::open(dir.path(".").c_str(), O_RDONLY | O_CLOEXEC)));
  add("/dev/null", UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC)));
  add("memfd", test::makeMemfd(4096, test::Sealed::Yes));
  add("socket", std::move(sockets.frontend));
  add("timerfd", UniqueFd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)));
  add("epoll", UniqueFd(::epoll_create1(EPOLL_CLOEXEC)));
  add("signalfd", UniqueFd(::signalfd(-1, &signals, SFD_CLOEXEC)));
  return fds;
}

} // namespace

TEST_CASE("a kick, call or error descriptor that is no eventfd is refused") {
  const test::TempDir dir;
  SessionScene scene;
  REQUIRE(scene.peer.negotiate() == Told::Accepted);
  for (const NamedFd& other : makeOtherFds(dir)) {
    CAPTURE(other.name);
    CHECK(scene.peer.tellFd(Request::SET_VRING_KICK, 0, other.fd.get()) == Told::Refused);
    CHECK(scene.peer.tellFd(Request::SET_VRING_CALL, 0, other.fd.get()) == Told::Refused);
    CHECK(scene.peer.tellFd(Request::SET_VRING_ERR, 0, other.fd.get()) == Told::Refused);
  }
  CHECK(scene.peer.tellFd(Request::SET_VRING_KICK, 0, scene.peer.kick()) == Told::Accepted);
}

TEST_CASE("an eventfd of any kind is taken") {
  SessionScene scene;
  REQUIRE(scene.peer.negotiate() == Told::Accepted);
  for (const int flags : {0, int{EFD_NONBLOCK}, EFD_SEMAPHORE | EFD_NONBLOCK}) {
    CAPTURE(flags);
    const UniqueFd fd(::eventfd(0, flags | EFD_CLOEXEC));
    CHECK(scene.peer.tellFd(Request::SET_VRING_KICK, 0, fd.get()) == Told::Accepted);
    CHECK(scene.peer.tellFd(Request::SET_VRING_CALL, 0, fd.get()) == Told::Accepted);
    CHECK(scene.peer.tellFd(Request::SET_VRING_ERR, 0, fd.get()) == Told::Accepted);
  }
}

TEST_CASE("a running ring keeps what it has when a descriptor is refused") {
  const test::TempDir dir;
  SessionScene scene;
  REQUIRE(scene.peer.startRing() == Told::Accepted);
  const test::FakeDevice::Ring before = scene.device.ring(0);
  const UniqueFd file(::open(dir.path("file").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));

  CHECK(scene.peer.tellFd(Request::SET_VRING_KICK, 0, file.get()) == Told::Refused);
  CHECK(scene.peer.tellFd(Request::SET_VRING_CALL, 0, file.get()) == Told::Refused);

  const test::FakeDevice::Ring after = scene.device.ring(0);
  CHECK(after.startCount == 1);
  CHECK(after.setCallCount == 0);
  CHECK(after.start->kick == before.start->kick);
  CHECK(after.start->call == before.start->call);
}

TEST_CASE("a ring that cannot start signals its error descriptor") {
  SessionScene scene;
  REQUIRE(scene.peer.negotiate() == Told::Accepted);
  REQUIRE(scene.peer.setMemTable() == Told::Accepted);
  Result<UniqueFd> err = createEventFd();
  REQUIRE_OK(err);
  REQUIRE(scene.peer.tellFd(Request::SET_VRING_ERR, 0, err->get()) == Told::Accepted);
  spec::VringAddress outside = scene.peer.addressOf(0);
  outside.used = 0x1000;
  REQUIRE(scene.peer.configureRing(0) == Told::Accepted);
  REQUIRE(scene.peer.tell(Request::SET_VRING_ADDR, test::bytesOf(outside)) == Told::Accepted);

  REQUIRE(scene.peer.tellState(Request::SET_VRING_ENABLE, 0, 1) == Told::Accepted);

  CHECK_FALSE(scene.device.isStarted(0));
  std::uint64_t count = 0;
  CHECK(::read(err->get(), &count, sizeof count) == ssize_t{sizeof count});
  CHECK(count == 1);
}

} // namespace argon::vhost_user
