// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <concepts>

namespace argon {

static_assert(std::endian::native == std::endian::little,
              "Le<T> is the identity here; a big-endian host needs byte swaps");

/// A number as virtio lays it out in memory: little-endian, whatever the host is (virtio 1.2, 1.4).
/// In wire structs only.
template <std::unsigned_integral Number>
class Le {
public:
  Le() = default;
  // Implicit, so that fields are assigned to as numbers are.
  constexpr Le(Number value) : raw_(value) {}
  [[nodiscard]] constexpr Number get() const { return raw_; }
  friend constexpr bool operator==(Le, Le) = default;

private:
  Number raw_;
};

} // namespace argon
