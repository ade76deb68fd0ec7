// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/strong_id.h"

#include <cstdint>

namespace argon {

/// Where a driver says its buffers are: guest physical memory.
using GuestAddress = StrongId<struct GuestAddressTag, std::uint64_t>;

/// Where a front end says its rings are: an address in its own process.
using FrontendAddress = StrongId<struct FrontendAddressTag, std::uint64_t>;

} // namespace argon
