// SPDX-License-Identifier: Apache-2.0
#pragma once

// Copies between one span and the cut-up memory of a request.

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace argon {

/// Walks through a request's buffers once, front to back.
class BufferCursor {
public:
  BufferCursor(std::span<const iovec> buffers, std::uint64_t skipBytes);

  /// If the next `sizeBytes` lie side by side, passes them and returns them; else an empty span,
  /// and the cursor stays.
  [[nodiscard]] std::span<std::byte> takeContiguous(std::size_t sizeBytes);
  /// Copies the next bytes to `target` and passes them.
  void copyTo(std::span<std::byte> target);
  /// Copies `source` to the next bytes and passes them.
  void copyFrom(std::span<const std::byte> source);
  /// Writes zeros to the next bytes and passes them.
  void zero(std::uint64_t sizeBytes);

private:
  // Some of what is left in the current buffer, at most `limitBytes`; passes it.
  [[nodiscard]] std::span<std::byte> takeSome(std::uint64_t limitBytes);

  std::span<const iovec> rest_;
  std::size_t usedBytes_ = 0;
};

/// Copies from `buffers`, `skipBytes` in, to fill `target`.
void gather(std::span<const iovec> buffers, std::uint64_t skipBytes, std::span<std::byte> target);
/// Copies all of `source` to `buffers`, `skipBytes` in.
void scatter(std::span<const std::byte> source, std::span<const iovec> buffers,
             std::uint64_t skipBytes);

} // namespace argon
