// SPDX-License-Identifier: Apache-2.0
#pragma once

// New call descriptors of a device's rings, on their way from the session's thread to those that
// work on the rings. Of each ring only the newest is kept and only one task is on its way to take
// it, so that a front end which sends them without end cannot fill a data thread's mailbox. The one
// lock of a device, and not of the data path.

#include "vhost_user/device.h"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace argon::vhost_user {

class PendingCalls {
public:
  explicit PendingCalls(std::size_t queueCount) : calls_(queueCount) {}

  /// The session's thread: keeps `call` for a ring. True if a task must be posted that takes it.
  [[nodiscard]] bool put(std::uint16_t index, SharedFd call);
  /// The ring's thread, once for each task. May be null: then the driver polls.
  [[nodiscard]] SharedFd take(std::uint16_t index);

private:
  struct Pending {
    SharedFd call;
    bool isPosted = false;
  };

  std::mutex mutex_;
  std::vector<Pending> calls_;
};

} // namespace argon::vhost_user
