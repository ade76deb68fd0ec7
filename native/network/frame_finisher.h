// SPDX-License-Identifier: Apache-2.0
#pragma once

// Does in software what a sender left undone and the receiver did not agree to finish: completes a
// frame's checksum, or cuts it into segments. The payload stays where it is; it is read once more,
// for its sum, so a guest that changes it meanwhile spoils nothing but its own checksum.

#include "packet/checksum.h"
#include "packet/frame.h"
#include "packet/headers.h"
#include "packet/segmentation.h"

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace argon::network {

class FrameFinisher {
public:
  FrameFinisher();
  FrameFinisher(const FrameFinisher&) = delete;
  FrameFinisher& operator=(const FrameFinisher&) = delete;
  ~FrameFinisher() = default;

  /// Takes on a frame with a partial checksum, which outlives its parts. False if its headers are
  /// not what its offload says.
  [[nodiscard]] bool begin(const packet::Frame& frame);
  /// The next part, in order, with nothing left undone; null after the last. Stays until the next
  /// call.
  [[nodiscard]] const packet::Frame* next();

private:
  void completeChecksum();
  void makeSegment(const packet::TcpSegments& segments, std::uint32_t index);
  void addPieces(std::size_t offset, std::size_t bytes, packet::ChecksumSum& sum);
  void addPiece(const iovec& piece, packet::ChecksumSum& sum);

  const packet::Frame* whole_ = nullptr;
  // The whole's private copy once more, as what pieces can point to.
  std::array<std::byte, packet::kHeaderBytesMax> copy_{};
  packet::Headers headers_;
  std::optional<packet::TcpSegments> segments_;
  std::uint32_t nextIndex_ = 0;
  std::uint32_t count_ = 0;
  std::array<std::byte, packet::kHeaderBytesMax> header_{};
  std::vector<iovec> pieces_;
  packet::Frame part_;
};

} // namespace argon::network
