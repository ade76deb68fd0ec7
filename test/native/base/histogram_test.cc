// SPDX-License-Identifier: Apache-2.0
#include "base/histogram.h"

#include "support/random.h"
#include "support/test.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace argon {

namespace {

constexpr std::uint64_t kLimit = std::uint64_t{1} << 40;

// What the histogram makes of a value: with a larger one beside it, the upper end of its bucket.
std::uint64_t upperEndOf(std::uint64_t value) {
  Histogram histogram;
  histogram.record(value);
  histogram.record(kLimit * 2);
  return histogram.quantileNs(0.5);
}

// The value at a fraction, from all values in order.
std::uint64_t quantileOf(const std::vector<std::uint64_t>& sorted, double fraction) {
  const auto rank =
      static_cast<std::size_t>(std::ceil(fraction * static_cast<double>(sorted.size())));
  return sorted[std::max<std::size_t>(rank, 1) - 1];
}

} // namespace

TEST_CASE("an empty histogram has no values") {
  const Histogram histogram;

  CHECK(histogram.count() == 0);
  CHECK(histogram.maxNs() == 0);
  CHECK(histogram.quantileNs(0.5) == 0);
  CHECK(histogram.quantileNs(1) == 0);
}

TEST_CASE("small values are kept exactly") {
  for (std::uint64_t value = 0; value < 128; ++value) {
    CHECK(upperEndOf(value) == value);
  }
}

TEST_CASE("any value is known to a 64th") {
  std::vector<std::uint64_t> values;
  for (unsigned power = 0; power < 40; ++power) {
    for (const std::uint64_t near : {0U, 1U, 2U, 3U}) {
      values.push_back((std::uint64_t{1} << power) + near);
      values.push_back((std::uint64_t{2} << power) - 1 - std::min(near, std::uint64_t{1} << power));
    }
  }
  for (const std::uint64_t value : values) {
    CAPTURE(value);
    if (value < kLimit) {
      const std::uint64_t known = upperEndOf(value);
      CHECK(known >= value);
      CHECK(known - value <= value / 64);
    }
  }
}

TEST_CASE("what is above the range counts as the range's end, and as the maximum") {
  Histogram histogram;
  histogram.record(UINT64_MAX);
  histogram.record(kLimit);

  CHECK(histogram.maxNs() == UINT64_MAX);
  CHECK(histogram.quantileNs(1) == kLimit - 1);
}

TEST_CASE("a quantile is never above the maximum") {
  Histogram histogram;
  histogram.record(1'000'001);

  CHECK(histogram.quantileNs(1) == 1'000'001);
  CHECK(histogram.quantileNs(0) == 1'000'001);
}

TEST_CASE("quantiles agree with the sorted values to a 64th") {
  for (const std::uint64_t seed : test::seeds()) {
    CAPTURE(seed);
    test::Random random(seed);
    Histogram histogram;
    std::vector<std::uint64_t> values;
    for (int count = 0; count < 5'000; ++count) {
      values.push_back(random.number() % kLimit);
      histogram.record(values.back());
    }
    std::ranges::sort(values);

    CHECK(histogram.count() == values.size());
    CHECK(histogram.maxNs() == values.back());
    for (const double fraction : {0.0, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0}) {
      CAPTURE(fraction);
      const std::uint64_t exact = quantileOf(values, fraction);
      const std::uint64_t known = histogram.quantileNs(fraction);
      CHECK(known >= exact);
      CHECK(known - exact <= exact / 64);
    }
  }
}

TEST_CASE("merged histograms are one of all values") {
  Histogram left;
  Histogram right;
  Histogram both;
  for (std::uint64_t value = 1; value < 100'000; value = value * 3 / 2 + 1) {
    (value % 2 == 0 ? left : right).record(value);
    both.record(value);
  }

  left.merge(right);

  CHECK(left.count() == both.count());
  CHECK(left.maxNs() == both.maxNs());
  for (const double fraction : {0.1, 0.5, 0.9, 1.0}) {
    CHECK(left.quantileNs(fraction) == both.quantileNs(fraction));
  }
}

TEST_CASE("a cleared histogram is as new") {
  Histogram histogram;
  histogram.record(77);
  histogram.clear();

  CHECK(histogram.count() == 0);
  CHECK(histogram.maxNs() == 0);
  CHECK(histogram.quantileNs(1) == 0);
}

} // namespace argon
