// SPDX-License-Identifier: Apache-2.0
#pragma once

// Block requests one at a time, with a deadline: for tests, small reads and writes, and images. The
// header, the data and the status can be cut into descriptors in any way. One thread; blocks.

#include "base/result.h"
#include "frontend/arena.h"
#include "frontend/driver_queue.h"
#include "frontend/session.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace argon::frontend {

class BlockDriver {
public:
  /// Uses ring `queueIndex` of the session and memory of its arena while a request is under way.
  explicit BlockDriver(Session& session, std::uint16_t queueIndex = 0)
      : session_(session), queueIndex_(queueIndex) {}

  struct Request {
    std::uint32_t type = 0;
    std::uint64_t sector = 0;
    /// What the device reads after the header.
    std::span<const std::byte> output{};
    /// What the device writes before the status.
    std::span<std::byte> input{};
    /// Sizes of the descriptors that the readable part and then the writable part are cut into,
    /// over and over; empty: header, data and status have one each.
    std::span<const std::uint32_t> cuts{};
    bool isIndirect = false;
    /// Where the buffers start within a page, so that they lie across pages.
    std::size_t offsetInPage = 0;
  };
  struct Answer {
    std::uint8_t status = 0xff;
    std::uint32_t usedBytes = 0;
  };

  /// TimedOut if the device does not answer.
  [[nodiscard]] Result<Answer> execute(const Request& request);

  // With an error if the status is not OK.

  [[nodiscard]] Result<void> read(std::uint64_t offsetBytes, std::span<std::byte> into);
  [[nodiscard]] Result<void> write(std::uint64_t offsetBytes, std::span<const std::byte> bytes);
  [[nodiscard]] Result<void> flush();
  /// Waits for one used chain of the ring.
  [[nodiscard]] Result<UsedChain> waitUsed();

  void setTimeoutMs(std::uint64_t timeoutMs) { timeoutMs_ = timeoutMs; }
  [[nodiscard]] Session& session() { return session_; }
  [[nodiscard]] std::uint16_t queueIndex() const { return queueIndex_; }

private:
  [[nodiscard]] Result<Answer> executeIn(Arena& arena, const Request& request);

  Session& session_;
  std::uint16_t queueIndex_;
  std::uint64_t timeoutMs_ = 10'000;
};

/// Sleeps until `fd` (an eventfd) is readable, empties it, and returns true; false after
/// `timeoutMs`.
[[nodiscard]] bool waitForEvent(int fd, std::uint64_t timeoutMs);

} // namespace argon::frontend
