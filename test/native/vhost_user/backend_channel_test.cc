// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/backend_channel.h"

#include "base/result.h"
#include "base/unique_fd.h"
#include "frontend/channel.h"
#include "support/memfd.h"
#include "support/socket_pair.h"
#include "support/test.h"
#include "vhost_user/spec/messages.h"

#include <cstdint>
#include <utility>

namespace argon::vhost_user {

TEST_CASE("a change of the configuration is a header that wants no reply") {
  test::SocketPair pair = test::makeSocketPair();
  frontend::Channel frontend(std::move(pair.frontend));
  const Result<BackendChannel> channel = BackendChannel::create(std::move(pair.backend));
  REQUIRE_OK(channel);

  REQUIRE_OK(channel->sendConfigChange());

  const Result<frontend::Answer> received = frontend.receive();
  REQUIRE_OK(received);
  CHECK(received->header.request == 2);
  CHECK(received->header.flags == spec::kVersion);
  CHECK(received->payload.empty());
}

TEST_CASE("what is no stream socket is refused, and a front end that left is an error") {
  CHECK_FALSE(BackendChannel::create(test::makeMemfd(4096, test::Sealed::No)).has_value());
  test::SocketPair pair = test::makeSocketPair();
  const Result<BackendChannel> channel = BackendChannel::create(std::move(pair.backend));
  REQUIRE_OK(channel);
  pair.frontend.reset();
  CHECK_FALSE(channel->sendConfigChange().has_value());
}

} // namespace argon::vhost_user
