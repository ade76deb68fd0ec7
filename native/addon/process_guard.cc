// SPDX-License-Identifier: Apache-2.0
#include "addon/process_guard.h"

#include "base/error.h"
#include "base/result.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>

namespace argon::addon {

Result<void> guardProcess() {
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
    return Error::fromErrno(errno, "make the process undumpable");
  }
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  if (::setrlimit(RLIMIT_CORE, &none) != 0) {
    return Error::fromErrno(errno, "forbid core files");
  }
  return {};
}

} // namespace argon::addon
