// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bytes and file descriptors over a connected unix stream socket. Descriptors travel beside the
// bytes (SCM_RIGHTS) and are owned from the moment recvmsg returns.

#include "base/result.h"
#include "base/unique_fd.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace argon {

/// Descriptors that one receive can take. More than any vhost-user message carries (8 for
/// SET_MEM_TABLE), so that an excess is seen and refused rather than cut off.
constexpr std::size_t kReceivedFdCountMax = 16;

struct Received {
  enum class State : std::uint8_t { Data, WouldBlock, Closed };
  State state = State::WouldBlock;
  /// Bytes read; more than 0 with State::Data.
  std::size_t byteCount = 0;
  /// The peer sent more descriptors than kReceivedFdCountMax; the kernel closed the rest.
  bool isTruncated = false;
};

/// Reads at most `into.size()` bytes once, without blocking, and appends descriptors to `fds`.
[[nodiscard]] Result<Received> receiveWithFds(int socket, std::span<std::byte> into,
                                              std::vector<UniqueFd>& fds);

/// Sends what the socket takes at once, the descriptors beside the first byte. Returns how many
/// bytes that were: 0 if it takes nothing now, and then no descriptor either.
[[nodiscard]] Result<std::size_t> sendSomeWithFds(int socket, std::span<const std::byte> bytes,
                                                  std::span<const int> fds);

/// Sends all bytes, the descriptors beside the first one. A peer that does not read, so that the
/// socket buffer is full, gets ErrorKind::Exhausted: control messages are small and answered.
[[nodiscard]] Result<void> sendWithFds(int socket, std::span<const std::byte> bytes,
                                       std::span<const int> fds);

} // namespace argon
