// SPDX-License-Identifier: Apache-2.0
#include "network/stream_port.h"

#include "base/event_loop.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "network/punt_lane.h"
#include "network/punt_ring.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace argon::network {

namespace {

// Packets that are carried before the loop's other handlers have their turn. Arbitrary; a few
// microseconds each.
constexpr std::uint32_t kPacketsPerTurn = 64;

} // namespace

StreamPort::StreamPort(UniqueFd tun, EventLoop& loop, PuntLane& lane)
    : tun_(std::move(tun)), loop_(loop), lane_(lane) {}

Result<void> StreamPort::start() {
  ARGON_TRY(loop_.watch(tun_.get(), EPOLLIN, *this));
  lane_.serve([this] { loop_.post([this] { carryQuestions(); }); });
  return {};
}

void StreamPort::carryQuestions() {
  if (lane_.takeQuestions(kPacketsPerTurn,
                          [this](const PuntRing::Entry& entry) { carry(entry); })) {
    loop_.post([this] { carryQuestions(); });
  }
}

void StreamPort::carry(const PuntRing::Entry& question) {
  const std::span<std::byte> frame = std::span(in_).first(question.frame.size());
  std::ranges::copy(question.frame, frame.begin());
  const auto packet = peers_.enter(question.interface, frame);
  if (!packet) {
    return;
  }
  // A device that takes no more loses the segment, which is sent again.
  [[maybe_unused]] const ssize_t written = ::write(tun_.get(), packet->data(), packet->size());
}

void StreamPort::onEvents(std::uint32_t /*events*/) {
  for (std::uint32_t count = 0; count < kPacketsPerTurn; ++count) {
    const ssize_t bytes = ::read(tun_.get(), in_.data(), in_.size());
    if (bytes <= 0) {
      return;
    }
    const auto outgoing = peers_.leave(std::span(in_).first(static_cast<std::size_t>(bytes)), out_);
    if (outgoing) {
      [[maybe_unused]] const bool isTaken = lane_.answer(outgoing->to, outgoing->frame);
    }
  }
}

} // namespace argon::network
