// SPDX-License-Identifier: Apache-2.0
#include "storage/allocation_map.h"

#include "base/check.h"
#include "base/error.h"
#include "base/mapped_region.h"
#include "base/result.h"
#include "base/text.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace argon {

namespace {

// 2^40 units are 4 PiB of data and 128 GiB of map: more is a mistake, not a volume.
constexpr std::uint64_t kUnitCountMax = std::uint64_t{1} << 40;

} // namespace

Result<std::unique_ptr<AllocationMap>> AllocationMap::create(std::uint64_t unitCount) {
  if (unitCount == 0 || unitCount > kUnitCountMax) {
    return Error(ErrorKind::InvalidArgument, concat("a volume cannot have ", unitCount, " units"));
  }
  const std::uint64_t pageCount = (unitCount + kUnitsPerPage - 1) / kUnitsPerPage;
  const std::size_t bytes = pageCount * kPageBytes;
  ARGON_TRY_ASSIGN(MappedRegion noted, MappedRegion::allocate(bytes));
  ARGON_TRY_ASSIGN(MappedRegion working, MappedRegion::allocate(bytes));
  ARGON_TRY_ASSIGN(MappedRegion shadow, MappedRegion::allocate(bytes));
  ARGON_TRY_ASSIGN(MappedRegion claims, MappedRegion::allocate(bytes));
  ARGON_TRY_ASSIGN(MappedRegion changedPages,
                   MappedRegion::allocate((pageCount / kBitsPerWord + 1) * sizeof(Word)));
  return std::unique_ptr<AllocationMap>(
      new AllocationMap(unitCount, std::move(noted), std::move(working), std::move(shadow),
                        std::move(claims), std::move(changedPages)));
}

AllocationMap::AllocationMap(std::uint64_t unitCount, MappedRegion noted, MappedRegion working,
                             MappedRegion shadow, MappedRegion claims, MappedRegion changedPages)
    : unitCount_(unitCount), pageCount_((unitCount + kUnitsPerPage - 1) / kUnitsPerPage),
      noted_(std::move(noted)), working_(std::move(working)), shadow_(std::move(shadow)),
      claims_(std::move(claims)), changedPages_(std::move(changedPages)) {}

std::atomic_ref<AllocationMap::Word> AllocationMap::word(const MappedRegion& bits,
                                                         std::uint64_t index) {
  // The regions start on a page, so every word is aligned.
  void* place = bits.bytes().data() + index / kBitsPerWord * sizeof(Word);
  return std::atomic_ref<Word>(*static_cast<Word*>(place));
}

AllocationMap::Word AllocationMap::maskOf(std::uint64_t first, std::uint64_t count) {
  const std::uint64_t offset = first % kBitsPerWord;
  const std::uint64_t width = std::min(count, kBitsPerWord - offset);
  const Word low = width == kBitsPerWord ? ~Word{0} : (Word{1} << width) - 1;
  return low << offset;
}

AllocationMap::Run AllocationMap::runAt(std::uint64_t firstUnit, std::uint64_t limitCount) const {
  ARGON_DCHECK(limitCount > 0 && firstUnit < unitCount_);
  bool isFirstSet = false;
  std::uint64_t count = 0;
  while (count < limitCount) {
    const std::uint64_t unit = firstUnit + count;
    const std::uint64_t offset = unit % kBitsPerWord;
    // Acquire: pairs with set(); a reader that sees the bit sees the data's write as done.
    const Word bits = word(working_, unit).load(std::memory_order_acquire);
    if (count == 0) {
      // Of the same look as what follows: another worker may set the bit between two.
      isFirstSet = (bits & bitOf(unit)) != 0;
    }
    const Word different = (isFirstSet ? ~bits : bits) >> offset;
    const std::uint64_t same =
        std::min(static_cast<std::uint64_t>(std::countr_zero(different)), kBitsPerWord - offset);
    count += same;
    if (same < kBitsPerWord - offset) {
      break;
    }
  }
  return {.isSet = isFirstSet, .unitCount = std::min(count, limitCount)};
}

void AllocationMap::set(std::uint64_t firstUnit, std::uint64_t count) {
  ARGON_DCHECK(count > 0 && firstUnit < unitCount_ && count <= unitCount_ - firstUnit);
  std::uint64_t unit = firstUnit;
  std::uint64_t rest = count;
  while (rest > 0) {
    const Word mask = maskOf(unit, rest);
    if ((word(working_, unit).load(std::memory_order_acquire) & mask) != mask) {
      const std::uint64_t page = unit / kUnitsPerPage;
      word(noted_, unit).fetch_or(mask, std::memory_order_relaxed);
      // Release: a flush that takes this mark back copies a page that has the bit.
      word(changedPages_, page).fetch_or(bitOf(page), std::memory_order_release);
      // Last, release: who sees the bit finds the mark, or a flush has taken it with the bit. Were
      // it seen before, a write into this unit could be flushed, and its bit not stored.
      word(working_, unit).fetch_or(mask, std::memory_order_release);
    }
    const auto done = static_cast<std::uint64_t>(std::popcount(mask));
    unit += done;
    rest -= done;
  }
}

bool AllocationMap::tryClaim(std::uint64_t firstUnit, std::uint64_t count) {
  std::uint64_t unit = firstUnit;
  std::uint64_t rest = count;
  while (rest > 0) {
    const Word mask = maskOf(unit, rest);
    const Word before = word(claims_, unit).fetch_or(mask, std::memory_order_acquire);
    if ((before & mask) != 0) {
      // Take back what this call set in this word, and the words before it.
      word(claims_, unit).fetch_and(~(mask & ~before), std::memory_order_release);
      if (unit > firstUnit) {
        releaseClaim(firstUnit, unit - firstUnit);
      }
      return false;
    }
    const auto done = static_cast<std::uint64_t>(std::popcount(mask));
    unit += done;
    rest -= done;
  }
  return true;
}

void AllocationMap::releaseClaim(std::uint64_t firstUnit, std::uint64_t count) {
  std::uint64_t unit = firstUnit;
  std::uint64_t rest = count;
  while (rest > 0) {
    const Word mask = maskOf(unit, rest);
    // Release: the next claimant sees the bits that were set under this claim.
    word(claims_, unit).fetch_and(~mask, std::memory_order_release);
    const auto done = static_cast<std::uint64_t>(std::popcount(mask));
    unit += done;
    rest -= done;
  }
}

void AllocationMap::takeChangedPages(std::vector<std::uint64_t>& pages) {
  pages.clear();
  for (std::uint64_t base = 0; base < pageCount_; base += kBitsPerWord) {
    Word changed = word(changedPages_, base).exchange(0, std::memory_order_acquire);
    while (changed != 0) {
      const std::uint64_t page = base + static_cast<std::uint64_t>(std::countr_zero(changed));
      changed &= changed - 1;
      // Word by word, because other workers go on setting bits. A bit that is set from here on
      // marks the page again.
      for (std::uint64_t unit = page * kUnitsPerPage; unit < (page + 1) * kUnitsPerPage;
           unit += kBitsPerWord) {
        const Word bits = word(noted_, unit).load(std::memory_order_relaxed);
        word(shadow_, unit).store(bits, std::memory_order_relaxed);
      }
      pages.push_back(page);
    }
  }
}

std::span<std::byte> AllocationMap::shadowPages(std::uint64_t firstPage, std::uint64_t count) {
  return shadow_.bytes().subspan(firstPage * kPageBytes, count * kPageBytes);
}

void AllocationMap::load(std::span<const std::byte> stored) {
  ARGON_CHECK_EQ(stored.size(), pageCount_ * kPageBytes);
  std::ranges::copy(stored, noted_.bytes().begin());
  std::ranges::copy(stored, working_.bytes().begin());
  std::ranges::copy(stored, shadow_.bytes().begin());
}

} // namespace argon
