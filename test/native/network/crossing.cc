// SPDX-License-Identifier: Apache-2.0
#include "network/crossing.h"

#include "base/text.h"
#include "network/config.h"
#include "network/frame_finisher.h"
#include "network/frame_reader.h"
#include "network/vnet_header.h"
#include "packet/frame.h"
#include "support/packet_maker.h"
#include "virtio/chain.h"
#include "virtio/spec/net.h"

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace argon::test {

namespace net = virtio::spec::net;
using packet::Offload;

namespace {

unsigned at8(std::span<const std::byte> bytes, std::size_t offset) {
  return std::to_integer<unsigned>(bytes[offset]);
}

unsigned at16(std::span<const std::byte> bytes, std::size_t offset) {
  return at8(bytes, offset) << 8 | at8(bytes, offset + 1);
}

std::uint32_t at32(std::span<const std::byte> bytes, std::size_t offset) {
  return at16(bytes, offset) << 16 | at16(bytes, offset + 2);
}

// A chain as a driver lays it out.
class CutChain {
public:
  explicit CutChain(const Crossing& crossing) {
    Bytes whole(sizeof crossing.header);
    std::memcpy(whole.data(), &crossing.header, sizeof crossing.header);
    whole.insert(whole.end(), crossing.frame.begin(), crossing.frame.end());
    chain_.readableBytes = whole.size();
    std::size_t number = 0;
    for (std::span<const std::byte> rest = whole; !rest.empty(); ++number) {
      // What is left goes into the last segment that a chain may have.
      const bool isLast = crossing.cuts.empty() || number + 1 == virtio::kSegmentCountMax;
      const std::size_t asked =
          isLast ? rest.size()
                 : std::max<std::size_t>(crossing.cuts[number % crossing.cuts.size()], 1);
      const std::span<const std::byte> piece = rest.first(std::min(asked, rest.size()));
      pieces_.emplace_back(piece.begin(), piece.end());
      rest = rest.subspan(piece.size());
    }
    for (Bytes& piece : pieces_) {
      segments_.push_back({.iov_base = piece.data(), .iov_len = piece.size()});
    }
    chain_.readable = segments_;
  }

  [[nodiscard]] const virtio::Chain& chain() const { return chain_; }

private:
  std::vector<Bytes> pieces_;
  std::vector<iovec> segments_;
  virtio::Chain chain_;
};

Bytes bytesOf(const packet::Frame& frame) {
  Bytes bytes;
  bytes.reserve(frame.lengthBytes);
  bytes.assign(frame.header.begin(), frame.header.end());
  for (const iovec& piece : frame.payload) {
    const auto* start = static_cast<const std::byte*>(piece.iov_base);
    bytes.insert(bytes.end(), start, start + piece.iov_len);
  }
  return bytes;
}

std::string wrongInRead(const Crossing& crossing, const packet::Frame& frame) {
  if (bytesOf(frame) != crossing.frame) return "a frame that was not sent";
  if (frame.lengthBytes != crossing.frame.size()) return "another length";
  if (frame.header.size() != std::min(crossing.frame.size(), packet::kHeaderBytesMax)) {
    return "a private copy of another length";
  }
  if (std::ranges::any_of(frame.payload, [](const iovec& piece) { return piece.iov_len == 0; })) {
    return "an empty piece";
  }
  const Offload& offload = frame.offload;
  const bool isPartial = offload.checksum == Offload::Checksum::Partial;
  const bool isSegmented = offload.segmentation != Offload::Segmentation::None;
  if (isPartial != ((crossing.header.flags & net::hdr::F_NEEDS_CSUM) != 0)) {
    return "another checksum than was said";
  }
  if (isPartial && !crossing.sender.has(net::F_CSUM)) return "a checksum that was not agreed";
  if (isPartial &&
      std::size_t{offload.checksumStart} + offload.checksumOffset + 2 > frame.header.size()) {
    return "a checksum behind the copy";
  }
  if (isSegmented != (crossing.header.gso_type != net::hdr::GSO_NONE)) {
    return "another segmentation than was said";
  }
  if (isSegmented && (!isPartial || offload.segmentBytes < network::kSegmentBytesMin)) {
    return "a segmentation that cannot be";
  }
  if (!isSegmented && frame.lengthBytes > 14 + network::kMtuMax) return "a frame above the MTU";
  return "";
}

std::string wrongInHeader(const net::Header& header, const Crossing& crossing) {
  if (header.num_buffers.get() != 1) return "buffers";
  if (!crossing.receiver.has(net::F_GUEST_CSUM)) {
    return header.flags == 0 && header.gso_type == 0 ? "" : "offloads for a driver without any";
  }
  if (header.flags != (crossing.header.flags & net::hdr::F_NEEDS_CSUM)) return "flags";
  if (header.flags != 0 && (header.csum_start.get() != crossing.header.csum_start.get() ||
                            header.csum_offset.get() != crossing.header.csum_offset.get())) {
    return "another place of the checksum";
  }
  if (header.gso_type != crossing.header.gso_type) return "another segmentation";
  if (header.gso_type == net::hdr::GSO_NONE) return "";
  const bool isTcp4 = header.gso_type == net::hdr::GSO_TCPV4;
  if (!crossing.receiver.has(isTcp4 ? net::F_GUEST_TSO4 : net::F_GUEST_TSO6)) {
    return "a segmentation that the receiver does not know";
  }
  if (header.gso_size.get() != crossing.header.gso_size.get()) return "another size of segments";
  return header.hdr_len.get() > header.csum_start.get() &&
                 header.hdr_len.get() <= crossing.frame.size()
             ? ""
             : "a length of headers that cannot be";
}

// All that is sent but the checksum, whose region sums up to what stood in its place before.
std::string wrongInCompleted(const Crossing& crossing, const Bytes& part) {
  const std::size_t start = crossing.header.csum_start.get();
  const std::size_t place = start + crossing.header.csum_offset.get();
  Bytes expected = crossing.frame;
  if (part.size() != expected.size()) return "another length";
  const unsigned before = at16(expected, place);
  expected[place] = part[place];
  expected[place + 1] = part[place + 1];
  if (part != expected) return "more than the checksum changed";
  if (crossing.header.csum_offset.get() % 2 != 0) return "";
  const unsigned sum = slowChecksum(std::span(part).subspan(start));
  // 0 and 0xFFFF are one number in this arithmetic.
  return sum % 0xFFFF == before % 0xFFFF ? "" : "a wrong checksum";
}

// Where the payload of a frame of TCP starts and ends.
struct Stream {
  explicit Stream(const Crossing& crossing)
      : tcp(crossing.header.csum_start.get()),
        start(tcp + (at8(crossing.frame, tcp + 12) >> 4) * std::size_t{4}),
        end(at16(crossing.frame, 12) == 0x0800 ? 14 + at16(crossing.frame, 16)
                                               : 54 + at16(crossing.frame, 18)) {}
  std::size_t tcp;
  std::size_t start;
  std::size_t end;
};

std::string wrongInSegment(const Crossing& crossing, const Stream& stream, std::size_t number,
                           const Bytes& part) {
  constexpr unsigned kCwr = 0x80;
  constexpr unsigned kPshFin = 0x09;
  const std::size_t segmentBytes = crossing.header.gso_size.get();
  const std::size_t from = stream.start + number * segmentBytes;
  const std::size_t bytes = std::min(segmentBytes, stream.end - from);
  const bool isLast = from + bytes == stream.end;
  if (part.size() != stream.start + bytes) return "another length";
  if (part.size() > 14 + network::kMtuMax) return "above the MTU";
  if (const std::string wrong = wrongIn(part); !wrong.empty()) return wrong;
  if (!std::ranges::equal(std::span(part).subspan(stream.start),
                          std::span(crossing.frame).subspan(from, bytes))) {
    return "another payload";
  }
  if (at32(part, stream.tcp + 4) !=
      static_cast<std::uint32_t>(at32(crossing.frame, stream.tcp + 4) + number * segmentBytes)) {
    return "another sequence number";
  }
  unsigned flags = at8(crossing.frame, stream.tcp + 13);
  flags &= isLast ? ~0U : ~kPshFin;
  flags &= number == 0 ? ~0U : ~kCwr;
  return at8(part, stream.tcp + 13) == flags ? "" : "other flags";
}

std::string wrongInParts(const Crossing& crossing, const packet::Frame& frame,
                         std::size_t& partCount) {
  network::FrameFinisher finisher;
  const bool isSegmented = frame.offload.segmentation != Offload::Segmentation::None;
  if (!finisher.begin(frame)) return isSegmented ? "" : "a checksum that is not completed";
  std::size_t payloadBytes = 0;
  while (const packet::Frame* part = finisher.next()) {
    const Bytes bytes = bytesOf(*part);
    if (part->lengthBytes != bytes.size()) return "a length that is not the part's";
    if (part->offload != Offload{}) return "something is left to do";
    if (!isSegmented) {
      if (const std::string wrong = wrongInCompleted(crossing, bytes); !wrong.empty()) return wrong;
    } else {
      const Stream stream(crossing);
      if (const std::string wrong = wrongInSegment(crossing, stream, partCount, bytes);
          !wrong.empty()) {
        return concat("segment ", partCount, ": ", wrong);
      }
      payloadBytes += bytes.size() - stream.start;
    }
    ++partCount;
  }
  if (!isSegmented) return partCount == 1 ? "" : "a frame that is not one";
  const Stream stream(crossing);
  return payloadBytes == stream.end - stream.start ? "" : "payload is missing";
}

} // namespace

Crossed cross(const Crossing& crossing) {
  const CutChain cut(crossing);
  network::FrameReader reader;
  Crossed crossed{.wrong = {}, .fault = reader.read(cut.chain(), crossing.sender)};
  if (crossed.fault != network::HeaderFault::None) return crossed;
  const packet::Frame& frame = reader.frame();
  crossed.wrong = wrongInRead(crossing, frame);
  if (!crossed.wrong.empty()) return crossed;
  crossed.isWhole = network::canReceive(frame.offload, crossing.receiver);
  if (crossed.isWhole) {
    crossed.partCount = 1;
    crossed.wrong = wrongInHeader(
        network::makeHeader(frame.offload, frame.header, crossing.receiver), crossing);
  } else {
    crossed.wrong = wrongInParts(crossing, frame, crossed.partCount);
  }
  return crossed;
}

} // namespace argon::test
