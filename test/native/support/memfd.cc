// SPDX-License-Identifier: Apache-2.0
#include "support/memfd.h"

#include "base/check.h"
#include "base/unique_fd.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdint>

namespace argon::test {

UniqueFd makeMemfd(std::uint64_t sizeBytes, Sealed sealed) {
  UniqueFd file(::memfd_create("argon-test-memory", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ARGON_CHECK(file.isOpen() && ::ftruncate(file.get(), static_cast<off_t>(sizeBytes)) == 0);
  if (sealed == Sealed::Yes) {
    ARGON_CHECK(::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK) == 0);
  }
  return file;
}

} // namespace argon::test
