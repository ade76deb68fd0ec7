// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/connection.h"

#include "base/error.h"
#include "base/fd_socket.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "support/process.h"
#include "support/socket_pair.h"
#include "support/test.h"
#include "support/vhost_peer.h"
#include "vhost_user/message_table.h"
#include "vhost_user/spec/messages.h"

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

namespace argon::vhost_user {

namespace {

using State = Connection::Outcome::State;
using Bytes = std::vector<std::byte>;

Bytes encode(spec::Request request, std::span<const std::byte> payload,
             std::uint32_t flags = spec::kVersion) {
  const spec::Header header{.request = static_cast<std::uint32_t>(request),
                            .flags = flags,
                            .size = static_cast<std::uint32_t>(payload.size())};
  Bytes bytes(sizeof header + payload.size());
  std::memcpy(bytes.data(), &header, sizeof header);
  std::ranges::copy(payload, bytes.begin() + sizeof header);
  return bytes;
}

Bytes encodeU64(spec::Request request, std::uint64_t value) {
  return encode(request, test::bytesOf(value));
}

UniqueFd eventFd() {
  Result<UniqueFd> fd = createEventFd();
  REQUIRE_OK(fd);
  return *std::move(fd);
}

// A connection and the other end of its socket.
class Line {
public:
  Line() : Line(test::makeSocketPair()) {}

  void send(std::span<const std::byte> bytes, std::span<const int> fds = {}) {
    REQUIRE_OK(sendWithFds(peer_.get(), bytes, fds));
  }
  Result<Connection::Outcome> receive() { return connection_.receive(); }
  // The message that must have come.
  Message take() {
    Result<Connection::Outcome> outcome = receive();
    REQUIRE_OK(outcome);
    REQUIRE(outcome->state == State::Message);
    return std::move(outcome->message);
  }
  State state() {
    const Result<Connection::Outcome> outcome = receive();
    REQUIRE_OK(outcome);
    return outcome->state;
  }
  bool isRefused() { return !receive().has_value(); }
  void hangUp() { peer_.reset(); }

  Connection& connection() { return connection_; }
  [[nodiscard]] int peer() const { return peer_.get(); }

private:
  explicit Line(test::SocketPair sockets)
      : peer_(std::move(sockets.frontend)), connection_(std::move(sockets.backend)) {}

  UniqueFd peer_;
  Connection connection_;
};

} // namespace

TEST_CASE("an idle connection has no message") {
  Line line;

  CHECK(line.state() == State::Incomplete);
  CHECK(line.state() == State::Incomplete);
}

TEST_CASE("a message arrives with rule, flag and payload") {
  Line line;
  const std::uint64_t value = 0x0123'4567'89ab'cdef;

  line.send(
      encode(spec::Request::SET_FEATURES, test::bytesOf(value), spec::kVersion | spec::NEED_REPLY));
  const Message message = line.take();

  CHECK(message.rule == findRule(2));
  CHECK(message.needsReply);
  CHECK(message.as<std::uint64_t>() == value);
  CHECK(message.fds.empty());
  CHECK(line.state() == State::Incomplete);
}

TEST_CASE("a message may be split at any byte") {
  const Bytes whole = encodeU64(spec::Request::SET_FEATURES, 77);
  for (std::size_t cut = 1; cut < whole.size(); ++cut) {
    CAPTURE(cut);
    Line line;
    line.send(std::span(whole).first(cut));
    CHECK(line.state() == State::Incomplete);
    line.send(std::span(whole).subspan(cut));
    CHECK(line.take().as<std::uint64_t>() == 77);
  }
}

TEST_CASE("a message may come byte by byte") {
  Line line;
  const Bytes whole = encodeU64(spec::Request::SET_FEATURES, 78);
  for (std::size_t index = 0; index + 1 < whole.size(); ++index) {
    line.send(std::span(whole).subspan(index, 1));
    CHECK(line.state() == State::Incomplete);
  }

  line.send(std::span(whole).last(1));

  CHECK(line.take().as<std::uint64_t>() == 78);
}

TEST_CASE("messages that come together are taken one at a time, each with its descriptors") {
  Line line;
  const UniqueFd fd = eventFd();
  Bytes first = encode(spec::Request::SET_OWNER, {});
  const Bytes second = encodeU64(spec::Request::SET_FEATURES, 1);
  first.insert(first.end(), second.begin(), second.end());
  line.send(first);
  line.send(encodeU64(spec::Request::SET_VRING_CALL, 0), std::array{fd.get()});
  line.send(encode(spec::Request::GET_FEATURES, {}));

  CHECK(line.take().rule == findRule(3));
  const Message features = line.take();
  CHECK(features.rule == findRule(2));
  CHECK(features.fds.empty());
  CHECK(line.take().fds.size() == 1);
  const Message last = line.take();
  CHECK(last.rule == findRule(1));
  CHECK(last.fds.empty());
  CHECK(line.state() == State::Incomplete);
}

TEST_CASE("a descriptor that comes with the first byte is the message's, the same file") {
  Line line;
  const UniqueFd fd = eventFd();
  const Bytes whole = encodeU64(spec::Request::SET_VRING_KICK, 1);
  line.send(std::span(whole).first(1), std::array{fd.get()});
  CHECK(line.state() == State::Incomplete);
  line.send(std::span(whole).subspan(1));

  const Message message = line.take();

  REQUIRE(message.fds.size() == 1);
  signalEventFd(message.fds[0].get());
  std::uint64_t count = 0;
  CHECK(::read(fd.get(), &count, sizeof count) == ssize_t{sizeof count});
}

TEST_CASE("a descriptor that comes with the payload is the message's too") {
  Line line;
  const UniqueFd fd = eventFd();
  const Bytes whole = encodeU64(spec::Request::SET_VRING_KICK, 1);
  line.send(std::span(whole).first(12));
  line.send(std::span(whole).subspan(12), std::array{fd.get()});

  CHECK(line.take().fds.size() == 1);
}

TEST_CASE("a descriptor where none belongs, one too few or one too many is refused and closed") {
  const UniqueFd fd = eventFd();
  const std::size_t before = test::openFdCount();
  const auto refuses = [](const Bytes& bytes, std::vector<int> fds) {
    Line line;
    line.send(bytes, fds);
    return line.isRefused();
  };

  CHECK(refuses(encode(spec::Request::SET_OWNER, {}), {fd.get()}));
  CHECK(refuses(encodeU64(spec::Request::SET_VRING_CALL, 0), {fd.get(), fd.get()}));
  CHECK(refuses(encode(spec::Request::SET_LOG_FD, {}), {}));
  CHECK(refuses(encode(spec::Request::SET_OWNER, {}), std::vector<int>(16, fd.get())));
  CHECK(test::openFdCount() == before);
}

TEST_CASE("descriptors over several pieces of one message add up and are refused") {
  const UniqueFd fd = eventFd();
  const std::size_t before = test::openFdCount();
  {
    Line line;
    const Bytes whole = encodeU64(spec::Request::SET_VRING_CALL, 0);
    for (std::size_t index = 0; index < whole.size(); ++index) {
      line.send(std::span(whole).subspan(index, 1), std::array{fd.get()});
    }
    CHECK(line.isRefused());
  }
  CHECK(test::openFdCount() == before);
}

TEST_CASE("more descriptors than one receive takes are refused, whatever the message") {
  const UniqueFd fd = eventFd();
  const std::size_t before = test::openFdCount();
  {
    Line line;
    // 40: sendWithFds itself takes no more than 16.
    const Bytes bytes = encode(spec::Request::SET_MEM_TABLE, Bytes(8));
    std::array<std::byte, CMSG_SPACE(40 * sizeof(int))> control{};
    iovec part{.iov_base = const_cast<std::byte*>(bytes.data()), .iov_len = bytes.size()};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(40 * sizeof(int));
    const std::vector<int> fds(40, fd.get());
    std::memcpy(CMSG_DATA(header), fds.data(), 40 * sizeof(int));
    REQUIRE(::sendmsg(line.peer(), &message, 0) == static_cast<ssize_t>(bytes.size()));

    CHECK(line.isRefused());
  }
  CHECK(test::openFdCount() == before);
}

TEST_CASE("a header is refused before anything of its payload has come") {
  const auto refuses = [](std::uint32_t request, std::uint32_t flags, std::uint32_t size) {
    Line line;
    line.send(test::bytesOf(spec::Header{.request = request, .flags = flags, .size = size}));
    return line.isRefused();
  };

  CHECK(refuses(2, 1, UINT32_MAX));
  CHECK(refuses(2, 1, 4097));
  CHECK(refuses(2, 2, 8));
  CHECK(refuses(2, 1 | spec::REPLY, 8));
  CHECK(refuses(44, 1, 0));
  CHECK_FALSE(refuses(2, 1, 8));
}

TEST_CASE("a peer that leaves between messages or within one is told apart from an idle one") {
  const Bytes whole = encodeU64(spec::Request::SET_FEATURES, 1);
  for (std::size_t sent = 0; sent < whole.size(); ++sent) {
    CAPTURE(sent);
    Line line;
    if (sent > 0) {
      line.send(std::span(whole).first(sent));
    }
    line.hangUp();
    CHECK(line.state() == State::Closed);
  }
}

TEST_CASE("a message that came before the peer left is still there") {
  Line line;
  line.send(encodeU64(spec::Request::SET_FEATURES, 5));
  line.hangUp();

  CHECK(line.take().as<std::uint64_t>() == 5);
  CHECK(line.state() == State::Closed);
}

TEST_CASE("a reply repeats the request with the reply flag, payload and descriptors") {
  Line line;
  const UniqueFd fd = eventFd();
  const std::array<std::byte, 3> payload = {std::byte{1}, std::byte{2}, std::byte{3}};
  REQUIRE_OK(line.connection().reply(*findRule(24), payload, std::array{fd.get()}));

  std::array<std::byte, 64> received{};
  std::vector<UniqueFd> fds;
  const Result<Received> outcome = receiveWithFds(line.peer(), received, fds);
  REQUIRE_OK(outcome);
  REQUIRE(outcome->byteCount == 15);
  spec::Header header{};
  std::memcpy(&header, received.data(), sizeof header);
  CHECK(header.request == 24);
  CHECK(header.flags == (spec::kVersion | spec::REPLY));
  CHECK(header.size == 3);
  CHECK(std::ranges::equal(payload, std::span(received).subspan(12, 3)));
  CHECK(fds.size() == 1);
}

TEST_CASE("a reply without a payload is a header alone") {
  Line line;
  REQUIRE_OK(line.connection().reply(*findRule(24), {}));

  std::array<std::byte, 64> received{};
  std::vector<UniqueFd> fds;
  const Result<Received> outcome = receiveWithFds(line.peer(), received, fds);
  REQUIRE_OK(outcome);
  CHECK(outcome->byteCount == sizeof(spec::Header));
}

TEST_CASE("replies to a peer that does not read fail instead of blocking") {
  Line line;
  const auto reply = [&line] { return line.connection().replyU64(*findRule(1), 0); };

  Result<void> outcome = reply();
  for (int count = 0; count < 100'000 && outcome.has_value(); ++count) {
    outcome = reply();
  }

  REQUIRE_FALSE(outcome.has_value());
  CHECK(outcome.error().kind() == ErrorKind::Exhausted);
}

TEST_CASE("a reply to a peer that has left fails as closed") {
  Line line;
  line.hangUp();

  const Result<void> outcome = line.connection().replyU64(*findRule(1), 0);

  REQUIRE_FALSE(outcome.has_value());
  CHECK(outcome.error().kind() == ErrorKind::Closed);
}

} // namespace argon::vhost_user
