// SPDX-License-Identifier: Apache-2.0
#pragma once

// A worker's way to a FileStore. A request whose memory suits the file goes to io_uring as it is;
// one that does not, or of which the kernel did only a part, goes on through a buffer, one piece
// after another. So do the zeros of a range that the file system cannot clear by itself.

#include "base/log.h"
#include "base/mapped_region.h"
#include "base/result.h"
#include "base/uring.h"
#include "storage/block_store.h"
#include "storage/file_store.h"

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace argon {

class FileChannel final : public StoreChannel, private StoreUringTarget {
public:
  /// Store and io_uring outlive the channel.
  static Result<std::unique_ptr<StoreChannel>> create(FileStore& store, Uring& uring);

  void submit(StoreRequest& request) override;

private:
  FileChannel(FileStore& store, Uring& uring, MappedRegion bounce);
  void onUringDone(StoreRequest& request, std::int32_t result) override;
  void start(StoreRequest& request);
  void startBounced(StoreRequest& request);
  // By the first of the methods from `method` on that the request and the file allow.
  void startClearing(StoreRequest& request, ClearMethod method);
  void restart(StoreRequest& request);
  void onFlushed(StoreRequest& request, std::int32_t result);
  void onCleared(StoreRequest& request, std::int32_t result);
  void onBounced(StoreRequest& request, std::int32_t result);
  void fail(StoreRequest& request, std::int32_t result);
  [[nodiscard]] bool suitsFile(std::span<const iovec> buffers) const;

  FileStore& store_;
  Uring& uring_;
  RateLimiter warnings_{4};
  // The buffer, backed by memory only once it is needed; the request that goes through it, and
  // those that wait for their turn.
  MappedRegion bounce_;
  StoreRequest* bounced_ = nullptr;
  StoreRequestList bounceWaiters_;
};

} // namespace argon
