// SPDX-License-Identifier: Apache-2.0
#include "support/store_worker.h"

#include "base/check.h"
#include "base/mailbox.h"
#include "base/result.h"
#include "base/uring.h"
#include "storage/block_store.h"
#include "storage/buffer_pool.h"
#include "support/deadline.h"
#include "support/test.h"

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <thread>
#include <utility>

namespace argon::test {

void Operation::prepare(StoreOperation kind, std::uint64_t offset, std::span<const iovec> memory) {
  memory_.assign(memory.begin(), memory.end());
  operation = kind;
  offsetBytes = offset;
  lengthBytes = 0;
  for (const iovec& part : memory_) {
    lengthBytes += part.iov_len;
  }
  buffers = memory_;
  status_.reset();
}

void Operation::prepareRead(std::uint64_t offset, std::span<const iovec> into) {
  prepare(StoreOperation::Read, offset, into);
}

void Operation::prepareWrite(std::uint64_t offset, std::span<const iovec> from) {
  prepare(StoreOperation::Write, offset, from);
}

void Operation::prepareFlush() { prepare(StoreOperation::Flush, 0, {}); }

void Operation::prepareDiscard(std::uint64_t offset, std::uint64_t length) {
  prepare(StoreOperation::Discard, offset, {});
  lengthBytes = length;
}

void Operation::prepareWriteZeroes(std::uint64_t offset, std::uint64_t length, Space space) {
  prepare(StoreOperation::WriteZeroes, offset, {});
  lengthBytes = length;
  mayUnmap = space == Space::MayUnmap;
}

void Operation::onStoreDone(StoreRequest& request, StoreStatus status) {
  // A store that answers a request twice, or another one's, is broken.
  ARGON_CHECK(&request == this && !status_.has_value());
  status_ = status;
  if (action_) {
    action_(status);
  }
}

StoreWorker::StoreWorker() {
  Result<std::unique_ptr<Mailbox<Task>>> mailbox = Mailbox<Task>::create(4096);
  REQUIRE_OK(mailbox);
  mailbox_ = *std::move(mailbox);
  Result<std::unique_ptr<Uring>> uring = Uring::create(64);
  REQUIRE_OK(uring);
  uring_ = *std::move(uring);
  Result<std::unique_ptr<BufferPool>> buffers = BufferPool::create();
  REQUIRE_OK(buffers);
  buffers_ = *std::move(buffers);
  context_ = std::make_unique<ChannelContext>(
      ChannelContext{.uring = *uring_, .buffers = *buffers_, .post = [this](Task task) {
                       ARGON_CHECK(mailbox_->post(std::move(task)));
                     }});
}

std::unique_ptr<StoreChannel> StoreWorker::open(BlockStore& store) {
  Result<std::unique_ptr<StoreChannel>> channel = store.openChannel(*context_);
  REQUIRE_OK(channel);
  return *std::move(channel);
}

bool StoreWorker::turn(StoreChannel& channel) {
  uring_->submit();
  bool didWork = uring_->reap() > 0;
  if (channel.isWaiting()) {
    didWork = channel.poll() || didWork;
  }
  mailbox_->take(tasks_);
  for (const Task& task : tasks_) {
    task();
    didWork = true;
  }
  return didWork;
}

void StoreWorker::turnUntil(StoreChannel& channel, const std::function<bool()>& isTrue) {
  const Deadline deadline;
  while (!isTrue()) {
    ARGON_CHECK(!deadline.isOver());
    if (!turn(channel)) {
      std::this_thread::yield();
    }
  }
}

StoreStatus StoreWorker::run(StoreChannel& channel, Operation& operation) {
  channel.submit(operation);
  turnUntil(channel, [&operation] { return operation.isDone(); });
  return operation.status().value();
}

StoreStatus StoreWorker::read(StoreChannel& channel, std::uint64_t offset,
                              std::span<std::byte> into) {
  Operation operation;
  const iovec part{.iov_base = into.data(), .iov_len = into.size()};
  operation.prepareRead(offset, std::span(&part, 1));
  return run(channel, operation);
}

StoreStatus StoreWorker::write(StoreChannel& channel, std::uint64_t offset,
                               std::span<const std::byte> from) {
  Operation operation;
  // A write only reads from its memory; the type is shared with reads.
  const iovec part{.iov_base = const_cast<std::byte*>(from.data()), .iov_len = from.size()};
  operation.prepareWrite(offset, std::span(&part, 1));
  return run(channel, operation);
}

StoreStatus StoreWorker::flush(StoreChannel& channel) {
  Operation operation;
  operation.prepareFlush();
  return run(channel, operation);
}

StoreStatus StoreWorker::discard(StoreChannel& channel, std::uint64_t offset,
                                 std::uint64_t length) {
  Operation operation;
  operation.prepareDiscard(offset, length);
  return run(channel, operation);
}

StoreStatus StoreWorker::writeZeroes(StoreChannel& channel, std::uint64_t offset,
                                     std::uint64_t length, Operation::Space space) {
  Operation operation;
  operation.prepareWriteZeroes(offset, length, space);
  return run(channel, operation);
}

} // namespace argon::test
