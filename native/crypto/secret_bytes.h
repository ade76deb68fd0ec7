// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/mapped_region.h"
#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace argon {

/// Memory for key bytes: pages that the kernel keeps out of its own map (memfd_secret), so that
/// neither swap nor a core file nor another process holds them; where that is not to be had, locked
/// pages that are left out of core files. Wiped in a forked child, and zeroed on release.
class SecretBytes {
public:
  /// Zeroed bytes; `sizeBytes` at most a page.
  static Result<SecretBytes> allocate(std::size_t sizeBytes);
  SecretBytes(SecretBytes&&) noexcept = default;
  SecretBytes& operator=(SecretBytes&&) = delete;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  [[nodiscard]] std::span<std::byte> bytes() { return region_.bytes(); }
  [[nodiscard]] std::span<const std::byte> bytes() const { return region_.bytes(); }

  enum class Kind : std::uint8_t { SecretMemory, LockedMemory };
  [[nodiscard]] Kind kind() const { return kind_; }

private:
  SecretBytes(MappedRegion region, Kind kind) : region_(std::move(region)), kind_(kind) {}

  MappedRegion region_;
  Kind kind_;
};

/// Overwrites bytes in a way that the compiler keeps.
void wipe(std::span<std::byte> bytes);

} // namespace argon
