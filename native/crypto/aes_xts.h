// SPDX-License-Identifier: Apache-2.0
#pragma once

// AES-256-XTS (IEEE 1619) over data units, the tweak being the little-endian unit number: what
// dm-crypt calls aes-xts-plain64. One context a direction, keyed once; for each unit only the IV is
// set again. Not for use by two threads at once: each worker has its own.
//
// The expanded key lies in OpenSSL's context, on the ordinary heap: that part of the heap is locked
// and left out of core files (design record 0005).

#include "base/result.h"
#include "crypto/openssl_handles.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace argon {

constexpr std::size_t kXtsKeyBytes = 64;
constexpr std::size_t kXtsBlockBytes = 16;

class XtsCipher {
public:
  /// `key`: two AES-256 keys, which must differ (IEEE 1619-2018, and OpenSSL refuses it).
  static Result<XtsCipher> create(std::span<const std::byte> key);

  /// Encrypts the first `source.size()` bytes of a unit to `target`, which may not overlap with it
  /// in part. A multiple of 16 and at least 16. XTS blocks do not chain, so the result is the start
  /// of what the whole unit would give.
  void encrypt(std::uint64_t unit, std::span<const std::byte> source, std::span<std::byte> target);
  void decrypt(std::uint64_t unit, std::span<const std::byte> source, std::span<std::byte> target);

private:
  XtsCipher(CipherContext encryption, CipherContext decryption);
  static void crypt(EVP_CIPHER_CTX& context, std::uint64_t unit, std::span<const std::byte> source,
                    std::span<std::byte> target);

  CipherContext encryption_;
  CipherContext decryption_;
};

} // namespace argon
