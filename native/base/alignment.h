// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace argon {

/// An address in this process as a number, and back.
[[nodiscard]] inline std::uintptr_t addressOf(const void* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer);
}
[[nodiscard]] inline void* pointerTo(std::uintptr_t address) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr): it comes from the kernel as a number.
  return reinterpret_cast<void*>(address);
}

/// True if an address in this process is a multiple of `alignment`, a power of two.
[[nodiscard]] inline bool isAligned(const void* address, std::size_t alignment) {
  return (addressOf(address) & (alignment - 1)) == 0;
}

/// The first byte from `address` on that is a multiple of `alignment`, a power of two.
[[nodiscard]] inline std::byte* alignUp(std::byte* address, std::size_t alignment) {
  return address + (alignment - addressOf(address) % alignment) % alignment;
}

} // namespace argon
