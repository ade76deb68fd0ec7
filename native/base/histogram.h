// SPDX-License-Identifier: Apache-2.0
#pragma once

// Log-linear histograms: 2^StepBits linear steps in each power of two, so that a value is known to
// one part in 2^StepBits. One thread writes, with no lock and no atomic read-modify-write; any
// thread reads at any time. Fixed size, zero in fresh memory, no pointers: a histogram can lie in a
// page shared with another process, and costs only the pages of buckets that were ever hit.

#include "base/counter.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace argon {

/// What a histogram held when it was read. Plain values in the histogram's unit.
class HistogramSnapshot {
public:
  struct Bucket {
    /// The largest value that falls into the bucket.
    std::uint64_t upperEnd;
    std::uint64_t count;
    friend bool operator==(const Bucket&, const Bucket&) = default;
  };

  HistogramSnapshot() = default;
  /// `buckets` in the order of their ends, each with a count above 0.
  HistogramSnapshot(std::vector<Bucket> buckets, std::uint64_t sum, std::uint64_t max);

  /// Adds what another one holds; it may be of another precision.
  void merge(const HistogramSnapshot& other);

  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// Of the exact values, not of the buckets' ends.
  [[nodiscard]] std::uint64_t sum() const { return sum_; }
  [[nodiscard]] std::uint64_t max() const { return max_; }
  [[nodiscard]] std::span<const Bucket> buckets() const { return buckets_; }
  /// The value that `fraction` (0 to 1) of all records do not exceed: the upper end of its bucket,
  /// and never more than max(). 0 if there are no records.
  [[nodiscard]] std::uint64_t quantile(double fraction) const;
  /// `{"count":3,"sum":12,"max":7,"buckets":[[2,1],[7,2]]}`: pairs of upper end and count.
  [[nodiscard]] std::string toJson() const;

private:
  std::vector<Bucket> buckets_;
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t max_ = 0;
};

/// Values of 2^PowerMax and more count as 2^PowerMax - 1, and as themselves in sum and maximum.
template <unsigned StepBits, unsigned PowerMax>
class Histogram {
public:
  static constexpr std::size_t kBucketCount = std::size_t{PowerMax - StepBits + 1} << StepBits;

  /// Writer only. Records `value` as if it came `count` times.
  void record(std::uint64_t value, std::uint64_t count = 1) {
    buckets_[indexOf(value)].add(count);
    sum_.add(value * count);
    if (value > max_.get()) {
      max_.set(value);
    }
  }

  /// Any thread. Beside a writer, each record is in or not, but sum and maximum may be of another
  /// moment than the buckets.
  [[nodiscard]] HistogramSnapshot read() const {
    std::vector<HistogramSnapshot::Bucket> hit;
    for (std::size_t index = 0; index < kBucketCount; ++index) {
      if (const std::uint64_t count = buckets_[index].get(); count > 0) {
        hit.push_back({.upperEnd = upperEndOf(index), .count = count});
      }
    }
    return {std::move(hit), sum_.get(), max_.get()};
  }

  // Values below 2^StepBits have a bucket each. Above, the top bit picks the power and the bits
  // after it the step. With 6 step bits 1000 = 0b1111101000 has its top bit at 9, so steps are 8
  // wide and it falls in 1000..1007.
  [[nodiscard]] static constexpr std::size_t indexOf(std::uint64_t value) {
    constexpr std::uint64_t kStepCount = std::uint64_t{1} << StepBits;
    if (value < kStepCount) {
      return static_cast<std::size_t>(value);
    }
    const std::uint64_t capped = std::min(value, (std::uint64_t{1} << PowerMax) - 1);
    const auto shift = static_cast<unsigned>(std::bit_width(capped)) - 1 - StepBits;
    return static_cast<std::size_t>((std::uint64_t{shift} << StepBits) + (capped >> shift));
  }
  [[nodiscard]] static constexpr std::uint64_t upperEndOf(std::size_t index) {
    constexpr std::size_t kStepCount = std::size_t{1} << StepBits;
    if (index < 2 * kStepCount) {
      return index;
    }
    const std::size_t shift = index / kStepCount - 1;
    const std::uint64_t step = index % kStepCount + kStepCount;
    return ((step + 1) << shift) - 1;
  }

private:
  std::array<Counter, kBucketCount> buckets_{};
  Counter sum_;
  Counter max_;
};

/// Durations known to 1.6 %, from 1 ns to 18 minutes, in 18 KiB: for what measures others.
using FineHistogram = Histogram<6, 40>;
/// Durations known to 12.5 %, from 1 ns to 68 s, in 2.2 KiB: for the data path, where each device
/// has several.
using CompactHistogram = Histogram<3, 36>;

} // namespace argon
