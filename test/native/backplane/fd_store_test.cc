// SPDX-License-Identifier: Apache-2.0
#include "backplane/fd_store.h"

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "support/process.h"
#include "support/socket_pair.h"
#include "support/test.h"

#include <unistd.h>

#include <cstddef>
#include <utility>

namespace argon::backplane {

TEST_CASE("a kept descriptor is taken as often as one likes, and stays open until it is dropped") {
  test::SocketPair sockets = test::makeSocketPair();
  FdStore store(2);
  REQUIRE_OK(store.keep("qmp/a", std::move(sockets.backend)));
  CHECK(store.names() == "qmp/a\n");

  for (int round = 0; round < 2; ++round) {
    const Result<UniqueFd> taken = store.take("qmp/a");
    REQUIRE_OK(taken);
    CHECK(::write(taken->get(), "x", 1) == 1);
  }
  char bytes[3] = {};
  CHECK(::read(sockets.frontend.get(), bytes, sizeof bytes) == 2);
  store.drop("qmp/a");
  CHECK(::read(sockets.frontend.get(), bytes, sizeof bytes) == 0);
  CHECK(store.names().empty());
}

TEST_CASE("a store replaces what has the name, and has an end") {
  const std::size_t before = test::openFdCount();
  {
    test::SocketPair first = test::makeSocketPair();
    test::SocketPair second = test::makeSocketPair();
    FdStore store(1);
    REQUIRE_OK(store.keep("b", std::move(first.backend)));
    REQUIRE_OK(store.keep("b", std::move(second.backend)));
    char byte = 0;
    CHECK(::read(first.frontend.get(), &byte, 1) == 0);

    const Result<void> full = store.keep("c", std::move(second.frontend));
    REQUIRE(!full.has_value());
    CHECK(full.error().kind() == ErrorKind::Exhausted);
    CHECK(store.names() == "b\n");
  }
  CHECK(test::openFdCount() == before);
}

TEST_CASE("a store does not have what nobody kept") {
  FdStore store(1);
  const Result<UniqueFd> taken = store.take("a");
  REQUIRE(!taken.has_value());
  CHECK(taken.error().kind() == ErrorKind::NotFound);
  store.drop("a");
}

} // namespace argon::backplane
