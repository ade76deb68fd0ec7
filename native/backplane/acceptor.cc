// SPDX-License-Identifier: Apache-2.0
#include "backplane/acceptor.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/event_loop.h"
#include "base/log.h"
#include "base/peer_credentials.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "vhost_user/listener.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <utility>

namespace argon::backplane {

namespace {

// How long a connection waits after a failure to accept it. Arbitrary; long beside what a failure
// costs, short beside what an operator notices.
constexpr long kAcceptRetryNs = 100'000'000;

bool isTrustedPeer(int socket) {
  const Result<PeerCredentials> peer = peerCredentialsOf(socket);
  return peer && (peer->uid == 0 || peer->uid == ::geteuid());
}

} // namespace

Result<std::unique_ptr<Acceptor>> Acceptor::open(const std::string& path, EventLoop& loop,
                                                 AcceptorOwner& owner, Log log) {
  ARGON_TRY_ASSIGN(vhost_user::ListeningSocket socket, vhost_user::ListeningSocket::create(path));
  UniqueFd timer(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer) {
    return Error::fromErrno(errno, "create a timer");
  }
  std::unique_ptr<Acceptor> acceptor(
      new Acceptor(std::move(socket), std::move(timer), loop, owner, std::move(log)));
  ARGON_TRY(loop.watch(acceptor->retryTimer_.get(), EPOLLIN, *acceptor));
  ARGON_TRY(acceptor->resume());
  return acceptor;
}

Acceptor::Acceptor(vhost_user::ListeningSocket socket, UniqueFd retryTimer, EventLoop& loop,
                   AcceptorOwner& owner, Log log)
    : socket_(std::move(socket)), retryTimer_(std::move(retryTimer)), loop_(loop), owner_(owner),
      log_(std::move(log)) {}

Acceptor::~Acceptor() {
  pause();
  loop_.unwatch(retryTimer_.get());
}

Result<void> Acceptor::resume() {
  isPaused_ = false;
  return loop_.watch(socket_.fd(), EPOLLIN, *this);
}

void Acceptor::pause() {
  isPaused_ = true;
  loop_.unwatch(socket_.fd());
}

void Acceptor::onEvents(std::uint32_t /*events*/) {
  std::uint64_t expiryCount = 0;
  if (::read(retryTimer_.get(), &expiryCount, sizeof expiryCount) < 0) {
    return accept();
  }
  const Result<void> resumed = isPaused_ ? Result<void>() : resume();
  if (!resumed) {
    log_.error(resumed.error().message());
  }
}

void Acceptor::accept() {
  UniqueFd accepted(::accept4(socket_.fd(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!accepted) {
    if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
      retryLater(Error::fromErrno(errno, "accept a connection"));
    }
    return;
  }
  if (!isTrustedPeer(accepted.get())) {
    log_.warn("refused a connection of another user");
    return;
  }
  owner_.onAccepted(std::move(accepted));
}

// Whoever connects still waits, so the loop would be told of it again at once; and nobody tells
// when this process has descriptors or memory again.
void Acceptor::retryLater(const Error& reason) {
  if (warnings_.allow(monotonicNs())) {
    log_.error(reason.message());
  }
  const itimerspec once{.it_interval = {}, .it_value = {.tv_sec = 0, .tv_nsec = kAcceptRetryNs}};
  if (::timerfd_settime(retryTimer_.get(), 0, &once, nullptr) == 0) {
    loop_.unwatch(socket_.fd());
  }
}

} // namespace argon::backplane
