// SPDX-License-Identifier: Apache-2.0
#include "frontend/buffer_cuts.h"

#include "frontend/arena.h"
#include "frontend/driver_ring.h"
#include "memory/guest_address.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace argon::frontend {

std::vector<Buffer> cutBuffers(const ArenaBlock& block, BufferUse use,
                               std::span<const std::uint32_t> sizes) {
  std::vector<Buffer> buffers;
  std::size_t position = 0;
  for (std::size_t index = 0; position < block.bytes.size(); ++index) {
    const std::size_t size = sizes.empty() ? block.bytes.size() : sizes[index % sizes.size()];
    const std::size_t count = std::min(size, block.bytes.size() - position);
    buffers.push_back({.address = GuestAddress(block.address.get() + position),
                       .lengthBytes = static_cast<std::uint32_t>(count),
                       .isWritable = use == BufferUse::Writable});
    position += count;
  }
  return buffers;
}

} // namespace argon::frontend
