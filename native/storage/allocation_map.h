// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which 4096-byte units of an encrypted volume hold data: one bit a unit. A unit whose bit is clear
// reads as zeros, whatever bytes lie in the file. Bits are set after the unit's first write is on
// its way to the disk and before the guest is told.
//
// Four states of the same bits. *Noted*: what the next flush takes. *Working*: what reads and
// writes go by; a bit is set there after it was noted, so whoever sees it knows that a flush from
// then on stores it. Both are in memory and changed by any worker. *Shadow*: what is being written
// to the map's file; changed by one flush at a time. *Stored*: the file. A bit reaches the file
// only after the data it speaks of is durable, because a bit without its data would read as noise
// after a power cut (architecture section 4).
//
// First writes claim their units, so that of two first writes to one unit the second finds the
// first one's bit. Claims are for any worker, held for one write each, and never waited for while
// holding another.
//
// A discard clears bits, noted and working, and remembers the units as *discarded*: their bytes in
// the data file are of no use any more. They may be given back only once the cleared bits are
// stored, or a power cut would leave a bit whose ciphertext is gone. So that is the work of a
// flush: it claims discarded units whose stored bit is clear and which were not written again, has
// holes punched, and releases them. A read that was under way meanwhile finds the generation
// changed.
//
// The working bits can be in memory that outlives the process (map_memory.h). They alone say what a
// guest was told; of the other states, a process that takes over needs none but the stored one.

#include "base/mapped_region.h"
#include "base/result.h"
#include "storage/map_memory.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace argon {

class AllocationMap {
public:
  static constexpr std::uint64_t kUnitBytes = 4096;
  /// The map is stored and flushed in pages; one covers 128 MiB of data.
  static constexpr std::size_t kPageBytes = 4096;

  /// All bits clear; but with `memory`, which may be null, working bits are as it has them until
  /// load() or adopt() is called.
  static Result<std::unique_ptr<AllocationMap>> create(std::uint64_t unitCount,
                                                       std::unique_ptr<MapMemory> memory = nullptr);

  /// Any thread.
  [[nodiscard]] std::uint64_t unitCount() const {
    return unitCount_.load(std::memory_order_acquire);
  }
  /// Adds units, clear, while workers use the others: address space for maps of 64 TiB is set
  /// aside. Exhausted beyond that. One call at a time.
  Result<void> grow(std::uint64_t newUnitCount);

  struct Run {
    bool isSet = false;
    std::uint64_t unitCount = 0;
  };
  /// How far the units from `firstUnit` on are alike, at most `limitCount` (more than 0). Any
  /// thread.
  [[nodiscard]] Run runAt(std::uint64_t firstUnit, std::uint64_t limitCount) const;
  [[nodiscard]] bool isSet(std::uint64_t unit) const {
    return (word(bits_.working, unit).load(std::memory_order_acquire) & bitOf(unit)) != 0;
  }

  /// Sets bits. Any thread; for units whose data has been written, under their claim.
  void set(std::uint64_t firstUnit, std::uint64_t count);

  enum class Space : std::uint8_t { GiveBack, Keep };
  /// Clears bits, in order, up to a unit that holds data and is claimed; returns how many units are
  /// done. With GiveBack, flushes from then on may take the units' space. Any thread.
  [[nodiscard]] std::uint64_t clear(std::uint64_t firstUnit, std::uint64_t count, Space space);

  /// Changes before ciphertext of discarded units goes away. Who read units as set and finds the
  /// same generation before and after has read what was written there. Any thread.
  [[nodiscard]] std::uint64_t generation() const {
    // Acquire: who sees a generation sees the bits as clear that were cleared before it.
    return generation_.load(std::memory_order_acquire);
  }

  /// Claims units, all or none. Any thread.
  [[nodiscard]] bool tryClaim(std::uint64_t firstUnit, std::uint64_t count);
  void releaseClaim(std::uint64_t firstUnit, std::uint64_t count);

  // For the one flush at a time.

  /// Copies the pages that changed since the last call to the shadow and names them, in order.
  void takeChangedPages(std::vector<std::uint64_t>& pages);
  /// Bytes of shadow pages, side by side.
  [[nodiscard]] std::span<std::byte> shadowPages(std::uint64_t firstPage, std::uint64_t count);
  [[nodiscard]] std::uint64_t pageCount() const;

  struct Units {
    std::uint64_t first = 0;
    std::uint64_t count = 0;
  };
  enum class Clearness : std::uint8_t {
    /// The shadow is what is stored: bits must be clear there.
    Stored,
    /// Nothing of the map is stored.
    Working,
  };
  /// The next discarded units from `cursor` on that hold nothing, side by side and claimed; none
  /// (count 0) when there are no more. Starts a generation. Moves the cursor behind them.
  [[nodiscard]] Units claimDiscarded(std::uint64_t& cursor, Clearness clearness);
  /// Their space has been given back, or cannot be.
  void releaseDiscarded(Units units);

  // For loading, before any other thread knows the map.

  /// The bits as they were stored are all there is; memory that was given is empty.
  void load(std::span<const std::byte> stored);
  /// The bits in the memory that was given hold; the next flush stores what differs from `stored`.
  [[nodiscard]] Result<void> adopt(std::span<const std::byte> stored);

private:
  using Word = std::uint64_t;
  static constexpr std::uint64_t kBitsPerWord = 64;
  static constexpr std::uint64_t kUnitsPerPage = kPageBytes * 8;

  // One bit a unit each, and one bit a page of the map for the last two.
  struct Bits {
    MappedRegion noted;
    MappedRegion working;
    MappedRegion shadow;
    MappedRegion claims;
    MappedRegion discarded;
    MappedRegion changedPages;
    MappedRegion discardedPages;
  };

  AllocationMap(std::unique_ptr<MapMemory> memory, Bits bits);

  [[nodiscard]] static Word bitOf(std::uint64_t unit) { return Word{1} << unit % kBitsPerWord; }
  [[nodiscard]] static std::atomic_ref<Word> word(const MappedRegion& bits, std::uint64_t index);
  // The bits of units [first, first + count) that lie in the word of `first`.
  [[nodiscard]] static Word maskOf(std::uint64_t first, std::uint64_t count);

  // Discarded units of the word of `unit` that may go, from `unit` on, claimed.
  [[nodiscard]] Word claimReady(std::uint64_t unit, Clearness clearness);
  // The first unit from `unit` on whose page has discarded units; takes the mark of that page when
  // `unit` is its first.
  [[nodiscard]] std::uint64_t skipCleanPages(std::uint64_t unit);
  // Clears what working bits there are beyond the last unit.
  [[nodiscard]] Result<void> clearBeyondEnd();

  std::atomic<std::uint64_t> unitCount_ = 0;
  // Of the working bits; null if they are this process's alone.
  std::unique_ptr<MapMemory> memory_;
  Bits bits_;
  std::atomic<std::uint64_t> generation_ = 0;
};

} // namespace argon
