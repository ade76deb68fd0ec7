// SPDX-License-Identifier: Apache-2.0
#include "backplane/control_client.h"

#include "backplane/spec/control.h"
#include "base/error.h"
#include "base/fd_socket.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "support/process.h"
#include "support/socket_pair.h"
#include "support/test.h"

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

namespace argon::backplane {

namespace {

constexpr std::uint64_t kPatienceMs = 20'000;
constexpr spec::FrameHeader kHeader{
    .magic = spec::kMagic, .payloadBytes = 0, .number = 1, .method = 1, .status = 0};

std::span<const std::byte> bytesOf(const spec::FrameHeader& header) {
  return std::as_bytes(std::span(&header, 1));
}

// What an exchange fails with when the backplane sends this header.
ErrorKind kindAfter(const spec::FrameHeader& header) {
  test::SocketPair sockets = test::makeSocketPair();
  REQUIRE_OK(sendWithFds(sockets.backend.get(), bytesOf(header), {}));
  REQUIRE(::shutdown(sockets.backend.get(), SHUT_WR) == 0);
  ControlClient client(std::move(sockets.frontend));
  const Result<ControlClient::Frame> answer = client.exchange(bytesOf(kHeader), {}, kPatienceMs);
  REQUIRE(!answer.has_value());
  return answer.error().kind();
}

} // namespace

TEST_CASE("an exchange sends a frame with descriptors and gives the answer with its own") {
  test::SocketPair sockets = test::makeSocketPair();
  const test::SocketPair others = test::makeSocketPair();
  spec::FrameHeader header = kHeader;
  header.payloadBytes = 3;
  const std::array payload = {std::byte{1}, std::byte{2}, std::byte{3}};
  const int sent = others.frontend.get();
  REQUIRE_OK(sendWithFds(sockets.backend.get(), bytesOf(header), std::span(&sent, 1)));
  REQUIRE_OK(sendWithFds(sockets.backend.get(), payload, {}));

  ControlClient client(std::move(sockets.frontend));
  const std::array fds = {others.frontend.get(), others.backend.get()};
  const Result<ControlClient::Frame> answer = client.exchange(bytesOf(kHeader), fds, kPatienceMs);

  REQUIRE_OK(answer);
  CHECK(answer->bytes.size() == sizeof header + payload.size());
  CHECK(answer->bytes.back() == std::byte{3});
  CHECK(answer->fds.size() == 1);
  spec::FrameHeader got{};
  std::vector<UniqueFd> gotFds;
  REQUIRE_OK(
      receiveWithFds(sockets.backend.get(), std::as_writable_bytes(std::span(&got, 1)), gotFds));
  CHECK(std::memcmp(&got, &kHeader, sizeof got) == 0);
  CHECK(gotFds.size() == 2);
}

TEST_CASE("an exchange ends when nothing comes, and when it is interrupted") {
  test::SocketPair sockets = test::makeSocketPair();
  ControlClient client(std::move(sockets.frontend));

  const Result<ControlClient::Frame> late = client.exchange(bytesOf(kHeader), {}, 1);
  REQUIRE(!late.has_value());
  CHECK(late.error().kind() == ErrorKind::TimedOut);

  client.interrupt();
  CHECK(!client.exchange(bytesOf(kHeader), {}, kPatienceMs).has_value());
}

TEST_CASE("an exchange refuses what no backplane sends, before it makes room for it") {
  const std::size_t before = test::openFdCount();
  spec::FrameHeader header = kHeader;
  header.payloadBytes = spec::kAnswerBytesMax + 1;
  CHECK(kindAfter(header) == ErrorKind::Protocol);
  header = kHeader;
  header.magic = 0;
  CHECK(kindAfter(header) == ErrorKind::Protocol);
  // Half of an answer, and then nothing.
  header = kHeader;
  header.payloadBytes = 1;
  CHECK(kindAfter(header) == ErrorKind::Closed);
  CHECK(test::openFdCount() == before);
}

} // namespace argon::backplane
