// SPDX-License-Identifier: Apache-2.0

// The device's queue and the front end's, each against a model of the ring as lists, step by step.

#include "base/result.h"
#include "frontend/arena.h"
#include "frontend/driver_queue.h"
#include "frontend/driver_ring.h"
#include "memory/guest_address.h"
#include "support/random.h"
#include "support/test.h"
#include "virtio/spec/ring.h"
#include "virtio/split_queue.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace argon::virtio {

namespace {

struct Answer {
  std::uint16_t head = 0;
  std::uint32_t lengthBytes = 0;
};

// One side's wish to be told of the other's progress.
struct Wish {
  bool isOn = true;
  std::uint16_t event = 0;

  // By the definition: some step of the walk leaves the event's index behind.
  [[nodiscard]] bool isMet(bool hasEventIdx, std::uint16_t before, std::uint16_t now) const {
    if (!hasEventIdx) {
      return isOn;
    }
    for (std::uint16_t index = before; index != now; ++index) {
      if (index == event) {
        return true;
      }
    }
    return false;
  }
};

class Play {
public:
  Play(std::uint16_t size, bool hasEventIdx, std::uint16_t start, std::uint64_t seed)
      : random_(seed), arena_(makeArena(size)), driver_(makeDriver(*arena_, size, hasEventIdx)),
        hasEventIdx_(hasEventIdx), seenAvailable_(start), seenUsed_(start) {
    driver_.reset(start);
    callWish_.event = 0;
    kickWish_.event = 0;
    Result<SplitQueue> device = SplitQueue::create(
        {.descriptors = bytesAt(driver_.descriptorsAddress(), spec::descriptorTableBytes(size)),
         .available = driver_.availableBytes(),
         .used = driver_.usedBytes()},
        {.size = size, .nextAvailable = start, .hasEventIdx = hasEventIdx});
    REQUIRE_OK(device);
    device_.emplace(*std::move(device));
    nextAvailable_ = nextUsed_ = takenAvailable_ = reapedUsed_ = start;
    CHECK(device_->publishUsed());
  }

  void step() {
    switch (random_.below(9)) {
    case 0:
    case 1:
      offer();
      return;
    case 2:
      publishOffers();
      return;
    case 3:
    case 4:
      take();
      return;
    case 5:
      answer();
      return;
    case 6:
      publishAnswers();
      return;
    case 7:
      reap();
      return;
    default:
      changeWishes();
    }
  }

  [[nodiscard]] bool isOverTheEnd() const { return reapedUsed_ < 32'768; }

private:
  static std::unique_ptr<frontend::Arena> makeArena(std::uint16_t size) {
    Result<std::unique_ptr<frontend::Arena>> arena =
        frontend::Arena::create({.sizeBytes = std::size_t{64} * size + 8192});
    REQUIRE_OK(arena);
    return *std::move(arena);
  }
  static frontend::DriverQueue makeDriver(frontend::Arena& arena, std::uint16_t size,
                                          bool hasEventIdx) {
    Result<frontend::DriverQueue> driver =
        frontend::DriverQueue::create(arena, {.size = size, .hasEventIdx = hasEventIdx});
    REQUIRE_OK(driver);
    return *std::move(driver);
  }
  [[nodiscard]] std::span<std::byte> bytesAt(GuestAddress address, std::size_t count) const {
    return arena_->bytes().subspan(address.get() - arena_->startAddress().get(), count);
  }

  void offer() {
    const std::size_t freeCount = driver_.size() - underWayCount_;
    const std::size_t count = random_.between(1, 3);
    std::vector<frontend::Buffer> buffers(
        count, {.address = arena_->startAddress(), .lengthBytes = 1, .isWritable = true});
    const std::optional<std::uint16_t> head = driver_.add(buffers);
    REQUIRE(head.has_value() == (count <= freeCount));
    if (head) {
      offered_.push_back(*head);
      descriptorCounts_[*head] = count;
      underWayCount_ += count;
      ++nextAvailable_;
    }
  }

  void publishOffers() {
    const bool isKickWanted = driver_.publish();
    REQUIRE(isKickWanted == kickWish_.isMet(hasEventIdx_, seenAvailable_, nextAvailable_));
    seenAvailable_ = nextAvailable_;
    visible_.insert(visible_.end(), offered_.begin(), offered_.end());
    offered_.clear();
  }

  void take() {
    REQUIRE(device_->pendingCount() == visible_.size());
    if (!visible_.empty()) {
      REQUIRE(device_->takeHead() == visible_.front());
      taken_.push_back(visible_.front());
      visible_.pop_front();
      ++takenAvailable_;
    }
    REQUIRE(device_->nextAvailable() == takenAvailable_);
  }

  void answer() {
    if (taken_.empty()) {
      return;
    }
    const auto which = taken_.begin() + static_cast<std::ptrdiff_t>(random_.below(taken_.size()));
    const Answer answer{.head = *which, .lengthBytes = static_cast<std::uint32_t>(random_.next())};
    taken_.erase(which);
    device_->putUsed(answer.head, answer.lengthBytes);
    answered_.push_back(answer);
    ++nextUsed_;
  }

  void publishAnswers() {
    const bool isCallWanted = device_->publishUsed();
    const bool isNew = nextUsed_ != seenUsed_;
    REQUIRE(isCallWanted == (isNew && callWish_.isMet(hasEventIdx_, seenUsed_, nextUsed_)));
    seenUsed_ = nextUsed_;
    REQUIRE(device_->publishedUsed() == seenUsed_);
    reapable_.insert(reapable_.end(), answered_.begin(), answered_.end());
    answered_.clear();
  }

  void reap() {
    const Result<std::optional<frontend::UsedChain>> used = driver_.takeUsed();
    REQUIRE_OK(used);
    REQUIRE(used->has_value() == !reapable_.empty());
    if (used->has_value()) {
      REQUIRE((*used)->head == reapable_.front().head);
      REQUIRE((*used)->lengthBytes == reapable_.front().lengthBytes);
      underWayCount_ -= descriptorCounts_[reapable_.front().head];
      reapable_.pop_front();
      ++reapedUsed_;
    }
  }

  void changeWishes() {
    if (random_.chance(25)) {
      driver_.disableCalls();
      callWish_ = {.isOn = false, .event = static_cast<std::uint16_t>(reapedUsed_ - 1)};
    } else if (random_.chance(33)) {
      REQUIRE(driver_.enableCalls() == !reapable_.empty());
      callWish_ = {.isOn = true, .event = reapedUsed_};
    } else if (random_.chance(50)) {
      device_->disableKicks();
      kickWish_.isOn = false;
    } else {
      REQUIRE(device_->enableKicks() == !visible_.empty());
      kickWish_ = {.isOn = true, .event = takenAvailable_};
    }
  }

  test::Random random_;
  std::unique_ptr<frontend::Arena> arena_;
  frontend::DriverQueue driver_;
  std::optional<SplitQueue> device_;
  bool hasEventIdx_;
  // The model: chains on their way round, and the indexes that each side knows.
  std::deque<std::uint16_t> offered_;
  std::deque<std::uint16_t> visible_;
  std::vector<std::uint16_t> taken_;
  std::deque<Answer> answered_;
  std::deque<Answer> reapable_;
  std::array<std::size_t, 1024> descriptorCounts_{};
  std::size_t underWayCount_ = 0;
  std::uint16_t nextAvailable_ = 0;
  std::uint16_t seenAvailable_ = 0;
  std::uint16_t takenAvailable_ = 0;
  std::uint16_t nextUsed_ = 0;
  std::uint16_t seenUsed_ = 0;
  std::uint16_t reapedUsed_ = 0;
  Wish callWish_;
  Wish kickWish_;
};

} // namespace

TEST_CASE("device and driver go round as a model of the ring does, over the end of its indexes") {
  for (const std::uint64_t seed : test::seeds()) {
    for (const bool hasEventIdx : {false, true}) {
      for (const std::uint16_t size : std::to_array<std::uint16_t>({1, 2, 16, 1'024})) {
        CAPTURE(seed);
        CAPTURE(hasEventIdx);
        CAPTURE(size);
        // A chain is offered in about one step of ten, so each play goes over 65535 in its middle.
        Play play(size, hasEventIdx, static_cast<std::uint16_t>(65'536 - 100), seed);
        for (int count = 0; count < 12'500; ++count) {
          play.step();
        }
        CHECK(play.isOverTheEnd());
      }
    }
  }
}

} // namespace argon::virtio
