// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace argon::addon {

/// A rate of the bare cipher on one core, as a store uses it.
struct CryptoRate {
  std::string cipher;
  std::string operation;
  std::size_t unitBytes = 0;
  std::uint64_t bytesPerSecond = 0;
};

/// Measures AES-256-XTS (the IV set for each unit) and memcpy for comparison, over buffers that do
/// not fit the first-level cache. Each figure takes `durationNs`. Blocks; may be pinned.
[[nodiscard]] Result<std::vector<CryptoRate>> measureCrypto(std::uint64_t durationNs,
                                                            const std::vector<unsigned>& cpus);

} // namespace argon::addon
