// SPDX-License-Identifier: Apache-2.0
#include "base/histogram.h"

#include "base/cpu.h"
#include "support/random.h"
#include "support/test.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace argon {

namespace {

using Bucket = HistogramSnapshot::Bucket;

// The value at a fraction, from all values in order.
std::uint64_t quantileOf(const std::vector<std::uint64_t>& sorted, double fraction) {
  const auto rank =
      static_cast<std::size_t>(std::ceil(fraction * static_cast<double>(sorted.size())));
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

template <unsigned StepBits, unsigned PowerMax>
void checkEveryBucket() {
  using Tested = Histogram<StepBits, PowerMax>;
  std::uint64_t below = 0;
  for (std::size_t index = 0; index < Tested::kBucketCount; ++index) {
    CAPTURE(index);
    const std::uint64_t end = Tested::upperEndOf(index);
    if (index > 0) {
      REQUIRE(end > below);
      // The bucket begins where the one before ends, and its width is within the precision.
      REQUIRE(Tested::indexOf(below + 1) == index);
      REQUIRE(end - (below + 1) <= (below + 1) >> StepBits);
    }
    REQUIRE(Tested::indexOf(end) == index);
    below = end;
  }
  CHECK(below == (std::uint64_t{1} << PowerMax) - 1);
  CHECK(Tested::indexOf(UINT64_MAX) == Tested::kBucketCount - 1);
}

// Against sorted values: quantiles are exact or above by at most the precision.
template <unsigned StepBits, unsigned PowerMax>
void checkQuantiles(std::uint64_t seed) {
  test::Random random(seed);
  Histogram<StepBits, PowerMax> histogram;
  std::vector<std::uint64_t> values;
  std::uint64_t sum = 0;
  for (int round = 0; round < test::rounds(3'000); ++round) {
    const std::uint64_t value = random.number() % (std::uint64_t{1} << PowerMax);
    const std::uint64_t count = random.between(1, 3);
    histogram.record(value, count);
    values.insert(values.end(), count, value);
    sum += value * count;
  }
  std::ranges::sort(values);

  const HistogramSnapshot known = histogram.read();

  CHECK(known.count() == values.size());
  CHECK(known.sum() == sum);
  CHECK(known.max() == values.back());
  for (const double fraction : {0.0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    CAPTURE(fraction);
    const std::uint64_t exact = quantileOf(values, fraction);
    CHECK(known.quantile(fraction) >= exact);
    CHECK(known.quantile(fraction) - exact <= exact >> StepBits);
  }
}

} // namespace

TEST_CASE("an empty histogram has no values") {
  const HistogramSnapshot empty = FineHistogram().read();

  CHECK(empty.count() == 0);
  CHECK(empty.sum() == 0);
  CHECK(empty.max() == 0);
  CHECK(empty.buckets().empty());
  CHECK(empty.quantile(0.5) == 0);
  CHECK(empty.quantile(1) == 0);
}

TEST_CASE("buckets follow each other without a gap, each as narrow as the precision says") {
  checkEveryBucket<6, 40>();
  checkEveryBucket<4, 36>();
  checkEveryBucket<0, 8>();
}

TEST_CASE("quantiles agree with the sorted values to the precision") {
  for (const std::uint64_t seed : test::seeds()) {
    CAPTURE(seed);
    checkQuantiles<6, 40>(seed);
    checkQuantiles<4, 36>(seed);
    checkQuantiles<2, 20>(seed);
  }
}

TEST_CASE("what is above the range counts as the range's end, and as the maximum") {
  FineHistogram histogram;
  histogram.record(UINT64_MAX);
  histogram.record(std::uint64_t{1} << 40);

  CHECK(histogram.read().max() == UINT64_MAX);
  CHECK(histogram.read().quantile(1) == (std::uint64_t{1} << 40) - 1);
}

TEST_CASE("a quantile is never above the maximum") {
  CompactHistogram histogram;
  histogram.record(1'000'001);

  CHECK(histogram.read().quantile(1) == 1'000'001);
  CHECK(histogram.read().quantile(0) == 1'000'001);
}

TEST_CASE("merged snapshots are one of all values") {
  FineHistogram left;
  FineHistogram right;
  FineHistogram both;
  for (std::uint64_t value = 1; value < 100'000; value = value * 3 / 2 + 1) {
    (value % 3 == 0 ? left : right).record(value);
    both.record(value);
  }
  left.record(500);
  right.record(500);
  both.record(500, 2);

  HistogramSnapshot merged = left.read();
  merged.merge(right.read());

  CHECK(merged.count() == both.read().count());
  CHECK(merged.sum() == both.read().sum());
  CHECK(merged.max() == both.read().max());
  CHECK(std::ranges::equal(merged.buckets(), both.read().buckets()));
  merged.merge({});
  CHECK(std::ranges::equal(merged.buckets(), both.read().buckets()));
}

TEST_CASE("snapshots of different precision merge by their buckets' ends") {
  CompactHistogram coarse;
  FineHistogram fine;
  coarse.record(1000); // 992..1023, and 1000..1007 in the fine one.
  fine.record(1000);

  HistogramSnapshot merged = fine.read();
  merged.merge(coarse.read());

  CHECK(std::ranges::equal(merged.buckets(), std::vector<Bucket>{{1007, 1}, {1023, 1}}));
}

TEST_CASE("a snapshot as JSON has its totals and the buckets that were hit") {
  CompactHistogram histogram;
  CHECK(histogram.read().toJson() == R"({"count":0,"sum":0,"max":0,"buckets":[]})");
  histogram.record(2);
  histogram.record(5, 2);
  CHECK(histogram.read().toJson() == R"({"count":3,"sum":12,"max":5,"buckets":[[2,1],[5,2]]})");
}

TEST_CASE("a reader beside the writer sees each record whole, and none lost at the end") {
  constexpr std::uint64_t kRecords = 30'000;
  const auto histogram = std::make_unique<CompactHistogram>();
  std::jthread writer = startThread("writer", [&histogram] {
    for (std::uint64_t number = 0; number < kRecords; ++number) {
      histogram->record(number);
    }
  });

  std::uint64_t before = 0;
  while (before < kRecords) {
    const std::uint64_t count = histogram->read().count();
    REQUIRE(count >= before);
    before = count;
  }
  writer.join();
  CHECK(histogram->read().sum() == kRecords * (kRecords - 1) / 2);
}

} // namespace argon
