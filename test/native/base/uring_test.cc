// SPDX-License-Identifier: Apache-2.0
#include "base/uring.h"

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "support/deadline.h"
#include "support/process.h"
#include "support/test.h"

#include <liburing.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace argon {

namespace {

struct Outcome {
  std::int32_t result = 0;
  std::uint32_t flags = 0;
};

class Completion final : public UringCompletion {
public:
  explicit Completion(std::function<void()> action = nullptr) : action_(std::move(action)) {}
  void onCompletion(std::int32_t result, std::uint32_t flags) override {
    outcomes_.push_back({.result = result, .flags = flags});
    if (action_) action_();
  }
  [[nodiscard]] const std::vector<Outcome>& outcomes() const { return outcomes_; }

private:
  std::function<void()> action_;
  std::vector<Outcome> outcomes_;
};

std::unique_ptr<Uring> makeUring(unsigned entryCount = 8) {
  Result<std::unique_ptr<Uring>> uring = Uring::create(entryCount);
  REQUIRE_OK(uring);
  return *std::move(uring);
}

// Waits and reaps until something was said `count` times.
void await(Uring& uring, const Completion& completion, std::size_t count) {
  const test::Deadline deadline;
  while (completion.outcomes().size() < count && !deadline.isOver()) {
    uring.wait(100'000'000);
    uring.reap();
  }
  REQUIRE(completion.outcomes().size() == count);
}

UniqueFd makeEventFd() {
  Result<UniqueFd> fd = createEventFd();
  REQUIRE_OK(fd);
  return *std::move(fd);
}

void prepareNop(Uring& uring, Completion& completion) {
  io_uring_sqe& entry = uring.next();
  ::io_uring_prep_nop(&entry);
  Uring::attach(entry, completion);
}

} // namespace

TEST_CASE("entries are handed over once as many are prepared as was said, and none before") {
  const std::unique_ptr<Uring> uring = makeUring();
  Completion completion;
  for (int count = 0; count < 2; ++count) {
    prepareNop(*uring, completion);
    uring->submitFrom(3);
  }
  CHECK(uring->reap() == 0);
  prepareNop(*uring, completion);
  uring->submitFrom(3);
  // A no-operation is done within the system call that hands it over.
  CHECK(uring->reap() == 3);
}

TEST_CASE("what was written through an io_uring reads back") {
  const std::unique_ptr<Uring> uring = makeUring();
  const UniqueFd file(::memfd_create("argon-test", MFD_CLOEXEC));
  const std::array<char, 6> written = {'a', 'r', 'g', 'o', 'n', '!'};
  std::array<char, 6> read{};
  Completion writing;
  Completion reading;

  io_uring_sqe& first = uring->next();
  ::io_uring_prep_write(&first, file.get(), written.data(), written.size(), 100);
  Uring::attach(first, writing);
  await(*uring, writing, 1);
  io_uring_sqe& second = uring->next();
  ::io_uring_prep_read(&second, file.get(), read.data(), read.size(), 100);
  Uring::attach(second, reading);
  await(*uring, reading, 1);

  CHECK(writing.outcomes().front().result == 6);
  CHECK(reading.outcomes().front().result == 6);
  CHECK(read == written);
}

TEST_CASE("a failure arrives as a negative errno") {
  const std::unique_ptr<Uring> uring = makeUring();
  Completion completion;
  std::array<char, 6> read{};

  io_uring_sqe& entry = uring->next();
  ::io_uring_prep_read(&entry, -1, read.data(), read.size(), 0);
  Uring::attach(entry, completion);
  await(*uring, completion, 1);

  CHECK(completion.outcomes().front().result == -EBADF);
}

TEST_CASE("nothing is delivered before it is reaped") {
  const std::unique_ptr<Uring> uring = makeUring();
  Completion completion;
  prepareNop(*uring, completion);

  CHECK(uring->reap() == 0);
  uring->wait(std::nullopt);
  CHECK(completion.outcomes().empty());

  CHECK(uring->reap() == 1);
  CHECK(completion.outcomes().size() == 1);
}

TEST_CASE("a submitted operation is done without another wait") {
  const std::unique_ptr<Uring> uring = makeUring();
  Completion completion;
  prepareNop(*uring, completion);
  uring->submit();

  const test::Deadline deadline;
  while (uring->reap() == 0 && !deadline.isOver()) {
  }

  CHECK(completion.outcomes().size() == 1);
}

TEST_CASE("more operations than the queue holds are submitted on the way") {
  const std::unique_ptr<Uring> uring = makeUring(4);
  Completion completion;
  for (int count = 0; count < 25; ++count) {
    prepareNop(*uring, completion);
  }

  await(*uring, completion, 25);
}

TEST_CASE("one reap takes a bounded number of completions") {
  const std::unique_ptr<Uring> uring = makeUring(512);
  Completion completion;
  for (int count = 0; count < 500; ++count) {
    prepareNop(*uring, completion);
  }
  uring->submit();

  CHECK(uring->reap() == 256);
  CHECK(uring->reap() == 244);
  CHECK(uring->reap() == 0);
}

TEST_CASE("a completion may start the next operation") {
  const std::unique_ptr<Uring> uring = makeUring(2);
  int left = 20;
  std::function<void()> goOn;
  Completion completion([&goOn] { goOn(); });
  goOn = [&] {
    if (--left > 0) {
      prepareNop(*uring, completion);
    }
  };
  prepareNop(*uring, completion);

  await(*uring, completion, 20);
}

TEST_CASE("an operation that nobody asked about completes in silence") {
  const std::unique_ptr<Uring> uring = makeUring();
  Completion completion;
  io_uring_sqe& entry = uring->next();
  ::io_uring_prep_nop(&entry);
  Uring::detach(entry);
  prepareNop(*uring, completion);

  await(*uring, completion, 1);
}

TEST_CASE("a wait with nothing to wait for ends when its time is over") {
  const std::unique_ptr<Uring> uring = makeUring();
  const std::uint64_t start = monotonicNs();

  uring->wait(20'000'000);

  CHECK(monotonicNs() - start >= 20'000'000);
  CHECK(uring->reap() == 0);
}

TEST_CASE("a wait of no time returns at once") {
  const std::unique_ptr<Uring> uring = makeUring();
  uring->wait(0);
  CHECK(uring->reap() == 0);
}

TEST_CASE("a wait ends early when something completes") {
  const std::unique_ptr<Uring> uring = makeUring();
  Completion completion;
  prepareNop(*uring, completion);
  const std::uint64_t start = monotonicNs();

  uring->wait(9'000'000'000);

  CHECK(monotonicNs() - start < 9'000'000'000);
  CHECK(uring->reap() == 1);
}

TEST_CASE("a poll hears of each signal until it is canceled") {
  const std::unique_ptr<Uring> uring = makeUring();
  const UniqueFd fd = makeEventFd();
  Completion poll;
  io_uring_sqe& entry = uring->next();
  ::io_uring_prep_poll_multishot(&entry, fd.get(), POLLIN);
  Uring::attach(entry, poll);
  uring->submit();
  CHECK(uring->reap() == 0);

  for (std::size_t count = 1; count <= 3; ++count) {
    signalEventFd(fd.get());
    await(*uring, poll, count);
    CHECK(poll.outcomes().back().result == POLLIN);
    CHECK((poll.outcomes().back().flags & IORING_CQE_F_MORE) != 0);
    std::uint64_t value = 0;
    CHECK(::read(fd.get(), &value, sizeof value) == sizeof value);
  }
  uring->cancelPoll(poll);
  await(*uring, poll, 4);

  CHECK(poll.outcomes().back().result == -ECANCELED);
  CHECK((poll.outcomes().back().flags & IORING_CQE_F_MORE) == 0);
}

TEST_CASE("only the poll that is named is canceled") {
  const std::unique_ptr<Uring> uring = makeUring();
  const UniqueFd fd = makeEventFd();
  std::array<Completion, 2> polls;
  for (Completion& poll : polls) {
    io_uring_sqe& entry = uring->next();
    ::io_uring_prep_poll_multishot(&entry, fd.get(), POLLIN);
    Uring::attach(entry, poll);
  }
  uring->submit();

  uring->cancelPoll(polls[0]);
  await(*uring, polls[0], 1);
  signalEventFd(fd.get());
  await(*uring, polls[1], 1);

  CHECK(polls[0].outcomes().front().result == -ECANCELED);
  CHECK(polls[1].outcomes().front().result == POLLIN);
}

TEST_CASE("an io_uring may go while operations are under way") {
  const UniqueFd fd = makeEventFd();
  Completion poll;
  {
    const std::unique_ptr<Uring> uring = makeUring();
    io_uring_sqe& entry = uring->next();
    ::io_uring_prep_poll_add(&entry, fd.get(), POLLIN);
    Uring::attach(entry, poll);
    uring->submit();
  }
  signalEventFd(fd.get());

  CHECK(poll.outcomes().empty());
}

TEST_CASE("an io_uring of impossible size is refused") {
  CHECK_FALSE(Uring::create(0));
  CHECK_FALSE(Uring::create(1U << 30));
}

TEST_CASE("an io_uring leaves no descriptor behind") {
  const std::size_t before = test::openFdCount();
  for (int count = 0; count < 3; ++count) {
    const std::unique_ptr<Uring> uring = makeUring();
  }
  static_cast<void>(Uring::create(1U << 30));

  CHECK(test::openFdCount() == before);
}

} // namespace argon
