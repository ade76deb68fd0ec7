// SPDX-License-Identifier: Apache-2.0
#include "storage/allocation_map.h"

#include "base/check.h"
#include "base/error.h"
#include "base/mapped_region.h"
#include "base/result.h"
#include "base/text.h"
#include "storage/map_memory.h"

#include <algorithm>
#include <array>
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

// What a map can grow to, at least: 64 TiB of data, the largest volume of the original. Address
// space is set aside for that, 10 GiB, and costs nothing.
constexpr std::uint64_t kUnitCountReserved = std::uint64_t{1} << 34;

constexpr std::uint64_t pagesOf(std::uint64_t unitCount) {
  constexpr std::uint64_t kUnitsPerPage = AllocationMap::kPageBytes * 8;
  return (unitCount + kUnitsPerPage - 1) / kUnitsPerPage;
}

bool isZero(std::span<const std::byte> page) {
  return std::ranges::all_of(page, [](std::byte byte) { return byte == std::byte{0}; });
}

// One bit a page of the map.
constexpr std::size_t summaryBytesOf(std::uint64_t pageCount) {
  return (pageCount / 64 + 1) * sizeof(std::uint64_t);
}

} // namespace

Result<std::unique_ptr<AllocationMap>> AllocationMap::create(std::uint64_t unitCount,
                                                             std::unique_ptr<MapMemory> memory) {
  if (unitCount == 0 || unitCount > kUnitCountMax) {
    return Error(ErrorKind::InvalidArgument, concat("a volume cannot have ", unitCount, " units"));
  }
  const std::uint64_t reservedPages = pagesOf(std::max(unitCount, kUnitCountReserved));
  const std::size_t bytes = reservedPages * kPageBytes;
  const std::size_t summaryBytes = summaryBytesOf(reservedPages);
  Bits bits;
  ARGON_TRY_ASSIGN(bits.noted, MappedRegion::reserve(bytes));
  ARGON_TRY_ASSIGN(bits.working,
                   memory == nullptr ? MappedRegion::reserve(bytes) : memory->mapBits(bytes));
  ARGON_TRY_ASSIGN(bits.shadow, MappedRegion::reserve(bytes));
  ARGON_TRY_ASSIGN(bits.claims, MappedRegion::reserve(bytes));
  ARGON_TRY_ASSIGN(bits.discarded, MappedRegion::reserve(bytes));
  ARGON_TRY_ASSIGN(bits.changedPages, MappedRegion::reserve(summaryBytes));
  ARGON_TRY_ASSIGN(bits.discardedPages, MappedRegion::reserve(summaryBytes));
  std::unique_ptr<AllocationMap> map(new AllocationMap(std::move(memory), std::move(bits)));
  ARGON_TRY(map->grow(unitCount));
  return map;
}

AllocationMap::AllocationMap(std::unique_ptr<MapMemory> memory, Bits bits)
    : memory_(std::move(memory)), bits_(std::move(bits)) {}

Result<void> AllocationMap::grow(std::uint64_t newUnitCount) {
  ARGON_CHECK(newUnitCount >= unitCount());
  const std::uint64_t pages = pagesOf(newUnitCount);
  if (pages * kPageBytes > bits_.noted.bytes().size()) {
    return Error(ErrorKind::Exhausted,
                 concat("a map of ", unitCount(), " units cannot grow to ", newUnitCount));
  }
  for (const MappedRegion* region :
       {&bits_.noted, &bits_.shadow, &bits_.claims, &bits_.discarded}) {
    ARGON_TRY(region->commit(pages * kPageBytes));
  }
  ARGON_TRY(memory_ == nullptr ? bits_.working.commit(pages * kPageBytes)
                               : memory_->makeRoom(pages * kPageBytes));
  ARGON_TRY(bits_.changedPages.commit(summaryBytesOf(pages)));
  ARGON_TRY(bits_.discardedPages.commit(summaryBytesOf(pages)));
  // Release: who sees the count may touch the bits.
  unitCount_.store(newUnitCount, std::memory_order_release);
  return {};
}

std::uint64_t AllocationMap::pageCount() const { return pagesOf(unitCount()); }

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
  ARGON_DCHECK(limitCount > 0 && firstUnit < unitCount());
  bool isFirstSet = false;
  std::uint64_t count = 0;
  while (count < limitCount) {
    const std::uint64_t unit = firstUnit + count;
    const std::uint64_t offset = unit % kBitsPerWord;
    // Acquire: pairs with set(); a reader that sees the bit sees the data's write as done.
    const Word bits = word(bits_.working, unit).load(std::memory_order_acquire);
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
  ARGON_DCHECK(count > 0 && firstUnit < unitCount() && count <= unitCount() - firstUnit);
  std::uint64_t unit = firstUnit;
  std::uint64_t rest = count;
  while (rest > 0) {
    const Word mask = maskOf(unit, rest);
    if ((word(bits_.working, unit).load(std::memory_order_acquire) & mask) != mask) {
      const std::uint64_t page = unit / kUnitsPerPage;
      word(bits_.noted, unit).fetch_or(mask, std::memory_order_relaxed);
      // Release: a flush that takes this mark back copies a page that has the bit.
      word(bits_.changedPages, page).fetch_or(bitOf(page), std::memory_order_release);
      // Last, release: who sees the bit finds the mark, or a flush has taken it with the bit. Were
      // it seen before, a write into this unit could be flushed, and its bit not stored.
      word(bits_.working, unit).fetch_or(mask, std::memory_order_release);
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
    const Word before = word(bits_.claims, unit).fetch_or(mask, std::memory_order_acquire);
    if ((before & mask) != 0) {
      // Take back what this call set in this word, and the words before it.
      word(bits_.claims, unit).fetch_and(~(mask & ~before), std::memory_order_release);
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
    word(bits_.claims, unit).fetch_and(~mask, std::memory_order_release);
    const auto done = static_cast<std::uint64_t>(std::popcount(mask));
    unit += done;
    rest -= done;
  }
}

std::uint64_t AllocationMap::clear(std::uint64_t firstUnit, std::uint64_t count, Space space) {
  ARGON_DCHECK(count > 0 && firstUnit < unitCount() && count <= unitCount() - firstUnit);
  std::uint64_t done = 0;
  while (done < count) {
    const std::uint64_t unit = firstUnit + done;
    const Word range = maskOf(unit, count - done);
    // Units that hold nothing are left alone, but for those whose space is now to be kept.
    Word mask = word(bits_.working, unit).load(std::memory_order_acquire) & range;
    if (space == Space::Keep) {
      mask |= word(bits_.discarded, unit).load(std::memory_order_acquire) & range;
    }
    if (mask != 0) {
      // A first write that is under way may have found a unit of its own set, and sets it again.
      const Word before = word(bits_.claims, unit).fetch_or(mask, std::memory_order_acquire);
      if ((before & mask) != 0) {
        word(bits_.claims, unit).fetch_and(~(mask & ~before), std::memory_order_release);
        return done;
      }
      const std::uint64_t page = unit / kUnitsPerPage;
      // Release: whoever sees the unit discarded or its page changed sees it clear.
      word(bits_.working, unit).fetch_and(~mask, std::memory_order_release);
      word(bits_.noted, unit).fetch_and(~mask, std::memory_order_relaxed);
      word(bits_.changedPages, page).fetch_or(bitOf(page), std::memory_order_release);
      if (space == Space::GiveBack) {
        word(bits_.discarded, unit).fetch_or(mask, std::memory_order_release);
        word(bits_.discardedPages, page).fetch_or(bitOf(page), std::memory_order_release);
      } else {
        word(bits_.discarded, unit).fetch_and(~mask, std::memory_order_release);
      }
      word(bits_.claims, unit).fetch_and(~mask, std::memory_order_release);
    }
    done += static_cast<std::uint64_t>(std::popcount(range));
  }
  return done;
}

std::uint64_t AllocationMap::skipCleanPages(std::uint64_t unit) {
  const std::uint64_t end = unitCount();
  while (unit < end) {
    const std::uint64_t page = unit / kUnitsPerPage;
    if (unit % kUnitsPerPage != 0) {
      return unit;
    }
    const Word marks = word(bits_.discardedPages, page).load(std::memory_order_relaxed);
    if ((marks & bitOf(page)) != 0) {
      // Acquire: the units that were discarded before the mark are seen.
      word(bits_.discardedPages, page).fetch_and(~bitOf(page), std::memory_order_acquire);
      return unit;
    }
    const Word later = marks >> page % kBitsPerWord;
    const std::uint64_t skipped = later == 0 ? kBitsPerWord - page % kBitsPerWord
                                             : static_cast<std::uint64_t>(std::countr_zero(later));
    unit = (page + skipped) * kUnitsPerPage;
  }
  return end;
}

AllocationMap::Word AllocationMap::claimReady(std::uint64_t unit, Clearness clearness) {
  const Word wanted =
      word(bits_.discarded, unit).load(std::memory_order_acquire) & ~Word{0} << unit % kBitsPerWord;
  if (wanted == 0) {
    return 0;
  }
  const Word claimed =
      wanted & ~word(bits_.claims, unit).fetch_or(wanted, std::memory_order_acquire);
  // What was written again has its space for good.
  const Word live = claimed & word(bits_.working, unit).load(std::memory_order_acquire);
  word(bits_.discarded, unit).fetch_and(~live, std::memory_order_relaxed);
  Word ready = claimed & ~live;
  if (clearness == Clearness::Stored) {
    ready &= ~word(bits_.shadow, unit).load(std::memory_order_relaxed);
  }
  word(bits_.claims, unit).fetch_and(~(claimed & ~ready), std::memory_order_release);
  if ((wanted & ~live & ~ready) != 0) {
    // Another time: a write holds it, or it was discarded after the flush had copied its page.
    const std::uint64_t page = unit / kUnitsPerPage;
    word(bits_.discardedPages, page).fetch_or(bitOf(page), std::memory_order_relaxed);
  }
  return ready;
}

AllocationMap::Units AllocationMap::claimDiscarded(std::uint64_t& cursor, Clearness clearness) {
  const std::uint64_t end = unitCount();
  Units units;
  while (cursor < end) {
    if (units.count == 0) {
      cursor = skipCleanPages(cursor);
      if (cursor >= end) {
        break;
      }
    } else if (cursor % kUnitsPerPage == 0) {
      break; // The next page's mark is looked at first.
    }
    const Word ready = claimReady(cursor, clearness);
    const std::uint64_t base = cursor / kBitsPerWord * kBitsPerWord;
    if (ready == 0) {
      if (units.count > 0) {
        break;
      }
      cursor = base + kBitsPerWord;
      continue;
    }
    const auto offset = static_cast<std::uint64_t>(std::countr_zero(ready));
    const auto width = static_cast<std::uint64_t>(std::countr_one(ready >> offset));
    const bool continues = units.count == 0 || base + offset == cursor;
    const Word taken = continues ? maskOf(base + offset, width) : Word{0};
    word(bits_.claims, cursor).fetch_and(~(ready & ~taken), std::memory_order_release);
    if (!continues) {
      break;
    }
    if (units.count == 0) {
      units.first = base + offset;
    }
    units.count += width;
    cursor = base + offset + width;
    if (cursor % kBitsPerWord != 0) {
      break;
    }
  }
  if (units.count > 0) {
    // The rest of the page is for the next call, which may be another flush's.
    const std::uint64_t page = (cursor - 1) / kUnitsPerPage;
    word(bits_.discardedPages, page).fetch_or(bitOf(page), std::memory_order_relaxed);
    // Release: who sees this generation sees the units' bits clear.
    generation_.fetch_add(1, std::memory_order_acq_rel);
  }
  return units;
}

void AllocationMap::releaseDiscarded(Units units) {
  std::uint64_t unit = units.first;
  std::uint64_t rest = units.count;
  while (rest > 0) {
    const Word mask = maskOf(unit, rest);
    word(bits_.discarded, unit).fetch_and(~mask, std::memory_order_relaxed);
    const auto done = static_cast<std::uint64_t>(std::popcount(mask));
    unit += done;
    rest -= done;
  }
  releaseClaim(units.first, units.count);
}

void AllocationMap::takeChangedPages(std::vector<std::uint64_t>& pages) {
  pages.clear();
  for (std::uint64_t base = 0; base < pageCount(); base += kBitsPerWord) {
    Word changed = word(bits_.changedPages, base).exchange(0, std::memory_order_acquire);
    while (changed != 0) {
      const std::uint64_t page = base + static_cast<std::uint64_t>(std::countr_zero(changed));
      changed &= changed - 1;
      // Word by word, because other workers go on setting bits. A bit that is set from here on
      // marks the page again.
      for (std::uint64_t unit = page * kUnitsPerPage; unit < (page + 1) * kUnitsPerPage;
           unit += kBitsPerWord) {
        const Word bits = word(bits_.noted, unit).load(std::memory_order_relaxed);
        word(bits_.shadow, unit).store(bits, std::memory_order_relaxed);
      }
      pages.push_back(page);
    }
  }
}

std::span<std::byte> AllocationMap::shadowPages(std::uint64_t firstPage, std::uint64_t count) {
  return bits_.shadow.bytes().subspan(firstPage * kPageBytes, count * kPageBytes);
}

void AllocationMap::load(std::span<const std::byte> stored) {
  ARGON_CHECK_EQ(stored.size(), pageCount() * kPageBytes);
  // Pages of zeros are left alone, so that they take no memory.
  for (std::size_t at = 0; at < stored.size(); at += kPageBytes) {
    const std::span<const std::byte> page = stored.subspan(at, kPageBytes);
    if (!isZero(page)) {
      for (const MappedRegion* region : {&bits_.noted, &bits_.working, &bits_.shadow}) {
        std::ranges::copy(page, region->bytes().begin() + static_cast<std::ptrdiff_t>(at));
      }
    }
  }
}

Result<void> AllocationMap::adopt(std::span<const std::byte> stored) {
  ARGON_CHECK_EQ(stored.size(), pageCount() * kPageBytes);
  ARGON_TRY(clearBeyondEnd());
  std::array<std::byte, kPageBytes> working{};
  for (std::uint64_t page = 0; page < pageCount(); ++page) {
    const auto at = static_cast<std::ptrdiff_t>(page * kPageBytes);
    const std::span<const std::byte> before = stored.subspan(page * kPageBytes, kPageBytes);
    ARGON_TRY(memory_->readBits(page * kPageBytes, working));
    if (!isZero(working)) {
      std::ranges::copy(working, bits_.noted.bytes().begin() + at);
    }
    if (!isZero(before)) {
      std::ranges::copy(before, bits_.shadow.bytes().begin() + at);
    }
    if (!std::ranges::equal(working, before)) {
      word(bits_.changedPages, page).fetch_or(bitOf(page), std::memory_order_relaxed);
    }
  }
  return {};
}

// A growth that was cut off may have left room there, and whoever comes by the memory anything.
Result<void> AllocationMap::clearBeyondEnd() {
  std::uint64_t unit = unitCount();
  const std::uint64_t end = pageCount() * kUnitsPerPage;
  while (unit < end) {
    const Word mask = maskOf(unit, end - unit);
    word(bits_.working, unit).fetch_and(~mask, std::memory_order_relaxed);
    unit += static_cast<std::uint64_t>(std::popcount(mask));
  }
  return memory_->clearFrom(pageCount() * kPageBytes);
}

} // namespace argon
