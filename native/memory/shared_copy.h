// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reading memory that a guest may change at any moment. A value is fetched once, into a local, and
// only the local is checked and used: the compiler must not go back to the source for it either.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

namespace argon {

/// Forgets what the compiler knows about memory, so that it cannot re-read a source of a copy that
/// was made before.
inline void forgetMemory() { asm volatile("" ::: "memory"); }

/// One fetch of a wire struct from shared memory; any alignment. `source` holds sizeof(Struct).
template <typename Struct>
  requires std::is_trivially_copyable_v<Struct>
[[nodiscard]] Struct fetchOnce(const std::byte* source) {
  Struct local{};
  std::memcpy(&local, source, sizeof local);
  forgetMemory();
  return local;
}

/// One store of a value to shared memory, after all stores before it: who finds it there, another
/// process after a crash of ours too, finds those as well. Any alignment.
template <typename Value>
  requires std::is_trivially_copyable_v<Value>
void storeShared(std::byte* target, const Value& value) {
  std::atomic_thread_fence(std::memory_order_release);
  std::memcpy(target, &value, sizeof value);
  forgetMemory();
}

/// An aligned 16-bit ring field.
inline std::atomic_ref<std::uint16_t> sharedU16(std::byte* address) {
  // The rings' alignment is checked when they are set up (virtio 1.2, 2.7).
  return std::atomic_ref<std::uint16_t>(*reinterpret_cast<std::uint16_t*>(address));
}

/// Eight aligned bytes that change together.
inline std::atomic_ref<std::uint64_t> sharedU64(std::byte* address) {
  return std::atomic_ref<std::uint64_t>(*reinterpret_cast<std::uint64_t*>(address));
}

/// A byte of a bitmap that others change too.
inline std::atomic_ref<std::uint8_t> sharedU8(std::byte* address) {
  return std::atomic_ref<std::uint8_t>(*reinterpret_cast<std::uint8_t*>(address));
}

} // namespace argon
