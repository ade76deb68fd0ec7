// SPDX-License-Identifier: Apache-2.0
#include "crypto/secret_bytes.h"

#include "base/mapped_region.h"
#include "base/result.h"
#include "support/death.h"
#include "support/process.h"
#include "support/test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

namespace argon {

namespace {

SecretBytes makeSecret(std::size_t sizeBytes = 32) {
  Result<SecretBytes> secret = SecretBytes::allocate(sizeBytes);
  REQUIRE_OK(secret);
  std::ranges::fill(secret->bytes(), std::byte{0x5e});
  return *std::move(secret);
}

// In a child only: no descriptor can be opened any more, which secret memory needs for a moment.
void forbidDescriptors() {
  const rlimit none{};
  ::setrlimit(RLIMIT_NOFILE, &none);
}

void allowDescriptors() {
  rlimit some{};
  ::getrlimit(RLIMIT_NOFILE, &some);
  some.rlim_cur = some.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &some);
}

void forbidSoftly() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = 0;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// The exit codes of children below.
constexpr int kGood = 0;
constexpr int kBad = 1;

} // namespace

TEST_CASE("secret memory has the size that was asked for, and zeros") {
  for (const std::size_t size : {std::size_t{1}, std::size_t{64}, pageBytes()}) {
    CAPTURE(size);
    const Result<SecretBytes> secret = SecretBytes::allocate(size);
    REQUIRE_OK(secret);
    CHECK(secret->bytes().size() == size);
    CHECK(
        std::ranges::all_of(secret->bytes(), [](std::byte byte) { return byte == std::byte{0}; }));
  }
}

TEST_CASE("no secret memory, or more than a page, is a bug of ours") {
  test::checkDies("sizeBytes > 0", [] { static_cast<void>(SecretBytes::allocate(0)); });
  test::checkDies("sizeBytes <= pageBytes()",
                  [] { static_cast<void>(SecretBytes::allocate(pageBytes() + 1)); });
}

TEST_CASE("secret memory is not in core files and not in swap") {
  const SecretBytes secret = makeSecret();

  CHECK(test::hasVmFlag(secret.bytes().data(), "dd"));
  CHECK(test::hasVmFlag(secret.bytes().data(), "lo"));
}

TEST_CASE("a forked child does not have the secret") {
  const SecretBytes secret = makeSecret();

  const test::Death death = test::runInChild(
      [&secret] { ::_exit(secret.bytes().front() == std::byte{0x5e} ? kBad : kGood); });

  // Secret memory is not mapped there, and locked memory is zeros.
  CHECK((death.signal == SIGSEGV || death.exitCode != kBad));
  CHECK(secret.bytes().front() == std::byte{0x5e});
}

TEST_CASE("a forked child that releases what it does not have does no harm to its parent") {
  const SecretBytes secret = makeSecret();

  static_cast<void>(test::runInChild([&secret] {
    auto& same = const_cast<SecretBytes&>(secret);
    const SecretBytes taken(std::move(same));
  }));

  CHECK(secret.bytes().front() == std::byte{0x5e});
}

TEST_CASE("the kernel does not show secret memory to other processes") {
  const SecretBytes secret = makeSecret();
  if (secret.kind() != SecretBytes::Kind::SecretMemory) {
    MESSAGE("left out: this kernel has no secret memory");
    return;
  }

  std::array<std::byte, 32> stolen{};
  const iovec into{.iov_base = stolen.data(), .iov_len = stolen.size()};
  const iovec from{.iov_base = const_cast<std::byte*>(secret.bytes().data()),
                   .iov_len = secret.bytes().size()};
  CHECK(::process_vm_readv(::getpid(), &into, 1, &from, 1, 0) == -1);
  const int memory = ::open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
  REQUIRE(memory >= 0);
  CHECK(::pread(memory, stolen.data(), stolen.size(),
                static_cast<off_t>(std::bit_cast<std::uintptr_t>(secret.bytes().data()))) == -1);
  ::close(memory);

  CHECK(stolen == std::array<std::byte, 32>{});
}

TEST_CASE("without secret memory a key is in locked pages, wiped in children, in no core file") {
  const test::Death death = test::runInChild([] {
    forbidSoftly();
    Result<SecretBytes> secret = SecretBytes::allocate(32);
    allowDescriptors();
    if (!secret || secret->kind() != SecretBytes::Kind::LockedMemory) {
      ::_exit(2);
    }
    std::ranges::fill(secret->bytes(), std::byte{0x5e});
    const void* place = secret->bytes().data();
    if (test::hasVmFlag(place, "lo") != test::kCanLock || !test::hasVmFlag(place, "dd") ||
        !test::hasVmFlag(place, "wf")) {
      ::_exit(3);
    }
    const test::Death grandchild = test::runInChild(
        [&secret] { ::_exit(secret->bytes().front() == std::byte{0} ? kGood : kBad); });
    ::_exit(grandchild.signal == 0 && grandchild.exitCode == kGood ? kGood : 4);
  });

  CHECK(death.signal == 0);
  CHECK(death.exitCode == kGood);
}

TEST_CASE("where neither kind of memory is to be had, there is an error and no key") {
  if (!test::kCanLock) {
    MESSAGE("left out: under a sanitizer locking memory never fails");
    return;
  }
  const test::Death death = test::runInChild([] {
    const rlimit none{};
    ::setrlimit(RLIMIT_MEMLOCK, &none);
    // Root may lock what it likes.
    if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) {
      ::_exit(2);
    }
    forbidDescriptors();
    ::_exit(SecretBytes::allocate(32) ? kBad : kGood);
  });

  CHECK(death.signal == 0);
  CHECK(death.exitCode == kGood);
}

TEST_CASE("a secret moves without a copy") {
  SecretBytes first = makeSecret();
  const std::byte* place = first.bytes().data();

  const SecretBytes second(std::move(first));

  CHECK(second.bytes().data() == place);
  CHECK(second.bytes().front() == std::byte{0x5e});
  // NOLINTNEXTLINE(*-use-after-move,*-cplusplus.Move): that nothing is left is what is tested.
  CHECK(first.bytes().empty());
}

TEST_CASE("secrets leave no descriptor behind") {
  const std::size_t before = test::openFdCount();
  const SecretBytes secret = makeSecret();

  CHECK(test::openFdCount() == before);
}

TEST_CASE("wiping leaves zeros in its place and nothing else") {
  std::array<std::byte, 8> place{};
  place.fill(std::byte{1});

  wipe(std::span(place).subspan(2, 4));

  const std::byte one{1};
  const std::byte zero{0};
  CHECK(place == std::array{one, one, zero, zero, zero, zero, one, one});
  wipe({});
}

} // namespace argon
