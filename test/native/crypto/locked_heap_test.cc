// SPDX-License-Identifier: Apache-2.0
#include "crypto/locked_heap.h"

#include "base/error.h"
#include "base/result.h"
#include "crypto/openssl_handles.h"
#include "support/death.h"
#include "support/process.h"
#include "support/test.h"

#include <openssl/evp.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace argon {

namespace {

// Each test works in a child: a fork gives it no locks of its parent, so that what is locked there
// was locked there. Its exit codes:
constexpr int kGood = 0;
constexpr int kNoContext = 2;
constexpr int kLockedBefore = 3;
constexpr int kNotDone = 4;
constexpr int kNotLocked = 5;
constexpr int kDumped = 6;
constexpr int kTooMuch = 7;

CipherContext makeContext() {
  std::array<std::byte, 64> key{};
  key.front() = std::byte{1}; // XTS wants halves that differ.
  CipherContext context(::EVP_CIPHER_CTX_new());
  const std::span<const std::byte> bytes(key);
  const bool isReady = ::EVP_CipherInit_ex(context.get(), ::EVP_aes_256_xts(), nullptr,
                                           asUnsigned(bytes), nullptr, 1) == 1;
  return isReady ? std::move(context) : nullptr;
}

int lockContext() {
  const CipherContext context = makeContext();
  // As OpenSSL does for the expanded key: an object of the same thread, on the same heap.
  const std::vector<std::byte> beside(64);
  if (context == nullptr) return kNoContext;
  if (test::hasVmFlag(context.get(), "lo") || test::hasVmFlag(beside.data(), "lo")) {
    return kLockedBefore;
  }
  if (!lockHeapOf(context.get())) return kNotDone;
  if (test::hasVmFlag(context.get(), "lo") != test::kCanLock) return kNotLocked;
  // A sanitizer's heap has mappings of its own for each size.
  if (test::kCanLock && !test::hasVmFlag(beside.data(), "lo")) return kNotLocked;
  if (!test::hasVmFlag(context.get(), "dd")) return kDumped;
  const int onStack = 0;
  return test::hasVmFlag(&onStack, "lo") || test::hasVmFlag(&onStack, "dd") ? kTooMuch : kGood;
}

int lockWithoutPermission() {
  const CipherContext context = makeContext();
  if (context == nullptr) return kNoContext;
  const rlimit none{};
  // Root may lock what it likes.
  if (::setrlimit(RLIMIT_MEMLOCK, &none) != 0 ||
      (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0)) {
    return kNotDone;
  }
  const Result<void> outcome = lockHeapOf(context.get());
  return !outcome && outcome.error().kind() == ErrorKind::PermissionDenied ? kGood : kNotLocked;
}

} // namespace

TEST_CASE("the heap that holds a cipher's context is locked and in no core file, and no more is") {
  const test::Death death = test::runInChild([] { ::_exit(lockContext()); });

  CHECK(death.signal == 0);
  CHECK(death.exitCode == kGood);
}

TEST_CASE("where memory may not be locked, there is an error") {
  if (!test::kCanLock) {
    MESSAGE("left out: under a sanitizer locking memory never fails");
    return;
  }

  const test::Death death = test::runInChild([] { ::_exit(lockWithoutPermission()); });

  CHECK(death.signal == 0);
  CHECK(death.exitCode == kGood);
}

TEST_CASE("an address that nothing is mapped at is an error") {
  const Result<void> outcome = lockHeapOf(nullptr);

  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().kind() == ErrorKind::Internal);
}

} // namespace argon
