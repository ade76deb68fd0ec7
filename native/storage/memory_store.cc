// SPDX-License-Identifier: Apache-2.0
#include "storage/memory_store.h"

#include "base/error.h"
#include "base/mapped_region.h"
#include "base/result.h"
#include "base/text.h"
#include "storage/block_store.h"

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

namespace argon {

namespace {

class MemoryChannel final : public StoreChannel {
public:
  explicit MemoryChannel(std::span<std::byte> memory) : memory_(memory) {}

  void submit(StoreRequest& request) override {
    std::span<std::byte> place = memory_.subspan(request.offsetBytes, request.lengthBytes);
    for (const iovec& part : request.buffers) {
      if (request.operation == StoreOperation::Read) {
        std::memcpy(part.iov_base, place.data(), part.iov_len);
      } else {
        std::memcpy(place.data(), part.iov_base, part.iov_len);
      }
      place = place.subspan(part.iov_len);
    }
    request.done(StoreStatus::Ok);
  }

private:
  std::span<std::byte> memory_;
};

} // namespace

Result<std::unique_ptr<MemoryStore>> MemoryStore::create(std::uint64_t sizeBytes) {
  if (sizeBytes == 0 || sizeBytes % 512 != 0) {
    return Error(ErrorKind::InvalidArgument,
                 concat("a memory store of ", sizeBytes, " bytes is not a multiple of 512"));
  }
  ARGON_TRY_ASSIGN(MappedRegion memory, MappedRegion::allocate(sizeBytes));
  return std::unique_ptr<MemoryStore>(new MemoryStore(std::move(memory)));
}

Result<std::unique_ptr<StoreChannel>> MemoryStore::openChannel(const ChannelContext& /*context*/) {
  return std::unique_ptr<StoreChannel>(std::make_unique<MemoryChannel>(memory_.bytes()));
}

} // namespace argon
