// SPDX-License-Identifier: Apache-2.0
#pragma once

// The working copy of a volume's allocation map in shared memory that outlives the card, so that a
// card which takes over finds the units of every write that was answered. A header page, then the
// bits, as in the map's file.
//
// Whose the bits are is told by openings: whoever opens a map's file draws a number, writes it into
// the file, and notes it here. Memory that knows the number in the file holds what became of the
// volume since it was noted. Any other is stale, because somebody else has had the volume
// meanwhile, or was never filled. To change the number takes two steps, so it is noted twice: as
// the one to come before the file has it, and as the one that holds afterwards. A card that is
// killed in between leaves one of the two in the file.
//
// Nothing of it is durable, and need not be: the memory is gone with the host's power, and the
// number in the file is read through the kernel that it was written through.
//
// untrusted: its header is read once and compared with what is known of the volume; its bits are
// never anything but bits. Used by one card at a time, the one that holds the lock on the map's
// file; its bits by any worker, through AllocationMap.

#include "base/mapped_region.h"
#include "base/result.h"
#include "base/unique_fd.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace argon {

class MapMemory {
public:
  /// Bytes before the bits.
  static constexpr std::uint64_t kHeaderBytes = 4096;

  /// `memory` is a memfd of any size, 0 too, that is sealed against shrinking: PermissionDenied if
  /// it is not, because a mapping that ends early would end the process.
  static Result<std::unique_ptr<MapMemory>> open(UniqueFd memory);

  /// True if the bits are those of this volume as its last user left them; `opening` is the number
  /// in the map's file.
  [[nodiscard]] bool holds(std::string_view volumeId, std::uint64_t opening) const;

  // For whom the bits are good, in this order; whoever is killed between two leaves memory that is
  // good or that is known not to be.

  /// Takes all bits away; the memory is nobody's then.
  [[nodiscard]] Result<void> erase();
  /// `opening` is about to be written to the map's file.
  void announceOpening(std::uint64_t opening);
  /// The file has it, and the bits are this volume's.
  void confirmOpening(std::string_view volumeId, std::uint64_t opening);

  // The bits.

  /// Maps room for so many bytes; what is beyond makeRoom() must not be touched.
  [[nodiscard]] Result<MappedRegion> mapBits(std::uint64_t byteCountMax) const;
  /// Extends the memory, if it must be, to hold so many bytes of bits. One call at a time, while
  /// others use the rest.
  [[nodiscard]] Result<void> makeRoom(std::uint64_t byteCount) const;
  /// Copies bits that there is room for. Reading them through a mapping would take memory for those
  /// that were never set.
  [[nodiscard]] Result<void> readBits(std::uint64_t firstByte, std::span<std::byte> into) const;
  /// Clears all bits from a byte on, the first of a page.
  [[nodiscard]] Result<void> clearFrom(std::uint64_t firstByte) const;

private:
  struct Header;

  MapMemory(UniqueFd memory, MappedRegion headerPage);

  [[nodiscard]] Header& header() const;

  UniqueFd memory_;
  MappedRegion headerPage_;
};

} // namespace argon
