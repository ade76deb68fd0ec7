// SPDX-License-Identifier: Apache-2.0
#include "crypto/data_key.h"

#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "crypto/aes_gcm.h"
#include "crypto/aes_xts.h"
#include "crypto/master_key.h"
#include "crypto/random.h"
#include "crypto/secret_bytes.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace argon {

namespace {

// Version 1, AES-256-GCM, reserved.
constexpr std::array<std::byte, kWrappedKeyHeaderBytes> kHeader = {std::byte{1}, std::byte{1},
                                                                   std::byte{0}, std::byte{0}};
constexpr std::string_view kPurpose = "argon volume key";

std::string contextOf(std::string_view volumeId) {
  std::string context(kPurpose);
  for (const std::byte byte : kHeader) {
    context += static_cast<char>(byte);
  }
  context += volumeId;
  return context;
}

} // namespace

Result<DataKey> DataKey::generate() {
  ARGON_TRY_ASSIGN(SecretBytes key, SecretBytes::allocate(kXtsKeyBytes));
  ARGON_TRY(fillRandom(key.bytes()));
  return DataKey(std::move(key));
}

Result<DataKey> DataKey::unwrap(std::span<const std::byte> wrapped, const MasterKey& masterKey,
                                std::string_view volumeId) {
  if (wrapped.size() != kWrappedKeyBytes ||
      !std::ranges::equal(wrapped.first(kHeader.size()), kHeader)) {
    return Error(ErrorKind::Corrupt,
                 concat("the wrapped key of ", volumeId, " has no known format"));
  }
  const std::span<const std::byte> body = wrapped.subspan(kHeader.size());
  const std::string context = contextOf(volumeId);
  ARGON_TRY_ASSIGN(SecretBytes key, SecretBytes::allocate(kXtsKeyBytes));
  const Result<void> opened =
      openGcm({.key = masterKey.key().bytes(),
               .nonce = body.first(kGcmNonceBytes),
               .associatedData = std::as_bytes(std::span(context))},
              body.subspan(kGcmNonceBytes, kXtsKeyBytes), body.last(kGcmTagBytes), key.bytes());
  if (!opened) {
    return Error(ErrorKind::Corrupt,
                 concat("the wrapped key of ", volumeId,
                        " does not open: it was altered, or belongs to another volume or "
                        "another master key"));
  }
  return DataKey(std::move(key));
}

Result<WrappedKey> DataKey::wrap(const MasterKey& masterKey, std::string_view volumeId) const {
  WrappedKey wrapped{};
  std::ranges::copy(kHeader, wrapped.begin());
  const std::span<std::byte> body = std::span(wrapped).subspan(kHeader.size());
  ARGON_TRY(fillRandom(body.first(kGcmNonceBytes)));
  const std::string context = contextOf(volumeId);
  ARGON_TRY(sealGcm({.key = masterKey.key().bytes(),
                     .nonce = body.first(kGcmNonceBytes),
                     .associatedData = std::as_bytes(std::span(context))},
                    key_.bytes(), body.subspan(kGcmNonceBytes, kXtsKeyBytes),
                    body.last(kGcmTagBytes)));
  return wrapped;
}

Result<XtsCipher> DataKey::createCipher() const { return XtsCipher::create(key_.bytes()); }

} // namespace argon
