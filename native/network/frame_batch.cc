// SPDX-License-Identifier: Apache-2.0
#include "network/frame_batch.h"

#include "network/frame_reader.h"
#include "network/ring.h"
#include "network/vnet_header.h"
#include "packet/headers.h"
#include "virtio/chain.h"
#include "vpc/pipeline.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <span>

namespace argon::network {

namespace {

constexpr std::size_t kCacheLineBytes = 64;

// What FrameReader will copy of a chain, as far as it is in its first piece: it is in another
// processor's cache.
void prefetchFront(const virtio::Chain& chain) {
  if (chain.readable.empty()) return;
  const iovec& piece = chain.readable.front();
  const auto* start = static_cast<const std::byte*>(piece.iov_base);
  const std::size_t bytes = std::min(piece.iov_len, FrameReader::kCopiedBytesMax);
  for (std::size_t offset = 0; offset < bytes; offset += kCacheLineBytes) {
    __builtin_prefetch(start + offset);
  }
}

} // namespace

// Any chain fits behind others that take up no more than another one.
FrameBatch::FrameBatch()
    : entries_(std::make_unique<std::array<Entry, kFrameCountMax>>()),
      segments_(2 * virtio::kSegmentCountMax) {}

void FrameBatch::take(Ring& ring, std::size_t countMax, const vpc::Pipeline* pipeline) {
  takeChains(ring, std::min(countMax, kFrameCountMax));
  readFrames(ring);
  if (pipeline != nullptr) {
    foresee(ring, *pipeline);
  }
}

void FrameBatch::takeChains(Ring& ring, std::size_t countMax) {
  std::span<iovec> room(segments_);
  for (count_ = 0; count_ < countMax && room.size() >= virtio::kSegmentCountMax; ++count_) {
    virtio::Chain& chain = (*entries_)[count_].chain;
    if (!ring.take(room.first(virtio::kSegmentCountMax), chain)) return;
    room = room.subspan(chain.readable.size() + chain.writable.size());
    prefetchFront(chain);
  }
}

void FrameBatch::readFrames(const Ring& ring) {
  for (Entry& entry : entries()) {
    if (entry.chain.fault == virtio::ChainFault::None) [[likely]] {
      entry.fault = entry.reader.read(entry.chain, ring.features());
    }
  }
}

void FrameBatch::foresee(const Ring& ring, const vpc::Pipeline& pipeline) {
  for (Entry& entry : entries()) {
    if (entry.chain.fault == virtio::ChainFault::None && entry.fault == HeaderFault::None)
        [[likely]] {
      packet::parse(entry.reader.frame(), entry.headers);
      pipeline.foresee(ring.owner(), entry.headers, entry.foresight);
    } else {
      entry.foresight = {};
    }
  }
  for (Entry& entry : entries()) {
    pipeline.prefetchFlow(entry.foresight);
  }
  for (const Entry& entry : entries()) {
    pipeline.prefetchPeer(entry.foresight);
  }
}

void FrameBatch::giveBackFrom(Ring& ring, std::size_t first) {
  while (count_ > first) {
    ring.giveBack((*entries_)[--count_].chain);
  }
}

} // namespace argon::network
