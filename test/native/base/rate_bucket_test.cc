// SPDX-License-Identifier: Apache-2.0
#include "base/rate_bucket.h"

#include "support/deadline.h"
#include "support/random.h"
#include "support/test.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <thread>
#include <vector>

namespace argon {

namespace {

constexpr std::uint64_t kSecondNs = 1'000'000'000;
// Any moment will do; one that is no round number.
constexpr std::uint64_t kStartNs = 123'456'789'123;

RateLimit perSecond(std::uint64_t units, std::uint64_t burst = 0) {
  return {.unitsPerSecond = units, .burstUnits = burst};
}

struct Taken {
  std::uint64_t atNs;
  std::uint64_t units;
};

// The most that was taken within `spanNs`, over all windows that begin with a take.
std::uint64_t busiestWindow(const std::vector<Taken>& taken, std::uint64_t spanNs) {
  std::uint64_t most = 0;
  std::uint64_t sum = 0;
  std::size_t first = 0;
  for (const Taken& last : taken) {
    sum += last.units;
    for (; last.atNs - taken[first].atNs > spanNs; ++first) {
      sum -= taken[first].units;
    }
    most = std::max(most, sum);
  }
  return most;
}

// rate * span, and no less.
std::uint64_t earnedIn(std::uint64_t spanNs, std::uint64_t rate) {
  return static_cast<std::uint64_t>(static_cast<double>(spanNs) * static_cast<double>(rate) / 1e9) +
         1;
}

} // namespace

TEST_CASE("a bucket without a limit gives whatever is asked for") {
  RateBucket bucket;

  for (int count = 0; count < 100; ++count) {
    CHECK(bucket.take(std::numeric_limits<std::uint64_t>::max(), kStartNs) == 0);
  }
  CHECK(bucket.limit() == RateLimit());
}

TEST_CASE("requests are let in at exact distances") {
  RateBucket bucket;
  bucket.setLimit(perSecond(1000), kStartNs);

  CHECK(bucket.take(1, kStartNs) == 0);
  CHECK(bucket.take(1, kStartNs) == kStartNs + 1'000'000);
  CHECK(bucket.take(1, kStartNs + 999'999) == kStartNs + 1'000'000);
  CHECK(bucket.take(1, kStartNs + 1'000'000) == 0);
  CHECK(bucket.take(1, kStartNs + 1'000'000) == kStartNs + 2'000'000);
}

TEST_CASE("a burst is let in at once, and then the rate holds") {
  RateBucket bucket;
  bucket.setLimit(perSecond(100, 10), kStartNs);

  int count = 0;
  while (bucket.take(1, kStartNs) == 0) {
    ++count;
  }

  CHECK(count == 11);
  CHECK(bucket.take(1, kStartNs) == kStartNs + kSecondNs / 100);
}

TEST_CASE("a request larger than the burst is let in and owed") {
  RateBucket bucket;
  bucket.setLimit(perSecond(1000, 10), kStartNs);

  CHECK(bucket.take(5000, kStartNs) == 0);

  CHECK(bucket.take(1, kStartNs + kSecondNs) == kStartNs + 4'990'000'000);
  CHECK(bucket.take(1, kStartNs + 4'990'000'000) == 0);
}

TEST_CASE("one unit a second is a rate, and so are a thousand million") {
  for (const std::uint64_t rate : {1ULL, 3ULL, 1'000'000'000ULL}) {
    CAPTURE(rate);
    RateBucket bucket;
    bucket.setLimit(perSecond(rate), kStartNs);
    CHECK(bucket.take(1, kStartNs) == 0);
    const std::uint64_t expected = kStartNs + (kSecondNs + rate - 1) / rate;
    CHECK(bucket.take(1, kStartNs) == expected);
    CHECK(bucket.take(1, expected) == 0);
  }
}

TEST_CASE("the largest rate, burst and request are taken for what they are worth") {
  RateBucket bucket;
  constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();
  bucket.setLimit(perSecond(1, kHuge), kStartNs);
  CHECK(bucket.take(kHuge, kStartNs) == 0);
  bucket.charge(kHuge, kStartNs);
  bucket.charge(kHuge, kStartNs);

  const std::uint64_t readyNs = bucket.take(1, kStartNs);
  CHECK(readyNs > kStartNs);
  CHECK(readyNs <= kStartNs + 2 * RateBucket::kDebtNsMax);

  bucket.setLimit(perSecond(kHuge, 0), kStartNs);
  CHECK(bucket.take(1, kStartNs + 1) == 0);
}

TEST_CASE("what was given back can be taken again") {
  RateBucket bucket;
  bucket.setLimit(perSecond(10), kStartNs);
  CHECK(bucket.take(7, kStartNs) == 0);
  CHECK(bucket.take(1, kStartNs) != 0);

  bucket.giveBack(7);

  CHECK(bucket.take(1, kStartNs) == 0);
  CHECK(bucket.take(1, kStartNs) == kStartNs + kSecondNs / 10);
}

TEST_CASE("a bucket earns nothing beyond its burst while it is idle") {
  RateBucket bucket;
  bucket.setLimit(perSecond(1000, 5), kStartNs);
  const std::uint64_t later = kStartNs + 100ULL * 24 * 3600 * kSecondNs;

  int count = 0;
  while (bucket.take(1, later) == 0) {
    ++count;
  }

  CHECK(count == 6);
}

TEST_CASE("a higher rate shortens what is owed, a lower one lengthens it") {
  RateBucket bucket;
  bucket.setLimit(perSecond(100), kStartNs);
  CHECK(bucket.take(1000, kStartNs) == 0); // Ten seconds' worth.

  const std::uint64_t then = kStartNs + 4 * kSecondNs; // 600 are owed still.
  bucket.setLimit(perSecond(1000), then);
  CHECK(bucket.take(1, then) == then + 600'000'000);
  bucket.setLimit(perSecond(50), then);
  CHECK(bucket.take(1, then) == then + 12 * kSecondNs);
}

TEST_CASE("a change gives no burst that was spent already") {
  RateBucket bucket;
  bucket.setLimit(perSecond(10, 100), kStartNs);
  std::uint64_t taken = 0;
  for (std::uint64_t round = 0; round < 50; ++round) {
    while (bucket.take(1, kStartNs) == 0) {
      ++taken;
    }
    bucket.setLimit(perSecond(10 + round, round % 2 == 0 ? 50 : 100), kStartNs);
  }

  // The burst and the request that goes over it, and nothing for the changes.
  CHECK(taken == 101);
}

TEST_CASE("no window holds more than rate, burst and a request; and nothing is lost") {
  for (const std::uint64_t seed : test::seeds()) {
    CAPTURE(seed);
    test::Random random(seed);
    for (int round = 0; round < test::rounds(60); ++round) {
      const RateLimit limit = perSecond(random.between(1, 200'000), random.below(5000));
      const std::uint64_t unitsMax = random.between(1, 300);
      RateBucket bucket;
      bucket.setLimit(limit, kStartNs);
      std::vector<Taken> taken;
      std::uint64_t nowNs = kStartNs;
      std::uint64_t total = 0;
      // Always more demand than is let in, so nothing may be lost either.
      for (int count = 0; count < 400; ++count) {
        const std::uint64_t units = random.between(1, unitsMax);
        for (;;) {
          const std::uint64_t readyNs = bucket.take(units, nowNs);
          if (readyNs == 0) {
            break;
          }
          CHECK(readyNs > nowNs);
          // Woken late at times, within what the burst makes good.
          nowNs =
              readyNs + (random.chance(20) && limit.burstUnits > 2
                             ? random.below(limit.burstUnits * kSecondNs / limit.unitsPerSecond / 2)
                             : 0);
        }
        total += units;
        taken.push_back({.atNs = nowNs, .units = units});
      }
      for (const std::uint64_t spanNs : {kSecondNs / 100, kSecondNs, 10 * kSecondNs}) {
        CHECK(busiestWindow(taken, spanNs) <=
              earnedIn(spanNs, limit.unitsPerSecond) + limit.burstUnits + unitsMax);
      }
      const double earned =
          static_cast<double>(nowNs - kStartNs) * static_cast<double>(limit.unitsPerSecond) / 1e9;
      // A sixteenth of a nanosecond may be lost for each request.
      const double lost = 400.0 / 16 * static_cast<double>(limit.unitsPerSecond) / 1e9;
      CHECK(static_cast<double>(total) >= earned - lost - 1);
      CHECK(static_cast<double>(total) <=
            earned + static_cast<double>(limit.burstUnits + unitsMax) + 1);
    }
  }
}

TEST_CASE("through any changes no more is taken than was earned, the largest burst and a request") {
  for (const std::uint64_t seed : test::seeds()) {
    CAPTURE(seed);
    test::Random random(seed);
    for (int round = 0; round < test::rounds(60); ++round) {
      RateBucket bucket;
      std::uint64_t nowNs = kStartNs;
      RateLimit limit = perSecond(random.between(1, 1'000'000), random.below(1000));
      bucket.setLimit(limit, nowNs);
      double earned = 0;
      std::uint64_t burstMax = limit.burstUnits;
      std::uint64_t total = 0;
      for (int step = 0; step < 500; ++step) {
        const std::uint64_t units = random.between(1, 64);
        total += bucket.take(units, nowNs) == 0 ? units : 0;
        const std::uint64_t passedNs = random.below(3'000'000);
        earned += static_cast<double>(passedNs) * static_cast<double>(limit.unitsPerSecond) / 1e9;
        nowNs += passedNs;
        if (random.chance(10)) {
          limit = perSecond(random.between(1, 1'000'000), random.below(1000));
          burstMax = std::max(burstMax, limit.burstUnits);
          bucket.setLimit(limit, nowNs);
        }
      }
      CHECK(static_cast<double>(total) <= earned + static_cast<double>(burstMax + 64) + 1);
    }
  }
}

TEST_CASE("many threads take no more than the rate, while it changes") {
  // The clock is the test's: threads race for what one shared moment lets in.
  RateBucket bucket;
  constexpr std::uint64_t kRate = 1'000'000;
  constexpr std::uint64_t kStepCount = 50;
  constexpr std::uint64_t kUnitsPerStep = 10;
  bucket.setLimit(perSecond(kRate, 100), kStartNs);
  std::atomic<std::uint64_t> nowNs = kStartNs;
  std::atomic<std::uint64_t> total = 0;
  std::atomic<bool> isOver = false;
  {
    std::vector<std::jthread> takers;
    takers.reserve(3);
    for (int count = 0; count < 3; ++count) {
      takers.emplace_back([&] {
        while (!isOver.load()) {
          if (bucket.take(2, nowNs.load()) == 0) {
            total.fetch_add(2);
          }
        }
      });
    }
    for (std::uint64_t step = 1; step <= kStepCount; ++step) {
      nowNs.store(kStartNs + step * 10'000);
      // The same rate, said again with other bursts: no take may slip through between.
      bucket.setLimit(perSecond(kRate, step % 2 == 0 ? 100 : 50), nowNs.load());
      CHECK(test::waitUntil([&] { return total.load() >= step * kUnitsPerStep; }));
    }
    isOver.store(true);
  }

  // What was earned, the larger burst and one request.
  CHECK(total.load() <= kStepCount * kUnitsPerStep + 100 + 2);
}

} // namespace argon
