// SPDX-License-Identifier: Apache-2.0
#pragma once

// AES-256-XTS written down from IEEE 1619-2007, 5.3, over single AES blocks: slow, obvious, and
// with nothing in common with what it checks but the block cipher.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace argon::test {

/// Encrypts `plaintext`, a multiple of 16 bytes, as the start of a data unit. `key` has 64 bytes.
[[nodiscard]] std::vector<std::byte> referenceXtsEncrypt(std::span<const std::byte> key,
                                                         std::uint64_t unit,
                                                         std::span<const std::byte> plaintext);

} // namespace argon::test
