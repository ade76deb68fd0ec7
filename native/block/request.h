// SPDX-License-Identifier: Apache-2.0
#pragma once

// A block request as a chain holds it: a header of 16 bytes that the device reads, data either way,
// a status byte that it writes (virtio 1.2, 5.2.6). Any cuts between descriptors are good (2.7.4):
// the header is the first 16 readable bytes, the status the last writable one, data the rest.

#include "block/config.h"
#include "block/counters.h"
#include "storage/block_store.h"
#include "virtio/chain.h"
#include "virtio/spec/blk.h"

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace argon::block {

class BlockQueue;

/// A chain's parts after a look at its framing. Points into guest memory.
struct RequestParts {
  virtio::spec::blk::RequestHeader header{};
  /// Null if there is no writable byte: then nobody can be told anything.
  std::byte* status = nullptr;
  /// True if the framing is right and `header` and the data below are good.
  bool isComplete = false;
  /// What the device reads after the header, and what it writes before the status.
  std::span<iovec> readableData{};
  std::span<iovec> writableData{};
  std::uint64_t readableDataBytes = 0;
  std::uint64_t writableDataBytes = 0;
};

/// Splits a chain; trims its segments in place. Fetches the header once.
[[nodiscard]] RequestParts splitChain(const virtio::Chain& chain);

/// Segments of a request that are kept in it; more need a SegmentBlock.
constexpr std::size_t kInlineSegmentCount = 6;

/// A range that a DISCARD or WRITE_ZEROES names.
struct StoreRange {
  std::uint64_t offsetBytes;
  std::uint64_t lengthBytes;
  bool mayUnmap;
};

struct SegmentBlock {
  std::array<iovec, virtio::kSegmentCountMax> segments;
  std::array<StoreRange, kRangeCountMax> ranges;
};

/// A request under way: what the store works on and what is needed to answer.
struct BlockRequest final : StoreRequest {
  BlockQueue* queue = nullptr;
  /// Of the chain, for its answer.
  std::uint16_t head = 0;
  std::uint16_t descriptorCount = 1;
  /// QueueMeter's: the round in which it was taken, and what it counts as once it is answered.
  std::uint16_t batch = 0;
  RequestKind kind = RequestKind::Other;
  std::byte* status = nullptr;
  /// What the driver asked for; the store may have to do more than one operation for it.
  StoreOperation asked = StoreOperation::Read;
  std::uint64_t askedBytes = 0;
  /// A write that must be durable before it is answered, and is not yet.
  bool needsFlush = false;
  /// Ranges of segmentBlock, and those that have been submitted.
  std::uint16_t rangeCount = 0;
  std::uint16_t rangeIndex = 0;
  /// What the used element of a successful request says.
  std::uint32_t writtenBytes = 0;
  SegmentBlock* segmentBlock = nullptr;
  std::array<iovec, kInlineSegmentCount> inlineSegments{};
};

} // namespace argon::block
