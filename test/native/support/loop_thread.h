// SPDX-License-Identifier: Apache-2.0
#pragma once

// A session thread for a test: an event loop that runs until the object goes.

#include "base/event_loop.h"

#include <functional>
#include <memory>
#include <thread>

namespace argon::test {

class LoopThread {
public:
  LoopThread();
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;
  /// Runs what was posted before and ends.
  ~LoopThread();

  [[nodiscard]] EventLoop& loop() { return *loop_; }
  /// Runs a task on the loop's thread and returns when it is done. From another thread.
  void run(const std::function<void()>& task);

private:
  std::unique_ptr<EventLoop> loop_;
  std::jthread thread_;
};

} // namespace argon::test
