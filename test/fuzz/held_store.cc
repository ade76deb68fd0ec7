// SPDX-License-Identifier: Apache-2.0
#include "fuzz/held_store.h"

#include "base/check.h"
#include "base/result.h"
#include "storage/block_store.h"

#include <sys/uio.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

namespace argon::fuzz {

class HeldStore::Channel final : public StoreChannel {
public:
  explicit Channel(HeldStore& store) : store_(store) {}
  void submit(StoreRequest& request) override { store_.submit(request); }

private:
  HeldStore& store_;
};

Result<std::unique_ptr<StoreChannel>> HeldStore::openChannel(const ChannelContext& /*context*/) {
  return std::unique_ptr<StoreChannel>(std::make_unique<Channel>(*this));
}

void HeldStore::submit(StoreRequest& request) {
  // What a store may rely on (StoreRequest).
  ARGON_CHECK(request.offsetBytes % 512 == 0 && request.lengthBytes % 512 == 0);
  ARGON_CHECK(request.lengthBytes <= bytes_.size() &&
              request.offsetBytes <= bytes_.size() - request.lengthBytes);
  ARGON_CHECK((request.operation == StoreOperation::Flush) == (request.lengthBytes == 0));
  std::uint64_t bufferBytes = 0;
  for (const iovec& part : request.buffers) {
    ARGON_CHECK(part.iov_len > 0);
    bufferBytes += part.iov_len;
  }
  const bool hasBuffers =
      request.operation == StoreOperation::Read || request.operation == StoreOperation::Write;
  ARGON_CHECK_EQ(bufferBytes, hasBuffers ? request.lengthBytes : 0);
  if (isHolding_) {
    held_.push_back(&request);
    return;
  }
  perform(request);
  request.done(StoreStatus::Ok);
}

void HeldStore::answer(std::size_t which, StoreStatus status) {
  StoreRequest& request = *held_.at(which);
  held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(which));
  if (status == StoreStatus::Ok) {
    perform(request);
  }
  request.done(status);
}

void HeldStore::perform(const StoreRequest& request) {
  std::span<std::byte> place = std::span(bytes_).subspan(request.offsetBytes, request.lengthBytes);
  if (request.operation == StoreOperation::Discard ||
      request.operation == StoreOperation::WriteZeroes) {
    std::ranges::fill(place, clearedByte(request.operation, request.mayUnmap));
  }
  for (const iovec& part : request.buffers) {
    if (request.operation == StoreOperation::Read) {
      std::memcpy(part.iov_base, place.data(), part.iov_len);
    } else {
      std::memcpy(place.data(), part.iov_base, part.iov_len);
    }
    place = place.subspan(part.iov_len);
  }
}

} // namespace argon::fuzz
