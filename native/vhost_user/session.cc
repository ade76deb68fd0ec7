// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/session.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/event_loop.h"
#include "base/log.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "memory/guest_memory.h"
#include "vhost_user/connection.h"
#include "vhost_user/device.h"
#include "vhost_user/memory_table.h"
#include "vhost_user/message_table.h"
#include "vhost_user/spec/messages.h"
#include "vhost_user/vring.h"
#include "virtio/features.h"
#include "virtio/spec/features.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <utility>

namespace argon::vhost_user {

namespace {

using spec::Request;

// The protocol features that every kind of device has. An unchanging set, as the kinds' own are: a
// reconnecting front end must find what it had.
constexpr virtio::FeatureSet kProtocolFeatures = virtio::FeatureSet()
                                                     .with(spec::PROTOCOL_F_MQ)
                                                     .with(spec::PROTOCOL_F_REPLY_ACK)
                                                     .with(spec::PROTOCOL_F_LOG_SHMFD)
                                                     .with(spec::PROTOCOL_F_BACKEND_REQ)
                                                     .with(spec::PROTOCOL_F_RESET_DEVICE)
                                                     .with(spec::PROTOCOL_F_STATUS)
                                                     .with(spec::PROTOCOL_F_CONFIGURE_MEM_SLOTS);

// Messages handled in one go before the loop's other sessions get their turn.
constexpr int kMessagesPerTurn = 16;

// A front end may have a device of its own for each of several queues, as QEMU for the pairs of an
// interface, and each of them adds the guest's memory. For a kind whose rings are counted one by
// one it has one device.
std::size_t repeatMaxOf(const Device& device) {
  const std::size_t ringsPerQueue = device.kind().ringsPerQueue;
  return ringsPerQueue == 1 ? 0 : device.queueCount() / ringsPerQueue - 1;
}

} // namespace

Session::Session(UniqueFd socket, EventLoop& loop, Device& device, SessionOwner& owner, Log log,
                 Options options)
    : connection_(std::move(socket)), loop_(loop), device_(device), owner_(owner),
      log_(std::move(log)), options_(options), repeatedRegions_(repeatMaxOf(device)),
      vrings_(device.queueCount()) {}

Session::~Session() {
  ARGON_CHECK(!isWatching_);
  ARGON_CHECK(!hasStarted());
}

Result<void> Session::start() {
  ARGON_TRY_ASSIGN(memory_, GuestMemory::create({}));
  ARGON_TRY(loop_.watch(connection_.fd(), EPOLLIN, *this));
  isWatching_ = true;
  return {};
}

void Session::end() { beginEnd(nullptr); }

void Session::onEvents(std::uint32_t /*events*/) { readMessages(); }

void Session::readMessages() {
  for (int count = 0; count < kMessagesPerTurn && isWatching_; ++count) {
    Result<Connection::Outcome> received = connection_.receive();
    if (!received) {
      beginEnd(std::make_unique<Error>(std::move(received).error()));
      return;
    }
    if (received->state == Connection::Outcome::State::Closed) {
      beginEnd(nullptr);
      return;
    }
    if (received->state == Connection::Outcome::State::Incomplete) {
      return;
    }
    Result<void> handled = handle(std::move(received->message));
    if (!handled) {
      beginEnd(std::make_unique<Error>(std::move(handled).error()));
      return;
    }
  }
}

// An error from here ends the session; what only fails the one message is answered in finish().
Result<void> Session::handle(Message message) {
  const MessageRule& rule = *message.rule;
  if (rule.protocolFeature && !protocolFeatures_.has(*rule.protocolFeature)) {
    return Error(ErrorKind::Protocol, concat(rule.name, " without its protocol feature"));
  }
  Result<Handled> outcome = dispatch(message);
  // What came along and was not taken is closed before the answer, which a front end may count on.
  message.fds.clear();
  return finish(rule, message.needsReply, std::move(outcome));
}

Result<void> Session::finish(const MessageRule& rule, bool needsReply, Result<Handled> outcome) {
  const bool wantsAck = needsReply && protocolFeatures_.has(spec::PROTOCOL_F_REPLY_ACK);
  if (!outcome) {
    if (rule.hasReply) {
      return std::move(outcome).error();
    }
    if (warnings_.allow(monotonicNs())) {
      log_.warn(concat(rule.name, ": ", outcome.error().message()));
    }
    return wantsAck ? connection_.replyU64(rule, 1) : Result<void>();
  }
  if (*outcome == Handled::Waits) {
    waitingRule_ = &rule;
    waitingNeedsReply_ = needsReply;
    loop_.unwatch(connection_.fd());
    isWatching_ = false;
    return {};
  }
  if (*outcome == Handled::Done && wantsAck) {
    return connection_.replyU64(rule, 0);
  }
  return {};
}

Result<Session::Handled> Session::dispatch(Message& message) {
  switch (message.rule->request) {
  case Request::GET_FEATURES:
    return replyU64(message, offeredFeatures().bits());
  case Request::SET_FEATURES:
    return handleSetFeatures(message);
  case Request::GET_PROTOCOL_FEATURES:
    return replyU64(message, offeredProtocolFeatures().bits());
  case Request::SET_PROTOCOL_FEATURES:
    return handleSetProtocolFeatures(message);
  case Request::SET_OWNER:
    return Handled::Done;
  case Request::RESET_OWNER:
    return handleResetOwner();
  case Request::GET_QUEUE_NUM:
    return replyU64(message, device_.queueCount() / device_.kind().ringsPerQueue);
  case Request::GET_MAX_MEM_SLOTS:
    return replyU64(message, kMemorySlotCountMax);
  case Request::GET_CONFIG:
    return handleGetConfig(message);
  case Request::SET_CONFIG:
    return handleSetConfig(message);
  case Request::SET_MEM_TABLE:
  case Request::ADD_MEM_REG:
  case Request::REM_MEM_REG:
    return handleMemory(message);
  default:
    return dispatchDevice(message);
  }
}

Result<Session::Handled> Session::dispatchDevice(Message& message) {
  switch (message.rule->request) {
  case Request::SET_BACKEND_REQ_FD:
    return handleSetBackendReqFd(message);
  case Request::SET_LOG_BASE:
    return handleSetLogBase(message);
  case Request::GET_INFLIGHT_FD:
    return handleGetInflightFd(message);
  case Request::SET_INFLIGHT_FD:
    return handleSetInflightFd(message);
  case Request::RESET_DEVICE:
    return resetDevice();
  case Request::NET_SET_MTU:
    return handleNetSetMtu(message);
  case Request::SET_STATUS:
    return handleSetStatus(message);
  case Request::GET_STATUS:
    return replyU64(message, status_);
  default:
    return dispatchVring(message);
  }
}

Result<Session::Handled> Session::dispatchVring(Message& message) {
  switch (message.rule->request) {
  case Request::SET_VRING_NUM:
    return handleSetVringNum(message);
  case Request::SET_VRING_ADDR:
    return handleSetVringAddr(message);
  case Request::SET_VRING_BASE:
    return handleSetVringBase(message);
  case Request::GET_VRING_BASE:
    return handleGetVringBase(message);
  case Request::SET_VRING_KICK:
    return handleSetVringKick(message);
  case Request::SET_VRING_CALL:
    return handleSetVringCall(message);
  case Request::SET_VRING_ERR:
    return handleSetVringErr(message);
  case Request::SET_VRING_ENABLE:
    return handleSetVringEnable(message);
  default:
    return refuse(message);
  }
}

// A message of the specification that needs something we do not offer.
Result<Session::Handled> Session::refuse(const Message& message) const {
  return Error(ErrorKind::Unsupported, concat(message.rule->name, " is not supported"));
}

Result<Session::Handled> Session::replyU64(const Message& message, std::uint64_t value) {
  ARGON_TRY(connection_.replyU64(*message.rule, value));
  return Handled::Replied;
}

virtio::FeatureSet Session::offeredProtocolFeatures() const {
  return virtio::FeatureSet(kProtocolFeatures.bits() | device_.kind().protocolFeatures.bits());
}

Result<Session::Handled> Session::handleSetProtocolFeatures(const Message& message) {
  const virtio::FeatureSet asked(message.as<std::uint64_t>());
  if (!asked.isSubsetOf(offeredProtocolFeatures())) {
    return Error(ErrorKind::Protocol,
                 concat("protocol features ", hex(asked.bits()), " were not all offered"));
  }
  protocolFeatures_ = asked;
  return Handled::Done;
}

Result<Session::Handled> Session::handleGetConfig(const Message& message) {
  const auto header = message.as<spec::ConfigHeader>();
  std::array<std::byte, spec::kConfigBytesMax> config{};
  std::array<std::byte, sizeof header + spec::kConfigBytesMax> reply{};
  // "the back-end's payload size MUST match the front-end's request; [it] uses zero length of
  // payload to indicate an error". The offset may lie behind what the device has: that is zeros.
  if (message.payload.size() != sizeof header + header.size ||
      header.offset > spec::kConfigBytesMax ||
      header.size > spec::kConfigBytesMax - header.offset) {
    ARGON_TRY(connection_.reply(*message.rule, {}));
    return Handled::Replied;
  }
  device_.readConfig(config);
  std::memcpy(reply.data(), &header, sizeof header);
  std::memcpy(reply.data() + sizeof header, config.data() + header.offset, header.size);
  ARGON_TRY(connection_.reply(*message.rule, std::span(reply).first(message.payload.size())));
  return Handled::Replied;
}

Result<Session::Handled> Session::handleSetConfig(const Message& message) {
  const auto header = message.as<spec::ConfigHeader>();
  if (message.payload.size() != sizeof header + header.size ||
      header.offset > spec::kConfigBytesMax ||
      header.size > spec::kConfigBytesMax - header.offset) {
    return Error(ErrorKind::Protocol, concat("a configuration write of ", header.size,
                                             " bytes at offset ", header.offset));
  }
  ARGON_TRY(device_.writeConfig(header.offset, message.payload.subspan(sizeof header)));
  return Handled::Done;
}

// The new table is made first: if that fails, the old one stays and rings go on.
Result<Session::Handled> Session::handleMemory(Message& message) {
  Result<std::shared_ptr<const GuestMemory>> table = memory_;
  if (message.rule->request == Request::SET_MEM_TABLE) {
    table = readMemoryTable(message.payload, std::move(message.fds), options_.regionPolicy);
    if (table) {
      repeatedRegions_.clear();
    }
  } else if (message.rule->request == Request::ADD_MEM_REG) {
    const spec::MemoryRegion region = message.as<spec::SingleMemoryRegion>().region;
    if (repeatedRegions_.add(*memory_, region, message.fds.front().get())) {
      return Handled::Done;
    }
    table = addRegion(*memory_, region, std::move(message.fds.front()), options_.regionPolicy);
  } else {
    const spec::MemoryRegion region = message.as<spec::SingleMemoryRegion>().region;
    if (repeatedRegions_.remove(region)) {
      return Handled::Done;
    }
    table = removeRegion(*memory_, region);
  }
  ARGON_TRY(table);
  return afterRestarting([this, memory = *std::move(table)] { memory_ = memory; });
}

// "It is recommended that back-ends either ignore this message, or use it to disable all rings."
Result<Session::Handled> Session::handleResetOwner() {
  return afterStopping([](const Vring&) { return true; },
                       [this]() -> Result<Handled> {
                         for (Vring& vring : vrings_) {
                           vring.enablement = Vring::Enablement::Disabled;
                         }
                         settleRings();
                         return Handled::Done;
                       });
}

bool Session::canStartRings() const {
  // Modern drivers only: without VERSION_1 the layouts are legacy ones (virtio 1.2, 6.1).
  return !isEnding_ && hasFeatures_ && features_.has(virtio::spec::F_VERSION_1) &&
         !memory_->regions().empty();
}

bool Session::mayRun(std::uint16_t index) const {
  const Vring::Enablement enablement = vrings_[index].enablement;
  return enablement == Vring::Enablement::Enabled ||
         (enablement == Vring::Enablement::Disabled && device_.drainsDisabled(index));
}

bool Session::hasStarted() const {
  return std::ranges::any_of(
      vrings_, [](const Vring& vring) { return vring.state != Vring::State::Stopped; });
}

void Session::settleRings() {
  for (std::size_t index = 0; index < vrings_.size(); ++index) {
    settleRing(static_cast<std::uint16_t>(index));
  }
}

void Session::settleRing(std::uint16_t index) {
  Vring& vring = vrings_[index];
  if (vring.state != Vring::State::Stopped || !vring.isConfigured() || !mayRun(index) ||
      !canStartRings()) {
    return;
  }
  Result<RingStart> start =
      prepareStart(vring, index,
                   {.memory = memory_,
                    .features = features_,
                    .inflight = inflight_,
                    .log = features_.has(spec::F_LOG_ALL) ? dirtyLog_ : nullptr,
                    .answersInOrder = device_.kind().answersInOrder});
  if (!start) {
    vring.isRefused = true;
    if (warnings_.allow(monotonicNs())) {
      log_.warn(concat("ring ", index, ": ", start.error().message()));
    }
    if (vring.err != nullptr) {
      signalEventFd(vring.err->get());
    }
    return;
  }
  vring.state = Vring::State::Started;
  device_.startRing(*std::move(start));
}

Result<Session::Handled> Session::afterStopping(const std::function<bool(const Vring&)>& mustStop,
                                                Continuation next) {
  ARGON_CHECK(!waiting_ && stoppingCount_ == 0);
  for (std::size_t index = 0; index < vrings_.size(); ++index) {
    if (vrings_[index].state == Vring::State::Started && mustStop(vrings_[index])) {
      stopRing(static_cast<std::uint16_t>(index));
    }
  }
  if (stoppingCount_ == 0) {
    return next();
  }
  waiting_ = std::move(next);
  return Handled::Waits;
}

Result<Session::Handled> Session::afterRestarting(std::function<void()> change) {
  return afterStopping([](const Vring&) { return true; },
                       [this, change = std::move(change)]() -> Result<Handled> {
                         change();
                         retryRings();
                         return Handled::Done;
                       });
}

void Session::retryRings() {
  for (Vring& vring : vrings_) {
    vring.isRefused = false;
  }
  settleRings();
}

void Session::stopRing(std::uint16_t index) {
  vrings_[index].state = Vring::State::Stopping;
  ++stoppingCount_;
  device_.stopRing(index, [this, index](std::uint32_t base) { onRingStopped(index, base); });
}

void Session::onRingStopped(std::uint16_t index, std::uint32_t base) {
  Vring& vring = vrings_[index];
  ARGON_CHECK(vring.state == Vring::State::Stopping && stoppingCount_ > 0);
  vring.state = Vring::State::Stopped;
  vring.base = base;
  --stoppingCount_;
  if (stoppingCount_ > 0) {
    return;
  }
  if (isEnding_) {
    finishEnd();
  } else {
    continueWaiting();
  }
}

void Session::continueWaiting() {
  const Continuation next = std::exchange(waiting_, nullptr);
  Result<void> finished = finish(*waitingRule_, waitingNeedsReply_, next());
  if (finished) {
    finished = loop_.watch(connection_.fd(), EPOLLIN, *this);
    isWatching_ = finished.has_value();
  }
  if (!finished) {
    beginEnd(std::make_unique<Error>(std::move(finished).error()));
  }
}

void Session::beginEnd(std::unique_ptr<Error> reason) {
  if (isEnding_) {
    return;
  }
  isEnding_ = true;
  endReason_ = std::move(reason);
  waiting_ = nullptr;
  if (isWatching_) {
    loop_.unwatch(connection_.fd());
    isWatching_ = false;
  }
  for (std::size_t index = 0; index < vrings_.size(); ++index) {
    if (vrings_[index].state == Vring::State::Started) {
      stopRing(static_cast<std::uint16_t>(index));
    }
  }
  if (stoppingCount_ == 0) {
    finishEnd();
  }
}

// The owner is told from the loop, so that it may destroy the session from there.
void Session::finishEnd() {
  ARGON_CHECK(!hasEnded_);
  hasEnded_ = true;
  memory_ = nullptr;
  inflight_ = nullptr;
  dirtyLog_ = nullptr;
  loop_.post([this] {
    const std::unique_ptr<Error> reason = std::move(endReason_);
    owner_.onSessionEnded(reason.get());
  });
}

} // namespace argon::vhost_user
