// SPDX-License-Identifier: Apache-2.0
#pragma once

// Counts reads of memory by the instruction: pages are taken away, each access faults, is noted,
// and goes on by a single step, after which the pages are taken away again. Sees every read there
// is, whoever makes it and however the compiler came to it; x86-64 only, and not under
// ThreadSanitizer, which keeps signals to itself. One thread at a time may touch the memory, and
// the kernel must not.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace argon::hostile {

/// Watches from creation until finish(); one at a time in a process.
class FetchWatch {
public:
  /// `pages` are whole pages.
  explicit FetchWatch(std::span<std::byte> pages);
  FetchWatch(const FetchWatch&) = delete;
  FetchWatch& operator=(const FetchWatch&) = delete;
  ~FetchWatch();

  /// For each byte of the pages, the reads that started there. The watch is over; nobody may be
  /// touching the pages.
  [[nodiscard]] std::vector<std::uint32_t> finish();

private:
  std::span<std::byte> pages_;
};

} // namespace argon::hostile
