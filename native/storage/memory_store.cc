// SPDX-License-Identifier: Apache-2.0
#include "storage/memory_store.h"

#include "base/alignment.h"
#include "base/check.h"
#include "base/error.h"
#include "base/mapped_region.h"
#include "base/result.h"
#include "base/text.h"
#include "storage/block_store.h"
#include "storage/buffers.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

namespace argon {

namespace {

// Gives whole pages back to the host, which then are zeros; the rest is filled.
void discard(std::span<std::byte> place) {
  std::byte* const firstPage = alignUp(place.data(), pageBytes());
  const auto leadBytes = std::min(static_cast<std::size_t>(firstPage - place.data()), place.size());
  const std::size_t pagesBytes = (place.size() - leadBytes) / pageBytes() * pageBytes();
  std::ranges::fill(place.first(leadBytes), std::byte{0});
  std::ranges::fill(place.subspan(leadBytes + pagesBytes), std::byte{0});
  if (pagesBytes > 0) {
    ARGON_CHECK_EQ(::madvise(firstPage, pagesBytes, MADV_DONTNEED), 0);
  }
}

class MemoryChannel final : public StoreChannel {
public:
  explicit MemoryChannel(MemoryStore& store) : store_(store) {}

  void submit(StoreRequest& request) override {
    const std::span<std::byte> place =
        store_.mappedBytes().subspan(request.offsetBytes, request.lengthBytes);
    switch (request.operation) {
    case StoreOperation::Read:
      scatter(place, request.buffers, 0);
      break;
    case StoreOperation::Write:
      gather(request.buffers, 0, place);
      break;
    case StoreOperation::Flush:
      break;
    case StoreOperation::Discard:
      discard(place);
      break;
    case StoreOperation::WriteZeroes:
      if (request.mayUnmap) {
        discard(place);
      } else {
        std::ranges::fill(place, std::byte{0});
      }
      break;
    }
    request.done(StoreStatus::Ok);
  }

private:
  MemoryStore& store_;
};

} // namespace

Result<std::unique_ptr<MemoryStore>> MemoryStore::create(std::uint64_t sizeBytes) {
  if (sizeBytes == 0 || sizeBytes % 512 != 0) {
    return Error(ErrorKind::InvalidArgument,
                 concat("a memory store of ", sizeBytes, " bytes is not a multiple of 512"));
  }
  if (sizeBytes > kSizeBytesMax) {
    return Error(ErrorKind::Exhausted,
                 concat("a memory store of ", sizeBytes, " bytes takes too much address space"));
  }
  ARGON_TRY_ASSIGN(MappedRegion memory, MappedRegion::reserve(sizeBytes * kGrowthFactor));
  ARGON_TRY(memory.commit(sizeBytes));
  return std::unique_ptr<MemoryStore>(new MemoryStore(std::move(memory), sizeBytes));
}

Result<void> MemoryStore::grow(std::uint64_t newSizeBytes) {
  ARGON_TRY(checkGrowth(*this, newSizeBytes));
  if (newSizeBytes > memory_.bytes().size()) {
    return Error(ErrorKind::Exhausted, concat("a memory store of ", sizeBytes(),
                                              " bytes has no room for ", newSizeBytes));
  }
  ARGON_TRY(memory_.commit(newSizeBytes));
  // Release: who sees the size may touch the memory.
  sizeBytes_.store(newSizeBytes, std::memory_order_release);
  return {};
}

Result<std::unique_ptr<StoreChannel>> MemoryStore::openChannel(const ChannelContext& /*context*/) {
  return std::unique_ptr<StoreChannel>(std::make_unique<MemoryChannel>(*this));
}

} // namespace argon
