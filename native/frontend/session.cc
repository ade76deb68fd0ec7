// SPDX-License-Identifier: Apache-2.0
#include "frontend/session.h"

#include "base/check.h"
#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "frontend/arena.h"
#include "frontend/channel.h"
#include "frontend/driver_queue.h"
#include "frontend/driver_ring.h"
#include "frontend/packed_driver_queue.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"
#include "virtio/spec/features.h"
#include "virtio/spec/net.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace argon::frontend {

namespace spec = vhost_user::spec;

Result<std::unique_ptr<Session>> Session::open(Channel channel, const Options& options) {
  ARGON_TRY_ASSIGN(std::unique_ptr<Arena> arena, Arena::create({.sizeBytes = options.arenaBytes,
                                                                .regionCount = options.regionCount,
                                                                .sealing = options.sealing}));
  std::unique_ptr<Session> session(new Session(std::move(channel), options, std::move(arena)));
  ARGON_TRY(session->negotiate());
  ARGON_TRY(session->shareMemory());
  if (session->protocolFeatures_.has(spec::PROTOCOL_F_INFLIGHT_SHMFD)) {
    ARGON_TRY(session->takeInflight());
    ARGON_TRY(session->giveInflight());
  }
  for (std::uint16_t index = 0; index < options.queueCount; ++index) {
    ARGON_TRY(session->addQueue());
    ARGON_TRY(session->startQueue(index, session->ring(index).firstBase()));
  }
  return session;
}

Result<void> Session::reconnect(Channel channel) {
  channel_ = std::move(channel);
  ARGON_TRY(negotiate());
  ARGON_TRY(shareMemory());
  return hasInflight() ? giveInflight() : Result<void>();
}

Result<void> Session::resumeQueues() {
  for (std::uint16_t index = 0; index < queueCount(); ++index) {
    ARGON_TRY(startQueue(index, ring(index).baseOfUsed()));
  }
  return {};
}

Result<void> Session::negotiate() {
  ARGON_TRY_ASSIGN(const std::uint64_t offered, askU64(spec::Request::GET_FEATURES));
  offered_ = virtio::FeatureSet(offered);
  if (!offered_.has(spec::F_PROTOCOL_FEATURES)) {
    // Asking for them would be illegal, and without them there is no configuration space.
    return Error(ErrorKind::Unsupported, "the back end has no protocol features");
  }
  ARGON_TRY_ASSIGN(const std::uint64_t protocol, askU64(spec::Request::GET_PROTOCOL_FEATURES));
  const bool isBlock = options_.deviceKind == DeviceKind::Block;
  if (isBlock && !virtio::FeatureSet(protocol).has(spec::PROTOCOL_F_CONFIG)) {
    return Error(ErrorKind::Unsupported, "the back end has no configuration space");
  }
  protocolFeatures_ = virtio::FeatureSet(protocol).commonWith(options_.wantedProtocolFeatures);
  const std::uint64_t protocolBits = protocolFeatures_.bits();
  ARGON_TRY(channel_.send(spec::Request::SET_PROTOCOL_FEATURES, payloadOf(protocolBits)));
  if (options_.queueCount > 1) {
    ARGON_TRY_ASSIGN(const std::uint64_t queueMax, askU64(spec::Request::GET_QUEUE_NUM));
    const std::uint64_t ringsPerQueue = isBlock ? 1 : virtio::spec::net::kQueuesPerPair;
    if (options_.queueCount > queueMax * ringsPerQueue) {
      return Error(ErrorKind::InvalidArgument,
                   concat("the back end has ", queueMax, " queues, too few for ",
                          options_.queueCount, " rings"));
    }
  }
  ARGON_TRY(tell(spec::Request::SET_OWNER, {}));
  if (isBlock && protocolFeatures_.has(spec::PROTOCOL_F_CONFIG)) {
    ARGON_TRY_ASSIGN(config_, readConfig());
  }
  features_ = offered_.commonWith(options_.wantedFeatures)
                  .without(spec::F_PROTOCOL_FEATURES)
                  .without(virtio::spec::F_RING_PACKED)
                  .without(spec::F_LOG_ALL);
  if (options_.acceptsProtocolFeatures) {
    features_ = features_.with(spec::F_PROTOCOL_FEATURES);
  }
  if (options_.ringKind == RingKind::Packed) {
    if (!offered_.has(virtio::spec::F_RING_PACKED)) {
      return Error(ErrorKind::Unsupported, "the back end has no packed rings");
    }
    features_ = features_.with(virtio::spec::F_RING_PACKED);
  }
  return sendFeatures();
}

Result<void> Session::shareMemory() {
  return options_.memoryMessage == MemoryMessage::Table ? sendMemory() : addMemory(*arena_);
}

Result<void> Session::takeInflight() {
  const spec::InflightDescription asked{.mmapSize = 0,
                                        .mmapOffset = 0,
                                        .queueCount = options_.queueCount,
                                        .queueSize = options_.queueSize};
  ARGON_TRY_ASSIGN(Answer answer, channel_.ask(spec::Request::GET_INFLIGHT_FD, payloadOf(asked)));
  if (answer.payload.size() < spec::kInflightBytesMin ||
      answer.payload.size() > spec::kInflightBytesMax || answer.fds.size() != 1) {
    return Error(ErrorKind::Protocol, concat("an in-flight region of ", answer.payload.size(),
                                             " bytes with ", answer.fds.size(), " descriptors"));
  }
  std::memcpy(&inflight_, answer.payload.data(), spec::kInflightBytesMin);
  inflightFd_ = std::move(answer.fds.front());
  return {};
}

Result<void> Session::giveInflight() {
  return tell(spec::Request::SET_INFLIGHT_FD, payloadOf(inflight_), std::array{inflightFd_.get()});
}

Result<std::unique_ptr<DriverRing>> Session::createRing(DriverQueue*& split) {
  const bool hasEventIdx = features_.has(virtio::spec::F_EVENT_IDX);
  if (options_.ringKind == RingKind::Packed) {
    ARGON_TRY_ASSIGN(PackedDriverQueue ring,
                     PackedDriverQueue::create(
                         *arena_, {.size = options_.queueSize, .hasEventIdx = hasEventIdx}));
    return std::unique_ptr<DriverRing>(std::make_unique<PackedDriverQueue>(std::move(ring)));
  }
  ARGON_TRY_ASSIGN(DriverQueue ring, DriverQueue::create(*arena_, {.size = options_.queueSize,
                                                                   .hasEventIdx = hasEventIdx}));
  auto made = std::make_unique<DriverQueue>(std::move(ring));
  split = made.get();
  return std::unique_ptr<DriverRing>(std::move(made));
}

Result<void> Session::addQueue() {
  Queue queue;
  ARGON_TRY_ASSIGN(queue.ring, createRing(queue.split));
  ARGON_TRY_ASSIGN(queue.kick, createEventFd());
  ARGON_TRY_ASSIGN(queue.call, createEventFd());
  ARGON_TRY_ASSIGN(queue.err, createEventFd());
  queues_.push_back(std::move(queue));
  return {};
}

DriverQueue& Session::queue(std::uint16_t index) {
  ARGON_CHECK(queues_[index].split != nullptr);
  return *queues_[index].split;
}

Result<void> Session::sendAddress(std::uint16_t index) {
  const DriverRing& ring = *queues_[index].ring;
  const bool isLogging = features_.has(spec::F_LOG_ALL);
  const spec::VringAddress address{
      .index = index,
      .flags = isLogging ? spec::VRING_F_LOG : 0,
      .descriptor = arena_->frontendAddressOf(ring.descriptorsAddress()).get(),
      .used = arena_->frontendAddressOf(ring.usedAddress()).get(),
      .available = arena_->frontendAddressOf(ring.availableAddress()).get(),
      // The used ring is logged by its guest address, which alone the device does not know.
      .log = isLogging ? ring.usedAddress().get() : 0};
  return tell(spec::Request::SET_VRING_ADDR, payloadOf(address));
}

Result<void> Session::startQueue(std::uint16_t index, std::uint32_t base) {
  const Queue& queue = queues_[index];
  ARGON_TRY(tellState(spec::Request::SET_VRING_NUM, index, queue.ring->size()));
  ARGON_TRY(tellState(spec::Request::SET_VRING_BASE, index, base));
  ARGON_TRY(sendAddress(index));
  ARGON_TRY(tellFd(spec::Request::SET_VRING_ERR, index, queue.err.get()));
  ARGON_TRY(tellFd(spec::Request::SET_VRING_KICK, index, queue.kick.get()));
  ARGON_TRY(tellFd(spec::Request::SET_VRING_CALL, index, queue.call.get()));
  // Without the feature there is no such message, and the ring is enabled.
  return options_.acceptsProtocolFeatures ? setQueueEnabled(index, true) : Result<void>();
}

Result<void> Session::setQueueEnabled(std::uint16_t index, bool isEnabled) {
  return tellState(spec::Request::SET_VRING_ENABLE, index, isEnabled ? 1 : 0);
}

Result<void> Session::replaceCallFd(std::uint16_t index) {
  ARGON_TRY_ASSIGN(queues_[index].call, createEventFd());
  return tellFd(spec::Request::SET_VRING_CALL, index, queues_[index].call.get());
}

Result<std::uint32_t> Session::stopQueue(std::uint16_t index) {
  const spec::VringState state{.index = index, .num = 0};
  ARGON_TRY_ASSIGN(const Answer answer,
                   channel_.ask(spec::Request::GET_VRING_BASE, payloadOf(state)));
  spec::VringState base{};
  if (answer.payload.size() != sizeof base) {
    return Error(ErrorKind::Protocol, "no ring state where one belongs");
  }
  std::memcpy(&base, answer.payload.data(), sizeof base);
  return base.num;
}

void Session::kick(std::uint16_t index) { signalEventFd(queues_[index].kick.get()); }

Result<std::uint64_t> Session::askU64(spec::Request request) {
  ARGON_TRY_ASSIGN(const Answer answer, channel_.ask(request, {}));
  std::uint64_t value = 0;
  if (answer.payload.size() != sizeof value) {
    return Error(ErrorKind::Protocol,
                 concat("no number where one belongs, in the answer to message ", request));
  }
  std::memcpy(&value, answer.payload.data(), sizeof value);
  return value;
}

Result<void> Session::tellU64(spec::Request request, std::uint64_t value) {
  return tell(request, payloadOf(value));
}

Result<void> Session::tellState(spec::Request request, std::uint16_t index, std::uint32_t number) {
  const spec::VringState state{.index = index, .num = number};
  return tell(request, payloadOf(state));
}

Result<void> Session::tellFd(spec::Request request, std::uint16_t index, int fd) {
  const std::uint64_t value = index;
  return tell(request, payloadOf(value), std::span(&fd, 1));
}

Result<void> Session::tell(spec::Request request, std::span<const std::byte> payload,
                           std::span<const int> fds) {
  return protocolFeatures_.has(spec::PROTOCOL_F_REPLY_ACK) ? channel_.tell(request, payload, fds)
                                                           : channel_.send(request, payload, fds);
}

} // namespace argon::frontend
