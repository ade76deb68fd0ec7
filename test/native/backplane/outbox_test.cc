// SPDX-License-Identifier: Apache-2.0
#include "backplane/outbox.h"

#include "base/error.h"
#include "base/fd_socket.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "support/death.h"
#include "support/process.h"
#include "support/socket_pair.h"
#include "support/test.h"
#include "vhost_user/spec/messages.h"

#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace argon::backplane {

namespace {

std::vector<std::byte> bytesUpTo(std::size_t count) {
  std::vector<std::byte> bytes(count);
  for (std::size_t index = 0; index < count; ++index) {
    bytes[index] = static_cast<std::byte>(index);
  }
  return bytes;
}

// All that is there now.
std::vector<std::byte> receiveAll(int socket, std::vector<UniqueFd>& fds) {
  std::vector<std::byte> all;
  std::array<std::byte, 65536> part{};
  for (;;) {
    const Result<Received> received = receiveWithFds(socket, part, fds);
    REQUIRE_OK(received);
    if (received->state != Received::State::Data) {
      return all;
    }
    all.insert(all.end(), part.begin(),
               part.begin() + static_cast<std::ptrdiff_t>(received->byteCount));
  }
}

} // namespace

TEST_CASE("an outbox sends a message and its descriptors at once if the peer reads") {
  const test::SocketPair sockets = test::makeSocketPair();
  const std::size_t before = test::openFdCount();
  Outbox outbox;
  CHECK(outbox.isEmpty());
  Result<UniqueFd> event = createEventFd();
  REQUIRE_OK(event);
  outbox.put(bytesUpTo(20), {std::make_shared<const UniqueFd>(*std::move(event))});
  CHECK(!outbox.isEmpty());

  const Result<bool> sent = outbox.flush(sockets.frontend.get());

  REQUIRE_OK(sent);
  CHECK(*sent);
  CHECK(outbox.isEmpty());
  CHECK(test::openFdCount() == before);
  std::vector<UniqueFd> fds;
  CHECK(receiveAll(sockets.backend.get(), fds) == bytesUpTo(20));
  CHECK(fds.size() == 1);
}

TEST_CASE("an outbox keeps what the peer does not read, and sends it once") {
  const test::SocketPair sockets = test::makeSocketPair();
  // More than a socket holds.
  const std::vector<std::byte> bytes = bytesUpTo(std::size_t{4} * 1024 * 1024);
  Result<UniqueFd> event = createEventFd();
  REQUIRE_OK(event);
  Outbox outbox;
  outbox.put(bytes, {std::make_shared<const UniqueFd>(*std::move(event))});
  std::vector<std::byte> got;
  std::vector<UniqueFd> fds;
  std::size_t turnCount = 0;
  for (bool isSent = false; !isSent; ++turnCount) {
    const Result<bool> sent = outbox.flush(sockets.frontend.get());
    REQUIRE_OK(sent);
    isSent = *sent;
    const std::vector<std::byte> part = receiveAll(sockets.backend.get(), fds);
    got.insert(got.end(), part.begin(), part.end());
  }

  CHECK(turnCount > 1);
  CHECK(got == bytes);
  CHECK(fds.size() == 1);
}

TEST_CASE("an outbox says that the peer is gone, and holds one message") {
  test::SocketPair sockets = test::makeSocketPair();
  sockets.backend.reset();
  Outbox outbox;
  outbox.put(bytesUpTo(1), {});

  const Result<bool> sent = outbox.flush(sockets.frontend.get());

  REQUIRE(!sent.has_value());
  CHECK(sent.error().kind() == ErrorKind::Closed);
  test::checkDies("isEmpty()", [&outbox] { outbox.put(bytesUpTo(1), {}); });
}

TEST_CASE("a message is encoded with its header") {
  namespace spec = vhost_user::spec;
  const std::vector<std::byte> payload = bytesUpTo(8);

  const std::vector<std::byte> bytes =
      encodeMessage(spec::Request::SET_STATUS, spec::NEED_REPLY, payload);

  spec::Header header{};
  REQUIRE(bytes.size() == sizeof header + payload.size());
  std::memcpy(&header, bytes.data(), sizeof header);
  CHECK(header.request == 39);
  CHECK(header.flags == (1U | spec::NEED_REPLY));
  CHECK(header.size == 8);
  CHECK(std::memcmp(bytes.data() + sizeof header, payload.data(), payload.size()) == 0);
}

} // namespace argon::backplane
