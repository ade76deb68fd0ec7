// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bytes of a fuzzer or a random generator, taken from the front as numbers. Where they end there
// are zeros, so that every input means something.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

namespace argon::test {

class ByteSource {
public:
  explicit ByteSource(std::span<const std::byte> bytes) : rest_(bytes) {}

  [[nodiscard]] bool isEmpty() const { return rest_.empty(); }

  template <typename Number>
    requires std::is_trivially_copyable_v<Number>
  [[nodiscard]] Number take() {
    Number number{};
    const std::size_t count = std::min(sizeof number, rest_.size());
    if (count > 0) {
      std::memcpy(&number, rest_.data(), count);
      rest_ = rest_.subspan(count);
    }
    return number;
  }
  [[nodiscard]] std::uint8_t u8() { return take<std::uint8_t>(); }
  [[nodiscard]] std::uint16_t u16() { return take<std::uint16_t>(); }
  [[nodiscard]] std::uint32_t u32() { return take<std::uint32_t>(); }
  [[nodiscard]] std::uint64_t u64() { return take<std::uint64_t>(); }

  /// At most `count` bytes.
  [[nodiscard]] std::span<const std::byte> bytes(std::size_t count) {
    const std::span<const std::byte> taken = rest_.first(std::min(count, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }

  /// One of `choices`, by a byte.
  template <typename Value, std::size_t Count>
  [[nodiscard]] Value pick(const std::array<Value, Count>& choices) {
    return choices[u8() % Count];
  }

private:
  std::span<const std::byte> rest_;
};

} // namespace argon::test
