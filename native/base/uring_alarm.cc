// SPDX-License-Identifier: Apache-2.0
#include "base/uring_alarm.h"

#include "base/uring.h"

#include <liburing.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

namespace argon {

namespace {

constexpr std::uint64_t kSecondNs = 1'000'000'000;

} // namespace

UringAlarm::UringAlarm(Uring& uring, std::function<void()> onDue)
    : uring_(uring), onDue_(std::move(onDue)) {}

UringAlarm::~UringAlarm() {
  isClosing_ = true;
  if (isSet_) {
    io_uring_sqe& entry = uring_.next();
    ::io_uring_prep_cancel(&entry, static_cast<UringCompletion*>(this), 0);
    Uring::detach(entry);
  }
  while (isSet_) {
    uring_.wait(std::nullopt);
    uring_.reap();
  }
}

void UringAlarm::set(std::uint64_t timeNs) {
  if (isSet_ && timeNs_ <= timeNs) {
    return;
  }
  timeNs_ = timeNs;
  deadline_ = {.tv_sec = static_cast<std::int64_t>(timeNs / kSecondNs),
               .tv_nsec = static_cast<long long>(timeNs % kSecondNs)};
  io_uring_sqe& entry = uring_.next();
  if (isSet_) {
    // If it has gone off already, its completion is on the way and calls.
    io_uring_sqe named{};
    Uring::attach(named, *this);
    ::io_uring_prep_timeout_update(&entry, &deadline_, named.user_data, IORING_TIMEOUT_ABS);
    Uring::detach(entry);
    return;
  }
  ::io_uring_prep_timeout(&entry, &deadline_, 0, IORING_TIMEOUT_ABS);
  Uring::attach(entry, *this);
  isSet_ = true;
}

void UringAlarm::onCompletion(std::int32_t /*result*/, std::uint32_t /*flags*/) {
  isSet_ = false;
  if (!isClosing_) {
    onDue_();
  }
}

} // namespace argon
