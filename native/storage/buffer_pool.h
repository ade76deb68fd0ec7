// SPDX-License-Identifier: Apache-2.0
#pragma once

// Page-aligned buffers of a worker, through which encrypted and misaligned data passes. Three
// sizes, all reserved when the worker starts and backed by memory as they are first used; the
// buffer given back last is handed out first, because it is still in the cache. One thread.

#include "base/mapped_region.h"
#include "base/result.h"

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace argon {

class BufferPool {
public:
  /// The largest buffer there is; longer requests are worked on in parts.
  static constexpr std::size_t kBufferBytesMax = std::size_t{128} * 1024;

  static Result<std::unique_ptr<BufferPool>> create();

  /// A buffer of at least `sizeBytes` (at most kBufferBytesMax); empty if there is none free, and
  /// then one becomes free when a request under way is done. What it held before is still in it.
  [[nodiscard]] std::span<std::byte> take(std::size_t sizeBytes);
  void giveBack(std::span<std::byte> buffer);

private:
  struct SizeClass {
    std::size_t bufferBytes = 0;
    MappedRegion memory;
    std::vector<std::byte*> free;
  };

  BufferPool() = default;

  std::array<SizeClass, 3> classes_;
};

} // namespace argon
