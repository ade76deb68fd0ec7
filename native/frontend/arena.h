// SPDX-License-Identifier: Apache-2.0
#pragma once

// Guest memory of a front end of ours: a memfd, handed to the back end as one or two memory regions
// that are neighbors in guest addresses, from which rings and buffers are cut. Two regions are for
// buffers that cross a border.

#include "base/mapped_region.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "memory/guest_address.h"
#include "memory/memory_region.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace argon::frontend {

/// A piece of the arena, in both views.
struct ArenaBlock {
  GuestAddress address;
  std::span<std::byte> bytes;
};

class Arena {
public:
  /// Not 0, so that a guest address is never mistaken for an offset.
  static constexpr GuestAddress kGuestStart{0x1'0000'0000};

  enum class Sealing : std::uint8_t { Sealed, Unsealed };
  struct Options {
    /// Rounded up to pages. With two regions each has half.
    std::size_t sizeBytes = 0;
    std::size_t regionCount = 1;
    Sealing sealing = Sealing::Sealed;
    /// Which of the places for arenas in guest addresses: two of one session must differ.
    unsigned place = 0;
    /// The guest address of place 0.
    GuestAddress guestStart = kGuestStart;
  };

  static Result<std::unique_ptr<Arena>> create(const Options& options);

  /// The next free piece; Exhausted when the arena is full. `alignment` is a power of two.
  [[nodiscard]] Result<ArenaBlock> allocate(std::size_t sizeBytes, std::size_t alignment);
  /// Frees everything that was allocated after `mark` was taken.
  [[nodiscard]] std::size_t mark() const { return usedBytes_; }
  void releaseTo(std::size_t mark) { usedBytes_ = mark; }

  [[nodiscard]] const std::vector<RegionDescription>& regions() const { return regions_; }
  [[nodiscard]] int fd() const { return file_.get(); }
  [[nodiscard]] std::span<std::byte> bytes() const { return mapping_.bytes(); }
  [[nodiscard]] GuestAddress startAddress() const { return regions_.front().guestStart; }
  /// The guest address behind the last byte.
  [[nodiscard]] GuestAddress endAddress() const;
  /// Where region 1 starts, if there is one; else endAddress().
  [[nodiscard]] GuestAddress borderAddress() const;
  /// What SET_VRING_ADDR calls a guest address.
  [[nodiscard]] FrontendAddress frontendAddressOf(GuestAddress address) const;

private:
  Arena(UniqueFd file, MappedRegion mapping, std::vector<RegionDescription> regions);

  UniqueFd file_;
  MappedRegion mapping_;
  std::vector<RegionDescription> regions_;
  std::size_t usedBytes_ = 0;
};

} // namespace argon::frontend
