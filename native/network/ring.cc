// SPDX-License-Identifier: Apache-2.0
#include "network/ring.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "base/uring.h"
#include "base/uring_watch.h"
#include "network/counters.h"
#include "network/interface.h"
#include "vhost_user/device.h"
#include "vhost_user/ring_queue.h"
#include "virtio/chain.h"
#include "virtio/spec/features.h"
#include "virtio/spec/net.h"

#include <sys/uio.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <utility>

namespace argon::network {

using vhost_user::RingQueue;

Ring::Ring(vhost_user::RingStart start, InterfaceIndex owner, InterfaceCounters& counters,
           Uring& uring, KickListener& listener, Log log)
    : start_(std::move(start)), owner_(owner), counters_(counters), listener_(listener),
      log_(std::move(log)),
      kickWatch_(uring, [this](UringWatch::Signal signal) { onKick(signal); }),
      rules_{.allowsIndirect = start_.features.has(virtio::spec::F_INDIRECT_DESC)} {
  start_.queue.disableKicks();
  if (start_.kick != nullptr && virtio::spec::net::isTransmitQueue(start_.index)) {
    kickWatch_.begin(start_.kick->get());
  }
}

Ring::~Ring() { ARGON_CHECK(!kickWatch_.isUnderWay()); }

bool Ring::take(std::span<iovec> segments, virtio::Chain& chain) {
  switch (start_.queue.take(rules_, segments, chain)) {
  case RingQueue::Take::Chain:
    return true;
  case RingQueue::Take::Nothing:
    return false;
  case RingQueue::Take::Broken:
    breakRing(start_.queue.brokenReason());
    return false;
  }
  ARGON_UNREACHABLE();
}

void Ring::put(const virtio::Chain& chain, std::uint32_t writtenBytes) {
  start_.queue.put(chain.head, chain.descriptorCount, writtenBytes);
}

void Ring::noteWritten(std::span<const iovec> segments) const {
  if (start_.queue.isLogging()) [[unlikely]] {
    start_.queue.noteWritten(segments);
  }
}

bool Ring::beginAnswers() { return !std::exchange(hasAnswers_, true); }

void Ring::publish() {
  hasAnswers_ = false;
  if (start_.memory->isBroken()) [[unlikely]] {
    breakRing("guest memory went away");
  }
  if (start_.queue.publish() && start_.call != nullptr) {
    counters_.calls.add(1);
    signalEventFd(start_.call->get());
  }
}

bool Ring::arm() {
  if (start_.kick == nullptr) {
    return false; // Nobody would kick: the ring has to be looked at.
  }
  if (start_.queue.enableKicks()) {
    start_.queue.disableKicks();
    return false;
  }
  state_ = State::Armed;
  return true;
}

void Ring::onKick(UringWatch::Signal signal) {
  if (signal == UringWatch::Signal::Failed) {
    breakRing("the kick descriptor cannot be watched");
    return;
  }
  counters_.kicks.add(1);
  if (state_ == State::Armed) {
    state_ = State::Active;
    idleRoundCount_ = 0;
    start_.queue.disableKicks();
    listener_.onActive(*this);
  }
}

void Ring::hold(std::uint64_t retryAtNs) {
  ARGON_CHECK(state_ == State::Active);
  state_ = State::Held;
  retryAtNs_ = retryAtNs;
}

void Ring::resume() {
  ARGON_CHECK(state_ == State::Held);
  state_ = State::Active;
}

void Ring::breakRing(std::string_view reason) {
  if (std::exchange(isBroken_, true)) {
    return;
  }
  if (state_ != State::Stopping) {
    state_ = State::Broken;
  }
  counters_.brokenRings.add(1);
  log_.error(concat("ring stopped: ", reason));
  if (start_.err != nullptr) {
    signalEventFd(start_.err->get());
  }
}

void Ring::noteMalformed(std::string_view what) {
  counters_.txMalformed.add(1);
  if (warnings_.allow(monotonicNs())) {
    log_.warn(concat("a frame was dropped: ", what));
  }
}

void Ring::stop(StopDone done) {
  ARGON_CHECK(!stopDone_);
  stopDone_ = std::move(done);
  state_ = State::Stopping;
  kickWatch_.cancel();
}

bool Ring::isDrained() const { return state_ == State::Stopping && !kickWatch_.isUnderWay(); }

std::function<void()> Ring::finishStop() {
  publish();
  return [done = std::move(stopDone_), base = start_.queue.base()] { done(base); };
}

void Ring::setCall(vhost_user::SharedFd call) {
  start_.call = std::move(call);
  // A call may have gone to the old descriptor after its reader had left.
  if (start_.call != nullptr) {
    counters_.calls.add(1);
    signalEventFd(start_.call->get());
  }
}

} // namespace argon::network
