// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/pending_calls.h"

#include "vhost_user/device.h"

#include <cstdint>
#include <mutex>
#include <utility>

namespace argon::vhost_user {

bool PendingCalls::put(std::uint16_t index, SharedFd call) {
  const std::scoped_lock lock(mutex_);
  calls_[index].call = std::move(call);
  return !std::exchange(calls_[index].isPosted, true);
}

SharedFd PendingCalls::take(std::uint16_t index) {
  const std::scoped_lock lock(mutex_);
  calls_[index].isPosted = false;
  return std::exchange(calls_[index].call, nullptr);
}

} // namespace argon::vhost_user
