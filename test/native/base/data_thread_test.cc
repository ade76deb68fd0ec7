// SPDX-License-Identifier: Apache-2.0
#include "base/data_thread.h"

#include "base/error.h"
#include "base/poll_window.h"
#include "base/result.h"
#include "base/uring.h"
#include "support/deadline.h"
#include "support/death.h"
#include "support/process.h"
#include "support/test.h"

#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>

namespace argon {

namespace {

// Looks at one number that the test's thread counts up, as if it were a ring.
class NumberWork final : public DataThread::Work {
public:
  Result<void> onStart(Uring& theUring) override {
    if (isRefusing) {
      return Error(ErrorKind::Unsupported, "refused");
    }
    uring = &theUring;
    ++startCount;
    return {};
  }
  bool runRound() override {
    uring->submit();
    uring->reap();
    bool didWork = thread->runTasks();
    for (; seen < offered.load(std::memory_order_acquire); ++seen) {
      didWork = true;
    }
    return didWork;
  }
  bool isLooking() override { return true; }
  bool arm() override {
    ++armCount;
    return seen == offered.load(std::memory_order_acquire) && mayArm;
  }
  void pause() override { ++pauseCount; }
  [[nodiscard]] std::optional<std::uint64_t> sleepNsMax() const override { return 1'000'000; }
  void onStop() override { ++stopCount; }

  DataThread* thread = nullptr;
  Uring* uring = nullptr;
  std::atomic<int> offered = 0;
  std::atomic<int> seen = 0;
  std::atomic<int> armCount = 0;
  std::atomic<int> pauseCount = 0;
  std::atomic<bool> mayArm = true;
  int startCount = 0;
  int stopCount = 0;
  bool isRefusing = false;
};

struct Scene {
  explicit Scene(PollMode mode)
      : thread(work, counters, {.name = "test-data", .pollMode = mode, .cpus = {}}) {
    work.thread = &thread;
  }

  NumberWork work;
  LoopCounters counters;
  DataThread thread;
};

} // namespace

TEST_CASE("a data thread has its name, starts and stops its work once") {
  Scene scene(PollMode::Off);
  REQUIRE_OK(scene.thread.start());
  std::promise<std::string> name;
  scene.thread.post([&name] {
    std::string text(16, '\0');
    ::pthread_getname_np(::pthread_self(), text.data(), text.size());
    name.set_value(text.c_str());
  });

  CHECK(name.get_future().get() == "test-data");
  scene.thread.stop();

  CHECK(scene.work.startCount == 1);
  CHECK(scene.work.stopCount == 1);
}

TEST_CASE("work that cannot start is an error, and leaves no thread") {
  const std::size_t before = test::openFdCount();
  {
    Scene scene(PollMode::Off);
    scene.work.isRefusing = true;
    CHECK(test::messageOf(scene.thread.start()).find("refused") != std::string::npos);
    CHECK(scene.work.stopCount == 0);
  }
  CHECK(test::openFdCount() == before);
}

TEST_CASE("without polling the thread arms before it sleeps, and counts sleeps and busy rounds") {
  Scene scene(PollMode::Off);
  REQUIRE_OK(scene.thread.start());

  CHECK(test::waitUntil([&scene] { return scene.counters.sleeps.get() > 2; }));
  CHECK(scene.work.armCount > 0);
  scene.work.offered = 3;
  CHECK(test::waitUntil([&scene] { return scene.work.seen == 3; }));
  CHECK(test::waitUntil([&scene] { return scene.counters.busyRounds.get() > 0; }));

  scene.thread.stop();
  CHECK(scene.counters.pollHits.get() == 0);
}

TEST_CASE("a thread whose work cannot arm never sleeps") {
  Scene scene(PollMode::Off);
  scene.work.mayArm = false;
  REQUIRE_OK(scene.thread.start());

  CHECK(test::waitUntil([&scene] { return scene.work.pauseCount > 1000; }));

  scene.thread.stop();
  CHECK(scene.counters.sleeps.get() == 0);
}

TEST_CASE("a thread that always polls neither arms nor sleeps, and counts what it found") {
  Scene scene(PollMode::Always);
  REQUIRE_OK(scene.thread.start());
  CHECK(test::waitUntil([&scene] { return scene.work.pauseCount > 100; }));
  scene.work.offered = 1;

  CHECK(test::waitUntil([&scene] { return scene.counters.pollHits.get() > 0; }));

  scene.thread.stop();
  CHECK(scene.work.armCount == 0);
  CHECK(scene.counters.sleeps.get() == 0);
}

TEST_CASE("a data thread that goes without having been stopped is a mistake of ours") {
  test::checkDies("!thread_.joinable()", [] {
    auto scene = std::make_unique<Scene>(PollMode::Off);
    REQUIRE_OK(scene->thread.start());
    scene.reset();
  });
}

} // namespace argon
