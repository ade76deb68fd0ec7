// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/backend_channel.h"

#include "base/fd_socket.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "frontend/channel.h"
#include "support/memfd.h"
#include "support/socket_pair.h"
#include "support/test.h"
#include "vhost_user/spec/messages.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <utility>

namespace argon::vhost_user {

TEST_CASE("a change of the configuration is a header that wants no reply") {
  const test::SocketPair connection = test::makeSocketPair();
  test::SocketPair pair = test::makeSocketPair();
  frontend::Channel frontend(std::move(pair.frontend));
  const Result<BackendChannel> channel =
      BackendChannel::create(std::move(pair.backend), connection.backend.get());
  REQUIRE_OK(channel);

  REQUIRE_OK(channel->sendConfigChange());

  const Result<frontend::Answer> received = frontend.receive();
  REQUIRE_OK(received);
  CHECK(received->header.request == 2);
  CHECK(received->header.flags == spec::kVersion);
  CHECK(received->payload.empty());
}

TEST_CASE("what is no connected unix stream socket is refused, and so is the connection itself") {
  const test::SocketPair connection = test::makeSocketPair();
  const int mine = connection.backend.get();

  CHECK_FALSE(BackendChannel::create(test::makeMemfd(4096, test::Sealed::No), mine).has_value());
  CHECK_FALSE(
      BackendChannel::create(UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), mine)
          .has_value());
  CHECK_FALSE(BackendChannel::create(UniqueFd(::dup(connection.frontend.get())), mine).has_value());
}

TEST_CASE("a front end that left is an error") {
  const test::SocketPair connection = test::makeSocketPair();
  test::SocketPair pair = test::makeSocketPair();
  const Result<BackendChannel> channel =
      BackendChannel::create(std::move(pair.backend), connection.backend.get());
  REQUIRE_OK(channel);

  pair.frontend.reset();

  CHECK_FALSE(channel->sendConfigChange().has_value());
}

TEST_CASE("what waits in a channel's queue is closed, and nothing more comes in") {
  const test::SocketPair connection = test::makeSocketPair();
  test::SocketPair pair = test::makeSocketPair();
  test::SocketPair queued = test::makeSocketPair();
  const std::array<std::byte, 1> byte{};
  REQUIRE_OK(sendWithFds(pair.frontend.get(), byte, std::array{queued.frontend.get()}));
  queued.frontend.reset();

  const Result<BackendChannel> channel =
      BackendChannel::create(std::move(pair.backend), connection.backend.get());

  REQUIRE_OK(channel);
  CHECK_FALSE(sendWithFds(queued.backend.get(), byte, {}).has_value());
  CHECK_FALSE(sendWithFds(pair.frontend.get(), byte, {}).has_value());
}

} // namespace argon::vhost_user
