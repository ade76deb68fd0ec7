// SPDX-License-Identifier: Apache-2.0
#include "network/ring_rig.h"

#include "base/check.h"
#include "base/log.h"
#include "base/result.h"
#include "base/uring.h"
#include "frontend/arena.h"
#include "frontend/driver_queue.h"
#include "frontend/driver_ring.h"
#include "frontend/packed_driver_queue.h"
#include "network/interface.h"
#include "network/ring.h"
#include "support/ring_start.h"
#include "support/test.h"
#include "virtio/features.h"
#include "virtio/spec/features.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace argon::test {

namespace {

std::unique_ptr<frontend::DriverRing> makeDriver(frontend::Arena& arena,
                                                 const RingRig::Options& options) {
  const bool hasEventIdx = options.features.has(virtio::spec::F_EVENT_IDX);
  if (options.layout == RingLayoutKind::Packed) {
    Result<frontend::PackedDriverQueue> made = frontend::PackedDriverQueue::create(
        arena, {.size = options.size, .hasEventIdx = hasEventIdx});
    REQUIRE_OK(made);
    return std::make_unique<frontend::PackedDriverQueue>(*std::move(made));
  }
  Result<frontend::DriverQueue> made =
      frontend::DriverQueue::create(arena, {.size = options.size, .hasEventIdx = hasEventIdx});
  REQUIRE_OK(made);
  return std::make_unique<frontend::DriverQueue>(*std::move(made));
}

} // namespace

RingRig::RingRig(const Options& options)
    : kick_(options.hasKick ? makeSharedEventFd() : nullptr), call_(makeSharedEventFd()),
      err_(makeSharedEventFd()) {
  Result<std::unique_ptr<frontend::Arena>> arena =
      frontend::Arena::create({.sizeBytes = std::size_t{1} << 20});
  REQUIRE_OK(arena);
  arena_ = *std::move(arena);
  driver_ = makeDriver(*arena_, options);
  Result<std::unique_ptr<Uring>> uring = Uring::create(16);
  REQUIRE_OK(uring);
  uring_ = *std::move(uring);
  const virtio::FeatureSet features = options.layout == RingLayoutKind::Packed
                                          ? options.features.with(virtio::spec::F_RING_PACKED)
                                          : options.features;
  network::KickListener& listener = *this;
  ring_ = std::make_unique<network::Ring>(makeRingStart(*arena_, *driver_, mapArena(*arena_),
                                                        {.index = options.index,
                                                         .base = driver_->firstBase(),
                                                         .features = features,
                                                         .kick = kick_,
                                                         .call = call_,
                                                         .err = err_}),
                                          network::InterfaceIndex(0), counters_, *uring_, listener,
                                          Log(log_, "ring"));
}

RingRig::~RingRig() {
  if (ring_ != nullptr) {
    static_cast<void>(stop());
  }
}

void RingRig::onActive(network::Ring& ring) {
  ARGON_CHECK(&ring == ring_.get());
  ++activeCount_;
}

void RingRig::offerBuffers(const std::vector<std::uint32_t>& sizes) {
  for (const std::uint32_t size : sizes) {
    Result<frontend::ArenaBlock> block = arena_->allocate(size, 1);
    REQUIRE_OK(block);
    buffers_.push_back(*block);
    const std::array<frontend::Buffer, 1> chain = {
        {{.address = block->address, .lengthBytes = size, .isWritable = true}}};
    REQUIRE(driver_->add(chain).has_value());
  }
  static_cast<void>(driver_->publish());
}

std::vector<std::uint32_t> RingRig::publishAndTake() {
  ring_->publish();
  std::vector<std::uint32_t> lengths;
  for (;;) {
    const Result<std::optional<frontend::UsedChain>> used = driver_->takeUsed();
    REQUIRE_OK(used);
    if (!used->has_value()) {
      return lengths;
    }
    lengths.push_back((*used)->lengthBytes);
  }
}

void RingRig::reap() {
  uring_->wait(std::nullopt);
  uring_->reap();
}

std::uint32_t RingRig::stop() {
  std::uint32_t base = 0;
  ring_->stop([&base](std::uint32_t at) { base = at; });
  while (!ring_->isDrained()) {
    reap();
  }
  const std::function<void()> done = ring_->finishStop();
  ring_ = nullptr;
  done();
  return base;
}

} // namespace argon::test
