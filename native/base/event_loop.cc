// SPDX-License-Identifier: Apache-2.0
#include "base/event_loop.h"

#include "base/check.h"
#include "base/error.h"
#include "base/mailbox.h"
#include "base/result.h"
#include "base/unique_fd.h"

#include <sys/epoll.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace argon {

namespace {

// Tasks come from workers that answer a session's own requests, at most a few a queue: 65,536 is
// far above what 256 queues of 64 devices can have under way, so a full box is a bug of ours.
constexpr std::size_t kTaskCountMax = 65'536;

constexpr int kEventsPerWait = 64; // Arbitrary; epoll hands out the rest the next time.

// What an event carries: generation and number of its descriptor; all ones for the mailbox, which
// is no descriptor's number.
constexpr std::uint64_t kTasksKey = UINT64_MAX;

std::uint64_t keyOf(int fd, std::uint32_t generation) {
  return std::uint64_t{generation} << 32 | static_cast<std::uint32_t>(fd);
}

} // namespace

Result<std::unique_ptr<EventLoop>> EventLoop::create() {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) {
    return Error::fromErrno(errno, "create an epoll instance");
  }
  ARGON_TRY_ASSIGN(std::unique_ptr<Mailbox<Task>> tasks, Mailbox<Task>::create(kTaskCountMax));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kTasksKey;
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, tasks->fd(), &event) != 0) {
    return Error::fromErrno(errno, "watch an event loop's mailbox");
  }
  return std::unique_ptr<EventLoop>(new EventLoop(std::move(epoll), std::move(tasks)));
}

EventLoop::EventLoop(UniqueFd epoll, std::unique_ptr<Mailbox<Task>> tasks)
    : epoll_(std::move(epoll)), tasks_(std::move(tasks)) {}

Result<void> EventLoop::watch(int fd, std::uint32_t events, EventHandler& handler) {
  epoll_event event{};
  event.events = events;
  const Watch next{.handler = &handler, .generation = ++nextGeneration_};
  event.data.u64 = keyOf(fd, next.generation);
  const bool isKnown = watches_.contains(fd);
  if (::epoll_ctl(epoll_.get(), isKnown ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0) {
    return Error::fromErrno(errno, "watch a file descriptor");
  }
  watches_[fd] = next;
  return {};
}

void EventLoop::unwatch(int fd) {
  if (watches_.erase(fd) > 0) {
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  }
}

void EventLoop::post(Task task) { ARGON_CHECK(tasks_->post(std::move(task))); }

void EventLoop::stop() {
  post([this] { isStopping_ = true; });
}

void EventLoop::run() {
  while (!isStopping_) {
    turn(-1);
  }
}

bool EventLoop::runReady() { return turn(0); }

bool EventLoop::turn(int timeoutMs) {
  std::array<epoll_event, kEventsPerWait> events{};
  const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsPerWait, timeoutMs);
  ARGON_CHECK(count >= 0 || errno == EINTR);
  for (int index = 0; index < count; ++index) {
    const epoll_event& event = events[static_cast<std::size_t>(index)];
    if (event.data.u64 == kTasksKey) {
      runTasks();
      continue;
    }
    const auto fd = static_cast<int>(event.data.u64 & UINT32_MAX);
    // A handler that ran before may have removed this one, or put another in its place.
    const auto found = watches_.find(fd);
    if (found != watches_.end() && keyOf(fd, found->second.generation) == event.data.u64) {
      found->second.handler->onEvents(event.events);
    }
  }
  return count > 0;
}

void EventLoop::runTasks() {
  tasks_->take(taken_);
  for (const Task& task : taken_) {
    task();
  }
  taken_.clear();
}

} // namespace argon
