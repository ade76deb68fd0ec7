// SPDX-License-Identifier: Apache-2.0
#pragma once

// Many block requests under way on one ring, each in a slot with memory of its own: for tests of
// what happens while a device is busy. One thread; nothing here waits without a deadline.

#include "base/result.h"
#include "frontend/arena.h"
#include "frontend/driver_queue.h"
#include "frontend/driver_ring.h"
#include "frontend/session.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace argon::test {

class AsyncDriver {
public:
  struct Options {
    std::uint16_t queueIndex = 0;
    std::size_t slotCount = 1;
    /// Data that a slot has room for.
    std::size_t dataBytesMax = 4096;
  };
  struct Request {
    std::uint32_t type = 0;
    std::uint64_t sector = 0;
    /// Of the slot's data, from its start; which way depends on the type.
    std::size_t dataBytes = 0;
    bool isIndirect = false;
    /// Bytes of a data descriptor, except the last one's; 0: one for all.
    std::uint32_t pieceBytes = 0;
  };
  struct Answer {
    std::size_t slot = 0;
    std::uint8_t status = 0xff;
    std::uint32_t usedBytes = 0;
  };

  AsyncDriver(frontend::Session& session, const Options& options);

  [[nodiscard]] std::span<std::byte> data(std::size_t slot);
  /// Offers a request; false if the ring has too few descriptors left. Not visible until publish().
  [[nodiscard]] bool offer(std::size_t slot, const Request& request);
  /// Makes what was offered visible, and kicks if the device wants that.
  void publish();
  /// The next answer, if there is one.
  [[nodiscard]] Result<std::optional<Answer>> take();
  /// Waits for the next answer.
  [[nodiscard]] Result<Answer> wait();
  /// Waits for all; an error if any of them is not OK.
  [[nodiscard]] Result<void> waitAllOk();

  [[nodiscard]] std::size_t underWayCount() const { return slotOf_.size(); }
  [[nodiscard]] frontend::DriverRing& ring() { return session_.ring(options_.queueIndex); }
  /// The same as a split ring, which it must be.
  [[nodiscard]] frontend::DriverQueue& queue() { return session_.queue(options_.queueIndex); }

private:
  struct Slot {
    frontend::ArenaBlock header;
    frontend::ArenaBlock data;
    frontend::ArenaBlock status;
    frontend::ArenaBlock table;
  };

  frontend::Session& session_;
  Options options_;
  std::vector<Slot> slots_;
  // By the chain that is under way.
  std::map<std::uint16_t, std::size_t> slotOf_;
};

} // namespace argon::test
