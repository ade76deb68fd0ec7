// SPDX-License-Identifier: Apache-2.0
#include "storage/fault_plan.h"

#include "storage/block_store.h"
#include "support/test.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace argon {

namespace {

constexpr std::uint8_t kAll = 0x1f;

StoreRequest requestFor(StoreOperation operation, std::uint64_t offset = 0,
                        std::uint64_t length = 4096) {
  StoreRequest request;
  request.operation = operation;
  request.offsetBytes = operation == StoreOperation::Flush ? 0 : offset;
  request.lengthBytes = operation == StoreOperation::Flush ? 0 : length;
  return request;
}

// Which of `count` reads in a row fires a rule.
std::vector<int> firesFor(FaultPlan& plan, int count) {
  std::vector<int> fired;
  for (int index = 1; index <= count; ++index) {
    if (plan.next(requestFor(StoreOperation::Read), FaultLayer::Device)) {
      fired.push_back(index);
    }
  }
  return fired;
}

} // namespace

TEST_CASE("a plan without rules does nothing") {
  FaultPlan plan(1);

  CHECK_FALSE(plan.next(requestFor(StoreOperation::Write), FaultLayer::Device).has_value());
  CHECK(plan.list().empty());
}

TEST_CASE("a rule is for the operations that it names") {
  for (const StoreOperation named :
       {StoreOperation::Read, StoreOperation::Write, StoreOperation::Flush, StoreOperation::Discard,
        StoreOperation::WriteZeroes}) {
    FaultPlan plan(1);
    CHECK(plan.add({.operations = FaultRule::bitOf(named)}).has_value());
    for (const StoreOperation asked :
         {StoreOperation::Read, StoreOperation::Write, StoreOperation::Flush,
          StoreOperation::Discard, StoreOperation::WriteZeroes}) {
      CHECK(plan.next(requestFor(asked), FaultLayer::Device).has_value() == (named == asked));
    }
  }
}

TEST_CASE("a rule is for the layer that it names") {
  FaultPlan plan(1);
  CHECK(plan.add({.layer = FaultLayer::Disk, .operations = kAll}).has_value());

  CHECK_FALSE(plan.next(requestFor(StoreOperation::Read), FaultLayer::Device).has_value());
  CHECK(plan.next(requestFor(StoreOperation::Read), FaultLayer::Disk).has_value());
}

TEST_CASE("a rule is for requests that touch its range, and for any flush") {
  FaultPlan plan(1);
  CHECK(plan.add({.operations = kAll, .firstByte = 8192, .endByte = 12288}).has_value());

  CHECK_FALSE(
      plan.next(requestFor(StoreOperation::Read, 4096, 4096), FaultLayer::Device).has_value());
  CHECK(plan.next(requestFor(StoreOperation::Read, 4096, 4608), FaultLayer::Device).has_value());
  CHECK(plan.next(requestFor(StoreOperation::Read, 11776, 512), FaultLayer::Device).has_value());
  CHECK_FALSE(
      plan.next(requestFor(StoreOperation::Read, 12288, 512), FaultLayer::Device).has_value());
  CHECK(plan.next(requestFor(StoreOperation::Flush), FaultLayer::Device).has_value());
}

TEST_CASE("a rule fires for the nth, for each so many-th, and so many times") {
  FaultPlan nth(1);
  CHECK(nth.add({.operations = kAll, .nth = 3}).has_value());
  CHECK(firesFor(nth, 9) == std::vector{3});
  FaultPlan every(1);
  CHECK(every.add({.operations = kAll, .every = 4}).has_value());
  CHECK(firesFor(every, 9) == std::vector{4, 8});
  FaultPlan times(1);
  CHECK(times.add({.operations = kAll, .times = 2}).has_value());
  CHECK(firesFor(times, 9) == std::vector{1, 2});
}

TEST_CASE("a rule fires as likely as it says, and the same for the same seed") {
  std::vector<std::vector<int>> runs;
  for (const std::uint64_t seed : {7U, 7U, 8U}) {
    FaultPlan plan(seed);
    CHECK(plan.add({.operations = kAll, .chancePpm = 100'000}).has_value());
    runs.push_back(firesFor(plan, 10'000));
    CHECK(runs.back().size() > 800);
    CHECK(runs.back().size() < 1200);
  }

  CHECK(runs[0] == runs[1]);
  CHECK(runs[0] != runs[2]);
}

TEST_CASE("the first rule that fires decides, and both count") {
  FaultPlan plan(1);
  CHECK(plan.add({.operations = kAll, .nth = 2, .action = FaultAction::NoSpace}).has_value());
  CHECK(plan.add({.operations = kAll, .action = FaultAction::Hang}).has_value());

  CHECK(plan.next(requestFor(StoreOperation::Read), FaultLayer::Device)->action ==
        FaultAction::Hang);
  CHECK(plan.next(requestFor(StoreOperation::Read), FaultLayer::Device)->action ==
        FaultAction::NoSpace);

  const std::vector<FaultPlan::RuleState> states = plan.list();
  REQUIRE(states.size() == 2);
  CHECK(states[0].matchCount == 2);
  CHECK(states[0].hitCount == 1);
  CHECK(states[1].matchCount == 1);
  CHECK(states[1].hitCount == 1);
}

TEST_CASE("rules come and go while the plan is used") {
  FaultPlan plan(1);
  const std::optional<std::uint32_t> first = plan.add({.operations = kAll});
  const std::optional<std::uint32_t> second = plan.add({.operations = kAll});
  REQUIRE(first.has_value());
  REQUIRE(second.has_value());
  CHECK(*first != *second);

  CHECK(plan.remove(*first));
  CHECK_FALSE(plan.remove(*first));
  CHECK(plan.next(requestFor(StoreOperation::Read), FaultLayer::Device).has_value());
  plan.clear();

  CHECK_FALSE(plan.next(requestFor(StoreOperation::Read), FaultLayer::Device).has_value());
  CHECK_FALSE(plan.remove(*second));
}

TEST_CASE("there is an end to rules") {
  FaultPlan plan(1);
  for (std::size_t count = 0; count < FaultPlan::kRuleCountMax; ++count) {
    CHECK(plan.add({.operations = kAll}).has_value());
  }
  CHECK_FALSE(plan.add({.operations = kAll}).has_value());
}

TEST_CASE("delays have the shape that was asked for") {
  FaultRandom random(3);
  using Shape = FaultDelay::Shape;
  const auto meanOf = [&random](const FaultDelay& delay, std::uint64_t& least,
                                std::uint64_t& most) {
    double sum = 0;
    least = ~std::uint64_t{0};
    most = 0;
    for (int count = 0; count < 20'000; ++count) {
      const std::uint64_t chosen = random.delayNs(delay);
      sum += static_cast<double>(chosen);
      least = chosen < least ? chosen : least;
      most = chosen > most ? chosen : most;
    }
    return sum / 20'000;
  };
  std::uint64_t least = 0;
  std::uint64_t most = 0;

  CHECK(meanOf({.shape = Shape::Fixed, .baseNs = 500}, least, most) == doctest::Approx(500));
  CHECK(least == 500);
  CHECK(most == 500);
  CHECK(meanOf({.shape = Shape::Uniform, .baseNs = 1000, .spreadNs = 3000}, least, most) ==
        doctest::Approx(2000).epsilon(0.03));
  CHECK(least >= 1000);
  CHECK(most <= 3000);
  CHECK(meanOf({.shape = Shape::Exponential, .baseNs = 10'000}, least, most) ==
        doctest::Approx(10'000).epsilon(0.05));
  CHECK(most > 50'000);
  CHECK(meanOf({.shape = Shape::Normal, .baseNs = 10'000, .spreadNs = 1000}, least, most) ==
        doctest::Approx(10'000).epsilon(0.03));
  CHECK(least > 4000);
  CHECK(most < 16'000);
}

TEST_CASE("no delay is negative or longer than the longest") {
  FaultRandom random(3);
  for (int count = 0; count < 1000; ++count) {
    CHECK(random.delayNs(
              {.shape = FaultDelay::Shape::Normal, .baseNs = 1, .spreadNs = ~std::uint64_t{0}}) <=
          FaultDelay::kNsMax);
  }
}

TEST_CASE("subscribers hear of a release until they leave; the last release holds for ever") {
  FaultPlan plan(1);
  int count = 0;
  auto subscription = plan.subscribe([&count] { ++count; });

  plan.release();
  CHECK(count == 1);
  CHECK(plan.mayHold());
  plan.releaseForever();
  CHECK(count == 2);
  CHECK_FALSE(plan.mayHold());
  subscription = nullptr;
  plan.release();

  CHECK(count == 2);
}

} // namespace argon
