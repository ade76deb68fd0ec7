// SPDX-License-Identifier: Apache-2.0
#pragma once

// Failures that a guest, a front end, a file or the host can cause. The kind is for control flow
// and is closed; the message is a sentence that gains one clause of context in each layer it
// passes.

#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>

namespace argon {

/// What went wrong, for control flow. The names cross to TypeScript; src/native/error-kind.ts is
/// held equal to this list by a test that asks the addon.
enum class ErrorKind : std::uint8_t {
  InvalidArgument,  // the caller, an operator, asked for something that makes no sense
  NotFound,         // a file or object is not there
  AlreadyExists,    // a file, socket or object is there already
  PermissionDenied, // the host or a policy refuses
  Protocol,         // a front end or guest broke its protocol
  Corrupt,          // stored bytes are not what they must be
  HostIo,           // the host's I/O failed
  Exhausted,        // no space, memory, descriptors, or a named limit reached
  Unsupported,      // this host, file system or build cannot do it
  Closed,           // the peer or the object is gone
  TimedOut,         // a deadline passed
  Internal,         // none of the above
};

/// The kind as TypeScript spells it: `invalid-argument`.
[[nodiscard]] std::string_view errorKindName(ErrorKind kind);

class [[nodiscard]] Error {
public:
  Error(ErrorKind kind, std::string message,
        std::source_location location = std::source_location::current());

  /// From a failed system call. `action` says what was tried and on what: `open /x/y`.
  static Error fromErrno(int errnoValue, std::string_view action,
                         std::source_location location = std::source_location::current());

  /// The same error, its message prefixed: `attach vol…: open …: …`.
  [[nodiscard]] Error within(std::string_view context) &&;

  [[nodiscard]] ErrorKind kind() const { return kind_; }
  /// The errno behind it, or 0.
  [[nodiscard]] int errnoValue() const { return errno_; }
  [[nodiscard]] const std::string& message() const { return message_; }
  /// Where it was made; for logs.
  [[nodiscard]] const std::source_location& location() const { return location_; }

private:
  ErrorKind kind_;
  int errno_ = 0;
  std::string message_;
  std::source_location location_;
};

/// `ENOSPC` for 28; `errno 999` for what has no name.
[[nodiscard]] std::string errnoName(int errnoValue);

} // namespace argon
