// SPDX-License-Identifier: Apache-2.0
#include "base/unique_fd.h"

#include "base/result.h"
#include "support/process.h"
#include "support/temp_dir.h"
#include "support/test.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace argon {

namespace {

UniqueFd makeEventFd() {
  Result<UniqueFd> fd = createEventFd();
  REQUIRE_OK(fd);
  return *std::move(fd);
}

bool isOpen(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

} // namespace

TEST_CASE("a descriptor is closed with its owner") {
  int number = -1;
  {
    const UniqueFd fd = makeEventFd();
    number = fd.get();
    CHECK(isOpen(number));
  }

  CHECK_FALSE(isOpen(number));
}

TEST_CASE("an owner of nothing is not open") {
  const UniqueFd none;
  CHECK(none.get() == -1);
  CHECK_FALSE(none.isOpen());
  CHECK_FALSE(static_cast<bool>(none));
}

TEST_CASE("a descriptor that moves has one owner") {
  UniqueFd first = makeEventFd();
  const int number = first.get();

  const UniqueFd second(std::move(first));

  // NOLINTNEXTLINE(*-use-after-move,*-cplusplus.Move): what is left behind is what is tested.
  CHECK_FALSE(first.isOpen());
  CHECK(second.get() == number);
  CHECK(isOpen(number));
}

TEST_CASE("assigning closes what was held") {
  UniqueFd first = makeEventFd();
  UniqueFd second = makeEventFd();
  const int closed = first.get();
  const int kept = second.get();

  first = std::move(second);

  CHECK_FALSE(isOpen(closed));
  CHECK(first.get() == kept);
}

TEST_CASE("assigning a descriptor to itself keeps it") {
  UniqueFd fd = makeEventFd();
  const int number = fd.get();
  UniqueFd& same = fd;

  fd = std::move(same);

  CHECK(fd.get() == number);
  CHECK(isOpen(number));
}

TEST_CASE("a released descriptor stays open and is the caller's") {
  UniqueFd fd = makeEventFd();
  const int number = fd.release();

  CHECK_FALSE(fd.isOpen());
  CHECK(isOpen(number));
  CHECK(fd.release() == -1);
  ::close(number);
}

TEST_CASE("a duplicate is the same open file, closed on exec") {
  const UniqueFd fd = makeEventFd();
  const Result<UniqueFd> copy = fd.duplicate();
  REQUIRE_OK(copy);

  signalEventFd(fd.get());

  CHECK(copy->get() != fd.get());
  CHECK((::fcntl(copy->get(), F_GETFD) & FD_CLOEXEC) != 0);
  std::uint64_t count = 0;
  CHECK(::read(copy->get(), &count, sizeof count) == sizeof count);
}

TEST_CASE("nothing cannot be duplicated") { CHECK_FALSE(UniqueFd().duplicate()); }

TEST_CASE("an eventfd does not block and is closed on exec") {
  const UniqueFd fd = makeEventFd();
  std::uint64_t count = 0;

  CHECK(::read(fd.get(), &count, sizeof count) == -1);
  CHECK((::fcntl(fd.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK((::fcntl(fd.get(), F_GETFL) & O_NONBLOCK) != 0);
}

TEST_CASE("signals add up until they are read") {
  const UniqueFd fd = makeEventFd();
  signalEventFd(fd.get());
  signalEventFd(fd.get());

  std::uint64_t count = 0;
  CHECK(::read(fd.get(), &count, sizeof count) == sizeof count);
  CHECK(count == 2);
}

TEST_CASE("signaling a full eventfd, or what is none, returns all the same") {
  const UniqueFd fd = makeEventFd();
  const std::uint64_t full = UINT64_MAX - 1;
  REQUIRE(::write(fd.get(), &full, sizeof full) == sizeof full);

  signalEventFd(fd.get());
  signalEventFd(-1);

  std::uint64_t count = 0;
  CHECK(::read(fd.get(), &count, sizeof count) == sizeof count);
  CHECK(count == full);
}

TEST_CASE("an eventfd is told from every other kind of file") {
  const test::TempDir dir;
  // A name that looks like the kernel's, as far as a file can have it.
  const UniqueFd file(
      ::open(dir.path("anon_inode:[eventfd]").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  const UniqueFd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
  const UniqueFd semaphore(::eventfd(1, EFD_SEMAPHORE | EFD_CLOEXEC));
  REQUIRE(file.isOpen());
  REQUIRE(timer.isOpen());

  CHECK(isEventFd(makeEventFd().get()));
  CHECK(isEventFd(semaphore.get()));
  CHECK_FALSE(isEventFd(file.get()));
  CHECK_FALSE(isEventFd(timer.get()));
  CHECK_FALSE(isEventFd(-1));
}

TEST_CASE("owners leave no descriptor behind") {
  const std::size_t before = test::openFdCount();
  {
    std::vector<UniqueFd> fds;
    for (int count = 0; count < 50; ++count) {
      fds.push_back(makeEventFd());
      Result<UniqueFd> copy = fds.back().duplicate();
      REQUIRE_OK(copy);
      fds.push_back(*std::move(copy));
    }
    CHECK(test::openFdCount() == before + 100);
    fds.erase(fds.begin(), fds.begin() + 30);
    fds.front() = UniqueFd();
  }

  CHECK(test::openFdCount() == before);
}

} // namespace argon
