// SPDX-License-Identifier: Apache-2.0
#include "network/engine.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/data_thread.h"
#include "base/log.h"
#include "base/result.h"
#include "base/text.h"
#include "base/uring.h"
#include "network/counters.h"
#include "network/interface.h"
#include "network/receiver.h"
#include "network/ring.h"
#include "network/vnet_header.h"
#include "packet/frame.h"
#include "vhost_user/device.h"
#include "virtio/chain.h"
#include "virtio/spec/net.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace argon::network {

namespace net = virtio::spec::net;

namespace {

// Frames that one ring may send in a round, so that a busy ring leaves room for the others
// (CVE-2019-3900); DPDK's and OVS' burst.
constexpr unsigned kFramesPerRound = 32;

// Rounds without a frame after which a ring is armed though the engine is busy: with a thousand
// idle interfaces a look at each would be most of a round.
constexpr std::uint32_t kIdleRoundCountMax = 512;

} // namespace

Engine::Engine(const Options& options) : thread_(*this, counters_.loop, options) {}

Result<std::unique_ptr<Engine>> Engine::start(const Options& options) {
  std::unique_ptr<Engine> engine(new Engine(options));
  ARGON_TRY(engine->thread_.start());
  return engine;
}

Result<void> Engine::onStart(Uring& uring) {
  uring_ = &uring;
  segments_.resize(virtio::kSegmentCountMax);
  interfaces_.resize(kInterfaceCountMax);
  return {};
}

void Engine::onStop() {
  ARGON_CHECK(stopping_.empty() &&
              std::ranges::all_of(interfaces_, [](const auto& entry) { return entry == nullptr; }));
  uring_ = nullptr;
}

bool Engine::runRound() {
  bool didWork = transmitAll();
  uring_->submit();
  didWork = uring_->reap() > 0 || didWork;
  publishAll();
  didWork = thread_.runTasks() || didWork;
  if (!stopping_.empty()) {
    removeStopped();
  }
  return didWork;
}

bool Engine::transmitAll() {
  bool didWork = false;
  bool mayRest = false;
  for (Ring* ring : active_) {
    if (transmit(*ring) > 0) {
      ring->noteBusy();
      didWork = true;
    } else {
      ring->noteIdle();
      mayRest = mayRest || !ring->isActive() || ring->idleRoundCount() >= kIdleRoundCountMax;
    }
  }
  if (didWork && mayRest) {
    std::erase_if(active_, [](Ring* ring) {
      return !ring->isActive() || (ring->idleRoundCount() >= kIdleRoundCountMax && ring->arm());
    });
  }
  return didWork;
}

unsigned Engine::transmit(Ring& ring) {
  unsigned count = 0;
  virtio::Chain chain;
  while (count < kFramesPerRound && ring.isActive() && ring.take(segments_, chain)) {
    forward(ring, chain);
    ring.put(chain, 0);
    ++count;
  }
  if (count > 0) {
    noteAnswered(ring);
  }
  return count;
}

void Engine::forward(Ring& ring, const virtio::Chain& chain) {
  Interface& source = interfaceAt(ring.owner());
  if (chain.fault != virtio::ChainFault::None) [[unlikely]] {
    ring.noteMalformed(virtio::chainFaultName(chain.fault));
    return;
  }
  const HeaderFault fault = reader_.read(chain, ring.features());
  if (fault != HeaderFault::None) [[unlikely]] {
    ring.noteMalformed(headerFaultName(fault));
    return;
  }
  const packet::Frame& frame = reader_.frame();
  source.counters.txFrames.add(1);
  source.counters.txBytes.add(frame.lengthBytes);
  Interface* target = otherEndOf(ring.owner());
  if (target == nullptr) {
    source.counters.txUnreachable.add(1);
    return;
  }
  deliver(*target, static_cast<std::uint16_t>(ring.index() / net::kQueuesPerPair), frame);
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

Engine::Interface* Engine::otherEndOf(InterfaceIndex index) {
  return interfaces_[index.get() ^ 1U].get();
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
