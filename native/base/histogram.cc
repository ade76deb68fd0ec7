// SPDX-License-Identifier: Apache-2.0
#include "base/histogram.h"

#include "base/text.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace argon {

HistogramSnapshot::HistogramSnapshot(std::vector<Bucket> buckets, std::uint64_t sum,
                                     std::uint64_t max)
    : buckets_(std::move(buckets)), sum_(sum), max_(max) {
  for (const Bucket& bucket : buckets_) {
    count_ += bucket.count;
  }
}

void HistogramSnapshot::merge(const HistogramSnapshot& other) {
  std::vector<Bucket> merged;
  merged.reserve(buckets_.size() + other.buckets_.size());
  std::size_t mine = 0;
  std::size_t theirs = 0;
  while (mine < buckets_.size() || theirs < other.buckets_.size()) {
    const bool isMine =
        theirs == other.buckets_.size() ||
        (mine < buckets_.size() && buckets_[mine].upperEnd <= other.buckets_[theirs].upperEnd);
    const Bucket& next = isMine ? buckets_[mine++] : other.buckets_[theirs++];
    if (!merged.empty() && merged.back().upperEnd == next.upperEnd) {
      merged.back().count += next.count;
    } else {
      merged.push_back(next);
    }
  }
  buckets_ = std::move(merged);
  count_ += other.count_;
  sum_ += other.sum_;
  max_ = std::max(max_, other.max_);
}

std::uint64_t HistogramSnapshot::quantile(double fraction) const {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(fraction * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (const Bucket& bucket : buckets_) {
    seen += bucket.count;
    if (seen >= wanted) {
      return std::min(bucket.upperEnd, max_);
    }
  }
  return max_;
}

std::string HistogramSnapshot::toJson() const {
  std::string text =
      concat("{\"count\":", count_, ",\"sum\":", sum_, ",\"max\":", max_, ",\"buckets\":[");
  for (const Bucket& bucket : buckets_) {
    text += concat(text.back() == '[' ? "[" : ",[", bucket.upperEnd, ",", bucket.count, "]");
  }
  return text + "]}";
}

} // namespace argon
