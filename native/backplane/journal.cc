// SPDX-License-Identifier: Apache-2.0
#include "backplane/journal.h"

#include "backplane/stored_message.h"
#include "vhost_user/spec/messages.h"
#include "virtio/features.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace argon::backplane {

namespace spec = vhost_user::spec;
using spec::Request;
using virtio::FeatureSet;

namespace {

constexpr std::uint64_t kStatusDriverOk = 4; // DRIVER_OK (virtio 1.2, 2.1)

// Before memory, and between memory and the configuration.
constexpr std::array kBeforeMemory = {Request::SET_OWNER, Request::SET_FEATURES,
                                      Request::SET_PROTOCOL_FEATURES, Request::SET_BACKEND_REQ_FD,
                                      Request::SET_INFLIGHT_FD};
constexpr std::array kAfterMemory = {Request::SET_LOG_BASE, Request::SET_LOG_FD,
                                     Request::NET_SET_MTU};

bool isSameRegion(const spec::MemoryRegion& left, const spec::MemoryRegion& right) {
  // As a session finds the one to remove (vhost_user/memory_table.cc).
  return left.guestAddress == right.guestAddress && left.userAddress == right.userAddress &&
         left.size == right.size;
}

StoredMessage withoutReply(StoredMessage message) {
  message.needsReply = false;
  return message;
}

} // namespace

void Journal::record(const StoredMessage& message, std::span<const std::byte> answer) {
  switch (message.request()) {
  case Request::SET_OWNER:
  case Request::SET_FEATURES:
  case Request::SET_PROTOCOL_FEATURES:
  case Request::SET_BACKEND_REQ_FD:
  case Request::SET_INFLIGHT_FD:
  case Request::SET_LOG_BASE:
  case Request::SET_LOG_FD:
  case Request::NET_SET_MTU:
    last_.insert_or_assign(message.request(), withoutReply(message));
    return;
  case Request::SET_STATUS:
    // Writing 0 resets the device (virtio 1.2, 2.1.2).
    if (message.as<std::uint64_t>() == 0) {
      resetDevice();
    } else {
      last_.insert_or_assign(message.request(), withoutReply(message));
    }
    return;
  case Request::RESET_DEVICE:
    resetDevice();
    return;
  case Request::RESET_OWNER:
    disableRings();
    return;
  case Request::SET_CONFIG:
    recordConfig(message);
    return;
  case Request::SET_MEM_TABLE:
    recordTable(message);
    return;
  case Request::ADD_MEM_REG:
    addRegion(message);
    return;
  case Request::REM_MEM_REG:
    removeRegion(message);
    return;
  case Request::GET_VRING_BASE:
    recordBase(answer);
    return;
  default:
    recordRing(message);
  }
}

void Journal::recordRing(const StoredMessage& message) {
  const auto ofState = [&] { return message.as<spec::VringState>().index; };
  const auto ofFd = [&] { return message.as<std::uint64_t>() & spec::VRING_IDX_MASK; };
  switch (message.request()) {
  case Request::SET_VRING_NUM:
    return setPart(ofState(), RingPart::Num, message);
  case Request::SET_VRING_ADDR:
    return setPart(message.as<spec::VringAddress>().index, RingPart::Addr, message);
  case Request::SET_VRING_BASE:
    return setPart(ofState(), RingPart::Base, message);
  case Request::SET_VRING_ERR:
    return setPart(ofFd(), RingPart::Err, message);
  case Request::SET_VRING_CALL:
    return setPart(ofFd(), RingPart::Call, message);
  case Request::SET_VRING_KICK:
    return setPart(ofFd(), RingPart::Kick, message);
  case Request::SET_VRING_ENABLE:
    return setPart(ofState(), RingPart::Enable, message);
  default:
    // Asks for something, or sets nothing that lasts.
    return;
  }
}

void Journal::setPart(std::uint64_t ring, RingPart part, StoredMessage message) {
  if (ring < kRingCountMax) {
    rings_[ring][static_cast<std::size_t>(part)] = withoutReply(std::move(message));
  }
}

// The ring is stopped, and goes on from the answer when it gets a kick descriptor again. Enabled it
// stays, as in a session.
void Journal::recordBase(std::span<const std::byte> answer) {
  spec::VringState state{};
  if (answer.size() != sizeof state) {
    return;
  }
  std::memcpy(&state, answer.data(), sizeof state);
  const auto found = rings_.find(state.index);
  if (found == rings_.end()) {
    return;
  }
  found->second[static_cast<std::size_t>(RingPart::Kick)].reset();
  setPart(state.index, RingPart::Base, makeMessage(Request::SET_VRING_BASE, state));
}

void Journal::recordConfig(const StoredMessage& message) {
  const auto header = message.as<spec::ConfigHeader>();
  std::erase_if(config_, [&header](const StoredMessage& old) {
    const auto oldHeader = old.as<spec::ConfigHeader>();
    return oldHeader.offset == header.offset && oldHeader.size == header.size;
  });
  if (config_.size() < kConfigCountMax) {
    config_.push_back(withoutReply(message));
  }
}

void Journal::recordTable(const StoredMessage& message) {
  const auto header = message.as<spec::MemoryTableHeader>();
  const std::span<const std::byte> body = std::span(message.payload).subspan(sizeof header);
  if (header.regionCount != message.fds.size() ||
      body.size() != header.regionCount * sizeof(spec::MemoryRegion)) {
    return;
  }
  table_.clear();
  added_.clear();
  for (std::size_t index = 0; index < message.fds.size(); ++index) {
    Region region{.description = {}, .fd = message.fds[index]};
    std::memcpy(&region.description, body.data() + index * sizeof region.description,
                sizeof region.description);
    table_.push_back(std::move(region));
  }
}

void Journal::addRegion(const StoredMessage& message) {
  if (table_.size() + added_.size() < kRegionCountMax) {
    added_.push_back(
        {.description = message.as<spec::SingleMemoryRegion>().region, .fd = message.fds.front()});
  }
}

void Journal::removeRegion(const StoredMessage& message) {
  const auto removed = message.as<spec::SingleMemoryRegion>().region;
  for (std::vector<Region>* regions : {&table_, &added_}) {
    const auto found = std::ranges::find_if(*regions, [&removed](const Region& region) {
      return isSameRegion(region.description, removed);
    });
    if (found != regions->end()) {
      regions->erase(found);
      return;
    }
  }
}

// What a session forgets with RESET_DEVICE: memory, protocol features and descriptors to call stay.
void Journal::resetDevice() {
  for (const Request request :
       {Request::SET_FEATURES, Request::SET_STATUS, Request::SET_INFLIGHT_FD}) {
    last_.erase(request);
  }
  config_.clear();
  for (auto& [index, ring] : rings_) {
    for (const RingPart part :
         {RingPart::Num, RingPart::Addr, RingPart::Base, RingPart::Kick, RingPart::Enable}) {
      ring[static_cast<std::size_t>(part)].reset();
    }
  }
}

void Journal::disableRings() {
  for (auto& [index, ring] : rings_) {
    ring[static_cast<std::size_t>(RingPart::Enable)].reset();
  }
}

std::optional<StoredMessage> Journal::tableMessage() const {
  if (table_.empty()) {
    return std::nullopt;
  }
  const spec::MemoryTableHeader header{.regionCount = static_cast<std::uint32_t>(table_.size()),
                                       .padding = 0};
  StoredMessage message = makeMessage(Request::SET_MEM_TABLE, header);
  for (const Region& region : table_) {
    const auto bytes = std::as_bytes(std::span(&region.description, 1));
    message.payload.insert(message.payload.end(), bytes.begin(), bytes.end());
    message.fds.push_back(region.fd);
  }
  return message;
}

std::vector<StoredMessage> Journal::replay() const {
  std::vector<StoredMessage> messages;
  const auto addLast = [&](Request request) {
    if (const StoredMessage* message = last(request)) {
      messages.push_back(*message);
    }
  };
  std::ranges::for_each(kBeforeMemory, addLast);
  if (std::optional<StoredMessage> table = tableMessage()) {
    messages.push_back(*std::move(table));
  }
  for (const Region& region : added_) {
    StoredMessage message = makeMessage(
        Request::ADD_MEM_REG, spec::SingleMemoryRegion{.padding = 0, .region = region.description});
    message.fds.push_back(region.fd);
    messages.push_back(std::move(message));
  }
  std::ranges::for_each(kAfterMemory, addLast);
  messages.insert(messages.end(), config_.begin(), config_.end());
  for (const auto& [index, ring] : rings_) {
    for (const std::optional<StoredMessage>& part : ring) {
      if (part) {
        messages.push_back(*part);
      }
    }
  }
  addLast(Request::SET_STATUS);
  return messages;
}

const StoredMessage* Journal::last(Request request) const {
  const auto found = last_.find(request);
  return found == last_.end() ? nullptr : &found->second;
}

bool Journal::isEmpty() const {
  return last_.empty() && table_.empty() && added_.empty() && config_.empty() && rings_.empty();
}

FeatureSet Journal::features() const {
  const StoredMessage* message = last(Request::SET_FEATURES);
  return message == nullptr ? FeatureSet() : FeatureSet(message->as<std::uint64_t>());
}

FeatureSet Journal::protocolFeatures() const {
  const StoredMessage* message = last(Request::SET_PROTOCOL_FEATURES);
  return message == nullptr ? FeatureSet() : FeatureSet(message->as<std::uint64_t>());
}

bool Journal::hasReplyAck() const { return protocolFeatures().has(spec::PROTOCOL_F_REPLY_ACK); }

bool Journal::isDriverOk() const {
  if (protocolFeatures().has(spec::PROTOCOL_F_STATUS)) {
    const StoredMessage* status = last(Request::SET_STATUS);
    return status != nullptr && (status->as<std::uint64_t>() & kStatusDriverOk) != 0;
  }
  return std::ranges::any_of(rings_, [this](const auto& entry) {
    const Ring& ring = entry.second;
    const auto& enable = ring[static_cast<std::size_t>(RingPart::Enable)];
    const bool isEnabled = enable ? enable->as<spec::VringState>().num == 1
                                  : !features().has(spec::F_PROTOCOL_FEATURES);
    return ring[static_cast<std::size_t>(RingPart::Kick)].has_value() && isEnabled;
  });
}

} // namespace argon::backplane
