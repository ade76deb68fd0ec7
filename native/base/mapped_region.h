// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace argon {

/// Owns one mmap; unmaps it when it goes. Moves, never copies.
class MappedRegion {
public:
  enum class Access : std::uint8_t { ReadOnly, ReadWrite };

  MappedRegion() = default;
  MappedRegion(MappedRegion&& other) noexcept;
  MappedRegion& operator=(MappedRegion&& other) noexcept;
  MappedRegion(const MappedRegion&) = delete;
  MappedRegion& operator=(const MappedRegion&) = delete;
  ~MappedRegion();

  /// Zeroed private memory of `sizeBytes`, rounded up to pages.
  static Result<MappedRegion> allocate(std::size_t sizeBytes);

  /// Address space for `sizeBytes`, rounded up to pages, that nothing may touch and that costs no
  /// memory until it is committed.
  static Result<MappedRegion> reserve(std::size_t sizeBytes);
  /// Makes the first `sizeBytes` of a reserved region, rounded up to pages, zeroed private memory;
  /// what was committed before keeps its content. One call at a time, while others use the rest.
  [[nodiscard]] Result<void> commit(std::size_t sizeBytes) const;

  /// Maps `sizeBytes` of `fd` from `offsetBytes`, shared. Any offset is good: the mapping starts at
  /// the page before it and bytes() at the offset. Sums that overflow are refused.
  static Result<MappedRegion> mapShared(int fd, std::uint64_t offsetBytes, std::uint64_t sizeBytes,
                                        Access access);

  /// What was asked for; the mapping around it may be larger by part of a page at each end.
  [[nodiscard]] std::span<std::byte> bytes() const { return {start_, sizeBytes_}; }
  /// The whole pages that are mapped.
  [[nodiscard]] std::span<std::byte> pages() const { return {mapping_, mappingBytes_}; }

private:
  static Result<MappedRegion> mapPrivate(std::size_t sizeBytes, int protection);
  void unmap();

  std::byte* mapping_ = nullptr;
  std::size_t mappingBytes_ = 0;
  std::byte* start_ = nullptr;
  std::size_t sizeBytes_ = 0;
};

/// The host's page size in bytes.
[[nodiscard]] std::size_t pageBytes();

} // namespace argon
