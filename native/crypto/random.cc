// SPDX-License-Identifier: Apache-2.0
#include "crypto/random.h"

#include "base/checked_math.h"
#include "base/error.h"
#include "base/result.h"
#include "crypto/openssl_handles.h"

#include <openssl/rand.h>

#include <cstddef>
#include <span>

namespace argon {

Result<void> fillRandom(std::span<std::byte> bytes) {
  if (::RAND_priv_bytes(asUnsigned(bytes), narrow<int>(bytes.size())) != 1) {
    return Error(ErrorKind::Internal, "the random generator failed");
  }
  return {};
}

} // namespace argon
