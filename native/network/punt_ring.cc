// SPDX-License-Identifier: Apache-2.0
#include "network/punt_ring.h"

#include "base/check.h"
#include "network/interface.h"
#include "packet/frame.h"
#include "vpc/services.h"

#include <sys/uio.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace argon::network {

namespace {

constexpr std::uint32_t kSharesPerRing = 8;

} // namespace

PuntRing::PuntRing(std::uint32_t capacity)
    : shareMax_(capacity / kSharesPerRing), places_(capacity), waiting_(kInterfaceCountMax) {
  ARGON_CHECK(std::has_single_bit(capacity) && shareMax_ > 0);
}

bool PuntRing::offer(InterfaceIndex interface, vpc::Service service, const packet::Frame& frame) {
  if (frame.lengthBytes > kPuntBytesMax) {
    counters_.tooLong.add(1);
    return false;
  }
  reclaim();
  const std::uint32_t tail = tail_.load(std::memory_order_relaxed);
  const auto free = static_cast<std::uint32_t>(places_.size()) - (tail - reclaimed_);
  std::uint32_t& waiting = waiting_[interface.get()];
  const bool isRoom = waiting == 0 ? free > 0 : waiting < shareMax_ && free > places_.size() / 2;
  if (!isRoom) {
    counters_.overShare.add(1);
    return false;
  }
  Place& place = placeAt(tail);
  place.interface = interface;
  place.service = service;
  place.lengthBytes = static_cast<std::uint16_t>(frame.lengthBytes);
  std::span<std::byte> to = place.bytes;
  std::ranges::copy(frame.header, to.begin());
  to = to.subspan(frame.header.size());
  for (const iovec& piece : frame.payload) {
    std::memcpy(to.first(piece.iov_len).data(), piece.iov_base, piece.iov_len);
    to = to.subspan(piece.iov_len);
  }
  ++waiting;
  counters_.passed.add(1);
  // With takeWake(): either this is seen by arm(), or arm()'s word is seen there. One order for
  // both needs the strongest one.
  tail_.store(tail + 1, std::memory_order_seq_cst);
  return true;
}

// Takes back what the other side has given back.
void PuntRing::reclaim() {
  // Pairs with pop(): the place has been read.
  const std::uint32_t head = head_.load(std::memory_order_acquire);
  for (; reclaimed_ != head; ++reclaimed_) {
    --waiting_[placeAt(reclaimed_).interface.get()];
  }
}

bool PuntRing::takeWake() {
  return isResting_.load(std::memory_order_seq_cst) &&
         isResting_.exchange(false, std::memory_order_seq_cst);
}

std::optional<PuntRing::Entry> PuntRing::front() const {
  const std::uint32_t head = head_.load(std::memory_order_relaxed);
  // Pairs with offer(): the place has been written.
  if (tail_.load(std::memory_order_acquire) == head) {
    return std::nullopt;
  }
  const Place& place = places_[head & (places_.size() - 1)];
  return Entry{.interface = place.interface,
               .service = place.service,
               .frame = std::span(place.bytes).first(place.lengthBytes)};
}

void PuntRing::pop() {
  const std::uint32_t head = head_.load(std::memory_order_relaxed);
  ARGON_CHECK(head != tail_.load(std::memory_order_relaxed));
  head_.store(head + 1, std::memory_order_release);
}

bool PuntRing::arm() {
  isResting_.store(true, std::memory_order_seq_cst);
  if (tail_.load(std::memory_order_seq_cst) == head_.load(std::memory_order_relaxed)) {
    return true;
  }
  // Something came meanwhile. Its sender may have seen the word above, and then wakes for nothing.
  isResting_.store(false, std::memory_order_seq_cst);
  return false;
}

} // namespace argon::network
