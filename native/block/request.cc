// SPDX-License-Identifier: Apache-2.0
#include "block/request.h"

#include "memory/shared_copy.h"
#include "virtio/chain.h"
#include "virtio/spec/blk.h"

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>

namespace argon::block {

namespace {

using virtio::spec::blk::RequestHeader;

// Reads the header from the front of `readable` and trims it off. The caller knows that enough
// bytes are there.
RequestHeader takeHeader(std::span<iovec>& readable) {
  RequestHeader header{};
  if (readable.front().iov_len >= sizeof header) [[likely]] {
    header = fetchOnce<RequestHeader>(static_cast<const std::byte*>(readable.front().iov_base));
    readable.front().iov_base = static_cast<std::byte*>(readable.front().iov_base) + sizeof header;
    readable.front().iov_len -= sizeof header;
  } else {
    std::span<std::byte> rest = std::as_writable_bytes(std::span(&header, 1));
    while (!rest.empty()) {
      iovec& part = readable.front();
      const std::size_t count = std::min(rest.size(), part.iov_len);
      std::memcpy(rest.data(), part.iov_base, count);
      rest = rest.subspan(count);
      part.iov_base = static_cast<std::byte*>(part.iov_base) + count;
      part.iov_len -= count;
      if (part.iov_len == 0) {
        readable = readable.subspan(1);
      }
    }
    forgetMemory();
    return header;
  }
  if (readable.front().iov_len == 0) {
    readable = readable.subspan(1);
  }
  return header;
}

} // namespace

RequestParts splitChain(const virtio::Chain& chain) {
  RequestParts parts;
  std::span<iovec> writable = chain.writable;
  if (chain.isTailKnown) {
    iovec& last = writable.back();
    parts.status = static_cast<std::byte*>(last.iov_base) + last.iov_len - 1;
    --last.iov_len;
    if (last.iov_len == 0) {
      writable = writable.first(writable.size() - 1);
    }
  }
  if (chain.fault != virtio::ChainFault::None || parts.status == nullptr ||
      chain.readableBytes < sizeof(RequestHeader)) {
    return parts;
  }
  std::span<iovec> readable = chain.readable;
  parts.header = takeHeader(readable);
  parts.readableData = readable;
  parts.writableData = writable;
  parts.readableDataBytes = chain.readableBytes - sizeof(RequestHeader);
  parts.writableDataBytes = chain.writableBytes - 1;
  parts.isComplete = true;
  return parts;
}

} // namespace argon::block
