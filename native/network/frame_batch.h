// SPDX-License-Identifier: Apache-2.0
#pragma once

// Frames of one transmitting ring, side by side: each step is done to all of them before the next,
// so that what one frame waits for in memory is fetched while others are worked on. What is decided
// about them is decided one by one and in order, by the engine.
//
// One thread, within a round.

#include "network/frame_reader.h"
#include "network/ring.h"
#include "network/vnet_header.h"
#include "packet/headers.h"
#include "virtio/chain.h"
#include "vpc/pipeline.h"

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace argon::network {

class FrameBatch {
public:
  /// Enough for the processor to wait for several at once, and few enough for its first cache.
  static constexpr std::size_t kFrameCountMax = 16;

  struct Entry {
    virtio::Chain chain;
    /// Of a chain without fault. `reader` has the frame if there is none.
    HeaderFault fault = HeaderFault::None;
    FrameReader reader;
    /// With a policy, as `foresight` is.
    packet::Headers headers;
    vpc::Pipeline::Foresight foresight;
  };

  FrameBatch();
  FrameBatch(const FrameBatch&) = delete;
  FrameBatch& operator=(const FrameBatch&) = delete;
  ~FrameBatch() = default;

  /// Takes up to `countMax` chains of a ring, which may break behind the last of them, and reads
  /// their frames; with a pipeline their headers too. What was taken before is over.
  void take(Ring& ring, std::size_t countMax, const vpc::Pipeline* pipeline);
  /// In the order of the ring.
  [[nodiscard]] std::span<Entry> entries() { return std::span(*entries_).first(count_); }
  /// Gives the ring back what it was given last, from `first` on.
  void giveBackFrom(Ring& ring, std::size_t first);

private:
  void takeChains(Ring& ring, std::size_t countMax);
  void readFrames(const Ring& ring);
  void foresee(const Ring& ring, const vpc::Pipeline& pipeline);

  std::unique_ptr<std::array<Entry, kFrameCountMax>> entries_;
  std::size_t count_ = 0;
  // Of all chains, one behind the other.
  std::vector<iovec> segments_;
};

} // namespace argon::network
