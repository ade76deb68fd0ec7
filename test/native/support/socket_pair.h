// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/unique_fd.h"

namespace argon::test {

struct SocketPair {
  UniqueFd frontend;
  UniqueFd backend;
};

/// Two connected unix stream sockets.
[[nodiscard]] SocketPair makeSocketPair();

} // namespace argon::test
