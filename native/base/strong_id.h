// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>

namespace argon {

/// A number that cannot be taken for another kind of number. `Tag` is any type, used as a name.
template <typename Tag, typename Number>
class StrongId {
public:
  constexpr StrongId() = default;
  constexpr explicit StrongId(Number value) : value_(value) {}
  [[nodiscard]] constexpr Number get() const { return value_; }
  friend constexpr auto operator<=>(StrongId, StrongId) = default;

private:
  Number value_{};
};

} // namespace argon
