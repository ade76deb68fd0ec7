// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where a device meets its front ends, one at a time: a listening socket, or a slot of a backplane.
// Lives on its loop's thread.

#include "base/result.h"

#include <functional>

namespace argon::vhost_user {

class Port {
public:
  Port() = default;
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  /// Only after stop() has called back, or if start() was never called or failed.
  virtual ~Port() = default;

  /// Front ends are served from now on.
  [[nodiscard]] virtual Result<void> start() = 0;
  /// Takes no more front ends, ends the session if there is one, then calls `done` from the loop.
  virtual void stop(std::function<void()> done) = 0;
  /// Tells the front end, if there is one, that the configuration space changed.
  virtual void notifyConfigChanged() = 0;
};

} // namespace argon::vhost_user
