// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/strong_id.h"

#include <cstdint>

namespace argon::network {

/// Which of the engine's interfaces: small numbers, given by whoever makes them.
using InterfaceIndex = StrongId<struct InterfaceIndexTag, std::uint32_t>;

/// Interfaces of one engine at most.
constexpr std::uint32_t kInterfaceCountMax = 4096;

} // namespace argon::network
