// SPDX-License-Identifier: Apache-2.0
#include "storage/buffers.h"

#include "base/check.h"

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace argon {

BufferCursor::BufferCursor(std::span<const iovec> buffers, std::uint64_t skipBytes)
    : rest_(buffers) {
  while (skipBytes > 0) {
    skipBytes -= takeSome(skipBytes).size();
  }
}

std::span<std::byte> BufferCursor::takeSome(std::uint64_t limitBytes) {
  while (usedBytes_ == rest_.front().iov_len) {
    rest_ = rest_.subspan(1);
    usedBytes_ = 0;
    ARGON_CHECK(!rest_.empty());
  }
  const iovec& part = rest_.front();
  const std::size_t count = std::min<std::uint64_t>(part.iov_len - usedBytes_, limitBytes);
  const std::span<std::byte> taken(static_cast<std::byte*>(part.iov_base) + usedBytes_, count);
  usedBytes_ += count;
  return taken;
}

std::span<std::byte> BufferCursor::takeContiguous(std::size_t sizeBytes) {
  while (!rest_.empty() && usedBytes_ == rest_.front().iov_len) {
    rest_ = rest_.subspan(1);
    usedBytes_ = 0;
  }
  if (rest_.empty() || rest_.front().iov_len - usedBytes_ < sizeBytes) {
    return {};
  }
  return takeSome(sizeBytes);
}

void BufferCursor::copyTo(std::span<std::byte> target) {
  while (!target.empty()) {
    const std::span<std::byte> some = takeSome(target.size());
    std::memcpy(target.data(), some.data(), some.size());
    target = target.subspan(some.size());
  }
}

void BufferCursor::copyFrom(std::span<const std::byte> source) {
  while (!source.empty()) {
    const std::span<std::byte> some = takeSome(source.size());
    std::memcpy(some.data(), source.data(), some.size());
    source = source.subspan(some.size());
  }
}

void BufferCursor::zero(std::uint64_t sizeBytes) {
  while (sizeBytes > 0) {
    const std::span<std::byte> some = takeSome(sizeBytes);
    std::memset(some.data(), 0, some.size());
    sizeBytes -= some.size();
  }
}

void gather(std::span<const iovec> buffers, std::uint64_t skipBytes, std::span<std::byte> target) {
  BufferCursor(buffers, skipBytes).copyTo(target);
}

void scatter(std::span<const std::byte> source, std::span<const iovec> buffers,
             std::uint64_t skipBytes) {
  BufferCursor(buffers, skipBytes).copyFrom(source);
}

} // namespace argon
