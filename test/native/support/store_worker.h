// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a data thread is to a store's channels, without rings and devices: an io_uring, buffers, and
// a mailbox for tasks. Made and used on one thread; post() of its context is for any.

#include "base/mailbox.h"
#include "base/uring.h"
#include "storage/block_store.h"
#include "storage/buffer_pool.h"

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace argon::test {

/// One request and what became of it.
class Operation final : public StoreRequest, private StoreSink {
public:
  Operation() { sink = this; }
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  ~Operation() override = default;

  void prepareRead(std::uint64_t offset, std::span<const iovec> into);
  void prepareWrite(std::uint64_t offset, std::span<const iovec> from);
  void prepareFlush();
  void prepareDiscard(std::uint64_t offset, std::uint64_t length);
  enum class Space : std::uint8_t { MayUnmap, Keep };
  void prepareWriteZeroes(std::uint64_t offset, std::uint64_t length, Space space);
  /// Called when it is done, once, from within the channel.
  void onDone(std::function<void(StoreStatus)> action) { action_ = std::move(action); }

  [[nodiscard]] bool isDone() const { return status_.has_value(); }
  [[nodiscard]] std::optional<StoreStatus> status() const { return status_; }

private:
  void prepare(StoreOperation kind, std::uint64_t offset, std::span<const iovec> memory);
  void onStoreDone(StoreRequest& request, StoreStatus status) override;

  std::vector<iovec> memory_;
  std::optional<StoreStatus> status_;
  std::function<void(StoreStatus)> action_;
};

class StoreWorker {
public:
  StoreWorker();
  StoreWorker(const StoreWorker&) = delete;
  StoreWorker& operator=(const StoreWorker&) = delete;
  ~StoreWorker() = default;

  [[nodiscard]] const ChannelContext& context() const { return *context_; }
  [[nodiscard]] BufferPool& buffers() { return *buffers_; }
  [[nodiscard]] std::unique_ptr<StoreChannel> open(BlockStore& store);

  /// One round of a data thread: submit, reap, poll a channel that waits, run tasks. True if
  /// anything happened.
  bool turn(StoreChannel& channel);
  /// Turns until `isTrue`; a failed test if that takes too long.
  void turnUntil(StoreChannel& channel, const std::function<bool()>& isTrue);

  // Whole operations, one at a time.

  StoreStatus read(StoreChannel& channel, std::uint64_t offset, std::span<std::byte> into);
  StoreStatus write(StoreChannel& channel, std::uint64_t offset, std::span<const std::byte> from);
  StoreStatus flush(StoreChannel& channel);
  StoreStatus discard(StoreChannel& channel, std::uint64_t offset, std::uint64_t length);
  StoreStatus writeZeroes(StoreChannel& channel, std::uint64_t offset, std::uint64_t length,
                          Operation::Space space);
  StoreStatus run(StoreChannel& channel, Operation& operation);

private:
  using Task = std::function<void()>;

  std::unique_ptr<Mailbox<Task>> mailbox_;
  std::vector<Task> tasks_;
  std::unique_ptr<Uring> uring_;
  std::unique_ptr<BufferPool> buffers_;
  std::unique_ptr<ChannelContext> context_;
};

} // namespace argon::test
