// SPDX-License-Identifier: Apache-2.0
#pragma once

// Memory as a guest hands it over: pieces of any size at any address, with bytes between them that
// nobody may touch.

#include "support/random.h"

#include <sys/uio.h>

#include <cstddef>
#include <span>
#include <vector>

namespace argon::test {

class CutMemory {
public:
  /// `sizeBytes` in at most `pieceCountMax` pieces, cut anywhere; some may be empty.
  CutMemory(Random& random, std::size_t sizeBytes, std::size_t pieceCountMax);
  /// In pieces of exactly these sizes, each `misalignment` bytes behind a multiple of 512.
  CutMemory(const std::vector<std::size_t>& pieceBytes, std::size_t misalignment);
  CutMemory(const CutMemory&) = delete;
  CutMemory& operator=(const CutMemory&) = delete;
  ~CutMemory() = default;

  [[nodiscard]] std::span<const iovec> pieces() const { return pieces_; }
  void fill(std::span<const std::byte> content);
  [[nodiscard]] std::vector<std::byte> content() const;
  /// True if the bytes between the pieces are as they were.
  [[nodiscard]] bool isFenceWhole() const;

private:
  void place(const std::vector<std::size_t>& pieceBytes, const std::vector<std::size_t>& gaps,
             std::size_t alignment);

  std::vector<std::byte> memory_;
  std::vector<iovec> pieces_;
};

} // namespace argon::test
