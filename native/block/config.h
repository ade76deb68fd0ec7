// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "virtio/features.h"
#include "virtio/spec/blk.h"

#include <cstdint>

namespace argon::block {

/// What a driver is told of a device.
struct Geometry {
  /// A multiple of 512.
  std::uint64_t sizeBytes = 0;
  std::uint16_t queueCount = 1;
};

/// Data segments of a request that we tell drivers to send at most. One below 128, less two for
/// header and status, is what fits a ring of 128 entries without indirect tables; with them the
/// number is free, and 254 lets a 4 KiB-page guest send 1 MiB at once.
constexpr std::uint32_t kSegmentCountOffered = 254;

/// Bytes of data in one request at most; more is an error of the driver's. Nothing limits a
/// segment, so a cap is needed; arbitrary, far above what a driver that keeps to the number of
/// segments sends in practice (Linux: 1280 KiB).
constexpr std::uint64_t kRequestBytesMax = std::uint64_t{32} * 1024 * 1024;

[[nodiscard]] virtio::FeatureSet offeredFeatures(const Geometry& geometry);
[[nodiscard]] virtio::spec::blk::Config makeConfig(const Geometry& geometry);

} // namespace argon::block
