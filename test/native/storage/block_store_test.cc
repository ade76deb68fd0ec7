// SPDX-License-Identifier: Apache-2.0
#include "storage/block_store.h"

#include "base/error.h"
#include "base/result.h"
#include "base/uring.h"
#include "storage/null_store.h"
#include "support/slow_store.h"
#include "support/test.h"

#include <array>
#include <cstdint>

namespace argon {

namespace {

class Sink final : public StoreSink {
public:
  void onStoreDone(StoreRequest& request, StoreStatus status) override {
    seen_ = &request;
    status_ = status;
  }
  [[nodiscard]] const StoreRequest* seen() const { return seen_; }
  [[nodiscard]] StoreStatus status() const { return status_; }

private:
  const StoreRequest* seen_ = nullptr;
  StoreStatus status_ = StoreStatus::Ok;
};

class Target final : public StoreUringTarget {
public:
  void onUringDone(StoreRequest& request, std::int32_t result) override {
    seen_ = &request;
    result_ = result;
  }
  [[nodiscard]] const StoreRequest* seen() const { return seen_; }
  [[nodiscard]] std::int32_t result() const { return result_; }

private:
  const StoreRequest* seen_ = nullptr;
  std::int32_t result_ = 0;
};

} // namespace

TEST_CASE("a request that is done tells its sink") {
  Sink sink;
  StoreRequest request;
  request.sink = &sink;

  request.done(StoreStatus::NoSpace);

  CHECK(sink.seen() == &request);
  CHECK(sink.status() == StoreStatus::NoSpace);
}

TEST_CASE("a request hands an io_uring's outcome to the store it is with") {
  Target target;
  StoreRequest request;
  request.uringTarget = &target;

  UringCompletion& completion = request;
  completion.onCompletion(-5, 0);

  CHECK(target.seen() == &request);
  CHECK(target.result() == -5);
}

TEST_CASE("a list hands requests out in the order they came") {
  std::array<StoreRequest, 4> requests;
  StoreRequestList list;
  CHECK(list.isEmpty());
  CHECK(list.first() == nullptr);
  for (StoreRequest& request : requests) {
    list.append(request);
  }

  CHECK(list.first() == &requests.front());
  for (StoreRequest& request : requests) {
    CHECK_FALSE(list.isEmpty());
    CHECK(list.takeFirst() == &request);
    CHECK(request.next == nullptr);
  }
  CHECK(list.isEmpty());
  CHECK(list.takeFirst() == nullptr);
}

TEST_CASE("a list can be filled while it is emptied, and again when it is empty") {
  std::array<StoreRequest, 3> requests;
  StoreRequestList list;
  list.append(requests[0]);
  list.append(requests[1]);
  CHECK(list.takeFirst() == &requests.front());
  list.append(requests[2]);
  list.append(requests[0]);

  CHECK(list.takeFirst() == &requests[1]);
  CHECK(list.takeFirst() == &requests[2]);
  CHECK(list.takeFirst() == &requests.front());
  CHECK(list.isEmpty());
  list.append(requests[1]);
  CHECK(list.takeFirst() == &requests[1]);
}

TEST_CASE("operations have names for logs") {
  CHECK(nameOf(StoreOperation::Read) == "read");
  CHECK(nameOf(StoreOperation::Write) == "write");
  CHECK(nameOf(StoreOperation::Flush) == "flush");
  CHECK(nameOf(StoreOperation::Discard) == "discard");
  CHECK(nameOf(StoreOperation::WriteZeroes) == "write zeroes");
}

TEST_CASE("a store that cannot grow says so") {
  test::SlowStore store(4096);

  const Result<void> grown = store.grow(8192);

  REQUIRE_FALSE(grown);
  CHECK(grown.error().kind() == ErrorKind::Unsupported);
  CHECK(grown.error().message() == "slow cannot grow");
}

TEST_CASE("a store grows by whole blocks, and never shrinks") {
  const NullStore store(4096);

  CHECK(checkGrowth(store, 4096));
  CHECK(checkGrowth(store, 4608));
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{3584}, std::uint64_t{4097}}) {
    CAPTURE(size);
    const Result<void> refused = checkGrowth(store, size);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind() == ErrorKind::InvalidArgument);
  }
}

} // namespace argon
