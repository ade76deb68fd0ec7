// SPDX-License-Identifier: Apache-2.0
#include "crypto/aes_xts.h"

#include "base/error.h"
#include "base/result.h"
#include "crypto/vectors.h"
#include "support/death.h"
#include "support/process.h"
#include "support/process_facts.h"
#include "support/random.h"
#include "support/reference_xts.h"
#include "support/test.h"

#include <nlohmann/json.hpp>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace argon {

namespace {

using test::Bytes;

constexpr std::size_t kUnitBytes = 4096;

XtsCipher makeCipher(std::span<const std::byte> key) {
  Result<XtsCipher> cipher = XtsCipher::create(key);
  REQUIRE_OK(cipher);
  return *std::move(cipher);
}

Bytes encrypted(XtsCipher& cipher, std::uint64_t unit, std::span<const std::byte> plaintext) {
  Bytes ciphertext(plaintext.size());
  cipher.encrypt(unit, plaintext, ciphertext);
  return ciphertext;
}

Bytes decrypted(XtsCipher& cipher, std::uint64_t unit, std::span<const std::byte> ciphertext) {
  Bytes plaintext(ciphertext.size());
  cipher.decrypt(unit, ciphertext, plaintext);
  return plaintext;
}

// A tweak of any length up to 16 bytes as a unit's number, if it is one.
bool isUnitNumber(const Bytes& tweak, std::uint64_t& unit) {
  unit = 0;
  std::memcpy(&unit, tweak.data(), std::min(tweak.size(), sizeof unit));
  return std::ranges::all_of(std::span(tweak).subspan(std::min(tweak.size(), sizeof unit)),
                             [](std::byte byte) { return byte == std::byte{0}; });
}

} // namespace

TEST_CASE("units encrypt and decrypt as IEEE 1619 has it") {
  const std::vector<test::Vector> vectors = test::readVectors("ieee_1619_xts_aes_256.txt");
  REQUIRE(vectors.size() == 5);
  for (const test::Vector& vector : vectors) {
    CAPTURE(vector.text("name"));
    XtsCipher cipher = makeCipher(vector.bytes("key"));
    const std::uint64_t unit = vector.number("unit");
    CHECK(encrypted(cipher, unit, vector.bytes("plaintext")) == vector.bytes("ciphertext"));
    CHECK(decrypted(cipher, unit, vector.bytes("ciphertext")) == vector.bytes("plaintext"));
  }
}

TEST_CASE("units encrypt and decrypt as Project Wycheproof has it") {
  const std::string path = test::findWycheproof("aes_xts_test.json");
  if (path.empty()) {
    return;
  }
  const nlohmann::json file = nlohmann::json::parse(std::ifstream(path));
  int ranCount = 0;
  int leftOutCount = 0;
  for (const auto& group : file["testGroups"]) {
    for (const auto& vector : group["tests"]) {
      if (group["keySize"] != 512) {
        continue;
      }
      const Bytes tweak = test::fromHex(vector["iv"].get<std::string>());
      const Bytes plaintext = test::fromHex(vector["msg"].get<std::string>());
      std::uint64_t unit = 0;
      // Ciphertext stealing, and tweaks that are no unit's number, are not ours.
      if (plaintext.size() % kXtsBlockBytes != 0 || !isUnitNumber(tweak, unit)) {
        ++leftOutCount;
        continue;
      }
      CAPTURE(vector["tcId"].get<int>());
      REQUIRE(vector["result"] == "valid");
      XtsCipher cipher = makeCipher(test::fromHex(vector["key"].get<std::string>()));
      const Bytes ciphertext = test::fromHex(vector["ct"].get<std::string>());
      CHECK(encrypted(cipher, unit, plaintext) == ciphertext);
      CHECK(decrypted(cipher, unit, ciphertext) == plaintext);
      ++ranCount;
    }
  }
  MESSAGE("Wycheproof AES-XTS: ", ranCount, " ran, ", leftOutCount,
          " left out: ciphertext stealing or a tweak of more than 64 bits");
  CHECK(ranCount >= 10);
}

TEST_CASE("units encrypt as the standard's own words, done block by block") {
  for (const std::uint64_t seed : test::seeds()) {
    CAPTURE(seed);
    test::Random random(seed);
    for (int round = 0; round < 20; ++round) {
      const Bytes key = random.bytes(kXtsKeyBytes);
      const std::uint64_t unit = random.number();
      const Bytes plaintext = random.bytes(random.between(1, 32) * kXtsBlockBytes);
      CAPTURE(unit);
      XtsCipher cipher = makeCipher(key);
      CHECK(encrypted(cipher, unit, plaintext) == test::referenceXtsEncrypt(key, unit, plaintext));
    }
  }
}

TEST_CASE("the start of a unit encrypts to the start of the whole unit's ciphertext") {
  test::Random random(7);
  XtsCipher cipher = makeCipher(random.bytes(kXtsKeyBytes));
  const Bytes plaintext = random.bytes(kUnitBytes);
  const Bytes whole = encrypted(cipher, 5, plaintext);

  for (std::size_t size = kXtsBlockBytes; size <= kUnitBytes; size += kXtsBlockBytes) {
    CAPTURE(size);
    CHECK(std::ranges::equal(encrypted(cipher, 5, std::span(plaintext).first(size)),
                             std::span(whole).first(size)));
    CHECK(std::ranges::equal(decrypted(cipher, 5, std::span(whole).first(size)),
                             std::span(plaintext).first(size)));
  }
}

TEST_CASE("a unit can be encrypted and decrypted in place") {
  test::Random random(8);
  XtsCipher cipher = makeCipher(random.bytes(kXtsKeyBytes));
  const Bytes plaintext = random.bytes(kUnitBytes);
  Bytes place = plaintext;

  cipher.encrypt(9, place, place);
  CHECK(place == encrypted(cipher, 9, plaintext));
  cipher.decrypt(9, place, place);

  CHECK(place == plaintext);
}

TEST_CASE("every number is a unit of its own") {
  test::Random random(9);
  XtsCipher cipher = makeCipher(random.bytes(kXtsKeyBytes));
  const Bytes plaintext(kXtsBlockBytes);
  std::vector<Bytes> seen;
  for (const std::uint64_t unit :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0x100}, std::uint64_t{0xffffffff},
        std::uint64_t{0x100000000}, std::uint64_t{1} << 63, UINT64_MAX}) {
    const Bytes ciphertext = encrypted(cipher, unit, plaintext);
    CHECK(std::ranges::find(seen, ciphertext) == seen.end());
    CHECK(decrypted(cipher, unit, ciphertext) == plaintext);
    seen.push_back(ciphertext);
  }
}

TEST_CASE("units may come in any order, encrypted and decrypted by turns") {
  test::Random random(10);
  const Bytes key = random.bytes(kXtsKeyBytes);
  XtsCipher cipher = makeCipher(key);
  for (int round = 0; round < 200; ++round) {
    const std::uint64_t unit = random.below(4);
    const Bytes data = random.bytes(random.between(1, 4) * kXtsBlockBytes);
    XtsCipher fresh = makeCipher(key);
    if (random.chance(50)) {
      REQUIRE(encrypted(cipher, unit, data) == encrypted(fresh, unit, data));
    } else {
      REQUIRE(decrypted(cipher, unit, data) == decrypted(fresh, unit, data));
    }
  }
}

TEST_CASE("a cipher keeps its expanded keys in locked memory") {
  if (!test::kCanLock) {
    MESSAGE("left out: under a sanitizer nothing is locked");
    return;
  }
  const Bytes key = test::Random(14).bytes(kXtsKeyBytes);

  // A fork gives the child no locks of its parent.
  const test::Death death = test::runInChild([&key] {
    const std::size_t before = test::lockedKib();
    const Result<XtsCipher> cipher = XtsCipher::create(key);
    ::_exit(cipher && before == 0 && test::lockedKib() > 0 ? 0 : 1);
  });

  CHECK(death.signal == 0);
  CHECK(death.exitCode == 0);
}

TEST_CASE("a key whose halves are equal is refused") {
  const Bytes half = test::Random(11).bytes(kXtsKeyBytes / 2);
  Bytes key = half;
  key.insert(key.end(), half.begin(), half.end());

  const Result<XtsCipher> cipher = XtsCipher::create(key);

  REQUIRE_FALSE(cipher);
  CHECK(cipher.error().kind() == ErrorKind::Corrupt);
}

TEST_CASE("a key of another size is a bug of ours") {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{32}, std::size_t{63}, std::size_t{65}}) {
    CAPTURE(size);
    const Bytes key = test::Random(12).bytes(size);
    test::checkDies("key.size() == kXtsKeyBytes",
                    [&key] { static_cast<void>(XtsCipher::create(key)); });
  }
}

TEST_CASE("data that is not whole blocks, or does not fit its target, is a bug of ours") {
  XtsCipher cipher = makeCipher(test::Random(13).bytes(kXtsKeyBytes));
  Bytes data(kUnitBytes);
  for (const std::size_t size : {std::size_t{1}, std::size_t{15}, std::size_t{17}}) {
    CAPTURE(size);
    test::checkDies("kXtsBlockBytes", [&] {
      cipher.encrypt(0, std::span(data).first(size), std::span(data).first(size));
    });
  }
  test::checkDies("source.size() == target.size()",
                  [&] { cipher.decrypt(0, std::span(data).first(32), std::span(data).first(16)); });
  test::checkDies("EVP_CipherUpdate",
                  [&] { cipher.encrypt(0, std::span(data).first(0), std::span(data).first(0)); });
}

} // namespace argon
