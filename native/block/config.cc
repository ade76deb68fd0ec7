// SPDX-License-Identifier: Apache-2.0
#include "block/config.h"

#include "virtio/features.h"
#include "virtio/spec/blk.h"
#include "virtio/spec/features.h"

#include <bit>
#include <cstdint>

namespace argon::block {

namespace blk = virtio::spec::blk;

namespace {

// What encryption works in, and what a discard gives back.
constexpr std::uint32_t kPhysicalBlockBytes = 4096;

} // namespace

virtio::FeatureSet offeredFeatures(const Geometry& geometry) {
  const virtio::FeatureSet always = virtio::FeatureSet()
                                        .with(virtio::spec::F_VERSION_1)
                                        .with(virtio::spec::F_INDIRECT_DESC)
                                        .with(virtio::spec::F_EVENT_IDX)
                                        .with(blk::F_SEG_MAX)
                                        .with(blk::F_BLK_SIZE)
                                        .with(blk::F_TOPOLOGY)
                                        .with(virtio::spec::F_RING_PACKED)
                                        .with(blk::F_FLUSH);
  const virtio::FeatureSet features = geometry.queueCount > 1 ? always.with(blk::F_MQ) : always;
  if (geometry.isReadOnly) {
    return features.with(blk::F_RO);
  }
  return features.with(blk::F_CONFIG_WCE).with(blk::F_DISCARD).with(blk::F_WRITE_ZEROES);
}

blk::Config makeConfig(const Geometry& geometry, bool isWriteBack) {
  blk::Config config{};
  config.capacity = geometry.sizeBytes / blk::SECTOR_BYTES;
  config.seg_max = kSegmentCountOffered;
  config.blk_size = geometry.blockBytes;
  // The power of two of logical blocks that make a physical one.
  config.physical_block_exp =
      static_cast<std::uint8_t>(std::countr_zero(kPhysicalBlockBytes / geometry.blockBytes));
  config.writeback = std::uint8_t{isWriteBack};
  config.num_queues = geometry.queueCount;
  if (!geometry.isReadOnly) {
    config.max_discard_sectors = kDiscardSectorsMax;
    config.max_discard_seg = kRangeCountMax;
    config.discard_sector_alignment = kPhysicalBlockBytes / blk::SECTOR_BYTES;
    config.max_write_zeroes_sectors = kWriteZeroesSectorsMax;
    config.max_write_zeroes_seg = kRangeCountMax;
    config.write_zeroes_may_unmap = 1;
  }
  return config;
}

} // namespace argon::block
