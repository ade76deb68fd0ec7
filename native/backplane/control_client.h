// SPDX-License-Identifier: Apache-2.0
#pragma once

// The controller's end of a control connection: sends a frame, waits for the next one. Blocks; one
// exchange at a time, on any thread, while interrupt() may come from another.

#include "base/result.h"
#include "base/unique_fd.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace argon::backplane {

class ControlClient {
public:
  struct Frame {
    /// With its header.
    std::vector<std::byte> bytes;
    std::vector<UniqueFd> fds;
  };

  /// `socket`: connected to a backplane.
  explicit ControlClient(UniqueFd socket) : socket_(std::move(socket)) {}

  /// Sends `bytes`, a whole frame, with descriptors that stay the caller's, and waits for a frame.
  /// TimedOut after `timeoutMs`, Closed if the backplane hung up. After an error the connection is
  /// of no use: a rest of a frame may be under way.
  [[nodiscard]] Result<Frame> exchange(std::span<const std::byte> bytes, std::span<const int> fds,
                                       std::uint64_t timeoutMs);
  /// Makes the exchange under way fail, and every later one.
  void interrupt() const;

private:
  [[nodiscard]] Result<void> receiveAll(std::span<std::byte> into, std::vector<UniqueFd>& fds,
                                        std::uint64_t deadlineNs) const;

  UniqueFd socket_;
};

} // namespace argon::backplane
