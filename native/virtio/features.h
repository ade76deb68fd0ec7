// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace argon::virtio {

/// A set of feature bits. Bit numbers come from the spec files.
class FeatureSet {
public:
  constexpr FeatureSet() = default;
  constexpr explicit FeatureSet(std::uint64_t bits) : bits_(bits) {}

  [[nodiscard]] constexpr bool has(unsigned bit) const { return (bits_ >> bit & 1U) != 0; }
  [[nodiscard]] constexpr FeatureSet with(unsigned bit) const {
    return FeatureSet(bits_ | std::uint64_t{1} << bit);
  }
  [[nodiscard]] constexpr FeatureSet without(unsigned bit) const {
    return FeatureSet(bits_ & ~(std::uint64_t{1} << bit));
  }
  /// What both have.
  [[nodiscard]] constexpr FeatureSet commonWith(FeatureSet other) const {
    return FeatureSet(bits_ & other.bits_);
  }
  /// True if every bit here is in `other`: a driver may only accept what was offered
  /// (virtio 1.2, 2.2.1).
  [[nodiscard]] constexpr bool isSubsetOf(FeatureSet other) const {
    return (bits_ & ~other.bits_) == 0;
  }
  [[nodiscard]] constexpr std::uint64_t bits() const { return bits_; }
  friend constexpr bool operator==(FeatureSet, FeatureSet) = default;

private:
  std::uint64_t bits_ = 0;
};

} // namespace argon::virtio
