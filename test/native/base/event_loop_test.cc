// SPDX-License-Identifier: Apache-2.0
#include "base/event_loop.h"

#include "base/cpu.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "support/death.h"
#include "support/test.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace argon {

namespace {

std::unique_ptr<EventLoop> makeLoop() {
  Result<std::unique_ptr<EventLoop>> loop = EventLoop::create();
  REQUIRE_OK(loop);
  return *std::move(loop);
}

UniqueFd makeEventFd() {
  Result<UniqueFd> fd = createEventFd();
  REQUIRE_OK(fd);
  return *std::move(fd);
}

class Handler final : public EventHandler {
public:
  explicit Handler(std::function<void()> action = nullptr) : action_(std::move(action)) {}
  void onEvents(std::uint32_t events) override {
    seen_.push_back(events);
    if (action_) action_();
  }
  [[nodiscard]] const std::vector<std::uint32_t>& seen() const { return seen_; }

private:
  std::function<void()> action_;
  std::vector<std::uint32_t> seen_;
};

} // namespace

TEST_CASE("tasks run in the order of posting, and before a stop that was posted after them") {
  const std::unique_ptr<EventLoop> loop = makeLoop();
  std::vector<int> ran;
  for (int number = 0; number < 100; ++number) {
    loop->post([&ran, number] { ran.push_back(number); });
  }
  loop->stop();

  loop->run();

  REQUIRE(ran.size() == 100);
  for (int number = 0; number < 100; ++number) {
    CHECK(ran[static_cast<std::size_t>(number)] == number);
  }
}

TEST_CASE("tasks of several threads each keep their thread's order") {
  constexpr int kThreadCount = 4;
  constexpr int kTaskCount = 2'000;
  const std::unique_ptr<EventLoop> loop = makeLoop();
  std::array<std::vector<int>, kThreadCount> ran;
  int endedCount = 0;
  std::vector<std::jthread> threads;
  threads.reserve(kThreadCount);
  for (auto& mine : ran) {
    threads.push_back(startThread("poster", [&loop, &mine, &endedCount] {
      for (int number = 0; number < kTaskCount; ++number) {
        loop->post([&mine, number] { mine.push_back(number); });
      }
      loop->post([&loop, &endedCount] {
        if (++endedCount == kThreadCount) {
          loop->stop();
        }
      });
    }));
  }

  loop->run();

  for (const std::vector<int>& mine : ran) {
    REQUIRE(mine.size() == kTaskCount);
    for (int number = 0; number < kTaskCount; ++number) {
      REQUIRE(mine[static_cast<std::size_t>(number)] == number);
    }
  }
}

TEST_CASE("a task may post a task") {
  const std::unique_ptr<EventLoop> loop = makeLoop();
  std::vector<int> ran;
  loop->post([&loop, &ran] {
    ran.push_back(1);
    loop->post([&loop, &ran] {
      ran.push_back(2);
      loop->stop();
    });
  });

  loop->run();

  CHECK(ran == std::vector{1, 2});
}

TEST_CASE("a loop that is turned by hand does what is ready, and never waits") {
  const std::unique_ptr<EventLoop> loop = makeLoop();
  CHECK_FALSE(loop->runReady());
  int ranCount = 0;
  loop->post([&] { ++ranCount; });
  loop->post([&] { ++ranCount; });
  CHECK(loop->runReady());
  CHECK(ranCount == 2);
  CHECK_FALSE(loop->runReady());
}

TEST_CASE("tasks that never ran are dropped with the loop") {
  const auto held = std::make_shared<int>(1);
  {
    const std::unique_ptr<EventLoop> loop = makeLoop();
    loop->post([held] {});
  }

  CHECK(held.use_count() == 1);
}

TEST_CASE("more tasks than can ever be under way are a bug of ours") {
  test::checkDies("tasks_->post", [] {
    const std::unique_ptr<EventLoop> loop = makeLoop();
    for (int count = 0; count <= 65'536; ++count) {
      loop->post([] {});
    }
  });
}

TEST_CASE("a handler is told until the reason is gone") {
  const std::unique_ptr<EventLoop> loop = makeLoop();
  const UniqueFd fd = makeEventFd();
  int count = 0;
  Handler handler([&] {
    if (++count == 3) {
      std::uint64_t value = 0;
      CHECK(::read(fd.get(), &value, sizeof value) == sizeof value);
      loop->stop();
    }
  });
  REQUIRE_OK(loop->watch(fd.get(), EPOLLIN, handler));
  signalEventFd(fd.get());

  loop->run();

  CHECK(handler.seen() == std::vector<std::uint32_t>{EPOLLIN, EPOLLIN, EPOLLIN});
}

TEST_CASE("a handler hears that the other end is gone") {
  const std::unique_ptr<EventLoop> loop = makeLoop();
  std::array<int, 2> ends{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0);
  const UniqueFd near(ends[0]);
  UniqueFd far(ends[1]);
  Handler handler([&loop] { loop->stop(); });
  REQUIRE_OK(loop->watch(near.get(), EPOLLIN, handler));
  far.reset();

  loop->run();

  REQUIRE_FALSE(handler.seen().empty());
  CHECK((handler.seen().front() & EPOLLHUP) != 0);
}

TEST_CASE("watching again replaces events and handler") {
  const std::unique_ptr<EventLoop> loop = makeLoop();
  const UniqueFd fd = makeEventFd();
  Handler first;
  Handler second([&loop] { loop->stop(); });
  REQUIRE_OK(loop->watch(fd.get(), EPOLLIN, first));

  REQUIRE_OK(loop->watch(fd.get(), EPOLLOUT, second));
  loop->run();

  CHECK(first.seen().empty());
  CHECK(second.seen().front() == EPOLLOUT);
}

TEST_CASE("what cannot be watched is an error, and can be tried again") {
  const std::unique_ptr<EventLoop> loop = makeLoop();
  UniqueFd fd = makeEventFd();
  const int number = fd.get();
  fd.reset();
  Handler handler([&loop] { loop->stop(); });
  REQUIRE_FALSE(loop->watch(number, EPOLLIN, handler));

  const UniqueFd again = makeEventFd();
  REQUIRE_OK(loop->watch(again.get(), EPOLLOUT, handler));
  loop->run();

  CHECK_FALSE(handler.seen().empty());
}

TEST_CASE("a handler may stop its own watch") {
  const std::unique_ptr<EventLoop> loop = makeLoop();
  const UniqueFd fd = makeEventFd();
  Handler handler([&] {
    loop->unwatch(fd.get());
    loop->post([&loop] { loop->stop(); });
  });
  REQUIRE_OK(loop->watch(fd.get(), EPOLLOUT, handler));

  loop->run();

  CHECK(handler.seen().size() == 1);
}

TEST_CASE("a handler that another one unwatched hears nothing of an event collected before") {
  const std::unique_ptr<EventLoop> loop = makeLoop();
  const std::array<UniqueFd, 2> fds = {makeEventFd(), makeEventFd()};
  // Whichever comes first unwatches the other.
  Handler first([&] { loop->unwatch(fds[1].get()); });
  Handler second([&] { loop->unwatch(fds[0].get()); });
  REQUIRE_OK(loop->watch(fds[0].get(), EPOLLIN, first));
  REQUIRE_OK(loop->watch(fds[1].get(), EPOLLIN, second));
  signalEventFd(fds[0].get());
  signalEventFd(fds[1].get());
  loop->stop();

  loop->run();

  CHECK(first.seen().size() + second.seen().size() == 1);
}

TEST_CASE("an event of a descriptor that was closed does not reach its number's next owner") {
  const std::unique_ptr<EventLoop> loop = makeLoop();
  const std::array<UniqueFd, 2> fds = {makeEventFd(), makeEventFd()};
  const UniqueFd quiet = makeEventFd();
  Handler next;
  // As a listener does that gives up one session and takes another.
  const auto replace = [&](int number) {
    loop->unwatch(number);
    CHECK(::dup2(quiet.get(), number) == number);
    CHECK_OK(loop->watch(number, EPOLLIN, next));
    loop->post([&loop] { loop->stop(); });
  };
  Handler first([&] { replace(fds[1].get()); });
  Handler second([&] { replace(fds[0].get()); });
  REQUIRE_OK(loop->watch(fds[0].get(), EPOLLIN, first));
  REQUIRE_OK(loop->watch(fds[1].get(), EPOLLIN, second));
  signalEventFd(fds[0].get());
  signalEventFd(fds[1].get());

  loop->run();

  CHECK(next.seen().empty());
}

TEST_CASE("unwatching what is not watched does nothing") {
  const std::unique_ptr<EventLoop> loop = makeLoop();
  loop->unwatch(-1);
  loop->unwatch(12'345);
  loop->stop();
  loop->run();
}

} // namespace argon
