// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one way from thread to thread: a bounded queue with an eventfd that becomes readable when
// something is in it. Any thread posts; one thread, the owner, takes. The lock is held for a push
// or a swap; the data path looks at the eventfd only and never at the lock.

#include "base/result.h"
#include "base/unique_fd.h"

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace argon {

/// The eventfd half of a Mailbox.
class MailboxSignal {
public:
  explicit MailboxSignal(UniqueFd fd) : fd_(std::move(fd)) {}
  void raise() const { signalEventFd(fd_.get()); }
  /// Takes the signal back; messages posted later raise it again.
  void clear() const;
  [[nodiscard]] int fd() const { return fd_.get(); }

private:
  UniqueFd fd_;
};

template <typename Message>
class Mailbox {
public:
  /// `capacity`: messages that may wait. The owner's design bounds what can be under way.
  static Result<std::unique_ptr<Mailbox>> create(std::size_t capacity) {
    ARGON_TRY_ASSIGN(UniqueFd fd, createEventFd());
    return std::unique_ptr<Mailbox>(new Mailbox(std::move(fd), capacity));
  }

  /// False if the box is full; the message is then still the caller's.
  [[nodiscard]] bool post(Message&& message) {
    {
      const std::scoped_lock lock(mutex_);
      if (messages_.size() >= capacity_) {
        return false;
      }
      messages_.push_back(std::move(message));
    }
    signal_.raise();
    return true;
  }

  /// Moves all waiting messages to `into`, which is cleared first. Owner only.
  void take(std::vector<Message>& into) {
    into.clear();
    signal_.clear();
    const std::scoped_lock lock(mutex_);
    std::swap(into, messages_);
  }

  /// Readable while messages wait.
  [[nodiscard]] int fd() const { return signal_.fd(); }

private:
  Mailbox(UniqueFd fd, std::size_t capacity) : signal_(std::move(fd)), capacity_(capacity) {}

  MailboxSignal signal_;
  std::mutex mutex_;
  std::vector<Message> messages_;
  std::size_t capacity_;
};

} // namespace argon
