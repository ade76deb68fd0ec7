// SPDX-License-Identifier: Apache-2.0
#pragma once

// The file that keeps a volume's allocation map: a header page, then the bits, a page for each
// 32768 units. Every field of the header is known beforehand from the volume, so a header is either
// what it must be or the file is not this volume's; but for the number of units that it was made
// with, and a number that whoever opens it to write draws, and writes (map_memory.h). A file longer
// than its volume needs is good: a growth that was cut off leaves one. Bits need no checksum and no
// journal: each stands for itself, both of its values are right for a unit that no completed flush
// covers, and a torn page holds old and new bits only.

#include "base/result.h"
#include "storage/allocation_map.h"
#include "storage/map_memory.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace argon {

/// Bytes before the bits.
constexpr std::uint64_t kMapHeaderBytes = AllocationMap::kPageBytes;

/// Makes the map file of an empty volume, its space allocated, so that no flush finds a full disk.
/// Durable when it returns (the folder's entry is the caller's affair). `volumeId` has 20 bytes.
[[nodiscard]] Result<void> createMapFile(const std::string& path, std::uint64_t unitCount,
                                         std::string_view volumeId);

/// Reads a map to go on writing it, with the working copy in `memory` if that is not null: as it is
/// there if it is the volume's, else anew from the file. What the file holds is made durable first.
/// Corrupt if the file is another volume's,
/// was made for more units, or is cut short. The caller has locked the file, so that nobody else
/// writes to it or to the memory.
[[nodiscard]] Result<std::unique_ptr<AllocationMap>> openMapFile(const std::string& path,
                                                                 std::uint64_t unitCount,
                                                                 std::string_view volumeId,
                                                                 std::unique_ptr<MapMemory> memory);

/// Size of the map file of a volume.
[[nodiscard]] std::uint64_t mapFileBytes(std::uint64_t unitCount);

} // namespace argon
