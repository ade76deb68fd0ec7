// SPDX-License-Identifier: Apache-2.0
#include "base/uring_watch.h"

#include "base/check.h"
#include "base/uring.h"

#include <liburing.h>
#include <poll.h>

#include <cstdint>
#include <functional>
#include <utility>

namespace argon {

UringWatch::UringWatch(Uring& uring, std::function<void(Signal)> onSignal)
    : uring_(uring), onSignal_(std::move(onSignal)) {}

UringWatch::~UringWatch() { ARGON_CHECK(!isUnderWay_); }

void UringWatch::begin(int fd) {
  fd_ = fd;
  io_uring_sqe& entry = uring_.next();
  ::io_uring_prep_poll_multishot(&entry, fd, POLLIN);
  Uring::attach(entry, *this);
  isUnderWay_ = true;
}

void UringWatch::cancel() {
  isCancelled_ = true;
  if (isUnderWay_) {
    uring_.cancelPoll(*this);
  }
}

void UringWatch::onCompletion(std::int32_t result, std::uint32_t flags) {
  const bool isOver = (flags & IORING_CQE_F_MORE) == 0;
  if (isOver) {
    isUnderWay_ = false;
  }
  if (isCancelled_) {
    return;
  }
  if (result < 0) {
    onSignal_(Signal::Failed);
    return;
  }
  onSignal_(Signal::Raised);
  // The kernel ends a multishot poll when it has no room for its completions.
  if (isOver && !isCancelled_) {
    begin(fd_);
  }
}

} // namespace argon
