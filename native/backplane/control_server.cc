// SPDX-License-Identifier: Apache-2.0
#include "backplane/control_server.h"

#include "backplane/acceptor.h"
#include "backplane/plane.h"
#include "backplane/spec/control.h"
#include "backplane/stored_message.h"
#include "base/check.h"
#include "base/error.h"
#include "base/event_loop.h"
#include "base/fd_socket.h"
#include "base/log.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace argon::backplane {

using spec::Method;

namespace {

using Bytes = std::span<const std::byte>;

std::string textOf(Bytes bytes) {
  std::string text(bytes.size(), '\0');
  if (!bytes.empty()) {
    std::memcpy(text.data(), bytes.data(), bytes.size());
  }
  return text;
}

std::vector<std::byte> bytesOf(std::string_view text) {
  const Bytes bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

Result<std::string> readName(Bytes bytes) {
  std::string name = textOf(bytes);
  const bool isPrintable =
      std::ranges::all_of(name, [](char letter) { return letter > ' ' && letter <= '~'; });
  if (name.empty() || name.size() > spec::kNameBytesMax || !isPrintable) {
    return Error(ErrorKind::InvalidArgument, "a name is 1 to 100 printable characters");
  }
  return name;
}

Result<std::uint32_t> readNumber(Bytes bytes) {
  std::uint32_t number = 0;
  if (bytes.size() != sizeof number) {
    return Error(ErrorKind::InvalidArgument, concat("a number of ", bytes.size(), " bytes"));
  }
  std::memcpy(&number, bytes.data(), sizeof number);
  return number;
}

} // namespace

Result<std::unique_ptr<ControlServer>> ControlServer::open(const std::string& path, EventLoop& loop,
                                                           Plane& plane, Log log,
                                                           std::function<void()> onShutDown) {
  std::unique_ptr<ControlServer> server(
      new ControlServer(loop, plane, std::move(log), std::move(onShutDown)));
  ARGON_TRY_ASSIGN(server->acceptor_, Acceptor::open(path, loop, *server, server->log_));
  return server;
}

ControlServer::~ControlServer() {
  if (socket_) {
    loop_.unwatch(socket_.get());
  }
}

void ControlServer::onAccepted(UniqueFd socket) {
  acceptor_->pause();
  socket_ = std::move(socket);
  log_.info("a controller connected");
  if (const Result<void> watching = loop_.watch(socket_.get(), EPOLLIN, *this); !watching) {
    hangUp(&watching.error());
  }
}

void ControlServer::hangUp(const Error* reason) {
  log_.info(reason == nullptr ? "the controller is gone"
                              : concat("hung up on the controller: ", reason->message()));
  loop_.unwatch(socket_.get());
  socket_.reset();
  headerCount_ = 0;
  payloadCount_ = 0;
  hasSaidHello_ = false;
  fds_.clear();
  outbox_ = Outbox();
  if (const Result<void> listening = acceptor_->resume(); !listening) {
    log_.error(listening.error().message());
  }
}

void ControlServer::onEvents(std::uint32_t /*events*/) {
  const Result<void> advanced = outbox_.isEmpty() ? advance() : flush();
  if (!advanced) {
    hangUp(advanced.error().kind() == ErrorKind::Closed ? nullptr : &advanced.error());
  }
}

Result<void> ControlServer::advance() {
  ARGON_TRY_ASSIGN(const bool isWhole, receiveFrame());
  return isWhole ? answerFrame() : Result<void>();
}

Result<bool> ControlServer::receiveFrame() {
  if (headerCount_ < sizeof header_) {
    ARGON_TRY_ASSIGN(const bool isWhole,
                     fill(std::as_writable_bytes(std::span(&header_, 1)), headerCount_));
    if (!isWhole) {
      return false;
    }
    if (header_.magic != spec::kMagic || header_.payloadBytes > payload_.size()) {
      return Error(ErrorKind::Protocol,
                   concat("a frame of ", header_.payloadBytes, " bytes, ", hex(header_.magic)));
    }
    // Nothing is done for somebody who may mean something else by it.
    if (static_cast<Method>(header_.method) != Method::HELLO && !hasSaidHello_) {
      return Error(ErrorKind::Protocol, concat("method ", header_.method, " before HELLO"));
    }
  }
  return fill(std::span(payload_).first(header_.payloadBytes), payloadCount_);
}

Result<bool> ControlServer::fill(std::span<std::byte> into, std::size_t& haveCount) {
  while (haveCount < into.size()) {
    ARGON_TRY_ASSIGN(const Received received,
                     receiveWithFds(socket_.get(), into.subspan(haveCount), fds_));
    if (received.isTruncated || fds_.size() > kReceivedFdCountMax) {
      return Error(ErrorKind::Protocol, "a frame with too many descriptors");
    }
    switch (received.state) {
    case Received::State::Closed:
      return Error(ErrorKind::Closed, "the controller hung up");
    case Received::State::WouldBlock:
      return false;
    case Received::State::Data:
      haveCount += received.byteCount;
    }
  }
  return true;
}

Result<void> ControlServer::answerFrame() {
  headerCount_ = 0;
  payloadCount_ = 0;
  Result<Answer> answer =
      perform(static_cast<Method>(header_.method), Bytes(payload_).first(header_.payloadBytes));
  fds_.clear();
  spec::FrameHeader header = header_;
  std::vector<std::byte> payload;
  std::vector<SharedFd> fds;
  if (answer) {
    header.status = 0;
    payload = std::move(answer->payload);
    if (answer->fd) {
      fds.push_back(std::make_shared<const UniqueFd>(std::move(answer->fd)));
    }
  } else {
    header.status = static_cast<std::uint16_t>(1 + static_cast<unsigned>(answer.error().kind()));
    payload = bytesOf(answer.error().message());
  }
  header.payloadBytes = static_cast<std::uint32_t>(payload.size());
  ARGON_CHECK(header.payloadBytes <= spec::kAnswerBytesMax);
  const Bytes start = std::as_bytes(std::span(&header, 1));
  payload.insert(payload.begin(), start.begin(), start.end());
  outbox_.put(std::move(payload), std::move(fds));
  return flush();
}

Result<void> ControlServer::flush() {
  ARGON_TRY_ASSIGN(const bool isSent, outbox_.flush(socket_.get()));
  if (isSent && isShuttingDown_) {
    onShutDown_();
  }
  return loop_.watch(socket_.get(), isSent ? EPOLLIN : EPOLLOUT, *this);
}

Result<ControlServer::Answer> ControlServer::perform(Method method, Bytes payload) {
  const bool bringsFd = method == Method::ATTACH_CARD || method == Method::KEEP_FD;
  if (fds_.size() != (bringsFd ? 1U : 0U)) {
    return Error(ErrorKind::InvalidArgument,
                 concat("method ", method, " with ", fds_.size(), " descriptors"));
  }
  switch (method) {
  case Method::HELLO: {
    ARGON_TRY_ASSIGN(Answer answer, hello(payload));
    hasSaidHello_ = true;
    return answer;
  }
  case Method::OPEN_SLOT:
    return openSlot(payload);
  case Method::CLOSE_SLOT: {
    ARGON_TRY_ASSIGN(const std::uint32_t slot, readNumber(payload));
    plane_.closeSlot(slot);
    return Answer{};
  }
  case Method::ASSIGN:
    return assign(payload);
  case Method::LIST_FDS:
    return Answer{.payload = bytesOf(plane_.fds().names())};
  case Method::LIST_CARDS:
    return Answer{.payload = bytesOf(plane_.cardNames())};
  case Method::LIST_SLOTS: {
    const std::vector<spec::SlotRecord> records = plane_.describeSlots();
    const Bytes bytes = std::as_bytes(std::span(records));
    return Answer{.payload = {bytes.begin(), bytes.end()}};
  }
  case Method::SHUT_DOWN:
    isShuttingDown_ = true;
    return Answer{};
  default: {
    ARGON_TRY_ASSIGN(const std::string name, readName(payload));
    return performNamed(method, name);
  }
  }
}

Result<ControlServer::Answer> ControlServer::performNamed(Method method, const std::string& name) {
  switch (method) {
  case Method::ATTACH_CARD:
    ARGON_TRY(plane_.attachCard(name, std::move(fds_.front())));
    return Answer{};
  case Method::DETACH_CARD:
    plane_.detachCard(name);
    return Answer{};
  case Method::KEEP_FD:
    ARGON_TRY(plane_.fds().keep(name, std::move(fds_.front())));
    return Answer{};
  case Method::TAKE_FD: {
    ARGON_TRY_ASSIGN(UniqueFd fd, plane_.fds().take(name));
    return Answer{.fd = std::move(fd)};
  }
  case Method::DROP_FD:
    plane_.fds().drop(name);
    return Answer{};
  default:
    return Error(ErrorKind::Unsupported, concat("there is no method ", method));
  }
}

Result<ControlServer::Answer> ControlServer::hello(Bytes payload) const {
  ARGON_TRY(readNumber(payload));
  // A controller of another version gives up by itself.
  const std::array<std::uint32_t, 2> facts = {spec::kVersion,
                                              static_cast<std::uint32_t>(::getpid())};
  const Bytes bytes = std::as_bytes(std::span(facts));
  return Answer{.payload = {bytes.begin(), bytes.end()}};
}

Result<ControlServer::Answer> ControlServer::openSlot(Bytes payload) {
  spec::SlotRequest request{};
  if (payload.size() < sizeof request) {
    return Error(ErrorKind::InvalidArgument, "a slot without its number, size and path");
  }
  std::memcpy(&request, payload.data(), sizeof request);
  ARGON_TRY(plane_.openSlot({.number = request.slot,
                             .socketPath = textOf(payload.subspan(sizeof request)),
                             .mapBytes = request.mapBytes}));
  return Answer{};
}

Result<ControlServer::Answer> ControlServer::assign(Bytes payload) {
  const std::size_t numberBytes = std::min(payload.size(), sizeof(std::uint32_t));
  ARGON_TRY_ASSIGN(const std::uint32_t slot, readNumber(payload.first(numberBytes)));
  std::string card;
  if (payload.size() > numberBytes) {
    ARGON_TRY_ASSIGN(card, readName(payload.subspan(numberBytes)));
  }
  ARGON_TRY(plane_.assign(slot, card));
  return Answer{};
}

} // namespace argon::backplane
