// SPDX-License-Identifier: Apache-2.0
#include "storage/block_store.h"

#include "base/check.h"
#include "base/error.h"
#include "base/result.h"
#include "base/text.h"

#include <cstdint>
#include <string_view>

namespace argon {

std::string_view nameOf(StoreOperation operation) {
  switch (operation) {
  case StoreOperation::Read:
    return "read";
  case StoreOperation::Write:
    return "write";
  case StoreOperation::Flush:
    return "flush";
  case StoreOperation::Discard:
    return "discard";
  case StoreOperation::WriteZeroes:
    return "write zeroes";
  }
  ARGON_UNREACHABLE();
}

Result<void> BlockStore::grow(std::uint64_t /*newSizeBytes*/) {
  return Error(ErrorKind::Unsupported, concat(description(), " cannot grow"));
}

Result<void> checkGrowth(const BlockStore& store, std::uint64_t newSizeBytes) {
  if (newSizeBytes < store.sizeBytes() || newSizeBytes % store.blockBytes() != 0) {
    return Error(ErrorKind::InvalidArgument, concat(store.description(), " of ", store.sizeBytes(),
                                                    " bytes cannot grow to ", newSizeBytes));
  }
  return {};
}

} // namespace argon
