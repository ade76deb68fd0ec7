// SPDX-License-Identifier: Apache-2.0
#include "backplane/front_end.h"

#include "backplane/outbox.h"
#include "backplane/stored_message.h"
#include "base/error.h"
#include "base/event_loop.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "vhost_user/backend_channel.h"
#include "vhost_user/connection.h"
#include "vhost_user/message_table.h"
#include "vhost_user/spec/messages.h"

#include <sys/epoll.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace argon::backplane {

namespace spec = vhost_user::spec;

namespace {

std::vector<SharedFd> share(std::vector<UniqueFd> fds) {
  std::vector<SharedFd> shared;
  shared.reserve(fds.size());
  for (UniqueFd& fd : fds) {
    shared.push_back(std::make_shared<const UniqueFd>(std::move(fd)));
  }
  return shared;
}

bool isFile(const UniqueFd& fd) {
  struct stat status{};
  return ::fstat(fd.get(), &status) == 0 && S_ISREG(status.st_mode);
}

} // namespace

Result<void> FrontEnd::watch(std::uint32_t events) {
  // A front end that hangs up is noticed in any case.
  return loop_.watch(connection_.fd(), events | EPOLLRDHUP, *this);
}

Result<void> FrontEnd::readNext() {
  isReading_ = true;
  return watch(EPOLLIN);
}

Result<void> FrontEnd::reply(const vhost_user::MessageRule& rule,
                             std::span<const std::byte> payload, std::vector<UniqueFd> fds) {
  outbox_.put(encodeMessage(rule.request, spec::REPLY, payload), share(std::move(fds)));
  ARGON_TRY_ASSIGN(const bool isSent, outbox_.flush(connection_.fd()));
  return isSent ? readNext() : watch(EPOLLOUT);
}

void FrontEnd::close() {
  if (!std::exchange(isClosed_, true)) {
    loop_.unwatch(connection_.fd());
    connection_ = vhost_user::Connection(UniqueFd());
  }
}

void FrontEnd::onEvents(std::uint32_t events) {
  if (isReading_) {
    return receive();
  }
  // Nothing more is read from a front end that is gone: nobody waits for what it said.
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
    return owner_.onFrontEndLost(nullptr);
  }
  if (outbox_.isEmpty()) {
    return;
  }
  const Result<bool> sent = outbox_.flush(connection_.fd());
  if (!sent) {
    return owner_.onFrontEndLost(&sent.error());
  }
  const Result<void> reading = *sent ? readNext() : Result<void>();
  if (!reading) {
    owner_.onFrontEndLost(&reading.error());
  }
}

void FrontEnd::receive() {
  using State = vhost_user::Connection::Outcome::State;
  Result<vhost_user::Connection::Outcome> received = connection_.receive();
  if (!received) {
    return owner_.onFrontEndLost(&received.error());
  }
  switch (received->state) {
  case State::Closed:
    return owner_.onFrontEndLost(nullptr);
  case State::Incomplete:
    return;
  case State::Message:
    break;
  }
  vhost_user::Message& message = received->message;
  Result<void> taken = checkFds(message);
  if (taken) {
    isReading_ = false;
    taken = watch(0);
  }
  if (!taken) {
    return owner_.onFrontEndLost(&taken.error());
  }
  owner_.onMessage({.rule = message.rule,
                    .needsReply = message.needsReply,
                    .payload = {message.payload.begin(), message.payload.end()},
                    .fds = share(std::move(message.fds))});
}

Result<void> FrontEnd::checkFds(const vhost_user::Message& message) const {
  bool isRight = true;
  switch (message.rule->request) {
  case spec::Request::SET_VRING_KICK:
  case spec::Request::SET_VRING_CALL:
  case spec::Request::SET_VRING_ERR:
  case spec::Request::SET_LOG_FD:
    isRight =
        std::ranges::all_of(message.fds, [](const UniqueFd& fd) { return isEventFd(fd.get()); });
    break;
  case spec::Request::SET_BACKEND_REQ_FD: {
    ARGON_TRY_ASSIGN(UniqueFd copy, message.fds.front().duplicate());
    ARGON_TRY(vhost_user::BackendChannel::create(std::move(copy), connection_.fd()));
    break;
  }
  default:
    isRight = std::ranges::all_of(message.fds, isFile);
  }
  if (!isRight) {
    return Error(ErrorKind::Protocol,
                 concat(message.rule->name, " with a descriptor of another kind"));
  }
  return {};
}

} // namespace argon::backplane
