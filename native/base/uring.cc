// SPDX-License-Identifier: Apache-2.0
#include "base/uring.h"

#include "base/check.h"
#include "base/error.h"
#include "base/result.h"

#include <liburing.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <optional>

namespace argon {

namespace {

constexpr std::array<unsigned, 3> kSetupModes = {
    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG |
        IORING_SETUP_SUBMIT_ALL,
    IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL,
    0,
};

// Multishot polls (one a ring that is served) complete without a submission of their own, so the
// completion queue is larger than the default of twice the submissions.
constexpr unsigned kCompletionsPerEntry = 8;

} // namespace

Result<std::unique_ptr<Uring>> Uring::create(unsigned entryCount) {
  std::unique_ptr<Uring> uring(new Uring());
  int status = -EINVAL;
  for (const unsigned mode : kSetupModes) {
    io_uring_params parameters{};
    parameters.flags = mode | IORING_SETUP_CQSIZE;
    parameters.cq_entries = entryCount * kCompletionsPerEntry;
    status = ::io_uring_queue_init_params(entryCount, &uring->ring_, &parameters);
    if (status != -EINVAL) {
      break;
    }
  }
  if (status < 0) {
    uring->ring_.ring_fd = -1;
    return Error::fromErrno(-status, "set up an io_uring");
  }
  return uring;
}

Uring::~Uring() {
  if (ring_.ring_fd >= 0) {
    ::io_uring_queue_exit(&ring_);
  }
}

io_uring_sqe& Uring::next() {
  io_uring_sqe* entry = ::io_uring_get_sqe(&ring_);
  if (entry == nullptr) {
    submit();
    entry = ::io_uring_get_sqe(&ring_);
    ARGON_CHECK(entry != nullptr);
  }
  return *entry;
}

void Uring::attach(io_uring_sqe& entry, UringCompletion& completion) {
  ::io_uring_sqe_set_data(&entry, &completion);
}

void Uring::detach(io_uring_sqe& entry) { ::io_uring_sqe_set_data(&entry, nullptr); }

void Uring::cancelPoll(UringCompletion& completion) {
  io_uring_sqe& entry = next();
  // The operation is named by what was attached to it. Not POLL_REMOVE: that gives up with EALREADY
  // when an event of the poll's is on its way, and a multishot poll then goes on for ever.
  ::io_uring_prep_cancel(&entry, &completion, 0);
  detach(entry);
}

void Uring::submit() {
  if (::io_uring_sq_ready(&ring_) == 0) {
    return;
  }
  int status = 0;
  do {
    status = ::io_uring_submit(&ring_);
    // EBUSY: the completion queue overflowed; make room. EAGAIN: the kernel is out of memory for
    // requests; the entries stay queued and the next round submits them.
    if (status == -EBUSY) {
      ::io_uring_get_events(&ring_);
      return;
    }
  } while (status == -EINTR);
  ARGON_CHECK(status >= 0 || status == -EAGAIN);
}

void Uring::submitFrom(unsigned entryCount) {
  if (::io_uring_sq_ready(&ring_) >= entryCount) {
    submit();
  }
}

unsigned Uring::reap() {
  // Under DEFER_TASKRUN completions wait as task work until this thread asks for them.
  const unsigned flags = __atomic_load_n(ring_.sq.kflags, __ATOMIC_RELAXED);
  if ((flags & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) != 0) {
    ::io_uring_get_events(&ring_);
  }
  unsigned count = 0;
  io_uring_cqe* entry = nullptr;
  // Bounded, so that operations which complete at once and submit another cannot keep a worker
  // from its rings.
  constexpr unsigned kCompletionsPerReap = 256;
  while (count < kCompletionsPerReap && ::io_uring_peek_cqe(&ring_, &entry) == 0) {
    auto* completion = static_cast<UringCompletion*>(::io_uring_cqe_get_data(entry));
    const std::int32_t result = entry->res;
    const std::uint32_t entryFlags = entry->flags;
    ::io_uring_cqe_seen(&ring_, entry);
    ++count;
    if (completion != nullptr) {
      completion->onCompletion(result, entryFlags);
    }
  }
  return count;
}

void Uring::wait(std::optional<std::uint64_t> timeoutNs) {
  io_uring_cqe* entry = nullptr;
  int status = 0;
  if (timeoutNs) {
    __kernel_timespec timeout{
        .tv_sec = static_cast<std::int64_t>(*timeoutNs / 1'000'000'000),
        .tv_nsec = static_cast<long long>(*timeoutNs % 1'000'000'000),
    };
    status = ::io_uring_submit_and_wait_timeout(&ring_, &entry, 1, &timeout, nullptr);
  } else {
    status = ::io_uring_submit_and_wait(&ring_, 1);
  }
  ARGON_CHECK(status >= 0 || status == -EINTR || status == -ETIME || status == -EAGAIN ||
              status == -EBUSY);
}

} // namespace argon
