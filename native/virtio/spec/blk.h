// SPDX-License-Identifier: Apache-2.0
#pragma once

// The block device (virtio 1.2, section 5.2). Names are the spec's without VIRTIO_BLK_.

#include "base/little_endian.h"

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace argon::virtio::spec::blk {

// 5.2.3 Feature bits
constexpr unsigned F_SIZE_MAX = 1;
constexpr unsigned F_SEG_MAX = 2;
constexpr unsigned F_GEOMETRY = 4;
constexpr unsigned F_RO = 5;
constexpr unsigned F_BLK_SIZE = 6;
constexpr unsigned F_FLUSH = 9;
constexpr unsigned F_TOPOLOGY = 10;
constexpr unsigned F_CONFIG_WCE = 11;
constexpr unsigned F_MQ = 12;
constexpr unsigned F_DISCARD = 13;
constexpr unsigned F_WRITE_ZEROES = 14;
constexpr unsigned F_LIFETIME = 15;
constexpr unsigned F_SECURE_ERASE = 16;

// 5.2.6 Device operation: request types
constexpr std::uint32_t T_IN = 0;
constexpr std::uint32_t T_OUT = 1;
constexpr std::uint32_t T_FLUSH = 4;
constexpr std::uint32_t T_GET_ID = 8;
constexpr std::uint32_t T_GET_LIFETIME = 10;
constexpr std::uint32_t T_DISCARD = 11;
constexpr std::uint32_t T_WRITE_ZEROES = 13;
constexpr std::uint32_t T_SECURE_ERASE = 14;

// 5.2.6: status byte
constexpr std::uint8_t S_OK = 0;
constexpr std::uint8_t S_IOERR = 1;
constexpr std::uint8_t S_UNSUPP = 2;

constexpr std::size_t ID_BYTES = 20;
// 5.2.6: sectors are 512 bytes whatever blk_size says.
constexpr std::uint64_t SECTOR_BYTES = 512;

struct RequestHeader {
  Le<std::uint32_t> type;
  Le<std::uint32_t> reserved;
  Le<std::uint64_t> sector;
};
static_assert(sizeof(RequestHeader) == 16 && std::is_trivially_copyable_v<RequestHeader>);

// 5.2.6: a segment of a DISCARD or WRITE_ZEROES request
constexpr std::uint32_t WRITE_ZEROES_FLAG_UNMAP = 1;
struct DiscardWriteZeroes {
  Le<std::uint64_t> sector;
  Le<std::uint32_t> num_sectors;
  Le<std::uint32_t> flags;
};
static_assert(sizeof(DiscardWriteZeroes) == 16 && std::is_trivially_copyable_v<DiscardWriteZeroes>);

// 5.2.4 Device configuration layout. Every field is naturally aligned.
struct Config {
  Le<std::uint64_t> capacity;
  Le<std::uint32_t> size_max;
  Le<std::uint32_t> seg_max;
  Le<std::uint16_t> cylinders;
  std::uint8_t heads;
  std::uint8_t sectors;
  Le<std::uint32_t> blk_size;
  std::uint8_t physical_block_exp;
  std::uint8_t alignment_offset;
  Le<std::uint16_t> min_io_size;
  Le<std::uint32_t> opt_io_size;
  std::uint8_t writeback;
  std::uint8_t unused0;
  Le<std::uint16_t> num_queues;
  Le<std::uint32_t> max_discard_sectors;
  Le<std::uint32_t> max_discard_seg;
  Le<std::uint32_t> discard_sector_alignment;
  Le<std::uint32_t> max_write_zeroes_sectors;
  Le<std::uint32_t> max_write_zeroes_seg;
  std::uint8_t write_zeroes_may_unmap;
  std::uint8_t unused1[3];
  Le<std::uint32_t> max_secure_erase_sectors;
  Le<std::uint32_t> max_secure_erase_seg;
  Le<std::uint32_t> secure_erase_sector_alignment;
};
static_assert(sizeof(Config) == 72 && std::is_trivially_copyable_v<Config>);
static_assert(offsetof(Config, blk_size) == 20 && offsetof(Config, writeback) == 32 &&
              offsetof(Config, num_queues) == 34 && offsetof(Config, max_discard_sectors) == 36 &&
              offsetof(Config, write_zeroes_may_unmap) == 56 &&
              offsetof(Config, max_secure_erase_sectors) == 60);

} // namespace argon::virtio::spec::blk
