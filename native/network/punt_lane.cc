// SPDX-License-Identifier: Apache-2.0
#include "network/punt_lane.h"

#include "base/check.h"
#include "network/interface.h"
#include "network/punt_ring.h"
#include "packet/frame.h"
#include "vpc/services.h"

#include <sys/uio.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

namespace argon::network {

namespace {

bool takeFrom(PuntRing& ring, std::uint32_t countMax, const PuntLane::Each& each) {
  for (std::uint32_t count = 0; count < countMax; ++count) {
    const std::optional<PuntRing::Entry> entry = ring.front();
    if (!entry) {
      return !ring.arm();
    }
    each(*entry);
    ring.pop();
  }
  return true;
}

} // namespace

void PuntLane::serve(Wake wake) {
  ARGON_CHECK(!isServed_.load(std::memory_order_relaxed));
  wakeServices_ = std::move(wake);
  // Pairs with ask(), which calls what was set before.
  isServed_.store(true, std::memory_order_release);
}

bool PuntLane::takeQuestions(std::uint32_t countMax, const Each& each) {
  return takeFrom(questions_, countMax, each);
}

bool PuntLane::answer(InterfaceIndex to, std::span<const std::byte> frame) {
  const std::span<const std::byte> header =
      frame.first(std::min(frame.size(), packet::kHeaderBytesMax));
  // The ring copies at once; only the type of a frame's pieces can be written to.
  const std::span<const std::byte> others = frame.subspan(header.size());
  const iovec piece{.iov_base = const_cast<std::byte*>(others.data()), .iov_len = others.size()};
  const bool isTaken = answers_.offer(to, vpc::Service::None,
                                      {.header = header,
                                       .payload = std::span(&piece, others.empty() ? 0 : 1),
                                       .lengthBytes = static_cast<std::uint32_t>(frame.size()),
                                       .offload = {}});
  if (answers_.takeWake()) {
    wakeEngine_();
  }
  return isTaken;
}

bool PuntLane::ask(InterfaceIndex from, vpc::Service service, const packet::Frame& frame) {
  if (!isServed_.load(std::memory_order_acquire)) {
    return false;
  }
  const bool isTaken = questions_.offer(from, service, frame);
  if (questions_.takeWake()) {
    wakeServices_();
  }
  return isTaken;
}

bool PuntLane::takeAnswers(std::uint32_t countMax, const Each& each) {
  return takeFrom(answers_, countMax, each);
}

} // namespace argon::network
