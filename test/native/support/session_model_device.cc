// SPDX-License-Identifier: Apache-2.0

// The session model's messages about the device as a whole.

#include "support/session_model.h"
#include "vhost_user/spec/messages.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace argon::test {

namespace spec = vhost_user::spec;

SessionModel::Outcome SessionModel::applyToDevice(Request request) {
  switch (request) {
  case Request::SET_BACKEND_REQ_FD:
    return fds_.front().kind == FdFacts::Kind::Socket ? Outcome::Done : Outcome::Refused;
  case Request::SET_LOG_BASE:
    return setLogBase();
  case Request::GET_INFLIGHT_FD:
    return getInflight();
  case Request::SET_INFLIGHT_FD:
    isUncertain_ = true;
    return Outcome::Done;
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

// 16 bytes a queue and 16 an entry, in steps of 64.
SessionModel::Outcome SessionModel::getInflight() {
  std::vector<std::byte> bytes(payloadBytes());
  const auto queues = payloadAs<std::uint16_t>(16);
  const auto entries = payloadAs<std::uint16_t>(18);
  if (queues >= 1 && queues <= kRingCount && entries >= 1 && entries <= 32'768) {
    const std::uint64_t size = queues * ((16 + entries * std::uint64_t{16} + 63) / 64 * 64);
    std::memcpy(bytes.data(), &size, sizeof size);
    std::memcpy(bytes.data() + 16, &queues, sizeof queues);
    std::memcpy(bytes.data() + 18, &entries, sizeof entries);
  }
  answer(Request::GET_INFLIGHT_FD, bytes);
  return Outcome::Answered;
}

} // namespace argon::test
