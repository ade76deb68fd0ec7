// SPDX-License-Identifier: Apache-2.0
#include "support/cut_memory.h"

#include "base/alignment.h"
#include "base/check.h"
#include "support/random.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <numeric>
#include <span>
#include <vector>

namespace argon::test {

namespace {

constexpr std::byte kFence{0xfe};
constexpr std::size_t kSector = 512;
// To compare many bytes at once with.
constexpr auto kFenceBytes = [] {
  std::array<std::byte, 4096> bytes{};
  bytes.fill(kFence);
  return bytes;
}();

bool isFence(const std::byte* first, const std::byte* end) {
  while (first < end) {
    const std::size_t count = std::min(static_cast<std::size_t>(end - first), kFenceBytes.size());
    if (std::memcmp(first, kFenceBytes.data(), count) != 0) {
      return false;
    }
    first += count;
  }
  return true;
}

} // namespace

CutMemory::CutMemory(Random& random, std::size_t sizeBytes, std::size_t pieceCountMax) {
  std::vector<std::size_t> cuts = {0, sizeBytes};
  for (std::size_t count = random.below(pieceCountMax); count > 0; --count) {
    cuts.push_back(random.below(sizeBytes + 1));
  }
  std::ranges::sort(cuts);
  std::vector<std::size_t> pieceBytes;
  std::vector<std::size_t> gaps;
  for (std::size_t index = 1; index < cuts.size(); ++index) {
    pieceBytes.push_back(cuts[index] - cuts[index - 1]);
    gaps.push_back(random.chance(50) ? 16 : random.between(1, 40));
  }
  place(pieceBytes, gaps, random.chance(50) ? kSector : 1);
}

CutMemory::CutMemory(const std::vector<std::size_t>& pieceBytes, std::size_t misalignment) {
  place(pieceBytes, std::vector<std::size_t>(pieceBytes.size(), misalignment), kSector);
}

// Each piece at the next multiple of `alignment` and its gap behind that.
void CutMemory::place(const std::vector<std::size_t>& pieceBytes,
                      const std::vector<std::size_t>& gaps, std::size_t alignment) {
  const std::size_t total = std::accumulate(pieceBytes.begin(), pieceBytes.end(), std::size_t{0});
  const std::size_t gapTotal = std::accumulate(gaps.begin(), gaps.end(), std::size_t{0});
  memory_.assign(total + gapTotal + (pieceBytes.size() + 2) * (kSector + 1), kFence);
  std::byte* next = memory_.data() + 1;
  for (std::size_t index = 0; index < pieceBytes.size(); ++index) {
    while (!isAligned(next, alignment)) {
      ++next;
    }
    next += gaps[index];
    pieces_.push_back({.iov_base = next, .iov_len = pieceBytes[index]});
    // At least one byte of fence before the next.
    next += pieceBytes[index] + 1;
  }
  ARGON_CHECK(next <= memory_.data() + memory_.size());
}

void CutMemory::fill(std::span<const std::byte> content) {
  for (const iovec& piece : pieces_) {
    if (piece.iov_len > 0) {
      std::memcpy(piece.iov_base, content.data(), piece.iov_len);
      content = content.subspan(piece.iov_len);
    }
  }
  ARGON_CHECK(content.empty());
}

std::vector<std::byte> CutMemory::content() const {
  std::vector<std::byte> content;
  for (const iovec& piece : pieces_) {
    const auto* first = static_cast<const std::byte*>(piece.iov_base);
    content.insert(content.end(), first, first + piece.iov_len);
  }
  return content;
}

bool CutMemory::isFenceWhole() const {
  const std::byte* next = memory_.data();
  for (const iovec& piece : pieces_) {
    const auto* first = static_cast<const std::byte*>(piece.iov_base);
    if (!isFence(next, first)) {
      return false;
    }
    next = first + piece.iov_len;
  }
  return isFence(next, memory_.data() + memory_.size());
}

} // namespace argon::test
