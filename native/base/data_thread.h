// SPDX-License-Identifier: Apache-2.0
#pragma once

// The loop of a data thread. It has one place to wait, an io_uring, in which kicks, completions and
// the mailbox all end up. When a round of its work found nothing to do, it looks on for a while
// (PollWindow), then has the work ask for kicks, and sleeps.

#include "base/counter.h"
#include "base/mailbox.h"
#include "base/poll_window.h"
#include "base/result.h"
#include "base/uring.h"
#include "base/uring_watch.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace argon {

/// What a loop has done since it was started: a part of its owner's counters, whose layout is
/// fixed. One writer.
struct LoopCounters {
  /// Rounds that found something to do.
  Counter busyRounds;
  /// Times that looking on for a while was worth it, and was not.
  Counter pollHits;
  Counter pollMisses;
  Counter sleeps;
};

class DataThread {
public:
  using Task = std::function<void()>;

  /// What the thread does; all of it is called on the thread.
  class Work {
  public:
    /// Before the first round: an io_uring and what belongs to it are made by the thread that uses
    /// them. After an error nothing more is called.
    [[nodiscard]] virtual Result<void> onStart(Uring& uring) = 0;
    /// One look at everything. True if there was something to do.
    virtual bool runRound() = 0;
    /// True if rounds look at something that others fill without waking the thread.
    [[nodiscard]] virtual bool isLooking() = 0;
    /// Asks to be woken for all of that. True if the thread may sleep; false if something came
    /// meanwhile, or cannot wake it.
    [[nodiscard]] virtual bool arm() = 0;
    /// Between two looks.
    virtual void pause() = 0;
    /// How long to sleep at most.
    [[nodiscard]] virtual std::optional<std::uint64_t> sleepNsMax() const = 0;
    /// After the last round: what refers to the io_uring goes before it.
    virtual void onStop() = 0;

  protected:
    ~Work() = default;
  };

  struct Options {
    std::string name;
    PollMode pollMode = PollMode::Adaptive;
    /// CPUs the thread may run on; empty: any.
    std::vector<unsigned> cpus;
  };

  /// `work` and `counters` outlive the thread.
  DataThread(Work& work, LoopCounters& counters, Options options);
  DataThread(const DataThread&) = delete;
  DataThread& operator=(const DataThread&) = delete;
  /// Only after stop(), or if start() failed.
  ~DataThread();

  /// Returns when the thread runs and has what it needs. Once.
  [[nodiscard]] Result<void> start();
  /// Runs a task on the thread, between rounds. From any thread.
  void post(Task task);
  /// Ends the thread. From another one; returns when it has ended.
  void stop();

  /// On the thread: runs what was posted, if there is anything. True if there was.
  bool runTasks();

private:
  [[nodiscard]] Result<void> prepare();
  void run();
  void noteWork();
  void rest();
  void sleep();

  Work& work_;
  LoopCounters& counters_;
  Options options_;
  PollWindow pollWindow_;
  std::unique_ptr<Mailbox<Task>> mailbox_;
  std::vector<Task> tasks_;
  std::unique_ptr<Uring> uring_;
  std::unique_ptr<UringWatch> mailWatch_;
  bool hasMail_ = false;
  bool isLookingOn_ = false; // Polls without having found anything so far.
  bool isStopping_ = false;
  std::uint64_t idleSinceNs_ = 0;
  std::jthread thread_;
};

} // namespace argon
