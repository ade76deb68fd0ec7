// SPDX-License-Identifier: Apache-2.0
#include "base/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace argon {

Histogram::Histogram() : buckets_(kBucketCount) {}

// Values below 2^6 have a bucket each. Above, the top bit picks the power and the six bits after it
// the step: 1000 = 0b1111101000 has its top bit at 9, so steps are 8 wide and it falls in
// 992..999+8.
std::size_t Histogram::indexOf(std::uint64_t valueNs) {
  constexpr std::uint64_t kStepCount = 1U << kStepBits;
  if (valueNs < kStepCount) {
    return static_cast<std::size_t>(valueNs);
  }
  const std::uint64_t capped = std::min(valueNs, (std::uint64_t{1} << kPowerMax) - 1);
  const auto top = static_cast<unsigned>(std::bit_width(capped)) - 1;
  const unsigned shift = top - kStepBits;
  return static_cast<std::size_t>((std::uint64_t{shift} << kStepBits) + (capped >> shift));
}

std::uint64_t Histogram::upperEndOf(std::size_t index) {
  constexpr std::size_t kStepCount = 1U << kStepBits;
  if (index < 2 * kStepCount) {
    return index;
  }
  const std::size_t shift = index / kStepCount - 1;
  const std::uint64_t step = index % kStepCount + kStepCount;
  return ((step + 1) << shift) - 1;
}

void Histogram::merge(const Histogram& other) {
  for (std::size_t index = 0; index < kBucketCount; ++index) {
    buckets_[index] += other.buckets_[index];
  }
  count_ += other.count_;
  maxNs_ = std::max(maxNs_, other.maxNs_);
}

void Histogram::clear() {
  std::ranges::fill(buckets_, 0);
  count_ = 0;
  maxNs_ = 0;
}

std::uint64_t Histogram::quantileNs(double fraction) const {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(fraction * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t index = 0; index < kBucketCount; ++index) {
    seen += buckets_[index];
    if (seen >= wanted && seen > 0) {
      return std::min(upperEndOf(index), maxNs_);
    }
  }
  return maxNs_;
}

} // namespace argon
