// SPDX-License-Identifier: Apache-2.0
#pragma once

// Frames that wait for one receiver's allowance, first in, first out. They are copies: the sender
// has its buffers back, and what it does with them is no matter. How many there may be is the
// pipeline's to say (vpc::Backlog); its bounds are this queue's room. One thread.

#include "base/mapped_region.h"
#include "packet/frame.h"
#include "vpc/interface_state.h"

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace argon::network {

class ReceiveQueue {
public:
  ReceiveQueue();
  ReceiveQueue(const ReceiveQueue&) = delete;
  ReceiveQueue& operator=(const ReceiveQueue&) = delete;
  ~ReceiveQueue() = default;

  [[nodiscard]] bool isEmpty() const { return count_ == 0; }
  /// Reads guest memory, once. There is room for it. `pairIndex` is the sender's.
  void push(const packet::Frame& frame, std::uint16_t pairIndex);
  /// Of one that is not empty; the frame is valid until pop() or push().
  [[nodiscard]] const packet::Frame& front();
  [[nodiscard]] std::uint16_t frontPair() const { return slots_[first_].pairIndex; }
  void pop();
  void clear();

private:
  struct Slot {
    std::uint32_t lengthBytes = 0;
    std::uint16_t pairIndex = 0;
    packet::Offload offload;
  };

  [[nodiscard]] static std::uint32_t payloadBytesOf(const Slot& slot);
  // The private copy of the frame in a slot.
  [[nodiscard]] std::span<std::byte> headerAt(std::size_t index);
  [[nodiscard]] std::span<std::byte> payloadRing();
  void write(std::span<const std::byte> bytes);

  std::array<Slot, vpc::kBacklogFramesMax> slots_{};
  // Of all slots the private copies, then a ring of what follows those. Its pages take no memory
  // before they are written to.
  MappedRegion bytes_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  // Of the payload, where the first frame's begins and where the next one's will.
  std::size_t readOffset_ = 0;
  std::size_t writeOffset_ = 0;
  std::array<iovec, 2> pieces_{};
  packet::Frame frame_;
};

} // namespace argon::network
