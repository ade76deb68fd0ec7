// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "frontend/arena.h"
#include "frontend/driver_ring.h"

#include <cstdint>
#include <span>
#include <vector>

namespace argon::frontend {

/// Who a buffer is for: the device reads it, or writes it.
enum class BufferUse : std::uint8_t { Readable, Writable };

/// Cuts a run of bytes into buffers of the given sizes, over and over; without sizes into one.
[[nodiscard]] std::vector<Buffer> cutBuffers(const ArenaBlock& block, BufferUse use,
                                             std::span<const std::uint32_t> sizes);

} // namespace argon::frontend
