// SPDX-License-Identifier: Apache-2.0
#include "storage/unit_crypter.h"

#include "base/check.h"
#include "storage/buffers.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace argon {

namespace {

constexpr std::size_t kUnitBytes = UnitRange::kUnitBytes;

} // namespace

void UnitCrypter::encrypt(const UnitRange& range, Edges edges, BufferCursor& source,
                          std::span<std::byte> units) {
  const std::uint64_t count = range.unitCount();
  ARGON_DCHECK(units.size() >= count * kUnitBytes);
  for (std::uint64_t index = 0; index < count; ++index) {
    const bool isFirst = index == 0;
    const bool isLast = index + 1 == count;
    encryptUnit(range.firstUnit() + index, isFirst ? range.headBytes() : 0,
                isLast ? range.tailBytes() : kUnitBytes, isFirst && edges.fillsHead,
                isLast && edges.fillsTail, source, units.subspan(index * kUnitBytes, kUnitBytes));
  }
}

// Bytes [begin, end) of the unit come from `source`.
void UnitCrypter::encryptUnit(std::uint64_t unit, std::size_t begin, std::size_t end,
                              bool fillsHead, bool fillsTail, BufferCursor& source,
                              std::span<std::byte> target) {
  if (begin == 0 && end == kUnitBytes) {
    const std::span<const std::byte> whole = source.takeContiguous(kUnitBytes);
    if (!whole.empty()) [[likely]] {
      cipher_.encrypt(unit, whole, target);
      return;
    }
  }
  const std::span<std::byte> scratch(scratch_);
  if (begin > 0) {
    std::ranges::fill(scratch.first(begin), std::byte{0});
  }
  source.copyTo(scratch.subspan(begin, end - begin));
  if (fillsTail) {
    std::ranges::fill(scratch.subspan(end), std::byte{0});
  }
  const std::size_t cryptedBytes = fillsTail ? kUnitBytes : end;
  if (begin == 0 || fillsHead) {
    cipher_.encrypt(unit, scratch.first(cryptedBytes), target.first(cryptedBytes));
    return;
  }
  // The bytes before the range are the unit's own and must stay as they are in `target`, which may
  // be the store itself. XTS has to start at the unit's first block all the same.
  cipher_.encrypt(unit, scratch.first(cryptedBytes), scratch.first(cryptedBytes));
  std::ranges::copy(scratch.subspan(begin, cryptedBytes - begin),
                    target.begin() + static_cast<std::ptrdiff_t>(begin));
}

void UnitCrypter::decrypt(const UnitRange& range, std::span<const std::byte> units,
                          BufferCursor& target) {
  const std::uint64_t count = range.unitCount();
  ARGON_DCHECK(units.size() >= count * kUnitBytes);
  for (std::uint64_t index = 0; index < count; ++index) {
    decryptUnit(range.firstUnit() + index, index == 0 ? range.headBytes() : 0,
                index + 1 == count ? range.tailBytes() : kUnitBytes,
                units.subspan(index * kUnitBytes, kUnitBytes), target);
  }
}

void UnitCrypter::decryptUnit(std::uint64_t unit, std::size_t begin, std::size_t end,
                              std::span<const std::byte> source, BufferCursor& target) {
  if (begin == 0 && end == kUnitBytes) {
    const std::span<std::byte> whole = target.takeContiguous(kUnitBytes);
    if (!whole.empty()) [[likely]] {
      cipher_.decrypt(unit, source, whole);
      return;
    }
  }
  const std::span<std::byte> scratch(scratch_);
  cipher_.decrypt(unit, source.first(end), scratch.first(end));
  target.copyFrom(scratch.subspan(begin, end - begin));
}

} // namespace argon
