// SPDX-License-Identifier: Apache-2.0
#include "backplane/model_card.h"

#include "base/check.h"
#include "base/cpu.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "vhost_user/connection.h"
#include "vhost_user/message_table.h"
#include "vhost_user/slot_channel.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"

#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace argon::backplane {

namespace spec = vhost_user::spec;
using spec::Request;
using virtio::FeatureSet;

namespace {

std::string hexOf(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    text += concat(text.empty() ? "" : ".", static_cast<unsigned>(byte));
  }
  return text;
}

std::string valueOf(const vhost_user::Message& message) {
  std::string text = hexOf(message.payload);
  for (const UniqueFd& fd : message.fds) {
    text += concat(" ", identityOf(fd.get()));
  }
  return text;
}

std::string regionKey(const spec::MemoryRegion& region) {
  return concat("region ", region.guestAddress);
}

std::string ringKey(Request request, std::uint64_t ring) {
  return concat("ring ", ring, " ",
                vhost_user::findRule(static_cast<std::uint32_t>(request))->name);
}

bool isOfRing(Request request) {
  return request == Request::SET_VRING_NUM || request == Request::SET_VRING_ADDR ||
         request == Request::SET_VRING_BASE || request == Request::SET_VRING_KICK ||
         request == Request::SET_VRING_CALL || request == Request::SET_VRING_ERR ||
         request == Request::SET_VRING_ENABLE;
}

// The first 32 bits are the ring's number in all of these.
std::uint64_t ringOf(const vhost_user::Message& message) {
  return message.as<std::uint32_t>() & spec::VRING_IDX_MASK;
}

void setTable(ModelCard::State& state, const vhost_user::Message& message) {
  std::erase_if(state, [](const auto& entry) { return entry.first.starts_with("region "); });
  const std::size_t regionBytes = message.payload.size() - sizeof(spec::MemoryTableHeader);
  const std::size_t count = std::min(message.fds.size(), regionBytes / sizeof(spec::MemoryRegion));
  for (std::size_t index = 0; index < count; ++index) {
    spec::MemoryRegion region{};
    std::memcpy(&region,
                message.payload.data() + sizeof(spec::MemoryTableHeader) + index * sizeof region,
                sizeof region);
    state[regionKey(region)] = concat(hexOf(std::as_bytes(std::span(&region, 1))), " ",
                                      identityOf(message.fds[index].get()));
  }
}

// Where a stopped ring goes on: ten further than it was told.
std::uint32_t stopRing(ModelCard::State& state, std::uint32_t ring) {
  std::string& base = state[concat("ring ", ring, " at")];
  base = std::to_string((base.empty() ? 0 : std::stoul(base)) + 10);
  state.erase(ringKey(Request::SET_VRING_KICK, ring));
  return static_cast<std::uint32_t>(std::stoul(base));
}

} // namespace

std::string identityOf(int fd) {
  std::ifstream info(concat("/proc/self/fdinfo/", fd));
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("eventfd-id:")) {
      return concat("event", line.substr(line.find_first_of("0123456789")));
    }
  }
  struct stat status{};
  return ::fstat(fd, &status) == 0 ? concat("file", status.st_dev, "/", status.st_ino) : "closed";
}

ModelCard::ModelCard(UniqueFd channel, const Options& options, const UniqueFd& inflight)
    : channel_(std::move(channel)), options_(options), inflight_(inflight) {
  Result<UniqueFd> stop = createEventFd();
  ARGON_CHECK(stop.has_value());
  stop_ = *std::move(stop);
  thread_ = startThread("test-card", [this] { run(); });
}

ModelCard::~ModelCard() {
  signalEventFd(stop_.get());
  thread_.join();
}

void ModelCard::run() {
  Step step = Step::Goes;
  while (step != Step::Dies) {
    std::vector<pollfd> fds = {{.fd = stop_.get(), .events = POLLIN, .revents = 0},
                               {.fd = channel_.get(), .events = POLLIN, .revents = 0}};
    std::vector<std::uint32_t> slots;
    for (const auto& [slot, session] : sessions_) {
      fds.push_back({.fd = session.connection.fd(), .events = POLLIN, .revents = 0});
      slots.push_back(slot);
    }
    ARGON_CHECK(::poll(fds.data(), fds.size(), -1) > 0);
    if (fds[0].revents != 0) {
      break;
    }
    for (std::size_t index = 0; index < slots.size() && step != Step::Dies; ++index) {
      if (fds[index + 2].revents == 0) {
        continue;
      }
      step = handleNext(sessions_.at(slots[index]));
      if (step == Step::Ends) {
        endSession(slots[index], vhost_user::SlotEnd::FrontEndFault);
      }
    }
    if (step != Step::Dies && fds[1].revents != 0) {
      takeOffer();
    }
  }
  // In the order in which a process that dies closes: none in particular.
  const std::scoped_lock lock(mutex_);
  sessions_.clear();
  channel_.reset();
  isDead_ = true;
}

void ModelCard::takeOffer() {
  Result<std::optional<vhost_user::SlotOffer>> offer = vhost_user::receiveSlotOffer(channel_.get());
  if (!offer) {
    // Given up by the backplane.
    signalEventFd(stop_.get());
    return;
  }
  if (!*offer) {
    return;
  }
  if (sessions_.contains((*offer)->slot)) {
    endSession((*offer)->slot, vhost_user::SlotEnd::PeerClosed);
  }
  const std::scoped_lock lock(mutex_);
  ++sessionCount_;
  sessions_.insert_or_assign(
      (*offer)->slot, Session{.number = (*offer)->session,
                              .connection = vhost_user::Connection(std::move((*offer)->socket)),
                              .map = std::move((*offer)->map),
                              .mapBytes = (*offer)->mapBytes});
}

void ModelCard::endSession(std::uint32_t slot, vhost_user::SlotEnd reason) {
  std::uint64_t number = 0;
  {
    const std::scoped_lock lock(mutex_);
    number = sessions_.at(slot).number;
    sessions_.erase(slot);
  }
  if (!options_.isSilent) {
    // The backplane may be gone already.
    [[maybe_unused]] const Result<void> sent = vhost_user::sendSlotEnded(
        channel_.get(), {.slot = slot, .session = number, .reason = reason});
  }
}

bool ModelCard::diesAt(DeathPoint::Moment moment) const {
  return options_.death && options_.death->message + 1 == messages_.size() &&
         options_.death->moment == moment;
}

ModelCard::Step ModelCard::handleNext(Session& session) {
  using Outcome = vhost_user::Connection::Outcome;
  Result<Outcome> received = session.connection.receive();
  ARGON_CHECK(received.has_value()); // A backplane sends messages and nothing else.
  if (received->state == Outcome::State::Incomplete) {
    return Step::Goes;
  }
  if (received->state == Outcome::State::Closed) {
    for (const auto& [slot, candidate] : sessions_) {
      if (&candidate == &session) {
        endSession(slot, vhost_user::SlotEnd::PeerClosed);
        break;
      }
    }
    return Step::Goes;
  }
  const vhost_user::Message& message = received->message;
  const std::scoped_lock lock(mutex_);
  messages_.emplace_back(message.rule->name);
  if (diesAt(DeathPoint::Moment::BeforeEffect)) {
    return Step::Dies;
  }
  if (options_.ended.contains(message.rule->request)) {
    return Step::Ends;
  }
  const Step step = answer(session, message);
  return step == Step::Goes && diesAt(DeathPoint::Moment::AfterAnswer) ? Step::Dies : step;
}

ModelCard::Step ModelCard::answer(Session& session, const vhost_user::Message& message) {
  const Request request = message.rule->request;
  const bool isRefused = options_.refused.contains(request);
  if (!isRefused) {
    apply(session.state, message);
  }
  if (request == Request::SET_PROTOCOL_FEATURES) {
    session.protocolFeatures = FeatureSet(message.as<std::uint64_t>());
  }
  std::vector<std::byte> payload(message.payload.begin(), message.payload.end());
  std::vector<int> fds;
  std::uint64_t number = isRefused ? 1 : 0;
  if (request == Request::GET_FEATURES) {
    number = options_.features.bits();
  } else if (request == Request::GET_PROTOCOL_FEATURES) {
    number = options_.protocolFeatures.bits();
  } else if (request == Request::GET_QUEUE_NUM) {
    number = 4;
  } else if (request == Request::GET_INFLIGHT_FD) {
    fds.push_back(inflight_.get());
  } else if (request == Request::GET_VRING_BASE) {
    const auto ring = message.as<spec::VringState>().index;
    const spec::VringState state{.index = ring, .num = stopRing(session.state, ring)};
    std::memcpy(payload.data(), &state, sizeof state);
  }
  if (diesAt(DeathPoint::Moment::BeforeAnswer)) {
    return Step::Dies;
  }
  const bool isAcked =
      message.needsReply && session.protocolFeatures.has(spec::PROTOCOL_F_REPLY_ACK);
  if (options_.ignored.contains(request) || (!message.rule->hasReply && !isAcked)) {
    return Step::Goes;
  }
  const bool isEcho = request == Request::GET_CONFIG || request == Request::GET_INFLIGHT_FD ||
                      request == Request::GET_VRING_BASE;
  const Result<void> sent = isEcho ? session.connection.reply(*message.rule, payload, fds)
                                   : session.connection.replyU64(*message.rule, number);
  ARGON_CHECK(sent.has_value() || sent.error().errnoValue() != 0);
  return Step::Goes;
}

void ModelCard::apply(State& state, const vhost_user::Message& message) {
  const Request request = message.rule->request;
  if (isOfRing(request)) {
    const std::uint64_t ring = ringOf(message);
    if (request == Request::SET_VRING_BASE) {
      state[concat("ring ", ring, " at")] = std::to_string(message.as<spec::VringState>().num);
    } else {
      state[ringKey(request, ring)] = valueOf(message);
    }
  } else if (request == Request::SET_MEM_TABLE) {
    setTable(state, message);
  } else if (request == Request::ADD_MEM_REG) {
    const auto region = message.as<spec::SingleMemoryRegion>().region;
    state[regionKey(region)] = concat(hexOf(std::as_bytes(std::span(&region, 1))), " ",
                                      identityOf(message.fds.front().get()));
  } else if (request == Request::REM_MEM_REG) {
    state.erase(regionKey(message.as<spec::SingleMemoryRegion>().region));
  } else if (message.rule->name.starts_with("SET_")) {
    state[std::string(message.rule->name)] = valueOf(message);
  }
}

ModelCard::State ModelCard::stateOf(std::uint32_t slot) const {
  const std::scoped_lock lock(mutex_);
  const auto found = sessions_.find(slot);
  return found == sessions_.end() ? State() : found->second.state;
}

std::vector<std::string> ModelCard::messages() const {
  const std::scoped_lock lock(mutex_);
  return messages_;
}

bool ModelCard::isDead() const {
  const std::scoped_lock lock(mutex_);
  return isDead_;
}

std::size_t ModelCard::sessionCount() const {
  const std::scoped_lock lock(mutex_);
  return sessionCount_;
}

std::uint64_t ModelCard::mapBytesOf(std::uint32_t slot) const {
  const std::scoped_lock lock(mutex_);
  const auto found = sessions_.find(slot);
  return found == sessions_.end() ? 0 : found->second.mapBytes;
}

} // namespace argon::backplane
