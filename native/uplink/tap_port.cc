// SPDX-License-Identifier: Apache-2.0
#include "uplink/tap_port.h"

#include "base/check.h"
#include "base/error.h"
#include "base/event_loop.h"
#include "base/log.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "frontend/arena.h"
#include "frontend/driver_queue.h"
#include "frontend/driver_ring.h"
#include "memory/guest_memory.h"
#include "memory/memory_region.h"
#include "packet/frame.h"
#include "vhost_user/device.h"
#include "vhost_user/vring.h"
#include "virtio/features.h"
#include "virtio/spec/features.h"
#include "virtio/spec/net.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace argon::uplink {

namespace net = virtio::spec::net;

namespace {

constexpr std::uint16_t kReceiveIndex = 0;
constexpr std::uint16_t kTransmitIndex = 1;

// What is read may be 64 KiB to be segmented, and one more byte tells what was cut: the engine
// refuses and counts a frame of that length.
constexpr std::uint16_t kTransmitSize = 64;
constexpr std::size_t kTransmitBytes = sizeof(net::Header) + packet::kFrameBytesMax + 1;
// A megabyte, or what comes between two turns of the loop: fifteen frames of 64 KiB.
constexpr std::uint16_t kReceiveSize = 256;
constexpr std::size_t kReceiveBytes = 4096;

// Frames of each way before the loop's other handlers have their turn: about 100 microseconds.
constexpr unsigned kFramesPerTurn = 64;

constexpr virtio::FeatureSet kFeatures = virtio::FeatureSet()
                                             .with(virtio::spec::F_VERSION_1)
                                             .with(virtio::spec::F_EVENT_IDX)
                                             .with(net::F_MRG_RXBUF)
                                             .with(net::F_CSUM)
                                             .with(net::F_GUEST_CSUM)
                                             .with(net::F_HOST_TSO4)
                                             .with(net::F_HOST_TSO6)
                                             .with(net::F_GUEST_TSO4)
                                             .with(net::F_GUEST_TSO6);

Result<vhost_user::SharedFd> createSharedEventFd() {
  ARGON_TRY_ASSIGN(UniqueFd fd, createEventFd());
  return vhost_user::SharedFd(std::make_shared<const UniqueFd>(std::move(fd)));
}

Result<std::shared_ptr<const GuestMemory>> shareMemory(const frontend::Arena& arena) {
  UniqueFd file(::dup(arena.fd()));
  if (!file) {
    return Error::fromErrno(errno, "share the memory of an uplink");
  }
  ARGON_TRY_ASSIGN(
      std::shared_ptr<const MemoryRegion> region,
      MemoryRegion::map(arena.regions().front(), std::move(file), RegionPolicy::RequireSealed));
  return GuestMemory::create({std::move(region)});
}

Error isGone() { return {ErrorKind::Closed, "the TAP device of an uplink was deleted"}; }

} // namespace

TapPort::TapPort(UniqueFd tap, EventLoop& loop, vhost_user::Device& device, Log log,
                 std::function<void()> onFailure)
    : tap_(std::move(tap)), loop_(loop), device_(device), log_(std::move(log)),
      onFailure_(std::move(onFailure)) {}

TapPort::~TapPort() { ARGON_CHECK(!isStarted_); }

Result<void> TapPort::start() {
  // Rings and what separates them are less than a page for each.
  constexpr std::size_t kArenaBytes = std::size_t{kTransmitSize} * (kTransmitBytes + 64) +
                                      std::size_t{kReceiveSize} * kReceiveBytes + 16 * 4096;
  ARGON_TRY_ASSIGN(arena_, frontend::Arena::create({.sizeBytes = kArenaBytes}));
  ARGON_TRY(makeLane(receiving_, kReceiveSize, kReceiveBytes));
  ARGON_TRY(makeLane(transmitting_, kTransmitSize, kTransmitBytes));
  for (std::size_t buffer = 0; buffer < kReceiveSize; ++buffer) {
    offer(receiving_, buffer, kReceiveBytes, true);
  }
  publish(receiving_);
  for (std::size_t buffer = 0; buffer < kTransmitSize; ++buffer) {
    free_.push_back(buffer);
  }
  ARGON_TRY_ASSIGN(call_, createSharedEventFd());
  ARGON_TRY_ASSIGN(const std::shared_ptr<const GuestMemory> memory, shareMemory(*arena_));
  ARGON_TRY_ASSIGN(vhost_user::RingStart receive, prepare(receiving_, kReceiveIndex, memory));
  ARGON_TRY_ASSIGN(vhost_user::RingStart transmit, prepare(transmitting_, kTransmitIndex, memory));
  ARGON_TRY(loop_.watch(call_->get(), EPOLLIN, *this));
  isCalled_ = true;
  if (Result<void> reading = setReading(true); !reading) {
    unwatchAll();
    return reading;
  }
  isStarted_ = true;
  device_.startRing(std::move(receive));
  device_.startRing(std::move(transmit));
  return {};
}

Result<void> TapPort::makeLane(Lane& lane, std::uint16_t size, std::size_t bufferBytes) {
  ARGON_TRY_ASSIGN(frontend::DriverQueue queue,
                   frontend::DriverQueue::create(*arena_, {.size = size, .hasEventIdx = true}));
  lane.queue = std::make_unique<frontend::DriverQueue>(std::move(queue));
  lane.bufferOf.resize(size);
  for (std::uint16_t count = 0; count < size; ++count) {
    ARGON_TRY_ASSIGN(const frontend::ArenaBlock buffer, arena_->allocate(bufferBytes, 64));
    lane.buffers.push_back(buffer);
  }
  ARGON_TRY_ASSIGN(lane.kick, createSharedEventFd());
  return {};
}

Result<vhost_user::RingStart>
TapPort::prepare(const Lane& lane, std::uint16_t index,
                 const std::shared_ptr<const GuestMemory>& memory) const {
  const vhost_user::Vring vring{
      .size = lane.queue->size(),
      .addresses =
          vhost_user::RingAddresses{
              .descriptors = arena_->frontendAddressOf(lane.queue->descriptorsAddress()),
              .used = arena_->frontendAddressOf(lane.queue->usedAddress()),
              .available = arena_->frontendAddressOf(lane.queue->availableAddress())},
      .hasKick = true,
      .kick = lane.kick,
      .call = call_,
      .enablement = vhost_user::Vring::Enablement::Enabled};
  return prepareStart(vring, index, {.memory = memory, .features = kFeatures});
}

void TapPort::offer(Lane& lane, std::size_t buffer, std::uint32_t bytes, bool isWritable) {
  const frontend::Buffer piece{
      .address = lane.buffers[buffer].address, .lengthBytes = bytes, .isWritable = isWritable};
  const std::optional<std::uint16_t> head = lane.queue->add(std::span(&piece, 1));
  ARGON_CHECK(head.has_value()); // There are as many descriptors as buffers.
  lane.bufferOf[*head] = buffer;
}

void TapPort::publish(Lane& lane) {
  if (lane.queue->publish()) {
    signalEventFd(lane.kick->get());
  }
}

void TapPort::onEvents(std::uint32_t /*events*/) {
  if (const Result<void> done = work(); !done) {
    fail(done.error());
  }
}

Result<void> TapPort::work() {
  eventfd_t calls = 0;
  // Nothing to read if it was the device that is ready.
  [[maybe_unused]] const int outcome = ::eventfd_read(call_->get(), &calls);
  ARGON_TRY(takeBack());
  ARGON_TRY(carryIn());
  return carryOut();
}

// Buffers whose frames the engine has taken.
Result<void> TapPort::takeBack() {
  for (;;) {
    ARGON_TRY_ASSIGN(const std::optional<frontend::UsedChain> used,
                     transmitting_.queue->takeUsed());
    if (!used) {
      return {};
    }
    free_.push_back(transmitting_.bufferOf[used->head]);
  }
}

Result<void> TapPort::carryIn() {
  bool hasMore = true;
  for (unsigned count = 0; hasMore && count < kFramesPerTurn && !free_.empty(); ++count) {
    ARGON_TRY_ASSIGN(hasMore, readFrame());
  }
  publish(transmitting_);
  // The engine is told to call only if it has all buffers.
  if (free_.empty() && transmitting_.queue->enableCalls()) {
    ARGON_TRY(takeBack());
  }
  if (!free_.empty()) {
    transmitting_.queue->disableCalls();
  }
  return setReading(!free_.empty());
}

// False if there was none.
Result<bool> TapPort::readFrame() {
  const std::size_t buffer = free_.back();
  const std::span<std::byte> place = transmitting_.buffers[buffer].bytes;
  const ssize_t bytes = ::read(tap_.get(), place.data(), place.size());
  if (bytes < 0) {
    if (errno == EAGAIN || errno == EINTR) {
      return false;
    }
    return errno == EBADFD ? isGone() : Error::fromErrno(errno, "read a TAP device");
  }
  free_.pop_back();
  offer(transmitting_, buffer, static_cast<std::uint32_t>(bytes), false);
  return true;
}

Result<void> TapPort::carryOut() {
  for (unsigned count = 0; count < kFramesPerTurn && receiving_.queue->hasUsed(); ++count) {
    ARGON_TRY(writeFrame());
  }
  publish(receiving_);
  if (receiving_.queue->enableCalls()) {
    signalEventFd(call_->get()); // More, in the next turn.
  }
  return {};
}

Result<std::span<std::byte>> TapPort::takeReceived() {
  ARGON_TRY_ASSIGN(const std::optional<frontend::UsedChain> used, receiving_.queue->takeUsed());
  if (!used) {
    return Error(ErrorKind::Protocol, "a part of a frame is missing");
  }
  const std::size_t buffer = receiving_.bufferOf[used->head];
  used_.push_back(buffer);
  const std::span<std::byte> bytes = receiving_.buffers[buffer].bytes;
  if (used->lengthBytes == 0 || used->lengthBytes > bytes.size()) {
    return Error(ErrorKind::Protocol, concat(used->lengthBytes, " bytes in a buffer"));
  }
  return bytes.first(used->lengthBytes);
}

Result<void> TapPort::writeFrame() {
  pieces_.clear();
  used_.clear();
  net::Header header{};
  std::size_t count = 1;
  for (std::size_t part = 0; part < count; ++part) {
    ARGON_TRY_ASSIGN(const std::span<std::byte> bytes, takeReceived());
    if (part == 0) {
      if (bytes.size() < sizeof header) {
        return Error(ErrorKind::Protocol, "a frame without its header");
      }
      std::memcpy(&header, bytes.data(), sizeof header);
      count = header.num_buffers.get();
    }
    pieces_.push_back({.iov_base = bytes.data(), .iov_len = bytes.size()});
  }
  // What the device does not take is lost, and counted by it.
  if (::writev(tap_.get(), pieces_.data(), static_cast<int>(pieces_.size())) < 0 &&
      errno == EBADFD) {
    return isGone();
  }
  for (const std::size_t buffer : used_) {
    offer(receiving_, buffer, kReceiveBytes, true);
  }
  return {};
}

Result<void> TapPort::setReading(bool isReading) {
  if (isReading == isReading_) {
    return {};
  }
  if (isReading) {
    ARGON_TRY(loop_.watch(tap_.get(), EPOLLIN, *this));
  } else {
    loop_.unwatch(tap_.get());
  }
  isReading_ = isReading;
  return {};
}

void TapPort::unwatchAll() {
  if (std::exchange(isReading_, false)) {
    loop_.unwatch(tap_.get());
  }
  if (std::exchange(isCalled_, false)) {
    loop_.unwatch(call_->get());
  }
}

// What goes there is lost from now on: the engine finds no buffers.
void TapPort::fail(const Error& error) {
  unwatchAll();
  log_.error(concat("nothing goes by the uplink any more: ", error.message()));
  onFailure_();
}

void TapPort::stop(std::function<void()> done) {
  unwatchAll();
  device_.stopRing(kTransmitIndex, [this, done = std::move(done)](std::uint32_t /*base*/) {
    device_.stopRing(kReceiveIndex, [this, done](std::uint32_t /*base*/) {
      isStarted_ = false;
      tap_.reset();
      done();
    });
  });
}

} // namespace argon::uplink
