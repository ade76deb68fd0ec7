// SPDX-License-Identifier: Apache-2.0

// A crash after every single store of a back end that tracks its chains, for both ring layouts.
// The back end that comes after it takes exactly what the driver has under way, in order and once,
// answers it, and goes on.

#include "base/result.h"
#include "support/random.h"
#include "support/store_steps.h"
#include "support/test.h"
#include "vhost_user/inflight_region.h"
#include "vhost_user/ring_queue.h"
#include "vhost_user/ring_scene.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace argon::vhost_user {

namespace {

using test::RingDriver;
using test::RingScene;
using Content = std::vector<std::byte>;

// Most of the time goes into children, a process a step.
constexpr int kStepCount = 50;

std::vector<std::uint32_t> tagsUnderWay(const RingDriver& driver) {
  std::vector<std::uint32_t> tags;
  for (const auto& [head, offered] : driver.offered()) {
    tags.push_back(offered.tag);
  }
  std::ranges::sort(tags);
  return tags;
}

// Takes all there is, answers it in a random order, each alone or with others, and looks at what
// the driver sees. What went wrong, or nothing.
std::string workOff(RingQueue& queue, RingDriver& driver, test::Random& random) {
  std::vector<RingScene::Taken> taken;
  std::vector<std::uint32_t> tags;
  while (std::optional<RingScene::Taken> chain = RingScene::take(queue)) {
    tags.push_back(chain->tag);
    taken.push_back(*chain);
  }
  if (tags != tagsUnderWay(driver)) {
    return "other chains were taken than those under way, or in another order";
  }
  std::vector<std::uint16_t> batch;
  while (!taken.empty()) {
    const auto which = taken.begin() + static_cast<std::ptrdiff_t>(random.below(taken.size()));
    RingScene::put(queue, *which);
    batch.push_back(which->head);
    taken.erase(which);
    if (driver.reap()) {
      return "an answer was seen before it was published";
    }
    if (taken.empty() || random.chance(60)) {
      static_cast<void>(queue.publish());
      for (const std::uint16_t head : batch) {
        if (driver.reap() != head) {
          return "the driver did not see the answers in order";
        }
      }
      batch.clear();
      if (driver.reap()) {
        return "the driver saw more answers than were given";
      }
    }
  }
  return driver.offered().empty() ? "" : "a chain was not answered";
}

enum class Tracking : std::uint8_t { Kept, Lost };

// What becomes of a ring whose back end left this content behind.
std::string recover(const RingScene& scene, RingDriver driver, const Content& content,
                    Tracking tracking, std::uint64_t seed) {
  std::ranges::copy(content, scene.shared().begin());
  test::Random random(seed);
  try {
    while (driver.reap()) {
      // What was published before the crash.
    }
    Result<RingQueue> queue = tracking == Tracking::Kept ? scene.open() : scene.openUntracked();
    if (!queue) {
      return queue.error().message();
    }
    for (int round = 0; round < 3; ++round) {
      if (std::string problem = workOff(*queue, driver, random); !problem.empty()) {
        return problem;
      }
      while (driver.offer(static_cast<std::uint16_t>(random.between(1, 2)))) {
      }
    }
    return workOff(*queue, driver, random);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

struct Tally {
  std::size_t crashes = 0;
  std::size_t problems = 0;
  std::string firstProblem;
};

class CrashPlay {
public:
  CrashPlay(RingLayout layout, std::uint16_t size, Tracking tracking, std::uint64_t seed)
      : scene_(layout, size), tracking_(tracking), seed_(seed), random_(seed) {}

  Tally run(int stepCount) {
    crashIn([this] { static_cast<void>(scene_.open()); });
    Result<RingQueue> opened = scene_.open();
    REQUIRE_OK(opened);
    queue_.emplace(*std::move(opened));
    for (int count = 0; count < stepCount; ++count) {
      step();
    }
    return tally_;
  }

private:
  void step() {
    switch (random_.below(5)) {
    case 0:
    case 1:
      scene_.driver().offer(static_cast<std::uint16_t>(random_.between(1, 3)));
      return;
    case 2:
      deviceStep([this] {
        if (const std::optional<RingScene::Taken> chain = RingScene::take(*queue_)) {
          taken_.push_back(*chain);
        }
      });
      return;
    case 3: {
      if (taken_.empty()) {
        return;
      }
      const auto which = static_cast<std::ptrdiff_t>(random_.below(taken_.size()));
      deviceStep([this, which] {
        RingScene::put(*queue_, taken_[static_cast<std::size_t>(which)]);
        taken_.erase(taken_.begin() + which);
      });
      return;
    }
    default:
      deviceStep([this] { static_cast<void>(queue_->publish()); });
      while (random_.chance(70) && scene_.driver().reap()) {
      }
    }
  }

  void deviceStep(const std::function<void()>& body) {
    crashIn(body);
    body();
  }

  // Tries every crash within a step; the scene is then as it was.
  void crashIn(const std::function<void()>& body) {
    const std::vector<Content> contents = test::contentsAfterEachStore(scene_.shared(), body);
    for (const Content& content : contents) {
      ++tally_.crashes;
      const std::string problem =
          recover(scene_, scene_.driver(), content, tracking_, seed_ + tally_.crashes);
      if (!problem.empty() && tally_.problems++ == 0) {
        tally_.firstProblem = problem;
      }
    }
    std::ranges::copy(contents.front(), scene_.shared().begin());
  }

  RingScene scene_;
  Tracking tracking_;
  std::uint64_t seed_;
  test::Random random_;
  std::optional<RingQueue> queue_;
  std::vector<RingScene::Taken> taken_;
  Tally tally_;
};

} // namespace

// Under ThreadSanitizer copies go through the C library, which may store a value in pieces; the
// core's own stores are single instructions.
#if !defined(__SANITIZE_THREAD__)
TEST_CASE("after a crash at any store each chain under way is answered once, and in order taken") {
  for (const std::uint64_t seed : test::seeds()) {
    for (const RingLayout layout : {RingLayout::Split, RingLayout::Packed}) {
      // A packed ring's size need not be a power of two.
      const std::uint16_t size = layout == RingLayout::Split ? 4 : 5;
      CAPTURE(seed);
      CAPTURE(static_cast<int>(layout));
      const Tally tally = CrashPlay(layout, size, Tracking::Kept, seed).run(kStepCount);
      // Plays differ; one that hardly crashes would say little.
      CHECK(tally.crashes > kStepCount / 2);
      CHECK(tally.problems == 0);
      CHECK(tally.firstProblem == "");
    }
  }
}
#endif

// The control: without the region the same crashes lose chains.
TEST_CASE("without tracking a crash loses chains") {
  for (const RingLayout layout : {RingLayout::Split, RingLayout::Packed}) {
    CAPTURE(static_cast<int>(layout));
    CHECK(CrashPlay(layout, 8, Tracking::Lost, 1).run(kStepCount).problems > 0);
  }
}

} // namespace argon::vhost_user
