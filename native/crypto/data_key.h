// SPDX-License-Identifier: Apache-2.0
#pragma once

// A volume's own key: 64 bytes for AES-256-XTS, made here, kept wrapped on disk, in the clear only
// in secret memory. There is no way to get the bytes out but to encrypt with them.

#include "base/result.h"
#include "crypto/aes_gcm.h"
#include "crypto/aes_xts.h"
#include "crypto/master_key.h"
#include "crypto/secret_bytes.h"

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace argon {

/// A wrapped key: format version, algorithm and two zero bytes, then nonce, ciphertext and tag of
/// AES-256-GCM under the master key. Authenticated with it: those four bytes and the volume's id,
/// so that a wrapped key opens for its own volume only (claims G7, A18).
constexpr std::size_t kWrappedKeyHeaderBytes = 4;
constexpr std::size_t kWrappedKeyBytes =
    kWrappedKeyHeaderBytes + kGcmNonceBytes + kXtsKeyBytes + kGcmTagBytes;
using WrappedKey = std::array<std::byte, kWrappedKeyBytes>;

class DataKey {
public:
  static Result<DataKey> generate();
  /// Opens a wrapped key. Corrupt if it was altered, belongs to another volume, or was wrapped
  /// under another master key.
  static Result<DataKey> unwrap(std::span<const std::byte> wrapped, const MasterKey& masterKey,
                                std::string_view volumeId);

  [[nodiscard]] Result<WrappedKey> wrap(const MasterKey& masterKey,
                                        std::string_view volumeId) const;
  /// A cipher with this key; one for each worker.
  [[nodiscard]] Result<XtsCipher> createCipher() const;

private:
  explicit DataKey(SecretBytes key) : key_(std::move(key)) {}

  SecretBytes key_;
};

} // namespace argon
