// SPDX-License-Identifier: Apache-2.0
#include "frontend/session.h"

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "frontend/arena.h"
#include "frontend/channel.h"
#include "frontend/driver_queue.h"
#include "memory/memory_region.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"
#include "virtio/spec/blk.h"
#include "virtio/spec/features.h"

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
namespace blk = virtio::spec::blk;

namespace {

// What QEMU 7.2 asks for: its struct ends before the secure-erase fields.
constexpr std::uint32_t kConfigBytesAsked = 60;

constexpr virtio::FeatureSet kWantedProtocolFeatures = virtio::FeatureSet()
                                                           .with(spec::PROTOCOL_F_MQ)
                                                           .with(spec::PROTOCOL_F_REPLY_ACK)
                                                           .with(spec::PROTOCOL_F_CONFIG);

template <typename Struct>
std::span<const std::byte> bytesOf(const Struct& value) {
  return std::as_bytes(std::span(&value, 1));
}

} // namespace

Result<std::unique_ptr<Session>> Session::open(Channel channel, const Options& options) {
  ARGON_TRY_ASSIGN(std::unique_ptr<Arena> arena, Arena::create({.sizeBytes = options.arenaBytes,
                                                                .regionCount = options.regionCount,
                                                                .sealing = options.sealing}));
  std::unique_ptr<Session> session(new Session(std::move(channel), std::move(arena)));
  ARGON_TRY(session->negotiate(options));
  ARGON_TRY(session->sendMemory());
  for (std::uint16_t index = 0; index < options.queueCount; ++index) {
    ARGON_TRY(session->addQueue(options));
    ARGON_TRY(session->startQueue(index, 0));
  }
  return session;
}

Result<void> Session::negotiate(const Options& options) {
  ARGON_TRY_ASSIGN(const std::uint64_t offered, askU64(spec::Request::GET_FEATURES));
  offered_ = virtio::FeatureSet(offered);
  if (!offered_.has(spec::F_PROTOCOL_FEATURES)) {
    // Asking for them would be illegal, and without them there is no configuration space.
    return Error(ErrorKind::Unsupported, "the back end has no protocol features");
  }
  ARGON_TRY_ASSIGN(const std::uint64_t protocol, askU64(spec::Request::GET_PROTOCOL_FEATURES));
  protocolFeatures_ = virtio::FeatureSet(protocol).commonWith(kWantedProtocolFeatures);
  const std::uint64_t protocolBits = protocolFeatures_.bits();
  ARGON_TRY(channel_.send(spec::Request::SET_PROTOCOL_FEATURES, bytesOf(protocolBits)));
  if (!protocolFeatures_.has(spec::PROTOCOL_F_CONFIG)) {
    return Error(ErrorKind::Unsupported, "the back end has no configuration space");
  }
  if (options.queueCount > 1) {
    ARGON_TRY_ASSIGN(const std::uint64_t queueMax, askU64(spec::Request::GET_QUEUE_NUM));
    if (options.queueCount > queueMax) {
      return Error(ErrorKind::InvalidArgument,
                   concat("the back end has ", queueMax, " queues, not ", options.queueCount));
    }
  }
  ARGON_TRY(tell(spec::Request::SET_OWNER, {}));
  ARGON_TRY_ASSIGN(config_, readConfig());
  features_ = offered_.commonWith(options.wantedFeatures)
                  .with(spec::F_PROTOCOL_FEATURES)
                  .without(virtio::spec::F_RING_PACKED)
                  .without(spec::F_LOG_ALL);
  return tellU64(spec::Request::SET_FEATURES, features_.bits());
}

Result<blk::Config> Session::readConfig() {
  const spec::ConfigHeader header{.offset = 0, .size = kConfigBytesAsked, .flags = 0};
  std::array<std::byte, sizeof header + kConfigBytesAsked> request{};
  std::memcpy(request.data(), &header, sizeof header);
  ARGON_TRY_ASSIGN(const Answer answer, channel_.ask(spec::Request::GET_CONFIG, request));
  if (answer.payload.size() != request.size()) {
    return Error(ErrorKind::Protocol,
                 concat("a configuration of ", answer.payload.size(), " bytes"));
  }
  blk::Config config{};
  std::memcpy(&config, answer.payload.data() + sizeof header, kConfigBytesAsked);
  return config;
}

Result<void> Session::sendMemory() {
  const std::vector<RegionDescription>& regions = arena_->regions();
  std::vector<std::byte> payload(sizeof(spec::MemoryTableHeader));
  const spec::MemoryTableHeader header{.regionCount = static_cast<std::uint32_t>(regions.size()),
                                       .padding = 0};
  std::memcpy(payload.data(), &header, sizeof header);
  std::vector<int> fds;
  for (const RegionDescription& region : regions) {
    const spec::MemoryRegion wire{.guestAddress = region.guestStart.get(),
                                  .size = region.sizeBytes,
                                  .userAddress = region.frontendStart.get(),
                                  .mmapOffset = region.fileOffsetBytes};
    const std::span<const std::byte> bytes = bytesOf(wire);
    payload.insert(payload.end(), bytes.begin(), bytes.end());
    fds.push_back(arena_->fd());
  }
  return tell(spec::Request::SET_MEM_TABLE, payload, fds);
}

Result<void> Session::addQueue(const Options& options) {
  ARGON_TRY_ASSIGN(
      DriverQueue ring,
      DriverQueue::create(*arena_, {.size = options.queueSize,
                                    .hasEventIdx = features_.has(virtio::spec::F_EVENT_IDX)}));
  ARGON_TRY_ASSIGN(UniqueFd kick, createEventFd());
  ARGON_TRY_ASSIGN(UniqueFd call, createEventFd());
  ARGON_TRY_ASSIGN(UniqueFd err, createEventFd());
  queues_.push_back({.ring = std::move(ring),
                     .kick = std::move(kick),
                     .call = std::move(call),
                     .err = std::move(err)});
  return {};
}

Result<void> Session::startQueue(std::uint16_t index, std::uint16_t base) {
  const Queue& queue = queues_[index];
  ARGON_TRY(tellState(spec::Request::SET_VRING_NUM, index, queue.ring.size()));
  ARGON_TRY(tellState(spec::Request::SET_VRING_BASE, index, base));
  const spec::VringAddress address{
      .index = index,
      .flags = 0,
      .descriptor = arena_->frontendAddressOf(queue.ring.descriptorsAddress()).get(),
      .used = arena_->frontendAddressOf(queue.ring.usedAddress()).get(),
      .available = arena_->frontendAddressOf(queue.ring.availableAddress()).get(),
      .log = 0};
  ARGON_TRY(tell(spec::Request::SET_VRING_ADDR, bytesOf(address)));
  ARGON_TRY(tellFd(spec::Request::SET_VRING_ERR, index, queue.err.get()));
  ARGON_TRY(tellFd(spec::Request::SET_VRING_KICK, index, queue.kick.get()));
  ARGON_TRY(tellFd(spec::Request::SET_VRING_CALL, index, queue.call.get()));
  return tellState(spec::Request::SET_VRING_ENABLE, index, 1);
}

Result<std::uint16_t> Session::stopQueue(std::uint16_t index) {
  const spec::VringState state{.index = index, .num = 0};
  ARGON_TRY_ASSIGN(const Answer answer,
                   channel_.ask(spec::Request::GET_VRING_BASE, bytesOf(state)));
  spec::VringState base{};
  if (answer.payload.size() != sizeof base) {
    return Error(ErrorKind::Protocol, "no ring state where one belongs");
  }
  std::memcpy(&base, answer.payload.data(), sizeof base);
  return static_cast<std::uint16_t>(base.num);
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
  return tell(request, bytesOf(value));
}

Result<void> Session::tellState(spec::Request request, std::uint16_t index, std::uint32_t number) {
  const spec::VringState state{.index = index, .num = number};
  return tell(request, bytesOf(state));
}

Result<void> Session::tellFd(spec::Request request, std::uint16_t index, int fd) {
  const std::uint64_t value = index;
  return tell(request, bytesOf(value), std::span(&fd, 1));
}

Result<void> Session::tell(spec::Request request, std::span<const std::byte> payload,
                           std::span<const int> fds) {
  return protocolFeatures_.has(spec::PROTOCOL_F_REPLY_ACK) ? channel_.tell(request, payload, fds)
                                                           : channel_.send(request, payload, fds);
}

} // namespace argon::frontend
