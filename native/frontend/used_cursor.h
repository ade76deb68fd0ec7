// SPDX-License-Identifier: Apache-2.0
#pragma once

// The used ring of a split queue as a load reads it: without the bookkeeping of DriverQueue, whose
// chains it writes by hand. One thread.

#include "frontend/driver_queue.h"
#include "virtio/spec/ring.h"

#include <cstdint>

namespace argon::frontend {

class UsedCursor {
public:
  /// From the next answer on. The queue outlives the cursor.
  explicit UsedCursor(DriverQueue& queue);

  /// Answers that are there, as the device says.
  [[nodiscard]] std::uint16_t waitingCount() const;
  /// The next of them.
  [[nodiscard]] virtio::spec::UsedElement take();

  /// Wants no calls, from now on: again after each answer, for a device that goes by an index.
  void refuseCalls();
  /// Asks to be called for the next answer; true if one is there already.
  [[nodiscard]] bool enableCalls();

private:
  void wantCalls(std::uint16_t event, std::uint16_t flags);

  DriverQueue* queue_;
  std::uint16_t next_;
};

} // namespace argon::frontend
