// SPDX-License-Identifier: Apache-2.0
#pragma once

// The loop of a session thread: epoll over sockets, and a mailbox of tasks from other threads.
// Everything but post() and stop() belongs to the thread that calls run().

#include "base/mailbox.h"
#include "base/result.h"
#include "base/unique_fd.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

namespace argon {

/// Told that a watched descriptor is ready. May remove itself or others while being told.
class EventHandler {
public:
  /// `events`: EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR as epoll_wait gave them.
  virtual void onEvents(std::uint32_t events) = 0;

protected:
  ~EventHandler() = default;
};

class EventLoop {
public:
  using Task = std::function<void()>;

  static Result<std::unique_ptr<EventLoop>> create();

  /// Watches `fd` (EPOLLIN …, level-triggered). The handler must outlive the watch.
  [[nodiscard]] Result<void> watch(int fd, std::uint32_t events, EventHandler& handler);
  /// Stops watching. No event that was already collected reaches the handler any more.
  void unwatch(int fd);

  /// Runs `task` on the loop's thread, in order of posting. From any thread; never blocks.
  void post(Task task);

  /// Until stop() is called; runs what was posted before it first.
  void run();
  /// From any thread.
  void stop();
  /// Handles what is ready now and does not wait, in place of run(), for whoever has a loop of
  /// their own. False if nothing was.
  bool runReady();

private:
  // The kernel hands an event's watch back with it, so that an event of a descriptor that was
  // closed meanwhile is not taken for one of its number's next owner.
  struct Watch {
    EventHandler* handler = nullptr;
    std::uint32_t generation = 0;
  };

  EventLoop(UniqueFd epoll, std::unique_ptr<Mailbox<Task>> tasks);
  bool turn(int timeoutMs);
  void runTasks();

  UniqueFd epoll_;
  std::unique_ptr<Mailbox<Task>> tasks_;
  std::vector<Task> taken_;
  std::unordered_map<int, Watch> watches_;
  std::uint32_t nextGeneration_ = 0;
  bool isStopping_ = false;
};

} // namespace argon
