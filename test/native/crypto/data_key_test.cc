// SPDX-License-Identifier: Apache-2.0
#include "crypto/data_key.h"

#include "base/error.h"
#include "base/result.h"
#include "crypto/aes_xts.h"
#include "crypto/master_key.h"
#include "support/temp_dir.h"
#include "support/test.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace argon {

namespace {

constexpr std::string_view kVolume = "vol0123456789abcdef0";

MasterKey makeMasterKey() {
  const test::TempDir dir;
  REQUIRE_OK(MasterKey::createFile(dir.path("key")));
  Result<MasterKey> key = MasterKey::load(dir.path("key"));
  REQUIRE_OK(key);
  return *std::move(key);
}

DataKey makeDataKey() {
  Result<DataKey> key = DataKey::generate();
  REQUIRE_OK(key);
  return *std::move(key);
}

WrappedKey wrapped(const DataKey& key, const MasterKey& masterKey,
                   std::string_view volumeId = kVolume) {
  const Result<WrappedKey> result = key.wrap(masterKey, volumeId);
  REQUIRE_OK(result);
  return *result;
}

// A key cannot be read; what it makes of zeros tells it from others.
std::vector<std::byte> fingerprintOf(const DataKey& key) {
  Result<XtsCipher> cipher = key.createCipher();
  REQUIRE_OK(cipher);
  std::vector<std::byte> fingerprint(64);
  cipher->encrypt(0, std::vector<std::byte>(64), fingerprint);
  return fingerprint;
}

void checkCorrupt(std::span<const std::byte> blob, const MasterKey& masterKey,
                  std::string_view volumeId = kVolume) {
  const Result<DataKey> key = DataKey::unwrap(blob, masterKey, volumeId);
  REQUIRE_FALSE(key);
  CHECK(key.error().kind() == ErrorKind::Corrupt);
}

} // namespace

TEST_CASE("a key that was wrapped opens to the same key") {
  const MasterKey masterKey = makeMasterKey();
  const DataKey key = makeDataKey();

  const Result<DataKey> opened = DataKey::unwrap(wrapped(key, masterKey), masterKey, kVolume);

  REQUIRE_OK(opened);
  CHECK(fingerprintOf(*opened) == fingerprintOf(key));
}

TEST_CASE("a wrapped key has the documented size and begins with its format") {
  const WrappedKey blob = wrapped(makeDataKey(), makeMasterKey());

  CHECK(blob.size() == 4 + 12 + 64 + 16);
  CHECK(blob[0] == std::byte{1});
  CHECK(blob[1] == std::byte{1});
  CHECK(blob[2] == std::byte{0});
  CHECK(blob[3] == std::byte{0});
}

TEST_CASE("no two keys are alike, nor two wrappings of one") {
  const MasterKey masterKey = makeMasterKey();
  const DataKey key = makeDataKey();

  CHECK(fingerprintOf(key) != fingerprintOf(makeDataKey()));
  CHECK(wrapped(key, masterKey) != wrapped(key, masterKey));
}

TEST_CASE("a wrapped key with any bit changed does not open") {
  const MasterKey masterKey = makeMasterKey();
  const WrappedKey blob = wrapped(makeDataKey(), masterKey);

  for (std::size_t bit = 0; bit < blob.size() * 8; ++bit) {
    CAPTURE(bit);
    WrappedKey changed = blob;
    changed.at(bit / 8) ^= std::byte{1} << static_cast<unsigned>(bit % 8);
    checkCorrupt(changed, masterKey);
  }
}

TEST_CASE("a wrapped key that was cut or made longer does not open") {
  const MasterKey masterKey = makeMasterKey();
  const WrappedKey blob = wrapped(makeDataKey(), masterKey);
  for (std::size_t size = 0; size < blob.size(); ++size) {
    checkCorrupt(std::span(blob).first(size), masterKey);
  }
  std::vector<std::byte> longer(blob.begin(), blob.end());
  longer.push_back(std::byte{0});
  checkCorrupt(longer, masterKey);
}

TEST_CASE("a wrapped key does not open for another volume") {
  const MasterKey masterKey = makeMasterKey();
  const WrappedKey blob = wrapped(makeDataKey(), masterKey);

  for (const std::string_view other : {"vol0123456789abcdef1", "vol0123456789abcdef", "",
                                       "vol0123456789abcdef00", "VOL0123456789ABCDEF0"}) {
    CAPTURE(other);
    checkCorrupt(blob, masterKey, other);
  }
}

TEST_CASE("a wrapped key does not open under another master key") {
  checkCorrupt(wrapped(makeDataKey(), makeMasterKey()), makeMasterKey());
}

TEST_CASE("what is no wrapped key at all does not open") {
  const MasterKey masterKey = makeMasterKey();
  checkCorrupt(WrappedKey{}, masterKey);
  WrappedKey blob{};
  blob.fill(std::byte{0xff});
  checkCorrupt(blob, masterKey);
}

TEST_CASE("an error of a wrapped key names its volume") {
  const Result<DataKey> key = DataKey::unwrap(WrappedKey{}, makeMasterKey(), kVolume);

  REQUIRE_FALSE(key);
  CHECK(key.error().message().find(kVolume) != std::string::npos);
}

} // namespace argon
