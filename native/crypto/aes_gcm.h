// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"

#include <cstddef>
#include <span>

namespace argon {

constexpr std::size_t kGcmKeyBytes = 32;
constexpr std::size_t kGcmNonceBytes = 12;
constexpr std::size_t kGcmTagBytes = 16;

/// AES-256-GCM (NIST SP 800-38D) with a 96-bit nonce and a 128-bit tag. A nonce is never used twice
/// with one key; random ones are good for 2^32 messages.
struct GcmInput {
  std::span<const std::byte> key;            // kGcmKeyBytes
  std::span<const std::byte> nonce;          // kGcmNonceBytes
  std::span<const std::byte> associatedData; // authenticated, not encrypted
};

/// Encrypts `plaintext` to `ciphertext` of the same size and writes the tag.
[[nodiscard]] Result<void> sealGcm(const GcmInput& input, std::span<const std::byte> plaintext,
                                   std::span<std::byte> ciphertext, std::span<std::byte> tag);

/// Decrypts to `plaintext` of the same size. If the tag is wrong, `plaintext` is wiped and the
/// error is Corrupt.
[[nodiscard]] Result<void> openGcm(const GcmInput& input, std::span<const std::byte> ciphertext,
                                   std::span<const std::byte> tag, std::span<std::byte> plaintext);

} // namespace argon
