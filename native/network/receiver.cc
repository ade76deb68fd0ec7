// SPDX-License-Identifier: Apache-2.0
#include "network/receiver.h"

#include "network/ring.h"
#include "network/vnet_header.h"
#include "packet/frame.h"
#include "virtio/chain.h"
#include "virtio/spec/net.h"

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace argon::network {

namespace net = virtio::spec::net;

namespace {

// Writes runs of bytes into pieces of memory, one behind the other. The pieces hold them all.
class PieceWriter {
public:
  explicit PieceWriter(std::span<const iovec> pieces) : pieces_(pieces) {}

  void write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const iovec& piece = pieces_.front();
      const std::size_t count = std::min(piece.iov_len - offset_, bytes.size());
      std::memcpy(static_cast<std::byte*>(piece.iov_base) + offset_, bytes.data(), count);
      bytes = bytes.subspan(count);
      offset_ += count;
      if (offset_ == piece.iov_len) {
        pieces_ = pieces_.subspan(1);
        offset_ = 0;
      }
    }
  }

private:
  std::span<const iovec> pieces_;
  std::size_t offset_ = 0;
};

} // namespace

Receiver::Receiver()
    : segments_(virtio::kSegmentCountMax + kBuffersPerFrameMax), buffers_(kBuffersPerFrameMax) {}

Delivery Receiver::deliver(Ring& ring, const packet::Frame& frame) {
  const std::uint64_t bytes = sizeof(net::Header) + frame.lengthBytes;
  const Delivery outcome = reserve(ring, bytes);
  if (outcome != Delivery::Done) {
    return outcome;
  }
  ring.prefetchWritable();
  net::Header header = makeHeader(frame.offload, frame.header, ring.features());
  if (bufferCount_ > 1) {
    header.num_buffers = static_cast<std::uint16_t>(bufferCount_);
  }
  write(header, frame);
  std::uint64_t leftBytes = bytes;
  for (const virtio::Chain& buffer : std::span(buffers_).first(bufferCount_)) {
    // Every buffer but the last is filled (virtio 1.2, 5.1.6.4.1).
    const std::uint64_t written = std::min(leftBytes, buffer.writableBytes);
    ring.put(buffer, static_cast<std::uint32_t>(written));
    leftBytes -= written;
  }
  ring.noteWritten(std::span(segments_).first(segmentCount_));
  return Delivery::Done;
}

Delivery Receiver::reserve(Ring& ring, std::uint64_t bytes) {
  const bool isMerging = ring.features().has(net::F_MRG_RXBUF);
  segmentCount_ = 0;
  bufferCount_ = 0;
  std::uint64_t roomBytes = 0;
  while (roomBytes < bytes) {
    if (bufferCount_ == (isMerging ? kBuffersPerFrameMax : 1)) {
      giveBack(ring);
      return Delivery::Unfit;
    }
    virtio::Chain& buffer = buffers_[bufferCount_];
    if (!ring.take(std::span(segments_).subspan(segmentCount_), buffer)) {
      if (!ring.isActive()) {
        return Delivery::Broken;
      }
      giveBack(ring);
      return Delivery::NoBuffers;
    }
    ++bufferCount_;
    if (buffer.fault == virtio::ChainFault::TooManySegments && bufferCount_ > 1) {
      giveBack(ring);
      return Delivery::Unfit;
    }
    // The header of a frame is never cut by two buffers, so the first has room for it (5.1.6.3.1).
    if (buffer.fault != virtio::ChainFault::None || !buffer.readable.empty() ||
        buffer.writableBytes < (bufferCount_ == 1 ? sizeof(net::Header) : 1)) {
      ring.breakRing("a receive buffer that cannot be written");
      return Delivery::Broken;
    }
    segmentCount_ += buffer.writable.size();
    roomBytes += buffer.writableBytes;
  }
  return Delivery::Done;
}

void Receiver::giveBack(Ring& ring) {
  while (bufferCount_ > 0) {
    ring.giveBack(buffers_[--bufferCount_]);
  }
}

void Receiver::write(const net::Header& header, const packet::Frame& frame) const {
  const std::span<const iovec> segments(segments_);
  PieceWriter writer(segments.first(segmentCount_));
  writer.write(std::as_bytes(std::span(&header, 1)));
  writer.write(frame.header);
  for (const iovec& piece : frame.payload) {
    writer.write({static_cast<const std::byte*>(piece.iov_base), piece.iov_len});
  }
}

} // namespace argon::network
