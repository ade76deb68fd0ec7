// SPDX-License-Identifier: Apache-2.0
#include "block/config.h"

#include "virtio/features.h"
#include "virtio/spec/blk.h"
#include "virtio/spec/features.h"

#include <cstdint>

namespace argon::block {

namespace blk = virtio::spec::blk;

namespace {

// 512-byte logical blocks, which firmware insists on, eight of which make the physical block that
// encryption works in: virtio 1.2, 5.2.4, physical_block_exp is the power of two.
constexpr std::uint32_t kLogicalBlockBytes = 512;
constexpr std::uint8_t kPhysicalBlockExponent = 3;
// A write-back cache: durable after FLUSH.
constexpr std::uint8_t kWriteBack = 1;

} // namespace

virtio::FeatureSet offeredFeatures(const Geometry& geometry) {
  const virtio::FeatureSet always = virtio::FeatureSet()
                                        .with(virtio::spec::F_VERSION_1)
                                        .with(virtio::spec::F_INDIRECT_DESC)
                                        .with(virtio::spec::F_EVENT_IDX)
                                        .with(blk::F_SEG_MAX)
                                        .with(blk::F_BLK_SIZE)
                                        .with(blk::F_TOPOLOGY)
                                        .with(blk::F_FLUSH);
  return geometry.queueCount > 1 ? always.with(blk::F_MQ) : always;
}

blk::Config makeConfig(const Geometry& geometry) {
  blk::Config config{};
  config.capacity = geometry.sizeBytes / blk::SECTOR_BYTES;
  config.seg_max = kSegmentCountOffered;
  config.blk_size = kLogicalBlockBytes;
  config.physical_block_exp = kPhysicalBlockExponent;
  config.writeback = kWriteBack;
  config.num_queues = geometry.queueCount;
  return config;
}

} // namespace argon::block
