// SPDX-License-Identifier: Apache-2.0

// The session model's messages about the device as a whole.

#include "support/session_model.h"
#include "vhost_user/spec/messages.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace argon::test {

namespace spec = vhost_user::spec;

namespace {

// Of one queue of an in-flight region: 16 bytes, and 16 an entry, in steps of 64.
std::uint64_t partBytesOf(std::uint64_t queueSize) { return (16 + queueSize * 16 + 63) / 64 * 64; }

} // namespace

SessionModel::Outcome SessionModel::applyToDevice(Request request) {
  switch (request) {
  case Request::SET_BACKEND_REQ_FD:
    return fds_.front().kind == FdFacts::Kind::Socket ? Outcome::Done : Outcome::Refused;
  case Request::SET_LOG_BASE:
    return setLogBase();
  case Request::GET_INFLIGHT_FD:
    return getInflight();
  case Request::SET_INFLIGHT_FD:
    return setInflight();
  case Request::RESET_DEVICE:
    return reset();
  case Request::SET_STATUS:
    return setStatus();
  case Request::GET_STATUS:
    return answerU64(request, status_);
  default:
    return applyToRing(request);
  }
}

SessionModel::Outcome SessionModel::setStatus() {
  const auto status = payloadAs<std::uint64_t>();
  if (status == 0) {
    return reset();
  }
  if (status > 255) {
    return Outcome::Refused;
  }
  status_ = status;
  return Outcome::Done;
}

SessionModel::Outcome SessionModel::reset() {
  for (Ring& ring : rings_) {
    ring = Ring{.hasCallFd = ring.hasCallFd, .startCount = ring.startCount};
  }
  features_ = {};
  status_ = 0;
  inflight_.reset();
  return Outcome::Done;
}

SessionModel::Outcome SessionModel::setLogBase() {
  const auto log = payloadAs<spec::LogDescription>();
  if (!canMap({.sizeBytes = log.size, .fileOffsetBytes = log.offset}, fds_.front())) {
    return Outcome::Refused;
  }
  restartAll();
  return answerU64(Request::SET_LOG_BASE, 0);
}

SessionModel::Outcome SessionModel::getInflight() {
  std::vector<std::byte> bytes(payloadBytes());
  const auto queues = payloadAs<std::uint16_t>(16);
  const auto entries = payloadAs<std::uint16_t>(18);
  if (queues >= 1 && queues <= kRingCount && entries >= 1 && entries <= 32'768) {
    const std::uint64_t size = queues * partBytesOf(entries);
    std::memcpy(bytes.data(), &size, sizeof size);
    std::memcpy(bytes.data() + 16, &queues, sizeof queues);
    std::memcpy(bytes.data() + 18, &entries, sizeof entries);
  }
  answer(Request::GET_INFLIGHT_FD, bytes);
  return Outcome::Answered;
}

SessionModel::Outcome SessionModel::setInflight() {
  spec::InflightDescription given{};
  std::memcpy(&given, message_.data() + sizeof(spec::Header), spec::kInflightBytesMin);
  if (given.queueCount == 0 || given.queueSize == 0 || given.mmapOffset % 8 != 0 ||
      given.mmapSize < given.queueCount * partBytesOf(given.queueSize) ||
      given.mmapSize > std::uint64_t{512} << 20 ||
      !canMap({.sizeBytes = given.mmapSize, .fileOffsetBytes = given.mmapOffset}, fds_.front())) {
    return Outcome::Refused;
  }
  isUncertain_ = isUncertain_ || !fds_.front().isForInflight;
  inflightFile_.resize(fds_.front().sizeBytes);
  stopAll();
  inflight_ = given;
  restartAll();
  return Outcome::Done;
}

// A region that is new gets a header; in one that has it nothing was ever under way, for the device
// takes no chains. Either way the ring goes on behind its used index, in memory that nobody wrote.
bool SessionModel::takeUpInflight(Ring& ring) {
  const auto index = static_cast<std::size_t>(&ring - rings_.data());
  const std::uint64_t partBytes = partBytesOf(inflight_->queueSize);
  if (index >= inflight_->queueCount || ring.size > inflight_->queueSize ||
      partBytes * inflight_->queueCount > inflight_->mmapSize) {
    return false;
  }
  std::byte* const part = inflightFile_.data() + inflight_->mmapOffset + partBytes * index;
  const std::span<std::byte> entries(part + 16, ring.size * std::size_t{16});
  std::uint16_t version = 0;
  std::uint16_t size = 0;
  std::memcpy(&version, part + 8, sizeof version);
  std::memcpy(&size, part + 10, sizeof size);
  if (version == 0) {
    const std::array<std::uint16_t, 8> header = {0, 0, 0,
                                                 0, 1, static_cast<std::uint16_t>(ring.size)};
    std::memcpy(part, header.data(), sizeof header);
    std::ranges::fill(entries, std::byte{0});
  } else if (version != 1 || size != ring.size) {
    return false;
  } else if (std::ranges::any_of(entries, [](std::byte byte) { return byte != std::byte{0}; })) {
    // Another region's header lies where this one has its entries.
    isUncertain_ = true;
  }
  isUncertain_ = isUncertain_ || isInflightFileShared_;
  ring.base = 0;
  return true;
}

} // namespace argon::test
