// SPDX-License-Identifier: Apache-2.0
#include "network/frame_finisher.h"

#include "packet/checksum.h"
#include "packet/frame.h"
#include "packet/headers.h"
#include "virtio/chain.h"

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace argon::network {

using packet::Offload;

FrameFinisher::FrameFinisher() {
  // The first of them is what the private copy holds of the payload.
  pieces_.reserve(virtio::kSegmentCountMax + 1);
}

bool FrameFinisher::begin(const packet::Frame& frame) {
  whole_ = &frame;
  nextIndex_ = 0;
  count_ = 1;
  std::ranges::copy(frame.header, copy_.begin());
  segments_.reset();
  if (frame.offload.segmentation == Offload::Segmentation::None) {
    return true;
  }
  headers_ = packet::parse(frame);
  if (headers_.fault != packet::ParseFault::None) {
    return false;
  }
  segments_.emplace(frame.header, headers_, frame.offload.segmentBytes);
  count_ = segments_->count();
  return true;
}

const packet::Frame* FrameFinisher::next() {
  if (nextIndex_ == count_) {
    return nullptr;
  }
  if (segments_) {
    makeSegment(*segments_, nextIndex_);
  } else {
    completeChecksum();
  }
  ++nextIndex_;
  return &part_;
}

void FrameFinisher::completeChecksum() {
  const std::uint16_t checksum = packet::partialChecksum(*whole_, whole_->lengthBytes);
  const std::size_t place =
      std::size_t{whole_->offload.checksumStart} + whole_->offload.checksumOffset;
  copy_[place] = static_cast<std::byte>(checksum >> 8);
  copy_[place + 1] = static_cast<std::byte>(checksum & 0xff);
  part_ = {.header = std::span(copy_).first(whole_->header.size()),
           .payload = whole_->payload,
           .lengthBytes = whole_->lengthBytes,
           .offload = {}};
}

void FrameFinisher::makeSegment(const packet::TcpSegments& segments, std::uint32_t index) {
  packet::ChecksumSum sum;
  pieces_.clear();
  addPieces(segments.payloadOffset(index), segments.payloadBytes(index), sum);
  const auto header = std::span(header_).first(segments.headerBytes());
  segments.writeHeader(index, header, sum);
  part_ = {.header = header,
           .payload = pieces_,
           .lengthBytes = static_cast<std::uint32_t>(header.size() + segments.payloadBytes(index)),
           .offload = {}};
}

// Of the whole frame, `bytes` from `offset` on; the frame has them.
void FrameFinisher::addPieces(std::size_t offset, std::size_t bytes, packet::ChecksumSum& sum) {
  const std::size_t copied = whole_->header.size();
  if (offset < copied) {
    const std::size_t count = std::min(bytes, copied - offset);
    addPiece({.iov_base = copy_.data() + offset, .iov_len = count}, sum);
    offset += count;
    bytes -= count;
  }
  offset -= copied;
  for (const iovec& piece : whole_->payload) {
    if (bytes == 0) {
      return;
    }
    if (offset >= piece.iov_len) {
      offset -= piece.iov_len;
      continue;
    }
    const std::size_t count = std::min(bytes, piece.iov_len - offset);
    addPiece({.iov_base = static_cast<std::byte*>(piece.iov_base) + offset, .iov_len = count}, sum);
    bytes -= count;
    offset = 0;
  }
}

void FrameFinisher::addPiece(const iovec& piece, packet::ChecksumSum& sum) {
  if (piece.iov_len == 0) {
    return;
  }
  sum.add({static_cast<const std::byte*>(piece.iov_base), piece.iov_len});
  pieces_.push_back(piece);
}

} // namespace argon::network
