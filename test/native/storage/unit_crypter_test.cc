// SPDX-License-Identifier: Apache-2.0
#include "storage/unit_crypter.h"

#include "base/result.h"
#include "crypto/aes_xts.h"
#include "storage/buffers.h"
#include "support/cut_memory.h"
#include "support/random.h"
#include "support/reference_xts.h"
#include "support/test.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace argon {

namespace {

using Bytes = std::vector<std::byte>;

constexpr std::size_t kUnit = 4096;
constexpr std::size_t kSector = 512;

Bytes makeKey() { return test::Random(77).bytes(kXtsKeyBytes); }

UnitCrypter makeCrypter() {
  Result<XtsCipher> cipher = XtsCipher::create(makeKey());
  REQUIRE_OK(cipher);
  return UnitCrypter(*std::move(cipher));
}

// Ciphertext of whole units, one after another, by the standard's words.
Bytes encrypted(std::uint64_t firstUnit, std::span<const std::byte> plaintext) {
  Bytes all;
  for (std::size_t offset = 0; offset < plaintext.size(); offset += kUnit) {
    const Bytes unit = test::referenceXtsEncrypt(makeKey(), firstUnit + offset / kUnit,
                                                 plaintext.subspan(offset, kUnit));
    all.insert(all.end(), unit.begin(), unit.end());
  }
  return all;
}

} // namespace

TEST_CASE("a range knows its units and how far it covers the first and the last") {
  const UnitRange one{.offsetBytes = 3 * kUnit + 512, .lengthBytes = 1024};
  CHECK(one.firstUnit() == 3);
  CHECK(one.unitCount() == 1);
  CHECK(one.headBytes() == 512);
  CHECK(one.tailBytes() == 1536);

  const UnitRange whole{.offsetBytes = kUnit, .lengthBytes = 2 * kUnit};
  CHECK(whole.firstUnit() == 1);
  CHECK(whole.unitCount() == 2);
  CHECK(whole.headBytes() == 0);
  CHECK(whole.tailBytes() == kUnit);

  const UnitRange across{.offsetBytes = 2 * kUnit - 512, .lengthBytes = 1024};
  CHECK(across.firstUnit() == 1);
  CHECK(across.unitCount() == 2);
  CHECK(across.headBytes() == kUnit - 512);
  CHECK(across.tailBytes() == 512);
}

TEST_CASE("every slice of a unit encrypts to the slice of the whole unit's ciphertext") {
  test::Random random(1);
  const Bytes plaintext = random.bytes(kUnit);
  const Bytes whole = encrypted(5, plaintext);
  UnitCrypter crypter = makeCrypter();
  for (std::size_t begin = 0; begin < kUnit; begin += kSector) {
    for (std::size_t end = begin + kSector; end <= kUnit; end += kSector) {
      CAPTURE(begin);
      CAPTURE(end);
      test::CutMemory source(random, end - begin, 5);
      source.fill(std::span(plaintext).subspan(begin, end - begin));
      Bytes units(kUnit, std::byte{0xee});
      BufferCursor cursor(source.pieces(), 0);
      crypter.encrypt({.offsetBytes = 5 * kUnit + begin, .lengthBytes = end - begin}, {}, cursor,
                      units);
      // What lies before the range is the unit's own, and stays.
      CHECK(std::ranges::all_of(std::span(units).first(begin),
                                [](std::byte byte) { return byte == std::byte{0xee}; }));
      CHECK(std::ranges::equal(std::span(units).subspan(begin, end - begin),
                               std::span(whole).subspan(begin, end - begin)));
      CHECK(std::ranges::all_of(std::span(units).subspan(end),
                                [](std::byte byte) { return byte == std::byte{0xee}; }));
    }
  }
}

TEST_CASE("every slice of a unit decrypts to the slice of its plaintext") {
  test::Random random(2);
  const Bytes plaintext = random.bytes(kUnit);
  const Bytes whole = encrypted(6, plaintext);
  UnitCrypter crypter = makeCrypter();
  for (std::size_t begin = 0; begin < kUnit; begin += kSector) {
    for (std::size_t end = begin + kSector; end <= kUnit; end += kSector) {
      CAPTURE(begin);
      CAPTURE(end);
      // Bytes outside of the range need not be there.
      Bytes units = random.bytes(kUnit);
      std::ranges::copy(std::span(whole).subspan(begin, end - begin),
                        units.begin() + static_cast<std::ptrdiff_t>(begin));
      const test::CutMemory target(random, end - begin, 5);
      BufferCursor cursor(target.pieces(), 0);
      crypter.decrypt({.offsetBytes = 6 * kUnit + begin, .lengthBytes = end - begin}, units,
                      cursor);
      CHECK(std::ranges::equal(target.content(), std::span(plaintext).subspan(begin, end - begin)));
      CHECK(target.isFenceWhole());
    }
  }
}

TEST_CASE("an edge that is filled is encrypted zeros") {
  test::Random random(3);
  UnitCrypter crypter = makeCrypter();
  for (const bool fillsHead : {false, true}) {
    for (const bool fillsTail : {false, true}) {
      CAPTURE(fillsHead);
      CAPTURE(fillsTail);
      const Bytes text = random.bytes(2 * kUnit);
      const UnitRange range{.offsetBytes = 8 * kUnit + 1024, .lengthBytes = text.size()};
      Bytes plaintext(3 * kUnit);
      std::ranges::copy(text, plaintext.begin() + 1024);
      const Bytes whole = encrypted(8, plaintext);
      test::CutMemory source(random, text.size(), 6);
      source.fill(text);
      Bytes units(3 * kUnit, std::byte{0xee});
      BufferCursor cursor(source.pieces(), 0);

      crypter.encrypt(range, {.fillsHead = fillsHead, .fillsTail = fillsTail}, cursor, units);

      const std::size_t begin = fillsHead ? 0 : 1024;
      const std::size_t end = fillsTail ? 3 * kUnit : 2 * kUnit + 1024;
      CHECK(std::ranges::equal(std::span(units).subspan(begin, end - begin),
                               std::span(whole).subspan(begin, end - begin)));
    }
  }
}

TEST_CASE("a unit with both edges filled is a whole unit of ciphertext") {
  test::Random random(4);
  UnitCrypter crypter = makeCrypter();
  const Bytes text = random.bytes(512);
  Bytes plaintext(kUnit);
  std::ranges::copy(text, plaintext.begin() + 2048);
  test::CutMemory source({512}, 1);
  source.fill(text);
  Bytes units(kUnit);
  BufferCursor cursor(source.pieces(), 0);

  crypter.encrypt({.offsetBytes = 2048, .lengthBytes = 512}, {.fillsHead = true, .fillsTail = true},
                  cursor, units);

  CHECK(units == encrypted(0, plaintext));
}

TEST_CASE("ranges over many units and cut-up memory go there and back") {
  for (const std::uint64_t seed : test::seeds()) {
    CAPTURE(seed);
    test::Random random(seed);
    UnitCrypter crypter = makeCrypter();
    for (int round = 0; round < test::rounds(60); ++round) {
      const std::uint64_t sectorCount = random.between(1, 60);
      const UnitRange range{.offsetBytes = random.below(1'000'000) * kSector,
                            .lengthBytes = sectorCount * kSector};
      CAPTURE(range.offsetBytes);
      CAPTURE(range.lengthBytes);
      const Bytes text = random.bytes(range.lengthBytes);
      test::CutMemory source(random, text.size(), 20);
      source.fill(text);
      Bytes units(range.unitCount() * kUnit);
      Bytes plaintext(units.size());
      std::ranges::copy(text, plaintext.begin() + static_cast<std::ptrdiff_t>(range.headBytes()));

      BufferCursor from(source.pieces(), 0);
      crypter.encrypt(range, {.fillsHead = true, .fillsTail = true}, from, units);
      REQUIRE(units == encrypted(range.firstUnit(), plaintext));
      const test::CutMemory target(random, text.size(), 20);
      BufferCursor into(target.pieces(), 0);
      crypter.decrypt(range, units, into);

      REQUIRE(target.content() == text);
      REQUIRE(target.isFenceWhole());
      REQUIRE(source.content() == text);
    }
  }
}

} // namespace argon
