// SPDX-License-Identifier: Apache-2.0
#include "network/engine.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "base/text.h"
#include "base/uring.h"
#include "network/counters.h"
#include "network/frame_batch.h"
#include "network/interface.h"
#include "network/punt_sink.h"
#include "network/receiver.h"
#include "network/ring.h"
#include "network/vnet_header.h"
#include "packet/frame.h"
#include "packet/headers.h"
#include "vhost_user/device.h"
#include "virtio/chain.h"
#include "virtio/spec/net.h"
#include "vpc/observer.h"
#include "vpc/pipeline.h"
#include "vpc/verdict.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace argon::network {

namespace net = virtio::spec::net;

namespace {

// Frames that one ring may send in a round, so that a busy ring leaves room for the others
// (CVE-2019-3900); DPDK's and OVS' burst. Segments that are cut for a receiver count too, after the
// frame that they are of: there may be 1,366.
constexpr unsigned kFramesPerRound = 32;

// Rounds without a frame after which a ring is armed though the engine is busy: with a thousand
// idle interfaces a look at each would be most of a round.
constexpr std::uint32_t kIdleRoundCountMax = 512;

// While flows are remembered, those that are over are forgotten in time for the next one.
constexpr std::uint64_t kTickNs = 1'000'000'000;

// True if there is no frame in the entry.
bool noteFault(Ring& ring, const FrameBatch::Entry& entry) {
  if (entry.chain.fault != virtio::ChainFault::None) [[unlikely]] {
    ring.noteMalformed(virtio::chainFaultName(entry.chain.fault));
    return true;
  }
  if (entry.fault != HeaderFault::None) [[unlikely]] {
    ring.noteMalformed(headerFaultName(entry.fault));
    return true;
  }
  return false;
}

std::uint16_t pairOf(const Ring& ring) {
  return static_cast<std::uint16_t>(ring.index() / net::kQueuesPerPair);
}

} // namespace

Engine::Engine(const Options& options)
    : flowCountMax_(options.flowCountMax), thread_(*this, counters_.loop, options.thread) {}

Result<std::unique_ptr<Engine>> Engine::start(const Options& options) {
  std::unique_ptr<Engine> engine(new Engine(options));
  ARGON_TRY(engine->thread_.start());
  return engine;
}

Result<void> Engine::onStart(Uring& uring) {
  uring_ = &uring;
  interfaces_.resize(kInterfaceCountMax);
  return {};
}

void Engine::onStop() {
  ARGON_CHECK(stopping_.empty() &&
              std::ranges::all_of(interfaces_, [](const auto& entry) { return entry == nullptr; }));
  uring_ = nullptr;
}

bool Engine::runRound() {
  bool didWork = false;
  if (pipeline_ != nullptr) {
    nowNs_ = monotonicNs();
    didWork = pipeline_->tick(nowNs_);
    if (observer_ != nullptr) {
      observer_->flowLog().tick(nowNs_);
    }
    resumeHeld(nowNs_);
  }
  // What waits for a guest goes before what guests send, and in the next round behind it, so that
  // neither takes all of an allowance for packets of both directions.
  releasesFirst_ = !releasesFirst_;
  didWork = (releasesFirst_ && releaseQueued()) || didWork;
  didWork = transmitAll() || didWork;
  didWork = (!releasesFirst_ && releaseQueued()) || didWork;
  uring_->submit();
  didWork = uring_->reap() > 0 || didWork;
  publishAll();
  didWork = thread_.runTasks() || didWork;
  if (!stopping_.empty()) {
    removeStopped();
  }
  return didWork;
}

bool Engine::releaseQueued() {
  if (queues_.isEmpty()) return false;
  return queues_.release(
      *pipeline_, nowNs_,
      [this](InterfaceIndex to, std::uint16_t pairIndex, const packet::Frame& frame) {
        Interface* target = interfaces_[to.get()].get();
        if (target != nullptr) {
          deliver(*target, pairIndex, frame);
        }
      });
}

bool Engine::transmitAll() {
  bool didWork = false;
  bool hasIdle = false;
  bool hasInactive = false;
  for (Ring* ring : active_) {
    if (transmit(*ring) > 0) {
      ring->noteBusy();
      didWork = true;
    } else {
      ring->noteIdle();
      hasIdle = hasIdle || ring->idleRoundCount() >= kIdleRoundCountMax;
    }
    hasInactive = hasInactive || !ring->isActive();
  }
  if (hasInactive || (didWork && hasIdle)) {
    std::erase_if(active_, [didWork](Ring* ring) {
      return !ring->isActive() ||
             (didWork && ring->idleRoundCount() >= kIdleRoundCountMax && ring->arm());
    });
  }
  return didWork;
}

unsigned Engine::transmit(Ring& ring) {
  if (!ring.isEnabled()) [[unlikely]] {
    return discard(ring);
  }
  unsigned count = 0;
  segmentCount_ = 0;
  while (count + segmentCount_ < kFramesPerRound && ring.isActive()) {
    batch_.take(ring, kFramesPerRound - count - segmentCount_, pipeline_.get());
    if (batch_.entries().empty()) break;
    const std::size_t done = forwardAll(ring, kFramesPerRound - count);
    count += static_cast<unsigned>(done);
    batch_.giveBackFrom(ring, done);
  }
  if (count > 0) {
    noteAnswered(ring);
  }
  return count;
}

// "In the disabled state the back-end […] must process and discard any TX packets" (vhost-user,
// "Ring states"): the driver gets its buffers back, and nobody sees the frames.
unsigned Engine::discard(Ring& ring) {
  batch_.take(ring, kFramesPerRound, nullptr);
  InterfaceCounters& counters = interfaceAt(ring.owner()).counters;
  for (const FrameBatch::Entry& entry : batch_.entries()) {
    if (!noteFault(ring, entry)) {
      counters.noteSent(entry.reader.frame().lengthBytes);
      counters.txUnreachable.add(1);
    }
    ring.put(entry.chain, 0);
  }
  const auto count = static_cast<unsigned>(batch_.entries().size());
  if (count > 0) {
    noteAnswered(ring);
  }
  return count;
}

// Of the batch, frames until one stays in the ring or the turn is over. Returns how many went.
std::size_t Engine::forwardAll(Ring& ring, unsigned countMax) {
  std::size_t count = 0;
  for (FrameBatch::Entry& entry : batch_.entries()) {
    if (count + segmentCount_ >= countMax || !forward(ring, entry)) [[unlikely]] {
      break;
    }
    ring.put(entry.chain, 0);
    ++count;
  }
  return count;
}

// False if the frame stays in the ring, which is held then.
bool Engine::forward(Ring& ring, FrameBatch::Entry& entry) {
  if (noteFault(ring, entry)) [[unlikely]] {
    return true;
  }
  if (pipeline_ != nullptr) return forwardByPolicy(ring, entry);
  forwardByCable(ring, entry.reader.frame());
  return true;
}

bool Engine::forwardByPolicy(Ring& ring, FrameBatch::Entry& entry) {
  const packet::Frame& frame = entry.reader.frame();
  const packet::Headers& headers = entry.headers;
  const vpc::Verdict verdict =
      pipeline_->handle(ring.owner(), frame, headers, entry.foresight, nowNs_);
  if (verdict.kind == vpc::Verdict::Kind::Hold) {
    ring.hold(verdict.retryAtNs);
    held_.push_back(&ring);
    return false;
  }
  if (observer_ != nullptr) [[unlikely]] {
    observer_->note(ring.owner(), frame, headers, verdict, nowNs_);
  }
  Interface& source = interfaceAt(ring.owner());
  source.counters.noteSent(frame.lengthBytes);
  switch (verdict.kind) {
  case vpc::Verdict::Kind::Deliver: {
    Interface* target = interfaces_[verdict.at.get()].get();
    if (target == nullptr && !verdict.isQueued) {
      source.counters.txUnreachable.add(1);
      return true;
    }
    entry.reader.readdress(verdict.destinationMac, verdict.sourceMac, verdict.lengthBytes);
    if (verdict.isQueued) [[unlikely]] {
      queues_.push(verdict.at, pairOf(ring), frame);
      return true;
    }
    deliver(*target, pairOf(ring), frame);
    return true;
  }
  case vpc::Verdict::Kind::Answer:
    sendTo(source, pairOf(ring), verdict.answer);
    return true;
  case vpc::Verdict::Kind::Punt:
    if (puntSink_ == nullptr || !puntSink_->offer(ring.owner(), verdict.service, frame)) {
      source.counters.puntsLost.add(1);
    }
    return true;
  case vpc::Verdict::Kind::Drop:
    return true;
  case vpc::Verdict::Kind::Hold:
    break;
  }
  ARGON_UNREACHABLE();
}

void Engine::forwardByCable(Ring& ring, const packet::Frame& frame) {
  Interface& source = interfaceAt(ring.owner());
  source.counters.noteSent(frame.lengthBytes);
  Interface* target = interfaces_[ring.owner().get() ^ 1U].get();
  if (target == nullptr) {
    source.counters.txUnreachable.add(1);
    return;
  }
  deliver(*target, pairOf(ring), frame);
}

void Engine::send(InterfaceIndex to, std::span<const std::byte> bytes) {
  Interface* target = interfaces_[to.get()].get();
  if (target != nullptr) {
    sendTo(*target, 0, bytes);
  }
}

// Nothing is left to do to a frame of ours, so that all of it may be in what is otherwise a copy of
// the first bytes.
void Engine::sendTo(Interface& target, std::uint16_t pairIndex, std::span<const std::byte> bytes) {
  deliver(target, pairIndex,
          {.header = bytes,
           .payload = {},
           .lengthBytes = static_cast<std::uint32_t>(bytes.size()),
           .offload = {}});
}

// To the pair of the same number, or to the first: a driver uses all pairs up to a number.
void Engine::deliver(Interface& target, std::uint16_t pairIndex, const packet::Frame& frame) {
  Ring* ring = target.rings[std::size_t{pairIndex} * net::kQueuesPerPair].get();
  if (ring == nullptr) {
    ring = target.rings.front().get();
  }
  // Nobody is there to take it, which is as if there were no buffers.
  if (ring == nullptr || !ring->isActive()) {
    target.counters.rxOverruns.add(1);
    return;
  }
  if (canReceive(frame.offload, ring->features())) [[likely]] {
    receive(target, *ring, frame);
    return;
  }
  if (!finisher_.begin(frame)) {
    target.counters.rxUnfit.add(1);
    return;
  }
  while (const packet::Frame* part = finisher_.next()) {
    receive(target, *ring, *part);
    ++segmentCount_;
  }
}

void Engine::receive(Interface& target, Ring& ring, const packet::Frame& frame) {
  switch (receiver_.deliver(ring, frame)) {
  case Delivery::Done:
    target.counters.rxFrames.add(1);
    target.counters.rxBytes.add(frame.lengthBytes);
    noteAnswered(ring);
    return;
  case Delivery::NoBuffers:
  case Delivery::Broken:
    target.counters.rxOverruns.add(1);
    return;
  case Delivery::Unfit:
    target.counters.rxUnfit.add(1);
    return;
  }
  ARGON_UNREACHABLE();
}

void Engine::noteAnswered(Ring& ring) {
  if (ring.beginAnswers()) {
    answered_.push_back(&ring);
  }
}

void Engine::publishAll() {
  for (Ring* ring : answered_) {
    ring->publish();
  }
  answered_.clear();
}

bool Engine::isLooking() {
  std::erase_if(active_, [](const Ring* ring) { return !ring->isActive(); });
  return !active_.empty();
}

bool Engine::arm() {
  std::erase_if(active_, [](Ring* ring) { return ring->arm(); });
  return active_.empty();
}

void Engine::pause() { relaxCpu(); }

// Those that wait for this time or an earlier one.
void Engine::resumeHeld(std::uint64_t nowNs) {
  std::erase_if(held_, [this, nowNs](Ring* ring) {
    if (ring->isHeld() && ring->retryAtNs() > nowNs) return false;
    if (ring->isHeld()) {
      ring->resume();
      active_.push_back(ring);
    }
    return true;
  });
}

std::optional<std::uint64_t> Engine::sleepNsMax() const {
  if (pipeline_ == nullptr) return std::nullopt;
  std::optional<std::uint64_t> longest;
  if (pipeline_->flows().size() > 0) {
    longest = kTickNs;
  }
  const std::uint64_t nowNs = monotonicNs();
  const auto wakeAt = [&](std::uint64_t dueNs) {
    const std::uint64_t leftNs = dueNs - std::min(nowNs, dueNs);
    longest = std::min(longest.value_or(leftNs), leftNs);
  };
  for (const Ring* ring : held_) {
    wakeAt(ring->retryAtNs());
  }
  if (const auto dueNs = queues_.dueNs()) {
    wakeAt(*dueNs);
  }
  if (const auto dueNs = observer_ == nullptr ? std::nullopt : observer_->flowLog().dueNs()) {
    wakeAt(*dueNs);
  }
  return longest;
}

void Engine::addInterface(InterfaceIndex index, InterfaceCounters& counters, Log log) {
  std::unique_ptr<Interface>& place = interfaces_[index.get()];
  ARGON_CHECK(place == nullptr);
  place = std::make_unique<Interface>(Interface{.counters = counters, .log = std::move(log)});
}

void Engine::removeInterface(InterfaceIndex index) {
  ARGON_CHECK(std::ranges::all_of(interfaceAt(index).rings,
                                  [](const auto& ring) { return ring == nullptr; }));
  interfaces_[index.get()] = nullptr;
}

void Engine::startRing(InterfaceIndex index, vhost_user::RingStart start) {
  Interface& target = interfaceAt(index);
  const std::uint16_t ringIndex = start.index;
  std::unique_ptr<Ring>& place = target.rings[ringIndex];
  ARGON_CHECK(place == nullptr);
  KickListener& listener = *this;
  place = std::make_unique<Ring>(std::move(start), index, target.counters, *uring_, listener,
                                 target.log.child(concat("ring ", ringIndex)));
  if (net::isTransmitQueue(ringIndex)) {
    active_.push_back(place.get());
  }
  noteAnswered(*place); // The driver is called once: a call may have been lost before.
}

void Engine::stopRing(InterfaceIndex index, std::uint16_t ringIndex, Ring::StopDone done) {
  std::unique_ptr<Ring> ring = std::move(interfaceAt(index).rings[ringIndex]);
  ARGON_CHECK(ring != nullptr);
  ring->stop(std::move(done));
  stopping_.push_back(std::move(ring));
}

void Engine::removeStopped() {
  std::vector<std::function<void()>> stopped;
  std::erase_if(stopping_, [this, &stopped](std::unique_ptr<Ring>& ring) {
    if (!ring->isDrained()) {
      return false;
    }
    std::erase(active_, ring.get());
    std::erase(held_, ring.get());
    std::erase(answered_, ring.get());
    stopped.push_back(ring->finishStop());
    return true;
  });
  for (const std::function<void()>& done : stopped) {
    done();
  }
}

void Engine::setCall(InterfaceIndex index, std::uint16_t ringIndex, vhost_user::SharedFd call) {
  Ring* ring = interfaceAt(index).rings[ringIndex].get();
  if (ring != nullptr) {
    ring->setCall(std::move(call));
  }
}

} // namespace argon::network
