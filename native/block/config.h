// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "virtio/features.h"
#include "virtio/spec/blk.h"

#include <cstdint>

namespace argon::block {

/// What a driver is told of a device.
struct Geometry {
  /// A multiple of blockBytes.
  std::uint64_t sizeBytes = 0;
  std::uint16_t queueCount = 1;
  /// The logical block: 512 or 4096. What a driver asks for is whole blocks.
  std::uint32_t blockBytes = 512;
  bool isReadOnly = false;
};

/// Data segments of a request that we tell drivers to send at most. One below 128, less two for
/// header and status, is what fits a ring of 128 entries without indirect tables; with them the
/// number is free, and 254 lets a 4 KiB-page guest send 1 MiB at once.
constexpr std::uint32_t kSegmentCountOffered = 254;

/// Bytes of data in one request at most; more is an error of the driver's. Nothing limits a
/// segment, so a cap is needed; arbitrary, far above what a driver that keeps to the number of
/// segments sends in practice (Linux: 1280 KiB).
constexpr std::uint64_t kRequestBytesMax = std::uint64_t{32} * 1024 * 1024;

/// Segments of one DISCARD or WRITE_ZEROES request at most.
constexpr std::uint32_t kRangeCountMax = 64;
/// Sectors of one such segment at most: 1 GiB for a DISCARD, which is quick whatever its length;
/// what a data request may have for WRITE_ZEROES, which may have to write them.
constexpr std::uint32_t kDiscardSectorsMax = std::uint32_t{1} << 21;
constexpr std::uint32_t kWriteZeroesSectorsMax =
    static_cast<std::uint32_t>(kRequestBytesMax / virtio::spec::blk::SECTOR_BYTES);

[[nodiscard]] virtio::FeatureSet offeredFeatures(const Geometry& geometry);
/// `isWriteBack`: what the driver reads in the field `writeback` (virtio 1.2, 5.2.4).
[[nodiscard]] virtio::spec::blk::Config makeConfig(const Geometry& geometry, bool isWriteBack);

} // namespace argon::block
