// SPDX-License-Identifier: Apache-2.0
#include "base/uring_watch.h"

#include "base/result.h"
#include "base/unique_fd.h"
#include "base/uring.h"
#include "support/death.h"
#include "support/test.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace argon {

namespace {

struct Scene {
  std::unique_ptr<Uring> uring;
  UniqueFd event;
  std::vector<UringWatch::Signal> signals;
  std::unique_ptr<UringWatch> watch;

  Scene() {
    Result<std::unique_ptr<Uring>> made = Uring::create(8);
    REQUIRE_OK(made);
    uring = *std::move(made);
    Result<UniqueFd> fd = createEventFd();
    REQUIRE_OK(fd);
    event = *std::move(fd);
    watch = std::make_unique<UringWatch>(
        *uring, [this](UringWatch::Signal signal) { signals.push_back(signal); });
  }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;
  ~Scene() { end(); }

  void end() const {
    watch->cancel();
    while (watch->isUnderWay()) {
      uring->wait(std::nullopt);
      uring->reap();
    }
  }
  void waitForSignals(std::size_t count) {
    while (signals.size() < count) {
      uring->wait(std::nullopt);
      uring->reap();
    }
  }
};

} // namespace

TEST_CASE("a watch tells of every signal, though nobody reads the eventfd") {
  Scene scene;
  scene.watch->begin(scene.event.get());

  for (std::size_t count = 1; count <= 100; ++count) {
    signalEventFd(scene.event.get());
    scene.waitForSignals(count);
  }

  CHECK(scene.signals == std::vector(100, UringWatch::Signal::Raised));
}

TEST_CASE("a watch tells of a signal that came before it began") {
  Scene scene;
  signalEventFd(scene.event.get());

  scene.watch->begin(scene.event.get());
  scene.waitForSignals(1);

  CHECK(scene.signals.front() == UringWatch::Signal::Raised);
}

TEST_CASE("a watch that was cancelled tells nothing more") {
  Scene scene;
  scene.watch->begin(scene.event.get());
  scene.uring->submit();

  signalEventFd(scene.event.get());
  scene.end();

  CHECK(scene.signals.empty());
  CHECK_FALSE(scene.watch->isUnderWay());
}

TEST_CASE("a descriptor that cannot be watched is told once, and the watch is over") {
  Scene scene;
  const int closed = scene.event.get();
  scene.event = UniqueFd();

  scene.watch->begin(closed);
  scene.waitForSignals(1);

  CHECK(scene.signals == std::vector{UringWatch::Signal::Failed});
  CHECK_FALSE(scene.watch->isUnderWay());
}

TEST_CASE("a watch that goes while it is under way is a mistake of ours") {
  test::checkDies("!isUnderWay_", [] {
    Scene scene;
    scene.watch->begin(scene.event.get());
    scene.watch = nullptr;
  });
}

} // namespace argon
