// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include "support/death.h"
#include "support/test.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace argon {

namespace {

constexpr auto kKindCount = static_cast<std::uint8_t>(ErrorKind::Internal) + 1;

} // namespace

TEST_CASE("an error says what it was made with") {
  const Error error(ErrorKind::Protocol, "message too short");

  CHECK(error.kind() == ErrorKind::Protocol);
  CHECK(error.message() == "message too short");
  CHECK(error.errnoValue() == 0);
  CHECK(std::string_view(error.location().file_name()).ends_with("error_test.cc"));
}

TEST_CASE("an error of a system call has action, meaning and name of its number") {
  const Error error = Error::fromErrno(ENOSPC, "write /x/y");

  CHECK(error.message() == "write /x/y: No space left on device (ENOSPC)");
  CHECK(error.errnoValue() == ENOSPC);
  CHECK(std::string_view(error.location().file_name()).ends_with("error_test.cc"));
}

TEST_CASE("a number that no errno has is still told") {
  const Error error = Error::fromErrno(999, "try");

  CHECK(error.message() == "try: unknown error (errno 999)");
  CHECK(error.kind() == ErrorKind::Internal);
}

TEST_CASE("each errno that control flow depends on has its kind") {
  constexpr std::array<std::pair<int, ErrorKind>, 26> kKinds = {{
      {ENOENT, ErrorKind::NotFound},
      {ENXIO, ErrorKind::NotFound},
      {ENODEV, ErrorKind::NotFound},
      {EEXIST, ErrorKind::AlreadyExists},
      {EADDRINUSE, ErrorKind::AlreadyExists},
      {EACCES, ErrorKind::PermissionDenied},
      {EPERM, ErrorKind::PermissionDenied},
      {EROFS, ErrorKind::PermissionDenied},
      {ENOSPC, ErrorKind::Exhausted},
      {EDQUOT, ErrorKind::Exhausted},
      {ENOMEM, ErrorKind::Exhausted},
      {EMFILE, ErrorKind::Exhausted},
      {ENFILE, ErrorKind::Exhausted},
      {EFBIG, ErrorKind::Exhausted},
      {EINVAL, ErrorKind::InvalidArgument},
      {EISDIR, ErrorKind::InvalidArgument},
      {ENOTDIR, ErrorKind::InvalidArgument},
      {ENAMETOOLONG, ErrorKind::InvalidArgument},
      {EOPNOTSUPP, ErrorKind::Unsupported},
      {ENOSYS, ErrorKind::Unsupported},
      {EPIPE, ErrorKind::Closed},
      {ECONNRESET, ErrorKind::Closed},
      {ECONNREFUSED, ErrorKind::Closed},
      {ETIMEDOUT, ErrorKind::TimedOut},
      {EIO, ErrorKind::HostIo},
      {EBADF, ErrorKind::Internal},
  }};

  for (const auto& [number, kind] : kKinds) {
    CAPTURE(number);
    CHECK(Error::fromErrno(number, "try").kind() == kind);
  }
}

TEST_CASE("context goes before the message and changes nothing else") {
  const Error error =
      Error::fromErrno(EIO, "open /x").within("attach vol0").within("reconcile web-1");

  CHECK(error.message() == "reconcile web-1: attach vol0: open /x: Input/output error (EIO)");
  CHECK(error.kind() == ErrorKind::HostIo);
  CHECK(error.errnoValue() == EIO);
}

TEST_CASE("every kind has a name of its own, of small letters and dashes") {
  std::set<std::string_view> names;
  for (int number = 0; number < kKindCount; ++number) {
    const std::string_view name = errorKindName(static_cast<ErrorKind>(number));
    CAPTURE(name);
    CHECK(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string_view::npos);
    names.insert(name);
  }

  CHECK(names.size() == kKindCount);
}

TEST_CASE("a kind that does not exist has no name") {
  test::checkDies("unreachable", [] {
    // NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): that is what is tested.
    static_cast<void>(errorKindName(static_cast<ErrorKind>(kKindCount)));
  });
}

TEST_CASE("an errno has the name that manuals use") {
  CHECK(errnoName(EAGAIN) == "EAGAIN");
  CHECK(errnoName(0) == "0");
  CHECK(errnoName(-1) == "errno -1");
}

} // namespace argon
