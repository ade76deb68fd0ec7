// SPDX-License-Identifier: Apache-2.0
#pragma once

// Where bytes are kept. A store knows nothing of virtio; a device knows nothing of files. Stores
// stack: the encrypted store is a store over a store.
//
// A BlockStore is a volume's storage, shared by all workers. A StoreChannel is one worker's way to
// it: made on the worker's thread, used there only, with the worker's io_uring. Nothing is
// allocated after a channel is open.

#include "base/result.h"
#include "base/stage_meter.h"
#include "base/uring.h"
#include "storage/buffer_pool.h"
#include "storage/stage_trace.h"

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

namespace argon {

enum class StoreOperation : std::uint8_t {
  Read,
  Write,
  Flush,
  /// The range reads as zeros from then on, durably after the next Flush, and the store may give
  /// its space back.
  Discard,
  /// As Discard, but gives space back only where the request says that it may.
  WriteZeroes,
};

/// `write zeroes`, for logs.
[[nodiscard]] std::string_view nameOf(StoreOperation operation);

enum class StoreStatus : std::uint8_t {
  Ok,
  /// The host's I/O failed, or what was stored cannot be read.
  IoError,
  /// There is no room for the bytes; what was there before is still there.
  NoSpace,
};

struct StoreRequest;

/// Told that a request is done, once for each request, on the channel's thread; possibly from
/// within submit(). May submit other requests, and may reuse this one.
class StoreSink {
public:
  virtual void onStoreDone(StoreRequest& request, StoreStatus status) = 0;

protected:
  ~StoreSink() = default;
};

/// Gets the outcome of the one io_uring operation that a request can have under way.
class StoreUringTarget {
public:
  virtual void onUringDone(StoreRequest& request, std::int32_t result) = 0;

protected:
  ~StoreUringTarget() = default;
};

/// One operation. Owned by whoever submits it, and left alone until it is done. It is itself what
/// an io_uring operation reports to, so that a store over a file needs no memory of its own.
struct StoreRequest : UringCompletion {
  virtual ~StoreRequest() = default;

  StoreOperation operation = StoreOperation::Read;
  /// Both are multiples of BlockStore::blockBytes() and within the store. 0 for Flush.
  std::uint64_t offsetBytes = 0;
  std::uint64_t lengthBytes = 0;
  /// Memory to read into or write from, `lengthBytes` in all; any cuts and any alignment. May be
  /// guest memory, which others change meanwhile: each byte is read once. Empty for other
  /// operations.
  std::span<const iovec> buffers;
  /// For WriteZeroes: the store may give the range's space back (virtio 1.2, 5.2.6.2: UNMAP).
  bool mayUnmap = false;
  StoreSink* sink = nullptr;
  /// Null, or where a store that passes the request on notes when it did.
  StageTrace* trace = nullptr;

  // For the store it was submitted to, until it is done.
  StoreRequest* next = nullptr;
  StoreUringTarget* uringTarget = nullptr;
  std::uint64_t progressBytes = 0;
  std::uint32_t partCount = 0;
  std::uint32_t retryCount = 0;
  std::uint8_t method = 0;
  StoreStatus partStatus = StoreStatus::Ok;

  void done(StoreStatus status) { sink->onStoreDone(*this, status); }
  void onCompletion(std::int32_t result, std::uint32_t /*flags*/) override {
    uringTarget->onUringDone(*this, result);
  }
};

class StoreChannel {
public:
  virtual ~StoreChannel() = default;

  /// Starts a request. Operations on overlapping ranges that are under way at the same time have no
  /// order. A Flush covers every request that was done before it was submitted, on any channel.
  virtual void submit(StoreRequest& request) = 0;

  /// Drives what waits for another channel. True if it did something; called while isWaiting().
  virtual bool poll() { return false; }
  /// True if requests wait for something that no completion on this worker's io_uring announces.
  [[nodiscard]] virtual bool isWaiting() const { return false; }

  /// True while requests are held back on purpose. Whoever has more leaves them where they are; a
  /// completion on this worker's io_uring comes before this changes back.
  [[nodiscard]] virtual bool isCongested() const { return false; }
  /// A ring that used this channel is stopping: what is held back on purpose starts now. Called
  /// again until the ring's requests are done.
  virtual void drain() {}
};

/// What a worker lends to its channels.
struct ChannelContext {
  Uring& uring;
  BufferPool& buffers;
  /// Runs a task on this worker's thread, in order; from any thread.
  std::function<void(std::function<void()>)> post;
  /// Told what the worker's time is spent on; may be null.
  StageMeter* stages = nullptr;
};

class BlockStore {
public:
  virtual ~BlockStore() = default;

  /// Any thread. Never less than it was.
  [[nodiscard]] virtual std::uint64_t sizeBytes() const = 0;
  /// The smallest unit that can be read or written: 512 or 4096.
  [[nodiscard]] virtual std::uint32_t blockBytes() const = 0;
  /// Is called on the thread that will use the channel. The store outlives it.
  virtual Result<std::unique_ptr<StoreChannel>> openChannel(const ChannelContext& context) = 0;
  /// Makes the store larger while channels go on; the new bytes read as zeros. Durable when it
  /// returns. One call at a time, on a thread that may block; never a worker's. Unsupported where
  /// a store cannot grow, InvalidArgument for a size that is smaller than now or not whole blocks.
  virtual Result<void> grow(std::uint64_t newSizeBytes);
  /// False where a Discard is known to write zeros: who only wants to free space leaves it out.
  [[nodiscard]] virtual bool canGiveSpaceBack() const { return true; }
  /// All bytes of the store where it is plain memory, so that a store above can work in place. A
  /// store that grows has more of them, and the others stay where they are.
  [[nodiscard]] virtual std::span<std::byte> mappedBytes() { return {}; }
  /// Before bytes of mappedBytes() are written that were never written: NoSpace or IoError if the
  /// store has none for them. May call the kernel. Any thread.
  [[nodiscard]] virtual StoreStatus makeRoom(std::uint64_t /*offsetBytes*/,
                                             std::uint64_t /*lengthBytes*/) {
    return StoreStatus::Ok;
  }
  /// False once bytes of mappedBytes() were not there when they were touched: what was read from
  /// them is of no worth, and what was written is lost.
  [[nodiscard]] virtual bool isMappingGood() const { return true; }
  /// What it is, for logs and `argon doctor`: `file /x/y, O_DIRECT`.
  [[nodiscard]] virtual std::string_view description() const = 0;
};

/// For stores: InvalidArgument unless `newSizeBytes` is whole blocks and not less than now.
[[nodiscard]] Result<void> checkGrowth(const BlockStore& store, std::uint64_t newSizeBytes);

/// A first-in, first-out list of requests that wait, linked through StoreRequest::next.
class StoreRequestList {
public:
  [[nodiscard]] bool isEmpty() const { return first_ == nullptr; }
  [[nodiscard]] StoreRequest* first() const { return first_; }
  void append(StoreRequest& request) {
    request.next = nullptr;
    (first_ == nullptr ? first_ : last_->next) = &request;
    last_ = &request;
  }
  StoreRequest* takeFirst() {
    StoreRequest* taken = first_;
    if (taken != nullptr) {
      first_ = taken->next;
      taken->next = nullptr;
    }
    return taken;
  }

private:
  StoreRequest* first_ = nullptr;
  StoreRequest* last_ = nullptr;
};

} // namespace argon
