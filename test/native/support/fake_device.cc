// SPDX-License-Identifier: Apache-2.0
#include "support/fake_device.h"

#include "base/check.h"
#include "base/error.h"
#include "base/result.h"
#include "vhost_user/device.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace argon::test {

std::uint16_t FakeDevice::queueCount() const { return static_cast<std::uint16_t>(rings_.size()); }

void FakeDevice::readConfig(std::span<std::byte> into) const {
  for (std::size_t index = 0; index < std::min(into.size(), kConfigBytes); ++index) {
    into[index] = static_cast<std::byte>(index + 1);
  }
}

Result<void> FakeDevice::writeConfig(std::size_t offset, std::span<const std::byte> bytes) {
  if (offset == 32 && bytes.size() == 1) {
    return {};
  }
  return Error(ErrorKind::Unsupported, "this field is read-only");
}

Result<void> FakeDevice::setMtu(std::uint64_t mtuBytes) {
  if (mtuBytes > kMtuMax) {
    return Error(ErrorKind::InvalidArgument, "the MTU is too large");
  }
  return {};
}

void FakeDevice::startRing(vhost_user::RingStart start) {
  const std::scoped_lock lock(mutex_);
  Ring& ring = rings_[start.index];
  // The session's promise: a ring is started once until it has been stopped.
  ARGON_CHECK(!ring.start.has_value());
  ARGON_CHECK(start.memory != nullptr);
  ++ring.startCount;
  ring.start = std::move(start);
}

void FakeDevice::stopRing(std::uint16_t index, StopDone done) {
  const std::scoped_lock lock(mutex_);
  Ring& ring = rings_[index];
  ARGON_CHECK(ring.start.has_value());
  ++ring.stopCount;
  // Until then the ring is being worked on, and its memory is held.
  std::function<void()> answer = [this, index, done = std::move(done)] {
    std::uint32_t base = 0;
    {
      const std::scoped_lock answerLock(mutex_);
      // Split rings: 16 bits.
      base = static_cast<std::uint16_t>(rings_[index].start->queue.base() + takenCount_);
      rings_[index].start.reset();
    }
    done(base);
  };
  if (isHolding_) {
    held_.push_back(std::move(answer));
  } else {
    loop_.post(std::move(answer));
  }
}

void FakeDevice::reset() {
  const std::scoped_lock lock(mutex_);
  // The session's promise: the rings are stopped before.
  ARGON_CHECK(
      std::ranges::none_of(rings_, [](const Ring& ring) { return ring.start.has_value(); }));
  ++resetCount_;
}

unsigned FakeDevice::resetCount() const {
  const std::scoped_lock lock(mutex_);
  return resetCount_;
}

void FakeDevice::setCall(std::uint16_t index, vhost_user::SharedFd call) {
  const std::scoped_lock lock(mutex_);
  ARGON_CHECK(rings_[index].start.has_value());
  rings_[index].start->call = std::move(call);
  ++rings_[index].setCallCount;
}

FakeDevice::Ring FakeDevice::ring(std::uint16_t index) const {
  const std::scoped_lock lock(mutex_);
  return rings_[index];
}

unsigned FakeDevice::stopCount() const {
  const std::scoped_lock lock(mutex_);
  unsigned count = 0;
  for (const Ring& ring : rings_) {
    count += ring.stopCount;
  }
  return count;
}

void FakeDevice::holdStops() {
  const std::scoped_lock lock(mutex_);
  isHolding_ = true;
}

void FakeDevice::releaseStops() {
  std::vector<std::function<void()>> released;
  {
    const std::scoped_lock lock(mutex_);
    isHolding_ = false;
    released = std::exchange(held_, {});
  }
  for (std::function<void()>& answer : released) {
    loop_.post(std::move(answer));
  }
}

std::size_t FakeDevice::heldStopCount() const {
  const std::scoped_lock lock(mutex_);
  return held_.size();
}

void FakeDevice::setTakenCount(std::uint16_t count) {
  const std::scoped_lock lock(mutex_);
  takenCount_ = count;
}

} // namespace argon::test
