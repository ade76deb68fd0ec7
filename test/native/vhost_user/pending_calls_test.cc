// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/pending_calls.h"

#include "support/ring_start.h"
#include "support/test.h"
#include "vhost_user/device.h"

namespace argon::vhost_user {

TEST_CASE("of a ring's call descriptors the newest is taken, by one task") {
  PendingCalls calls(2);
  const SharedFd first = test::makeSharedEventFd();
  const SharedFd second = test::makeSharedEventFd();

  CHECK(calls.put(1, first));
  CHECK_FALSE(calls.put(1, second));
  CHECK(calls.take(1) == second);
  CHECK(first.use_count() == 1);
  CHECK(calls.put(1, first));
  CHECK(calls.take(1) == first);
}

TEST_CASE("rings have call descriptors of their own, and one may be none") {
  PendingCalls calls(2);
  const SharedFd call = test::makeSharedEventFd();

  CHECK(calls.put(0, call));
  CHECK(calls.put(1, nullptr));
  CHECK(calls.take(1) == nullptr);
  CHECK(calls.take(0) == call);
}

} // namespace argon::vhost_user
