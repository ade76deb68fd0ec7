// SPDX-License-Identifier: Apache-2.0
#pragma once

// The in-flight region as the vhost-user specification lays it out ("Inflight I/O tracking"). Host
// byte order. Names are the text's.

#include <cstddef>
#include <cstdint>

namespace argon::vhost_user::spec {

constexpr std::uint16_t kInflightVersion = 1;
/// Each queue's part starts on a boundary of this, as other back ends lay it out; the text leaves
/// it open.
constexpr std::uint64_t kInflightAlignment = 64;

// "A region (or the part of it) for a split virtqueue"
struct DescStateSplit {
  std::uint8_t inflight;
  std::uint8_t padding[5];
  std::uint16_t next;
  std::uint64_t counter;
};
static_assert(sizeof(DescStateSplit) == 16 && offsetof(DescStateSplit, next) == 6);

struct QueueRegionSplit {
  std::uint64_t features;
  std::uint16_t version;
  std::uint16_t desc_num;
  std::uint16_t last_batch_head;
  std::uint16_t used_idx;
};
static_assert(sizeof(QueueRegionSplit) == 16);

// "… for a packed virtqueue"
struct DescStatePacked {
  std::uint8_t inflight;
  std::uint8_t padding;
  std::uint16_t next;
  std::uint16_t last;
  std::uint16_t num;
  std::uint64_t counter;
  std::uint16_t id;
  std::uint16_t flags;
  std::uint32_t len;
  std::uint64_t addr;
};
static_assert(sizeof(DescStatePacked) == 32 && offsetof(DescStatePacked, id) == 16);

struct QueueRegionPacked {
  std::uint64_t features;
  std::uint16_t version;
  std::uint16_t desc_num;
  std::uint16_t free_head;
  std::uint16_t old_free_head;
  std::uint16_t used_idx;
  std::uint16_t old_used_idx;
  std::uint8_t used_wrap_counter;
  std::uint8_t old_used_wrap_counter;
  std::uint8_t padding[7];
};
// The 29 bytes of the text and what aligns the entries behind them.
static_assert(sizeof(QueueRegionPacked) == 32 && offsetof(QueueRegionPacked, used_idx) == 16 &&
              offsetof(QueueRegionPacked, used_wrap_counter) == 20 &&
              offsetof(QueueRegionPacked, padding) == 22);

} // namespace argon::vhost_user::spec
