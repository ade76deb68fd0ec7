// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/listener.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/event_loop.h"
#include "base/log.h"
#include "base/peer_credentials.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "vhost_user/device.h"
#include "vhost_user/session.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace argon::vhost_user {

namespace {

constexpr int kBacklog = 4; // Arbitrary; one front end is served and others may wait.

// How long a front end waits after a failure to accept it. Arbitrary; long beside what a failure
// costs, short beside what an operator notices.
constexpr long kAcceptRetryNs = 100'000'000;

// True if some process still has a socket bound to `path`. The kernel's list is asked because
// finding out by connecting would be a call of our own.
bool isBound(const std::string& path) {
  std::ifstream list("/proc/net/unix");
  for (std::string line; std::getline(list, line);) {
    if (line.size() > path.size() && line.ends_with(path) &&
        line[line.size() - path.size() - 1] == ' ') {
      return true;
    }
  }
  return false;
}

Result<void> removeStaleSocket(const std::string& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) {
    return errno == ENOENT ? Result<void>() : Error::fromErrno(errno, concat("inspect ", path));
  }
  if (!S_ISSOCK(status.st_mode) || isBound(path)) {
    return Error(ErrorKind::AlreadyExists, concat(path, " exists and is in use"));
  }
  if (::unlink(path.c_str()) != 0) {
    return Error::fromErrno(errno, concat("remove the stale socket ", path));
  }
  return {};
}

} // namespace

Result<ListeningSocket> ListeningSocket::create(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return Error(ErrorKind::InvalidArgument,
                 concat("a socket path has 1 to ", sizeof address.sun_path - 1, " bytes, not ",
                        path.size(), ": ", path));
  }
  std::memcpy(static_cast<void*>(address.sun_path), path.data(), path.size());
  ARGON_TRY(removeStaleSocket(path));
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) {
    return Error::fromErrno(errno, "create a unix socket");
  }
  // The mode is set on the socket before it has a name, so it is never more open than this.
  if (::fchmod(socket.get(), S_IRUSR | S_IWUSR) != 0 ||
      ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(socket.get(), kBacklog) != 0) {
    return Error::fromErrno(errno, concat("listen at ", path));
  }
  return ListeningSocket(std::move(socket), path);
}

ListeningSocket::~ListeningSocket() {
  if (fd_.isOpen()) {
    ::unlink(path_.c_str());
  }
}

Listener::Listener(ListeningSocket socket, EventLoop& loop, Device& device, Log log,
                   Session::Options options)
    : socket_(std::move(socket)), loop_(loop), device_(device), log_(std::move(log)),
      options_(options) {}

Listener::~Listener() { ARGON_CHECK(session_ == nullptr); }

Result<void> Listener::start() {
  if (!retryTimer_) {
    retryTimer_ = UniqueFd(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    if (!retryTimer_) {
      return Error::fromErrno(errno, "create a timer");
    }
    ARGON_TRY(loop_.watch(retryTimer_.get(), EPOLLIN, *this));
  }
  return loop_.watch(socket_.fd(), EPOLLIN, *this);
}

void Listener::stop(std::function<void()> done) {
  ARGON_CHECK(!stopped_);
  stopped_ = std::move(done);
  loop_.unwatch(socket_.fd());
  loop_.unwatch(retryTimer_.get());
  if (session_ != nullptr) {
    session_->end();
  } else {
    loop_.post(stopped_);
  }
}

void Listener::notifyConfigChanged() {
  if (session_ != nullptr) {
    session_->notifyConfigChanged();
  }
}

void Listener::onEvents(std::uint32_t /*events*/) {
  std::uint64_t expiryCount = 0;
  if (::read(retryTimer_.get(), &expiryCount, sizeof expiryCount) < 0) {
    accept();
  } else if (const Result<void> watching = start(); !watching) {
    log_.error(watching.error().message());
  }
}

bool Listener::isTrustedPeer(int socket) const {
  const Result<PeerCredentials> peer = peerCredentialsOf(socket);
  return peer.has_value() && (peer->uid == 0 || peer->uid == ::geteuid());
}

void Listener::accept() {
  UniqueFd socket(::accept4(socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!socket) {
    if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
      retryLater(Error::fromErrno(errno, "accept a front end"));
    }
    return;
  }
  if (!isTrustedPeer(socket.get())) {
    log_.warn("refused a front end of another user");
    return;
  }
  session_ = std::make_unique<Session>(std::move(socket), loop_, device_, *this, log_, options_);
  if (const Result<void> started = session_->start(); !started) {
    log_.error(started.error().message());
    session_ = nullptr;
    return;
  }
  log_.info("front end connected");
  // One at a time; the next one waits until this session has ended.
  loop_.unwatch(socket_.fd());
}

// The front end still waits, so the loop would be told of it again at once; and nobody tells when
// this process has descriptors or memory again.
void Listener::retryLater(const Error& reason) {
  if (warnings_.allow(monotonicNs())) {
    log_.error(reason.message());
  }
  const itimerspec once{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_nsec = kAcceptRetryNs}};
  if (::timerfd_settime(retryTimer_.get(), 0, &once, nullptr) == 0) {
    loop_.unwatch(socket_.fd());
  }
}

void Listener::onSessionEnded(const Error* reason) {
  if (reason == nullptr) {
    log_.info("front end disconnected");
  } else {
    log_.warn(concat("session ended: ", reason->message()));
  }
  session_ = nullptr;
  if (stopped_) {
    // From the loop, because whoever is told may destroy the listener, and this function with it.
    loop_.post(std::move(stopped_));
    return;
  }
  if (const Result<void> watching = start(); !watching) {
    log_.error(watching.error().message());
  }
}

} // namespace argon::vhost_user
