// SPDX-License-Identifier: Apache-2.0
#include "support/volume_key.h"

#include "base/result.h"
#include "crypto/aes_gcm.h"
#include "crypto/aes_xts.h"
#include "crypto/data_key.h"
#include "crypto/master_key.h"
#include "support/temp_dir.h"
#include "support/test.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace argon::test {

namespace {

constexpr std::string_view kVolumeId = "vol0123456789abcdef0";

MasterKey makeMasterKey() {
  const TempDir dir;
  REQUIRE_OK(MasterKey::createFile(dir.path("key")));
  Result<MasterKey> key = MasterKey::load(dir.path("key"));
  REQUIRE_OK(key);
  return *std::move(key);
}

} // namespace

VolumeKey::VolumeKey() : masterKey_(makeMasterKey()), bytes_(kXtsKeyBytes) {
  const Result<DataKey> key = DataKey::generate();
  REQUIRE_OK(key);
  const Result<WrappedKey> wrapped = key->wrap(masterKey_, kVolumeId);
  REQUIRE_OK(wrapped);
  wrapped_ = *wrapped;
  // As data_key.h documents it: the header and the volume's id are authenticated with the key.
  const std::string context =
      std::string("argon volume key\x01\x01", 18) + std::string(2, '\0') + std::string(kVolumeId);
  const std::span<const std::byte> body = std::span(wrapped_).subspan(kWrappedKeyHeaderBytes);
  REQUIRE_OK(openGcm({.key = masterKey_.key().bytes(),
                      .nonce = body.first(kGcmNonceBytes),
                      .associatedData = std::as_bytes(std::span(context))},
                     body.subspan(kGcmNonceBytes, kXtsKeyBytes), body.last(kGcmTagBytes), bytes_));
}

DataKey VolumeKey::open() const {
  Result<DataKey> key = DataKey::unwrap(wrapped_, masterKey_, kVolumeId);
  REQUIRE_OK(key);
  return *std::move(key);
}

} // namespace argon::test
