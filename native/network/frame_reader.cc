// SPDX-License-Identifier: Apache-2.0
#include "network/frame_reader.h"

#include "memory/shared_copy.h"
#include "network/vnet_header.h"
#include "packet/address.h"
#include "packet/frame.h"
#include "virtio/chain.h"
#include "virtio/features.h"
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

// Moves bytes from the front of the pieces into `target` until it is full. The pieces hold as much.
// Returns what is left of them; the first of it may have been cut.
std::span<iovec> moveFront(std::span<iovec> pieces, std::span<std::byte> target) {
  while (!target.empty()) {
    iovec& piece = pieces.front();
    const std::size_t bytes = std::min(piece.iov_len, target.size());
    std::memcpy(target.data(), piece.iov_base, bytes);
    target = target.subspan(bytes);
    if (bytes == piece.iov_len) {
      pieces = pieces.subspan(1);
    } else {
      piece = {.iov_base = static_cast<std::byte*>(piece.iov_base) + bytes,
               .iov_len = piece.iov_len - bytes};
    }
  }
  return pieces;
}

} // namespace

HeaderFault FrameReader::read(const virtio::Chain& chain, virtio::FeatureSet features) {
  if (chain.readableBytes < sizeof(net::Header) + kEthernetBytes) {
    return HeaderFault::TooShort;
  }
  if (chain.readableBytes > sizeof(net::Header) + packet::kFrameBytesMax) {
    return HeaderFault::TooLong;
  }
  const auto copied =
      std::span(bytes_).first(std::min<std::size_t>(chain.readableBytes, bytes_.size()));
  pieces_ = moveFront(chain.readable, copied);
  frame_.payload = pieces_;
  forgetMemory();
  net::Header header{};
  std::memcpy(&header, bytes_.data(), sizeof header);
  frame_.header = copied.subspan(sizeof header);
  frame_.lengthBytes = static_cast<std::uint32_t>(chain.readableBytes - sizeof header);
  if (isPlain(header, frame_.lengthBytes)) [[likely]] {
    frame_.offload = {};
    return HeaderFault::None;
  }
  const ReadHeader read = readHeader(header, frame_.header, frame_.lengthBytes, features);
  frame_.offload = read.offload;
  return read.fault;
}

void FrameReader::readdress(packet::MacAddress destination, packet::MacAddress source,
                            std::uint32_t lengthBytes) {
  destination.write(headerBytes(), 0);
  source.write(headerBytes(), sizeof destination.bytes);
  if (lengthBytes == frame_.lengthBytes) return;
  frame_.lengthBytes = lengthBytes;
  frame_.header = frame_.header.first(std::min<std::size_t>(frame_.header.size(), lengthBytes));
  std::size_t leftBytes = lengthBytes - frame_.header.size();
  std::size_t count = 0;
  for (; leftBytes > 0; ++count) {
    iovec& piece = pieces_[count];
    piece.iov_len = std::min(piece.iov_len, leftBytes);
    leftBytes -= piece.iov_len;
  }
  frame_.payload = pieces_.first(count);
}

} // namespace argon::network
