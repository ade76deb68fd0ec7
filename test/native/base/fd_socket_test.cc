// SPDX-License-Identifier: Apache-2.0
#include "base/fd_socket.h"

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "support/death.h"
#include "support/process.h"
#include "support/test.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

namespace argon {

namespace {

struct Pair {
  UniqueFd near;
  UniqueFd far;
};

Pair makePair() {
  std::array<int, 2> ends{};
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  return {.near = UniqueFd(ends[0]), .far = UniqueFd(ends[1])};
}

std::vector<UniqueFd> makeFds(std::size_t count) {
  std::vector<UniqueFd> fds;
  for (std::size_t index = 0; index < count; ++index) {
    Result<UniqueFd> fd = createEventFd();
    REQUIRE_OK(fd);
    fds.push_back(*std::move(fd));
  }
  return fds;
}

std::vector<int> numbersOf(const std::vector<UniqueFd>& fds) {
  std::vector<int> numbers;
  numbers.reserve(fds.size());
  for (const UniqueFd& fd : fds) {
    numbers.push_back(fd.get());
  }
  return numbers;
}

std::span<const std::byte> bytesOf(const char* text) {
  return std::as_bytes(std::span(text, std::strlen(text)));
}

// As sendWithFds, with more descriptors than that allows.
void sendManyFds(int socket, const std::vector<int>& fds) {
  std::vector<std::byte> control(CMSG_SPACE(fds.size() * sizeof(int)));
  std::byte payload{1};
  iovec part{.iov_base = &payload, .iov_len = 1};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(fds.size() * sizeof(int));
  std::memcpy(CMSG_DATA(header), fds.data(), fds.size() * sizeof(int));
  REQUIRE(::sendmsg(socket, &message, 0) == 1);
}

} // namespace

TEST_CASE("bytes arrive as they were sent") {
  const Pair pair = makePair();
  REQUIRE_OK(sendWithFds(pair.near.get(), bytesOf("hello"), {}));

  std::array<std::byte, 16> into{};
  std::vector<UniqueFd> fds;
  const Result<Received> received = receiveWithFds(pair.far.get(), into, fds);

  REQUIRE_OK(received);
  CHECK(received->state == Received::State::Data);
  CHECK(received->byteCount == 5);
  CHECK(std::memcmp(into.data(), "hello", 5) == 0);
  CHECK(fds.empty());
  CHECK_FALSE(received->isTruncated);
}

TEST_CASE("a descriptor arrives as the same open file, closed on exec") {
  const Pair pair = makePair();
  const std::vector<UniqueFd> sent = makeFds(1);
  signalEventFd(sent.front().get());
  REQUIRE_OK(sendWithFds(pair.near.get(), bytesOf("x"), numbersOf(sent)));

  std::array<std::byte, 16> into{};
  std::vector<UniqueFd> fds;
  REQUIRE_OK(receiveWithFds(pair.far.get(), into, fds));

  REQUIRE(fds.size() == 1);
  CHECK((::fcntl(fds.front().get(), F_GETFD) & FD_CLOEXEC) != 0);
  std::uint64_t count = 0;
  CHECK(::read(fds.front().get(), &count, sizeof count) == sizeof count);
  CHECK(count == 1);
}

TEST_CASE("a message that is read in pieces brings its descriptors with the first") {
  const Pair pair = makePair();
  const std::vector<UniqueFd> sent = makeFds(2);
  REQUIRE_OK(sendWithFds(pair.near.get(), bytesOf("twelve bytes"), numbersOf(sent)));

  std::array<std::byte, 5> into{};
  std::vector<UniqueFd> fds;
  std::vector<std::size_t> byteCounts;
  for (int piece = 0; piece < 3; ++piece) {
    const Result<Received> received = receiveWithFds(pair.far.get(), into, fds);
    REQUIRE_OK(received);
    byteCounts.push_back(received->byteCount);
    CHECK(fds.size() == 2);
  }

  CHECK(byteCounts == std::vector<std::size_t>{5, 5, 2});
}

TEST_CASE("descriptors are appended to those that are there") {
  const Pair pair = makePair();
  const std::vector<UniqueFd> sent = makeFds(1);
  std::array<std::byte, 16> into{};
  std::vector<UniqueFd> fds;
  for (std::size_t round = 1; round <= 3; ++round) {
    REQUIRE_OK(sendWithFds(pair.near.get(), bytesOf("x"), numbersOf(sent)));
    REQUIRE_OK(receiveWithFds(pair.far.get(), into, fds));
    CHECK(fds.size() == round);
  }
}

TEST_CASE("as many descriptors as one receive takes arrive whole") {
  const Pair pair = makePair();
  const std::vector<UniqueFd> sent = makeFds(kReceivedFdCountMax);
  REQUIRE_OK(sendWithFds(pair.near.get(), bytesOf("x"), numbersOf(sent)));

  std::array<std::byte, 1> into{};
  std::vector<UniqueFd> fds;
  const Result<Received> received = receiveWithFds(pair.far.get(), into, fds);

  REQUIRE_OK(received);
  CHECK_FALSE(received->isTruncated);
  CHECK(fds.size() == kReceivedFdCountMax);
}

TEST_CASE("more descriptors than one receive takes are noticed, and none of them leaks") {
  // 253 is the most that Linux lets a message carry.
  for (const std::size_t count : {kReceivedFdCountMax + 1, std::size_t{64}, std::size_t{253}}) {
    CAPTURE(count);
    const std::size_t before = test::openFdCount();
    {
      const Pair pair = makePair();
      const std::vector<UniqueFd> sent = makeFds(1);
      sendManyFds(pair.near.get(), std::vector<int>(count, sent.front().get()));

      std::array<std::byte, 8> into{};
      std::vector<UniqueFd> fds;
      const Result<Received> received = receiveWithFds(pair.far.get(), into, fds);

      REQUIRE_OK(received);
      CHECK(received->isTruncated);
      CHECK(received->byteCount == 1);
      CHECK(fds.size() == kReceivedFdCountMax);
      // The pair, what was sent, and what was received and is owned.
      CHECK(test::openFdCount() == before + 3 + fds.size());
    }
    CHECK(test::openFdCount() == before);
  }
}

TEST_CASE("an empty socket would block, and says so") {
  const Pair pair = makePair();
  std::array<std::byte, 8> into{};
  std::vector<UniqueFd> fds;

  const Result<Received> received = receiveWithFds(pair.far.get(), into, fds);

  REQUIRE_OK(received);
  CHECK(received->state == Received::State::WouldBlock);
}

TEST_CASE("a peer that closed is closed, after its last bytes") {
  Pair pair = makePair();
  REQUIRE_OK(sendWithFds(pair.near.get(), bytesOf("bye"), {}));
  pair.near.reset();

  std::array<std::byte, 8> into{};
  std::vector<UniqueFd> fds;
  const Result<Received> last = receiveWithFds(pair.far.get(), into, fds);
  const Result<Received> end = receiveWithFds(pair.far.get(), into, fds);

  REQUIRE_OK(last);
  CHECK(last->byteCount == 3);
  REQUIRE_OK(end);
  CHECK(end->state == Received::State::Closed);
}

TEST_CASE("a peer that closed without reading what it was sent is closed too") {
  Pair pair = makePair();
  REQUIRE_OK(sendWithFds(pair.far.get(), bytesOf("unread"), {}));
  pair.near.reset();

  std::array<std::byte, 8> into{};
  std::vector<UniqueFd> fds;
  const Result<Received> received = receiveWithFds(pair.far.get(), into, fds);

  REQUIRE_OK(received);
  CHECK(received->state == Received::State::Closed);
}

TEST_CASE("sending to a peer that closed is an error, not a signal") {
  Pair pair = makePair();
  pair.far.reset();

  const Result<void> sent = sendWithFds(pair.near.get(), bytesOf("x"), {});

  REQUIRE_FALSE(sent);
  CHECK(sent.error().kind() == ErrorKind::Closed);
}

TEST_CASE("a peer that does not read is noticed") {
  const Pair pair = makePair();
  const std::vector<std::byte> much(std::size_t{4} << 20);

  const Result<void> sent = sendWithFds(pair.near.get(), much, {});

  REQUIRE_FALSE(sent);
  CHECK(sent.error().kind() == ErrorKind::Exhausted);
}

TEST_CASE("a socket takes what it has room for, and says how much that was") {
  const Pair pair = makePair();
  const std::vector<std::byte> much(std::size_t{4} << 20);

  const Result<std::size_t> some = sendSomeWithFds(pair.near.get(), much, {});
  REQUIRE(some.has_value());
  CHECK(*some > 0);
  CHECK(*some < much.size());
  // The rest of a packet of the kernel's may still have room.
  Result<std::size_t> next = some;
  while (*next > 0) {
    next = sendSomeWithFds(pair.near.get(), much, {});
    REQUIRE(next.has_value());
  }
  CHECK(*next == 0);
}

TEST_CASE("what is no socket is an error") {
  const std::vector<UniqueFd> fds = makeFds(1);
  std::array<std::byte, 8> into{};
  std::vector<UniqueFd> received;

  CHECK_FALSE(receiveWithFds(fds.front().get(), into, received));
  CHECK_FALSE(receiveWithFds(-1, into, received));
  CHECK_FALSE(sendWithFds(fds.front().get(), bytesOf("x"), {}));
}

TEST_CASE("a descriptor that is not open cannot be sent") {
  const Pair pair = makePair();
  const int closed = -1;

  CHECK_FALSE(sendWithFds(pair.near.get(), bytesOf("x"), std::span(&closed, 1)));
}

TEST_CASE("an empty message, or too many descriptors, is a bug of ours") {
  test::checkDies("bytes.empty()", [] { static_cast<void>(sendWithFds(0, {}, {})); });
  test::checkDies("kReceivedFdCountMax", [] {
    const std::vector<int> many(kReceivedFdCountMax + 1, 0);
    static_cast<void>(sendWithFds(0, bytesOf("x"), many));
  });
  test::checkDies("into.empty()", [] {
    std::vector<UniqueFd> fds;
    static_cast<void>(receiveWithFds(0, {}, fds));
  });
}

} // namespace argon
