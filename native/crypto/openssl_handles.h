// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/evp.h>

#include <cstddef>
#include <memory>
#include <span>

namespace argon {

struct CipherContextDeleter {
  // Wipes the key schedule, which OpenSSL keeps on its heap.
  void operator()(EVP_CIPHER_CTX* context) const { ::EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, CipherContextDeleter>;

/// OpenSSL counts bytes as unsigned char.
inline const unsigned char* asUnsigned(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
inline unsigned char* asUnsigned(std::span<std::byte> bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

} // namespace argon
