// SPDX-License-Identifier: Apache-2.0
#pragma once

// Copies a raw image into a block device through its back end, so that what reaches the disk is
// what the device makes of it. Blocks of zeros are left out: a new volume reads as zeros anyway.
// One thread; blocks; progress can be read from another.

#include "base/result.h"
#include "frontend/session.h"

#include <atomic>
#include <cstdint>
#include <string>

namespace argon::frontend {

class ImageWriter {
public:
  struct Totals {
    std::uint64_t imageBytes = 0;
    /// Written to the device; the rest of the image is zeros.
    std::uint64_t writtenBytes = 0;
  };

  /// Writes all of `path` from the device's first byte on, then flushes. The image must not be
  /// larger than the device. A size that is not a multiple of 512 is filled up with zeros.
  [[nodiscard]] Result<Totals> write(Session& session, const std::string& path);

  /// Bytes of the image that have been gone through. Any thread.
  [[nodiscard]] std::uint64_t doneBytes() const {
    return doneBytes_.load(std::memory_order_relaxed);
  }
  /// Makes write() return with Closed soon. Any thread.
  void cancel() { isCancelled_.store(true, std::memory_order_relaxed); }

private:
  std::atomic<std::uint64_t> doneBytes_ = 0;
  std::atomic<bool> isCancelled_ = false;
};

} // namespace argon::frontend
