// SPDX-License-Identifier: Apache-2.0
#include "support/loop_thread.h"

#include "base/check.h"
#include "base/cpu.h"
#include "base/event_loop.h"
#include "base/result.h"

#include <functional>
#include <future>
#include <memory>
#include <utility>

namespace argon::test {

LoopThread::LoopThread() {
  Result<std::unique_ptr<EventLoop>> loop = EventLoop::create();
  ARGON_CHECK(loop.has_value());
  loop_ = *std::move(loop);
  thread_ = startThread("test-session", [this] { loop_->run(); });
}

LoopThread::~LoopThread() {
  loop_->stop();
  thread_.join();
}

void LoopThread::run(const std::function<void()>& task) {
  // Shared, because the loop's thread may still be leaving set_value() when this one goes on.
  auto done = std::make_shared<std::promise<void>>();
  loop_->post([&task, done] {
    task();
    done->set_value();
  });
  done->get_future().wait();
}

} // namespace argon::test
