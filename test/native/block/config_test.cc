// SPDX-License-Identifier: Apache-2.0
#include "block/config.h"

#include "support/test.h"
#include "support/vhost_peer.h"
#include "virtio/features.h"
#include "virtio/spec/blk.h"
#include "virtio/spec/features.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace argon::block {

namespace {

namespace blk = virtio::spec::blk;

// A number as QEMU 7.2 reads it from the bytes that GET_CONFIG brings.
std::uint64_t numberAt(const blk::Config& config, std::size_t offset, std::size_t size) {
  const std::span<const std::byte> bytes = test::bytesOf(config);
  std::uint64_t number = 0;
  for (std::size_t index = 0; index < size; ++index) {
    number |= std::to_integer<std::uint64_t>(bytes[offset + index]) << (8 * index);
  }
  return number;
}

} // namespace

TEST_CASE("the 60 bytes that QEMU 7.2 reads say size, segments, blocks and queues") {
  // Offsets from virtio 1.2, 5.2.4.
  const blk::Config config = makeConfig({.sizeBytes = 0x1'2345'6789 * 512, .queueCount = 7}, true);

  CHECK(numberAt(config, 0, 8) == 0x1'2345'6789); // capacity in sectors
  CHECK(numberAt(config, 8, 4) == 0);             // size_max
  CHECK(numberAt(config, 12, 4) == 254);          // seg_max
  CHECK(numberAt(config, 16, 4) == 0);            // geometry
  CHECK(numberAt(config, 20, 4) == 512);          // blk_size
  CHECK(numberAt(config, 24, 1) == 3);            // physical_block_exp: 4096 bytes
  CHECK(numberAt(config, 25, 1) == 0);            // alignment_offset
  CHECK(numberAt(config, 32, 1) == 1);            // writeback
  CHECK(numberAt(config, 34, 2) == 7);            // num_queues
  CHECK(numberAt(config, 36, 4) == 2'097'152);    // max_discard_sectors: 1 GiB
  CHECK(numberAt(config, 40, 4) == 64);           // max_discard_seg
  CHECK(numberAt(config, 44, 4) == 8);            // discard_sector_alignment
  CHECK(numberAt(config, 48, 4) == 65'536);       // max_write_zeroes_sectors: 32 MiB
  CHECK(numberAt(config, 52, 4) == 64);           // max_write_zeroes_seg
  CHECK(numberAt(config, 56, 1) == 1);            // write_zeroes_may_unmap
}

TEST_CASE("blocks of 4096 bytes are their own physical blocks") {
  const blk::Config config = makeConfig({.sizeBytes = 1 << 20, .blockBytes = 4096}, true);

  CHECK(numberAt(config, 0, 8) == 2'048); // capacity stays in sectors of 512
  CHECK(numberAt(config, 20, 4) == 4'096);
  CHECK(numberAt(config, 24, 1) == 0);
}

TEST_CASE("a device that cannot be written offers nothing that writes") {
  const Geometry geometry{.sizeBytes = 1 << 20, .isReadOnly = true};
  const virtio::FeatureSet features = offeredFeatures(geometry);
  const blk::Config config = makeConfig(geometry, true);

  CHECK(features.has(blk::F_RO));
  CHECK(features.has(blk::F_FLUSH));
  for (const unsigned bit : {blk::F_DISCARD, blk::F_WRITE_ZEROES, blk::F_CONFIG_WCE}) {
    CAPTURE(bit);
    CHECK_FALSE(features.has(bit));
  }
  for (std::size_t offset = 36; offset < 60; ++offset) {
    CAPTURE(offset);
    CHECK(numberAt(config, offset, 1) == 0);
  }
}

TEST_CASE("the cache that the driver chose is what it reads") {
  CHECK(numberAt(makeConfig({.sizeBytes = 512}, false), 32, 1) == 0);
}

TEST_CASE("what the configuration says of a feature stands beside that feature's bit") {
  const virtio::FeatureSet features = offeredFeatures({.sizeBytes = 1 << 20, .queueCount = 1});

  CHECK(features == virtio::FeatureSet()
                        .with(virtio::spec::F_VERSION_1)
                        .with(virtio::spec::F_INDIRECT_DESC)
                        .with(virtio::spec::F_EVENT_IDX)
                        .with(blk::F_SEG_MAX)
                        .with(blk::F_BLK_SIZE)
                        .with(blk::F_TOPOLOGY)
                        .with(virtio::spec::F_RING_PACKED)
                        .with(blk::F_FLUSH)
                        .with(blk::F_CONFIG_WCE)
                        .with(blk::F_DISCARD)
                        .with(blk::F_WRITE_ZEROES));
}

TEST_CASE("several queues are offered as MQ, one is not") {
  CHECK_FALSE(offeredFeatures({.sizeBytes = 512, .queueCount = 1}).has(blk::F_MQ));
  CHECK(offeredFeatures({.sizeBytes = 512, .queueCount = 2}).has(blk::F_MQ));
}

TEST_CASE("the capacity of a very large device is exact") {
  const blk::Config config =
      makeConfig({.sizeBytes = UINT64_MAX / 512 * 512, .queueCount = 1}, true);

  CHECK(config.capacity.get() == UINT64_MAX / 512);
}

} // namespace argon::block
