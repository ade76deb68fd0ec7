// SPDX-License-Identifier: Apache-2.0
#pragma once

// From a frame to a guest's receiving ring: takes as many buffers as the frame fills, writes its
// header and its bytes, each once, and answers them. One thread.

#include "network/ring.h"
#include "packet/frame.h"
#include "virtio/chain.h"
#include "virtio/spec/net.h"

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace argon::network {

/// Buffers that one frame may take: what 64 KiB are in buffers of 256 bytes. Linux' have a page, or
/// an MTU; a guest with less than that for a large frame does not get it.
constexpr std::size_t kBuffersPerFrameMax = 258;

enum class Delivery : std::uint8_t {
  Done,
  /// The ring has not enough buffers; what there is stays in it.
  NoBuffers,
  /// The frame is larger than a buffer of a driver that does not merge them, or than the most
  /// buffers that a frame may take.
  Unfit,
  /// The ring is broken.
  Broken,
};

class Receiver {
public:
  Receiver();
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;
  ~Receiver() = default;

  /// Gives a frame to a ring whose driver canReceive() it. Nothing is visible before the ring's
  /// publish().
  [[nodiscard]] Delivery deliver(Ring& ring, const packet::Frame& frame);

private:
  [[nodiscard]] Delivery reserve(Ring& ring, std::uint64_t bytes);
  void giveBack(Ring& ring);
  void write(const virtio::spec::net::Header& header, const packet::Frame& frame) const;

  std::vector<iovec> segments_;
  std::size_t segmentCount_ = 0;
  std::vector<virtio::Chain> buffers_;
  std::size_t bufferCount_ = 0;
};

} // namespace argon::network
