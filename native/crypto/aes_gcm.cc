// SPDX-License-Identifier: Apache-2.0
#include "crypto/aes_gcm.h"

#include "base/check.h"
#include "base/checked_math.h"
#include "base/error.h"
#include "base/result.h"
#include "crypto/openssl_handles.h"
#include "crypto/secret_bytes.h"

#include <openssl/evp.h>

#include <cstddef>
#include <span>

namespace argon {

namespace {

enum class Direction : int { Decrypt = 0, Encrypt = 1 };

Result<CipherContext> begin(const GcmInput& input, Direction direction) {
  ARGON_CHECK(input.key.size() == kGcmKeyBytes && input.nonce.size() == kGcmNonceBytes);
  CipherContext context(::EVP_CIPHER_CTX_new());
  int length = 0;
  if (context == nullptr ||
      ::EVP_CipherInit_ex(context.get(), ::EVP_aes_256_gcm(), nullptr, asUnsigned(input.key),
                          asUnsigned(input.nonce), static_cast<int>(direction)) != 1 ||
      ::EVP_CipherUpdate(context.get(), nullptr, &length, asUnsigned(input.associatedData),
                         narrow<int>(input.associatedData.size())) != 1) {
    return Error(ErrorKind::Internal, "AES-256-GCM could not be set up");
  }
  return context;
}

} // namespace

Result<void> sealGcm(const GcmInput& input, std::span<const std::byte> plaintext,
                     std::span<std::byte> ciphertext, std::span<std::byte> tag) {
  ARGON_CHECK(ciphertext.size() == plaintext.size() && tag.size() == kGcmTagBytes);
  ARGON_TRY_ASSIGN(const CipherContext context, begin(input, Direction::Encrypt));
  int length = 0;
  if (::EVP_CipherUpdate(context.get(), asUnsigned(ciphertext), &length, asUnsigned(plaintext),
                         narrow<int>(plaintext.size())) != 1 ||
      ::EVP_CipherFinal_ex(context.get(), nullptr, &length) != 1 ||
      ::EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kGcmTagBytes, tag.data()) != 1) {
    return Error(ErrorKind::Internal, "AES-256-GCM encryption failed");
  }
  return {};
}

Result<void> openGcm(const GcmInput& input, std::span<const std::byte> ciphertext,
                     std::span<const std::byte> tag, std::span<std::byte> plaintext) {
  ARGON_CHECK(ciphertext.size() == plaintext.size() && tag.size() == kGcmTagBytes);
  ARGON_TRY_ASSIGN(const CipherContext context, begin(input, Direction::Decrypt));
  int length = 0;
  // The call does not write the tag; its parameter type serves both directions.
  const bool isOpen =
      ::EVP_CipherUpdate(context.get(), asUnsigned(plaintext), &length, asUnsigned(ciphertext),
                         narrow<int>(ciphertext.size())) == 1 &&
      ::EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kGcmTagBytes,
                            const_cast<std::byte*>(tag.data())) == 1 &&
      ::EVP_CipherFinal_ex(context.get(), nullptr, &length) == 1;
  if (!isOpen) {
    wipe(plaintext);
    return Error(ErrorKind::Corrupt, "the authentication tag does not match");
  }
  return {};
}

} // namespace argon
