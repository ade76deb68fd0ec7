// SPDX-License-Identifier: Apache-2.0
#pragma once

// Numbers as networks write them, most significant byte first. The spans check their bounds, in
// release too.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace argon::packet {

[[nodiscard]] inline std::uint8_t readU8(std::span<const std::byte> bytes, std::size_t offset) {
  return std::to_integer<std::uint8_t>(bytes[offset]);
}

[[nodiscard]] inline std::uint16_t readBe16(std::span<const std::byte> bytes, std::size_t offset) {
  std::uint16_t raw = 0;
  std::memcpy(&raw, bytes.subspan(offset, sizeof raw).data(), sizeof raw);
  return __builtin_bswap16(raw);
}

[[nodiscard]] inline std::uint32_t readBe32(std::span<const std::byte> bytes, std::size_t offset) {
  std::uint32_t raw = 0;
  std::memcpy(&raw, bytes.subspan(offset, sizeof raw).data(), sizeof raw);
  return __builtin_bswap32(raw);
}

[[nodiscard]] inline std::uint64_t readBe64(std::span<const std::byte> bytes, std::size_t offset) {
  std::uint64_t raw = 0;
  std::memcpy(&raw, bytes.subspan(offset, sizeof raw).data(), sizeof raw);
  return __builtin_bswap64(raw);
}

inline void writeU8(std::span<std::byte> bytes, std::size_t offset, std::uint8_t value) {
  bytes[offset] = std::byte{value};
}

inline void writeBe16(std::span<std::byte> bytes, std::size_t offset, std::uint16_t value) {
  const std::uint16_t raw = __builtin_bswap16(value);
  std::memcpy(bytes.subspan(offset, sizeof raw).data(), &raw, sizeof raw);
}

inline void writeBe32(std::span<std::byte> bytes, std::size_t offset, std::uint32_t value) {
  const std::uint32_t raw = __builtin_bswap32(value);
  std::memcpy(bytes.subspan(offset, sizeof raw).data(), &raw, sizeof raw);
}

inline void writeBe64(std::span<std::byte> bytes, std::size_t offset, std::uint64_t value) {
  const std::uint64_t raw = __builtin_bswap64(value);
  std::memcpy(bytes.subspan(offset, sizeof raw).data(), &raw, sizeof raw);
}

} // namespace argon::packet
