// SPDX-License-Identifier: Apache-2.0
#include "crypto/secret_bytes.h"

#include "base/check.h"
#include "base/error.h"
#include "base/mapped_region.h"
#include "base/result.h"
#include "base/unique_fd.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <span>
#include <utility>

namespace argon {

namespace {

Result<MappedRegion> mapSecretMemory(std::size_t sizeBytes) {
  // glibc 2.36 has no wrapper. Close-on-exec has its own flag value here.
  const UniqueFd fd(static_cast<int>(::syscall(SYS_memfd_secret, O_CLOEXEC)));
  if (!fd) {
    return Error::fromErrno(errno, "create secret memory");
  }
  if (::ftruncate(fd.get(), static_cast<off_t>(pageBytes())) != 0) {
    return Error::fromErrno(errno, "size secret memory");
  }
  return MappedRegion::mapShared(fd.get(), 0, sizeBytes, MappedRegion::Access::ReadWrite);
}

Result<MappedRegion> mapLockedMemory(std::size_t sizeBytes) {
  ARGON_TRY_ASSIGN(MappedRegion region, MappedRegion::allocate(sizeBytes));
  if (::mlock(region.pages().data(), region.pages().size()) != 0 ||
      ::madvise(region.pages().data(), region.pages().size(), MADV_DONTDUMP) != 0 ||
      ::madvise(region.pages().data(), region.pages().size(), MADV_WIPEONFORK) != 0) {
    return Error::fromErrno(errno, "lock memory for a key");
  }
  return region;
}

} // namespace

Result<SecretBytes> SecretBytes::allocate(std::size_t sizeBytes) {
  ARGON_CHECK(sizeBytes > 0 && sizeBytes <= pageBytes());
  Result<MappedRegion> secret = mapSecretMemory(sizeBytes);
  if (secret) {
    // A child shares secret memory unless it is told not to have it.
    ::madvise(secret->pages().data(), secret->pages().size(), MADV_DONTFORK);
    return SecretBytes(*std::move(secret), Kind::SecretMemory);
  }
  ARGON_TRY_ASSIGN(MappedRegion locked, mapLockedMemory(sizeBytes));
  return SecretBytes(std::move(locked), Kind::LockedMemory);
}

SecretBytes::~SecretBytes() {
  if (!region_.bytes().empty()) {
    wipe(region_.bytes());
  }
}

void wipe(std::span<std::byte> bytes) { ::OPENSSL_cleanse(bytes.data(), bytes.size()); }

} // namespace argon
