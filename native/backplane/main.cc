// SPDX-License-Identifier: Apache-2.0

// argon-backplane FOLDER: serves FOLDER/backplane.sock until it is told to shut down, by its
// controller or by SIGTERM. Started by a controller, which it outlives. Log lines go to standard
// error.

#include "backplane/control_server.h"
#include "backplane/plane.h"
#include "base/error.h"
#include "base/event_loop.h"
#include "base/log.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace argon::backplane {

namespace {

// Ends the loop when SIGTERM comes. What a terminal sends is not meant for the backplane.
class Terminator final : public EventHandler {
public:
  explicit Terminator(EventLoop& loop) : loop_(loop) {}

  Result<void> start() {
    sigset_t signals{};
    sigemptyset(&signals);
    for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGPIPE}) {
      sigaddset(&signals, number);
    }
    if (const int error = ::pthread_sigmask(SIG_BLOCK, &signals, nullptr); error != 0) {
      return Error::fromErrno(error, "block signals");
    }
    sigset_t awaited{};
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGTERM);
    signal_ = UniqueFd(::signalfd(-1, &awaited, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signal_) {
      return Error::fromErrno(errno, "wait for signals");
    }
    return loop_.watch(signal_.get(), EPOLLIN, *this);
  }

  void onEvents(std::uint32_t /*events*/) override {
    loop_.unwatch(signal_.get());
    loop_.stop();
  }

private:
  EventLoop& loop_;
  UniqueFd signal_;
};

// It holds the guests' monitors, so nobody is to look into it. And it may need as many descriptors
// as the host lets it have: each ring of a guest has three.
Result<void> settleProcess() {
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
    return Error::fromErrno(errno, "make the process undumpable");
  }
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  rlimit files{};
  if (::setrlimit(RLIMIT_CORE, &none) != 0 || ::getrlimit(RLIMIT_NOFILE, &files) != 0) {
    return Error::fromErrno(errno, "set limits");
  }
  files.rlim_cur = files.rlim_max;
  return ::setrlimit(RLIMIT_NOFILE, &files) == 0
             ? Result<void>()
             : Error::fromErrno(errno, "raise the limit of open files");
}

Result<void> serve(const std::string& folder, const Log& log) {
  ARGON_TRY(settleProcess());
  ARGON_TRY_ASSIGN(const std::unique_ptr<EventLoop> loop, EventLoop::create());
  Terminator terminator(*loop);
  ARGON_TRY(terminator.start());
  Plane plane(*loop, log);
  ARGON_TRY_ASSIGN(const std::unique_ptr<ControlServer> server,
                   ControlServer::open(concat(folder, "/backplane.sock"), *loop, plane, log,
                                       [&loop] { loop->stop(); }));
  log.info(concat("listening in ", folder));
  loop->run();
  log.info("shutting down");
  return {};
}

} // namespace

} // namespace argon::backplane

int main(int argumentCount, char** arguments) {
  const std::span all(arguments, static_cast<std::size_t>(argumentCount));
  argon::JsonLogSink sink(STDERR_FILENO, "backplane");
  const argon::Log log(sink, "backplane");
  if (all.size() != 2) {
    log.error("usage: argon-backplane FOLDER");
    return 2;
  }
  const argon::Result<void> served = argon::backplane::serve(all[1], log);
  if (!served) {
    log.error(served.error().message());
    return 1;
  }
  return 0;
}
