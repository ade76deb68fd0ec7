// SPDX-License-Identifier: Apache-2.0
#include "base/data_thread.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/mailbox.h"
#include "base/result.h"
#include "base/uring.h"
#include "base/uring_watch.h"

#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <utility>

namespace argon {

namespace {

// Submissions between two submits: a round's operations over all rings mostly fit, and what does
// not is submitted in between.
constexpr unsigned kUringEntryCount = 512;

// Tasks come from sessions (a few for each ring) and from other data threads (at most one for each
// of their requests).
constexpr std::size_t kTaskCountMax = 65'536;

} // namespace

DataThread::DataThread(Work& work, LoopCounters& counters, Options options)
    : work_(work), counters_(counters), options_(std::move(options)),
      pollWindow_(options_.pollMode) {}

DataThread::~DataThread() { ARGON_CHECK(!thread_.joinable()); }

Result<void> DataThread::start() {
  ARGON_TRY_ASSIGN(mailbox_, Mailbox<Task>::create(kTaskCountMax));
  // Shared, because the thread may still be leaving set_value() when the outcome is known here.
  auto prepared = std::make_shared<std::promise<std::optional<Error>>>();
  std::future<std::optional<Error>> outcome = prepared->get_future();
  thread_ = startThread(options_.name, [this, prepared] {
    Result<void> ready = prepare();
    if (!ready) {
      prepared->set_value(std::move(ready).error());
      return;
    }
    prepared->set_value(std::nullopt);
    run();
  });
  if (std::optional<Error> error = outcome.get(); error.has_value()) {
    thread_.join();
    return *std::move(error);
  }
  return {};
}

// On the thread: an io_uring belongs to the one that made it.
Result<void> DataThread::prepare() {
  ARGON_TRY(pinThisThread(options_.cpus));
  ARGON_TRY_ASSIGN(uring_, Uring::create(kUringEntryCount));
  ARGON_TRY(work_.onStart(*uring_));
  mailWatch_ = std::make_unique<UringWatch>(*uring_, [this](UringWatch::Signal signal) {
    ARGON_CHECK(signal == UringWatch::Signal::Raised);
    hasMail_ = true;
  });
  mailWatch_->begin(mailbox_->fd());
  return {};
}

void DataThread::post(Task task) { ARGON_CHECK(mailbox_->post(std::move(task))); }

void DataThread::stop() {
  post([this] { isStopping_ = true; });
  thread_.join();
}

void DataThread::run() {
  while (!isStopping_) {
    if (work_.runRound()) {
      noteWork();
    } else {
      rest();
    }
  }
  work_.onStop();
  mailWatch_->cancel();
  while (mailWatch_->isUnderWay()) {
    uring_->wait(std::nullopt);
    uring_->reap();
  }
  mailWatch_ = nullptr;
  uring_ = nullptr;
}

void DataThread::noteWork() {
  counters_.busyRounds.add(1);
  idleSinceNs_ = 0;
  if (std::exchange(isLookingOn_, false)) {
    counters_.pollHits.add(1);
  }
}

bool DataThread::runTasks() {
  if (!std::exchange(hasMail_, false)) {
    return false;
  }
  mailbox_->take(tasks_);
  for (const Task& task : tasks_) {
    task();
  }
  tasks_.clear();
  return true;
}

// Nothing was to be done in this round.
void DataThread::rest() {
  if (work_.isLooking()) {
    const std::uint64_t nowNs = monotonicNs();
    if (idleSinceNs_ == 0) {
      idleSinceNs_ = nowNs;
    }
    if (pollWindow_.shouldPoll(nowNs - idleSinceNs_)) {
      isLookingOn_ = true;
      work_.pause();
      return;
    }
    if (!work_.arm()) {
      work_.pause();
      return;
    }
  }
  sleep();
}

void DataThread::sleep() {
  counters_.sleeps.add(1);
  if (std::exchange(isLookingOn_, false)) {
    counters_.pollMisses.add(1);
  }
  const std::uint64_t beforeNs = monotonicNs();
  uring_->wait(work_.sleepNsMax());
  pollWindow_.onSlept(monotonicNs() - beforeNs);
  idleSinceNs_ = 0;
}

} // namespace argon
