// SPDX-License-Identifier: Apache-2.0
#include "storage/file_channel.h"

#include "base/alignment.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/mapped_region.h"
#include "base/result.h"
#include "base/text.h"
#include "base/uring.h"
#include "storage/block_store.h"
#include "storage/buffers.h"
#include "storage/file_store.h"

#include <liburing.h>
#include <linux/falloc.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

namespace argon {

namespace {

// One piece of a misaligned request; arbitrary, large enough that the copy is what costs.
constexpr std::size_t kBounceBytes = std::size_t{128} * 1024;

// Pieces of memory that one system call takes (1024). A chain can have more: an indirect table has
// up to 1027 entries.
constexpr std::size_t kPieceCountMax = UIO_MAXIOV;

// A request that is interrupted or starved this often in a row is given up.
constexpr std::uint32_t kRetryCountMax = 64;

// Reads and writes go to the disk this many at a time. All of a round's in one system call would
// leave the disk idle while they are prepared, then busy with all of them, whose answers come back
// together and make the next round as large: 54 instead of 66 thousand reads a second at depth 32.
// One at a time is as fast here, and costs a system call each where the disk is faster.
constexpr unsigned kTransfersPerSubmit = 4;

constexpr int kPunchHole = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
constexpr int kZeroRange = FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE;

bool isClearing(StoreOperation operation) {
  return operation == StoreOperation::Discard || operation == StoreOperation::WriteZeroes;
}

// Whether the file may have a hole where the request was.
bool mayPunch(const StoreRequest& request) {
  return request.operation == StoreOperation::Discard || request.mayUnmap;
}

} // namespace

Result<std::unique_ptr<StoreChannel>> FileChannel::create(FileStore& store, Uring& uring) {
  ARGON_TRY_ASSIGN(MappedRegion bounce, MappedRegion::allocate(kBounceBytes));
  return std::unique_ptr<StoreChannel>(new FileChannel(store, uring, std::move(bounce)));
}

FileChannel::FileChannel(FileStore& store, Uring& uring, MappedRegion bounce)
    : store_(store), uring_(uring), bounce_(std::move(bounce)) {}

void FileChannel::submit(StoreRequest& request) {
  request.uringTarget = this;
  request.progressBytes = 0;
  request.retryCount = 0;
  if (request.operation != StoreOperation::Read && store_.hasFailed()) [[unlikely]] {
    request.done(StoreStatus::IoError);
    return;
  }
  if (isClearing(request.operation)) {
    startClearing(request, ClearMethod::PunchHole);
    return;
  }
  if (request.operation != StoreOperation::Flush && !suitsFile(request.buffers)) [[unlikely]] {
    startBounced(request);
    return;
  }
  start(request);
}

bool FileChannel::suitsFile(std::span<const iovec> buffers) const {
  if (buffers.size() > kPieceCountMax) {
    return false;
  }
  const std::size_t alignment = store_.memoryAlignment();
  // O_DIRECT also wants each piece to be whole sectors.
  const std::size_t wholeBytes = alignment == 1 ? 1 : store_.blockBytes();
  return std::ranges::all_of(buffers, [alignment, wholeBytes](const iovec& part) {
    return isAligned(part.iov_base, alignment) && part.iov_len % wholeBytes == 0;
  });
}

void FileChannel::start(StoreRequest& request) {
  io_uring_sqe& entry = uring_.next();
  const std::span<const iovec> buffers = request.buffers;
  const auto count = static_cast<unsigned>(buffers.size());
  switch (request.operation) {
  case StoreOperation::Read:
    if (count == 1) {
      ::io_uring_prep_read(&entry, store_.fd(), buffers[0].iov_base,
                           static_cast<unsigned>(buffers[0].iov_len), request.offsetBytes);
    } else {
      ::io_uring_prep_readv(&entry, store_.fd(), buffers.data(), count, request.offsetBytes);
    }
    break;
  case StoreOperation::Write:
    if (count == 1) {
      ::io_uring_prep_write(&entry, store_.fd(), buffers[0].iov_base,
                            static_cast<unsigned>(buffers[0].iov_len), request.offsetBytes);
    } else {
      ::io_uring_prep_writev(&entry, store_.fd(), buffers.data(), count, request.offsetBytes);
    }
    break;
  case StoreOperation::Flush:
    ::io_uring_prep_fsync(&entry, store_.fd(), IORING_FSYNC_DATASYNC);
    break;
  case StoreOperation::Discard:
  case StoreOperation::WriteZeroes:
    ARGON_UNREACHABLE();
  }
  Uring::attach(entry, request);
  uring_.submitFrom(kTransfersPerSubmit);
}

// The kernel clears a range in one operation if the file system can; blocks that the range covers
// in part keep the rest. Where it cannot, zeros are written.
void FileChannel::startClearing(StoreRequest& request, ClearMethod method) {
  if (method == ClearMethod::PunchHole && !(mayPunch(request) && store_.canPunchHole())) {
    method = ClearMethod::ZeroRange;
  }
  if (method == ClearMethod::ZeroRange && !store_.canZeroRange()) {
    method = ClearMethod::Write;
  }
  request.method = static_cast<std::uint8_t>(method);
  if (method == ClearMethod::Write) {
    startBounced(request);
    return;
  }
  io_uring_sqe& entry = uring_.next();
  ::io_uring_prep_fallocate(
      &entry, store_.fd(), method == ClearMethod::PunchHole ? kPunchHole : kZeroRange,
      static_cast<off_t>(request.offsetBytes), static_cast<off_t>(request.lengthBytes));
  Uring::attach(entry, request);
}

void FileChannel::onCleared(StoreRequest& request, std::int32_t result) {
  const auto method = static_cast<ClearMethod>(request.method);
  if (result == 0) {
    request.done(StoreStatus::Ok);
  } else if (result == -EOPNOTSUPP || result == -EINVAL) {
    // EINVAL: not for this range, as when a block device has larger blocks.
    if (result == -EOPNOTSUPP) {
      store_.noteUnsupported(method);
    }
    startClearing(request,
                  method == ClearMethod::PunchHole ? ClearMethod::ZeroRange : ClearMethod::Write);
  } else {
    fail(request, result);
  }
}

void FileChannel::onUringDone(StoreRequest& request, std::int32_t result) {
  if ((result == -EINTR || result == -EAGAIN) && ++request.retryCount < kRetryCountMax) {
    restart(request);
    return;
  }
  if (request.operation == StoreOperation::Flush) {
    onFlushed(request, result);
  } else if (&request == bounced_) {
    onBounced(request, result);
  } else if (isClearing(request.operation)) {
    onCleared(request, result);
  } else if (result < 0) {
    fail(request, result);
  } else if (static_cast<std::uint64_t>(result) == request.lengthBytes) [[likely]] {
    request.done(StoreStatus::Ok);
  } else if (result == 0) {
    // The file ends here: somebody cut it short.
    fail(request, -EIO);
  } else {
    // A part was done. The rest goes on whole sectors from there; doing some bytes again is as
    // good.
    request.progressBytes =
        static_cast<std::uint64_t>(result) / store_.blockBytes() * store_.blockBytes();
    startBounced(request);
  }
}

void FileChannel::restart(StoreRequest& request) {
  if (&request == bounced_) {
    startBounced(request);
  } else if (isClearing(request.operation)) {
    startClearing(request, static_cast<ClearMethod>(request.method));
  } else {
    start(request);
  }
}

void FileChannel::onFlushed(StoreRequest& request, std::int32_t result) {
  if (result < 0) {
    store_.markFailed();
    store_.log().error(
        concat(store_.description(),
               ": a flush failed; the volume takes no more writes: ", errnoName(-result)));
    request.done(StoreStatus::IoError);
    return;
  }
  request.done(StoreStatus::Ok);
}

// Takes up `request` at its progress, in the buffer; or lets it wait for the one before it.
void FileChannel::startBounced(StoreRequest& request) {
  if (bounced_ != nullptr && bounced_ != &request) {
    bounceWaiters_.append(request);
    return;
  }
  bounced_ = &request;
  const std::size_t pieceBytes =
      std::min<std::uint64_t>(bounce_.bytes().size(), request.lengthBytes - request.progressBytes);
  const std::span<std::byte> piece = bounce_.bytes().first(pieceBytes);
  io_uring_sqe& entry = uring_.next();
  const std::uint64_t offset = request.offsetBytes + request.progressBytes;
  if (request.operation == StoreOperation::Read) {
    ::io_uring_prep_read(&entry, store_.fd(), piece.data(), static_cast<unsigned>(pieceBytes),
                         offset);
  } else {
    if (request.operation == StoreOperation::Write) {
      gather(request.buffers, request.progressBytes, piece);
    } else {
      std::ranges::fill(piece, std::byte{0});
    }
    ::io_uring_prep_write(&entry, store_.fd(), piece.data(), static_cast<unsigned>(pieceBytes),
                          offset);
  }
  Uring::attach(entry, request);
}

void FileChannel::onBounced(StoreRequest& request, std::int32_t result) {
  const std::uint64_t doneBytes =
      result <= 0 ? 0
                  : static_cast<std::uint64_t>(result) / store_.blockBytes() * store_.blockBytes();
  if (doneBytes > 0 && request.operation == StoreOperation::Read) {
    scatter(bounce_.bytes().first(doneBytes), request.buffers, request.progressBytes);
  }
  request.progressBytes += doneBytes;
  if (doneBytes > 0 && request.progressBytes < request.lengthBytes) {
    startBounced(request);
    return;
  }
  bounced_ = nullptr;
  if (StoreRequest* waiter = bounceWaiters_.takeFirst(); waiter != nullptr) {
    startBounced(*waiter);
  }
  if (doneBytes == 0) {
    fail(request, result < 0 ? result : -EIO);
  } else {
    request.done(StoreStatus::Ok);
  }
}

void FileChannel::fail(StoreRequest& request, std::int32_t result) {
  if (warnings_.allow(monotonicNs())) {
    store_.log().error(concat(store_.description(), ": ", nameOf(request.operation), " of ",
                              request.lengthBytes, " bytes at ", request.offsetBytes,
                              " failed: ", errnoName(-result)));
  }
  const bool isFull = result == -ENOSPC || result == -EDQUOT || result == -EFBIG;
  request.done(isFull ? StoreStatus::NoSpace : StoreStatus::IoError);
}

} // namespace argon
