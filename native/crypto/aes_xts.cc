// SPDX-License-Identifier: Apache-2.0
#include "crypto/aes_xts.h"

#include "base/check.h"
#include "base/error.h"
#include "base/result.h"
#include "crypto/locked_heap.h"
#include "crypto/openssl_handles.h"

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

namespace argon {

Result<XtsCipher> XtsCipher::create(std::span<const std::byte> key) {
  ARGON_CHECK(key.size() == kXtsKeyBytes);
  CipherContext encryption(::EVP_CIPHER_CTX_new());
  CipherContext decryption(::EVP_CIPHER_CTX_new());
  if (encryption == nullptr || decryption == nullptr ||
      ::EVP_CipherInit_ex(encryption.get(), ::EVP_aes_256_xts(), nullptr, asUnsigned(key), nullptr,
                          1) != 1 ||
      ::EVP_CipherInit_ex(decryption.get(), ::EVP_aes_256_xts(), nullptr, asUnsigned(key), nullptr,
                          0) != 1) {
    return Error(ErrorKind::Corrupt, "the key is no AES-256-XTS key (its halves must differ)");
  }
  // What OpenSSL allocated for them, the expanded keys among it, lies beside them.
  ARGON_TRY(lockHeapOf(encryption.get()));
  ARGON_TRY(lockHeapOf(decryption.get()));
  return XtsCipher(std::move(encryption), std::move(decryption));
}

XtsCipher::XtsCipher(CipherContext encryption, CipherContext decryption)
    : encryption_(std::move(encryption)), decryption_(std::move(decryption)) {}

void XtsCipher::encrypt(std::uint64_t unit, std::span<const std::byte> source,
                        std::span<std::byte> target) {
  crypt(*encryption_, unit, source, target);
}

void XtsCipher::decrypt(std::uint64_t unit, std::span<const std::byte> source,
                        std::span<std::byte> target) {
  crypt(*decryption_, unit, source, target);
}

void XtsCipher::crypt(EVP_CIPHER_CTX& context, std::uint64_t unit,
                      std::span<const std::byte> source, std::span<std::byte> target) {
  ARGON_CHECK(source.size() == target.size() && source.size() % kXtsBlockBytes == 0);
  std::array<std::byte, kXtsBlockBytes> tweak{};
  std::memcpy(tweak.data(), &unit, sizeof unit);
  int length = 0;
  // A null cipher and key keep those of create(); -1 keeps the direction.
  ARGON_CHECK(::EVP_CipherInit_ex(&context, nullptr, nullptr, nullptr,
                                  asUnsigned(std::span<const std::byte>(tweak)), -1) == 1);
  ARGON_CHECK(::EVP_CipherUpdate(&context, asUnsigned(target), &length, asUnsigned(source),
                                 static_cast<int>(source.size())) == 1);
}

} // namespace argon
