// SPDX-License-Identifier: Apache-2.0
#pragma once

// Log-linear histogram of durations: 64 linear steps in each power of two, so a value is known to
// 1/64 (1.6 %) from 1 ns to 2^40 ns (18 minutes). Fixed size, no allocation after construction.
// One writer; merge and read when the writer has stopped.

#include <cstddef>
#include <cstdint>
#include <vector>

namespace argon {

class Histogram {
public:
  Histogram();

  void record(std::uint64_t valueNs) {
    ++buckets_[indexOf(valueNs)];
    ++count_;
    maxNs_ = valueNs > maxNs_ ? valueNs : maxNs_;
  }
  void merge(const Histogram& other);
  void clear();

  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::uint64_t maxNs() const { return maxNs_; }
  /// The value that `fraction` (0 to 1) of all records do not exceed: the upper end of its bucket,
  /// and never more than maxNs(). 0 if there are no records.
  [[nodiscard]] std::uint64_t quantileNs(double fraction) const;

private:
  static constexpr unsigned kStepBits = 6;
  static constexpr unsigned kPowerMax = 40;
  static constexpr std::size_t kBucketCount = (kPowerMax - kStepBits + 1) << kStepBits;

  [[nodiscard]] static std::size_t indexOf(std::uint64_t valueNs);
  [[nodiscard]] static std::uint64_t upperEndOf(std::size_t index);

  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::uint64_t maxNs_ = 0;
};

} // namespace argon
