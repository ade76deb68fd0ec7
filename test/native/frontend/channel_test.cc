// SPDX-License-Identifier: Apache-2.0
#include "frontend/channel.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/fd_socket.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "support/deadline.h"
#include "support/scripted_backend.h"
#include "support/socket_pair.h"
#include "support/temp_dir.h"
#include "support/test.h"
#include "support/vhost_peer.h"
#include "vhost_user/listener.h"
#include "vhost_user/spec/messages.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace argon::frontend {

namespace {

namespace spec = vhost_user::spec;
using spec::Request;
using test::ScriptedBackend;
using Bytes = std::vector<std::byte>;

// A channel and the other end of its socket, which nobody reads but the test.
struct Line {
  Line() : Line(test::makeSocketPair()) {}
  explicit Line(test::SocketPair sockets)
      : channel(std::move(sockets.frontend)), peer(std::move(sockets.backend)) {}

  Channel channel;
  UniqueFd peer;
};

ErrorKind kindOf(const auto& result) {
  REQUIRE_FALSE(result.has_value());
  return result.error().kind();
}

// What ask(GET_FEATURES) makes of an answer.
Result<Answer> askWith(const ScriptedBackend::Reply& reply) {
  ScriptedBackend backend(reply);
  Channel channel = backend.takeChannel();
  channel.setTimeoutMs(test::kDeadlineMs);
  return channel.ask(Request::GET_FEATURES, {});
}

// What tell(SET_OWNER) makes of one.
Result<void> tellWith(const ScriptedBackend::Reply& reply) {
  ScriptedBackend backend(reply);
  Channel channel = backend.takeChannel();
  channel.setTimeoutMs(test::kDeadlineMs);
  return channel.tell(Request::SET_OWNER, {});
}

Bytes answerTo(Request request, std::uint64_t value) {
  return ScriptedBackend::answerU64({.request = static_cast<std::uint32_t>(request)}, value);
}

} // namespace

TEST_CASE("a channel connects to a socket that listens") {
  const test::TempDir dir;
  const auto socket = vhost_user::ListeningSocket::create(dir.path("socket"));
  REQUIRE_OK(socket);

  CHECK(Channel::connectTo(dir.path("socket")).has_value());
}

TEST_CASE("connecting where nothing is, nobody listens or nothing can be is an error") {
  const test::TempDir dir;

  CHECK(kindOf(Channel::connectTo(dir.path("nothing"))) == ErrorKind::NotFound);
  CHECK(kindOf(Channel::connectTo("")) == ErrorKind::InvalidArgument);
  CHECK(kindOf(Channel::connectTo(std::string(108, 'x'))) == ErrorKind::InvalidArgument);
  CHECK(kindOf(Channel::connectTo(std::string(107, 'x'))) == ErrorKind::NotFound);
}

TEST_CASE("a message goes out as header, payload and descriptors") {
  Line line;
  const Result<UniqueFd> fd = createEventFd();
  REQUIRE_OK(fd);
  const std::uint64_t value = 5;
  REQUIRE_OK(line.channel.send(Request::SET_VRING_KICK, test::bytesOf(value), std::array{fd->get()},
                               spec::NEED_REPLY));

  std::array<std::byte, 64> bytes{};
  std::vector<UniqueFd> fds;
  const Result<Received> received = receiveWithFds(line.peer.get(), bytes, fds);

  REQUIRE_OK(received);
  REQUIRE(received->byteCount == 20);
  spec::Header header{};
  std::memcpy(&header, bytes.data(), sizeof header);
  CHECK(header.request == 12);
  CHECK(header.flags == (1 | spec::NEED_REPLY));
  CHECK(header.size == 8);
  CHECK(bytes[12] == std::byte{5});
  CHECK(fds.size() == 1);
}

TEST_CASE("an answer that comes in pieces is put together, its descriptors with it") {
  Line line;
  const Result<UniqueFd> fd = createEventFd();
  REQUIRE_OK(fd);
  const Bytes whole = answerTo(Request::GET_FEATURES, 0x1234);
  REQUIRE_OK(sendWithFds(line.peer.get(), std::span(whole).first(5), std::array{fd->get()}));
  REQUIRE_OK(sendWithFds(line.peer.get(), std::span(whole).subspan(5, 10), {}));
  REQUIRE_OK(sendWithFds(line.peer.get(), std::span(whole).subspan(15), {}));

  const Result<Answer> answer = line.channel.receive();

  REQUIRE_OK(answer);
  CHECK(answer->payload.size() == 8);
  CHECK(answer->payload[0] == std::byte{0x34});
  CHECK(answer->fds.size() == 1);
}

TEST_CASE("a back end that does not answer is a time-out, after the time that was set") {
  Line line;
  line.channel.setTimeoutMs(30);
  const std::uint64_t startNs = monotonicNs();

  CHECK(kindOf(line.channel.receive()) == ErrorKind::TimedOut);

  CHECK(monotonicNs() - startNs >= 30'000'000);
}

TEST_CASE("a part of an answer is a time-out too") {
  Line line;
  line.channel.setTimeoutMs(30);
  const Bytes whole = answerTo(Request::GET_FEATURES, 1);
  REQUIRE_OK(sendWithFds(line.peer.get(), std::span(whole).first(15), {}));

  CHECK(kindOf(line.channel.receive()) == ErrorKind::TimedOut);
}

TEST_CASE("a back end that hangs up is told apart from one that is slow") {
  Line line;
  line.peer.reset();
  CHECK(kindOf(line.channel.receive()) == ErrorKind::Closed);
  CHECK(kindOf(line.channel.send(Request::SET_OWNER, {})) == ErrorKind::Closed);

  CHECK(kindOf(askWith([](const auto&, auto) { return std::nullopt; })) == ErrorKind::Closed);
}

TEST_CASE("an answer longer than any that the protocol knows is refused") {
  Line line;
  const spec::Header header{.request = 1, .flags = 5, .size = 4097};
  REQUIRE_OK(sendWithFds(line.peer.get(), test::bytesOf(header), {}));

  CHECK(kindOf(line.channel.receive()) == ErrorKind::Protocol);
}

TEST_CASE("a question gets the answer that belongs to it") {
  const Result<Answer> answer = askWith(
      [](const spec::Header& header, auto) { return ScriptedBackend::answerU64(header, 77); });

  REQUIRE_OK(answer);
  CHECK(answer->payload.size() == 8);
  CHECK(answer->payload[0] == std::byte{77});
}

TEST_CASE("an answer to another question, or none that says it is one, is refused") {
  CHECK(kindOf(askWith([](const auto&, auto) { return answerTo(Request::SET_FEATURES, 0); })) ==
        ErrorKind::Protocol);
  CHECK(kindOf(askWith([](const auto&, auto) {
          Bytes bytes = answerTo(Request::GET_FEATURES, 0);
          bytes[4] = std::byte{1}; // no reply flag
          return bytes;
        })) == ErrorKind::Protocol);
}

TEST_CASE("a message that is acknowledged with 0 was accepted, with anything else refused") {
  CHECK_OK(tellWith([](const auto&, auto) { return answerTo(Request::SET_OWNER, 0); }));
  CHECK(kindOf(tellWith([](const auto&, auto) { return answerTo(Request::SET_OWNER, 1); })) ==
        ErrorKind::InvalidArgument);
  CHECK(kindOf(tellWith([](const auto&, auto) {
          return answerTo(Request::SET_OWNER, std::uint64_t{1} << 63);
        })) == ErrorKind::InvalidArgument);
}

TEST_CASE("an acknowledgment of another message or of another size is refused") {
  CHECK(kindOf(tellWith([](const auto&, auto) { return answerTo(Request::RESET_OWNER, 0); })) ==
        ErrorKind::Protocol);
  CHECK(kindOf(tellWith([](const spec::Header& header, auto) {
          return ScriptedBackend::answer(header, Bytes(4));
        })) == ErrorKind::Protocol);
}

TEST_CASE("only a message that is told asks for an acknowledgment") {
  std::vector<std::uint32_t> flags;
  ScriptedBackend backend([&flags](const spec::Header& header, auto) {
    flags.push_back(header.flags);
    return ScriptedBackend::answerU64(header, 0);
  });
  Channel channel = backend.takeChannel();
  REQUIRE_OK(channel.ask(Request::GET_FEATURES, {}));
  REQUIRE_OK(channel.tell(Request::SET_OWNER, {}));

  REQUIRE(flags.size() == 2);
  CHECK((flags[0] & spec::NEED_REPLY) == 0);
  CHECK((flags[1] & spec::NEED_REPLY) != 0);
}

} // namespace argon::frontend
