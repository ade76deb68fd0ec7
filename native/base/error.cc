// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include "base/check.h"
#include "base/text.h"

#include <cerrno>
#include <cstring>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>

namespace argon {

namespace {

ErrorKind kindOfErrno(int errnoValue) {
  switch (errnoValue) {
  case ENOENT:
  case ENXIO:
  case ENODEV:
    return ErrorKind::NotFound;
  case EEXIST:
  case EADDRINUSE:
    return ErrorKind::AlreadyExists;
  case EACCES:
  case EPERM:
  case EROFS:
    return ErrorKind::PermissionDenied;
  case ENOSPC:
  case EDQUOT:
  case ENOMEM:
  case EMFILE:
  case ENFILE:
  case EFBIG:
    return ErrorKind::Exhausted;
  case EINVAL:
  case EISDIR:
  case ENOTDIR:
  case ENAMETOOLONG:
    return ErrorKind::InvalidArgument;
  case EOPNOTSUPP:
  case ENOSYS:
    return ErrorKind::Unsupported;
  case EPIPE:
  case ECONNRESET:
  case ECONNREFUSED:
    return ErrorKind::Closed;
  case ETIMEDOUT:
    return ErrorKind::TimedOut;
  case EIO:
    return ErrorKind::HostIo;
  default:
    return ErrorKind::Internal;
  }
}

} // namespace

std::string_view errorKindName(ErrorKind kind) {
  switch (kind) {
  case ErrorKind::InvalidArgument:
    return "invalid-argument";
  case ErrorKind::NotFound:
    return "not-found";
  case ErrorKind::AlreadyExists:
    return "already-exists";
  case ErrorKind::PermissionDenied:
    return "permission-denied";
  case ErrorKind::Protocol:
    return "protocol";
  case ErrorKind::Corrupt:
    return "corrupt";
  case ErrorKind::HostIo:
    return "host-io";
  case ErrorKind::Exhausted:
    return "exhausted";
  case ErrorKind::Unsupported:
    return "unsupported";
  case ErrorKind::Closed:
    return "closed";
  case ErrorKind::TimedOut:
    return "timed-out";
  case ErrorKind::Internal:
    return "internal";
  }
  ARGON_UNREACHABLE();
}

Error::Error(ErrorKind kind, std::string message, std::source_location location)
    : kind_(kind), message_(std::move(message)), location_(location) {}

Error Error::fromErrno(int errnoValue, std::string_view action, std::source_location location) {
  Error error(kindOfErrno(errnoValue),
              concat(action, ": ",
                     ::strerrordesc_np(errnoValue) == nullptr ? "unknown error"
                                                              : ::strerrordesc_np(errnoValue),
                     " (", errnoName(errnoValue), ")"),
              location);
  error.errno_ = errnoValue;
  return error;
}

Error Error::within(std::string_view context) && {
  message_ = concat(context, ": ", message_);
  return std::move(*this);
}

std::string errnoName(int errnoValue) {
  const char* name = ::strerrorname_np(errnoValue);
  return name == nullptr ? concat("errno ", errnoValue) : std::string(name);
}

} // namespace argon
