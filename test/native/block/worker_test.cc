// SPDX-License-Identifier: Apache-2.0
#include "block/worker.h"

#include "base/log.h"
#include "base/poll_window.h"
#include "base/result.h"
#include "block/counters.h"
#include "block/queue.h"
#include "block/request.h"
#include "frontend/arena.h"
#include "frontend/driver_queue.h"
#include "frontend/wait.h"
#include "memory/guest_memory.h"
#include "storage/block_store.h"
#include "support/deadline.h"
#include "support/death.h"
#include "support/process.h"
#include "support/ring_start.h"
#include "support/scripted_store.h"
#include "support/test.h"
#include "vhost_user/device.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace argon::block {

namespace {

std::unique_ptr<Worker> startWorker(PollMode pollMode = PollMode::Off) {
  Result<std::unique_ptr<Worker>> worker =
      Worker::start({.name = "test-worker", .pollMode = pollMode, .cpus = {}});
  REQUIRE_OK(worker);
  return *std::move(worker);
}

// Runs a task on the worker's thread and waits for it.
void runOn(Worker& worker, const std::function<void()>& task) {
  auto done = std::make_shared<std::promise<void>>();
  worker.post([&task, done] {
    task();
    done->set_value();
  });
  done->get_future().wait();
}

// One ring in memory of its own.
struct Ring {
  Ring() : arena(makeArena()), queue(makeQueue(*arena)), memory(test::mapArena(*arena)) {}

  static std::unique_ptr<frontend::Arena> makeArena() {
    Result<std::unique_ptr<frontend::Arena>> made = frontend::Arena::create({.sizeBytes = 1 << 16});
    REQUIRE_OK(made);
    return *std::move(made);
  }
  static frontend::DriverQueue makeQueue(frontend::Arena& arena) {
    Result<frontend::DriverQueue> made = frontend::DriverQueue::create(arena, {.size = 16});
    REQUIRE_OK(made);
    return *std::move(made);
  }
  // A queue over it on `worker`'s thread, which owns it. Gives the memory away.
  BlockQueue* addTo(Worker& worker, StoreChannel* channel) {
    auto made = std::make_unique<BlockQueue>(
        test::makeRingStart(*arena, queue, std::exchange(memory, nullptr),
                            {.kick = kick, .call = call}),
        device, channel, counters, worker, Log(silentLogSink(), "test"));
    BlockQueue* raw = made.get();
    worker.addQueue(std::move(made));
    return raw;
  }

  std::unique_ptr<frontend::Arena> arena;
  frontend::DriverQueue queue;
  std::shared_ptr<const GuestMemory> memory;
  vhost_user::SharedFd kick = test::makeSharedEventFd();
  vhost_user::SharedFd call = test::makeSharedEventFd();
  QueueDevice device{};
  QueueCounters counters{};
};

} // namespace

TEST_CASE("a worker runs tasks on its own named thread, in the order of posting") {
  const std::unique_ptr<Worker> worker = startWorker();
  std::vector<int> order;
  std::string name(16, '\0');
  for (int number = 0; number < 100; ++number) {
    worker->post([&order, number] { order.push_back(number); });
  }

  runOn(*worker, [&name] { ::pthread_getname_np(::pthread_self(), name.data(), name.size()); });

  CHECK(name.substr(0, 11) == "test-worker");
  REQUIRE(order.size() == 100);
  CHECK(std::ranges::is_sorted(order));
  worker->stop();
}

TEST_CASE("tasks may be posted from many threads, and from tasks") {
  for (const PollMode mode : {PollMode::Off, PollMode::Adaptive, PollMode::Always}) {
    const std::unique_ptr<Worker> worker = startWorker(mode);
    std::atomic<int> count = 0;
    {
      std::vector<std::jthread> posters;
      posters.reserve(4);
      for (int poster = 0; poster < 4; ++poster) {
        posters.emplace_back([&worker, &count] {
          for (int number = 0; number < 200; ++number) {
            worker->post([&worker, &count] { worker->post([&count] { ++count; }); });
          }
        });
      }
    }
    CHECK(test::waitUntil([&count] { return count == 800; }));
    worker->stop();
  }
}

TEST_CASE("a worker that cannot have its CPUs does not start, and leaves nothing") {
  const std::size_t before = test::openFdCount();

  const Result<std::unique_ptr<Worker>> worker =
      Worker::start({.name = "test-worker", .pollMode = PollMode::Off, .cpus = {1023}});

  CHECK_FALSE(worker.has_value());
  CHECK(test::openFdCount() == before);
}

TEST_CASE("a worker that stops has closed all it opened") {
  const std::size_t before = test::openFdCount();

  const std::unique_ptr<Worker> worker = startWorker();
  worker->stop();

  // Its mailbox goes with the object.
  CHECK(test::openFdCount() == before + 1);
}

TEST_CASE("all queues of a device share one channel, another store has its own") {
  const std::unique_ptr<Worker> worker = startWorker();
  test::ScriptedStore first(4096);
  test::ScriptedStore second(4096);
  runOn(*worker, [&] {
    const Result<StoreChannel*> one = worker->openChannel(first);
    const Result<StoreChannel*> again = worker->openChannel(first);
    const Result<StoreChannel*> other = worker->openChannel(second);
    REQUIRE_OK(one);
    REQUIRE_OK(again);
    REQUIRE_OK(other);
    CHECK(*one == *again);
    CHECK(*one != *other);
    CHECK(first.openChannelCount() == 1);
    worker->closeChannel(first);
    CHECK(first.openChannelCount() == 0);
    worker->closeChannel(second);
    worker->closeChannel(second);
  });
  worker->stop();
}

TEST_CASE("a channel that cannot be opened is an error, and can be tried again") {
  const std::unique_ptr<Worker> worker = startWorker();
  test::ScriptedStore store(4096);
  store.refuseChannels();
  runOn(*worker, [&] {
    CHECK_FALSE(worker->openChannel(store).has_value());
    CHECK_FALSE(worker->openChannel(store).has_value());
  });
  worker->stop();
}

TEST_CASE("a worker has 1024 requests and as many segment blocks, and no more") {
  const std::unique_ptr<Worker> worker = startWorker();
  runOn(*worker, [&worker] {
    std::vector<BlockRequest*> requests;
    std::vector<SegmentBlock*> blocks;
    for (int count = 0; count < 1024; ++count) {
      requests.push_back(worker->takeRequest());
      REQUIRE(requests.back() != nullptr);
      blocks.push_back(&worker->takeSegmentBlock());
    }
    CHECK(worker->takeRequest() == nullptr);
    worker->giveBackRequest(*requests.back());
    CHECK(worker->takeRequest() == requests.back());
    for (std::size_t index = 0; index < requests.size(); ++index) {
      worker->giveBackRequest(*requests[index]);
      worker->giveBackSegmentBlock(*blocks[index]);
    }
  });
  worker->stop();
}

// The session tells its owner that memory is unmapped when its rings have stopped.
TEST_CASE("a queue and the memory it held are gone when its stop is reported") {
  const std::unique_ptr<Worker> worker = startWorker();
  test::ScriptedStore store(4096);
  Ring ring;
  const std::weak_ptr<const GuestMemory> memory = ring.memory;
  BlockQueue* queue = nullptr;
  runOn(*worker, [&] { queue = ring.addTo(*worker, *worker->openChannel(store)); });
  REQUIRE_FALSE(memory.expired());
  std::promise<bool> wasGone;
  worker->post([&] {
    worker->stopQueue(*queue, [&](std::uint16_t /*next*/) { wasGone.set_value(memory.expired()); });
  });

  CHECK(wasGone.get_future().get());

  runOn(*worker, [&] { worker->closeChannel(store); });
  worker->stop();
}

TEST_CASE("a queue that is added calls its driver, and reports where it stopped") {
  for (const PollMode mode : {PollMode::Off, PollMode::Adaptive, PollMode::Always}) {
    const std::unique_ptr<Worker> worker = startWorker(mode);
    test::ScriptedStore store(4096);
    Ring ring;
    BlockQueue* queue = nullptr;
    runOn(*worker, [&] { queue = ring.addTo(*worker, *worker->openChannel(store)); });
    CHECK(frontend::waitForEvent(ring.call->get(), test::kDeadlineMs));

    std::promise<std::uint16_t> stopped;
    worker->post([&] {
      worker->stopQueue(*queue, [&stopped](std::uint16_t next) { stopped.set_value(next); });
    });

    CHECK(stopped.get_future().get() == 0);
    runOn(*worker, [&] { worker->closeChannel(store); });
    worker->stop();
  }
}

TEST_CASE("a worker that stops with a queue or a channel left is a mistake of ours") {
  test::checkDies("queues_.empty() && channels_.empty()", [] {
    const std::unique_ptr<Worker> worker = startWorker();
    test::ScriptedStore store(4096);
    runOn(*worker, [&] { REQUIRE_OK(worker->openChannel(store)); });
    worker->stop();
  });
}

TEST_CASE("a worker that goes without having been stopped is a mistake of ours") {
  test::checkDies("!thread_.joinable()", [] { startWorker().reset(); });
}

} // namespace argon::block
