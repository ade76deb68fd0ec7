// SPDX-License-Identifier: Apache-2.0
#include "base/mailbox.h"

#include "base/cpu.h"
#include "base/result.h"
#include "support/deadline.h"
#include "support/test.h"

#include <poll.h>

#include <array>
#include <cstddef>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace argon {

namespace {

template <typename Message>
std::unique_ptr<Mailbox<Message>> makeMailbox(std::size_t capacity) {
  Result<std::unique_ptr<Mailbox<Message>>> mailbox = Mailbox<Message>::create(capacity);
  REQUIRE_OK(mailbox);
  return *std::move(mailbox);
}

bool isReadable(int fd) {
  pollfd watch{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&watch, 1, 0) == 1;
}

} // namespace

TEST_CASE("messages come out in the order they went in") {
  const auto mailbox = makeMailbox<int>(8);
  for (const int number : {1, 2, 3}) {
    CHECK(mailbox->post(int{number}));
  }

  std::vector<int> taken = {9};
  mailbox->take(taken);

  CHECK(taken == std::vector{1, 2, 3});
}

TEST_CASE("a mailbox is readable while messages wait, and only then") {
  const auto mailbox = makeMailbox<int>(8);
  CHECK_FALSE(isReadable(mailbox->fd()));

  CHECK(mailbox->post(1));
  CHECK(mailbox->post(2));
  CHECK(isReadable(mailbox->fd()));

  std::vector<int> taken;
  mailbox->take(taken);
  CHECK_FALSE(isReadable(mailbox->fd()));
}

TEST_CASE("taking from an empty mailbox takes nothing") {
  const auto mailbox = makeMailbox<int>(8);
  std::vector<int> taken = {1, 2};

  mailbox->take(taken);

  CHECK(taken.empty());
}

TEST_CASE("a full mailbox leaves the message with its sender") {
  const auto mailbox = makeMailbox<std::unique_ptr<int>>(2);
  CHECK(mailbox->post(std::make_unique<int>(1)));
  CHECK(mailbox->post(std::make_unique<int>(2)));

  auto third = std::make_unique<int>(3);
  CHECK_FALSE(mailbox->post(std::move(third)));

  // NOLINTNEXTLINE(bugprone-use-after-move): that it was not moved from is what is tested.
  REQUIRE(third != nullptr);
  std::vector<std::unique_ptr<int>> taken;
  mailbox->take(taken);
  CHECK(taken.size() == 2);
  CHECK(mailbox->post(std::move(third)));
}

TEST_CASE("a mailbox of no capacity takes nothing") {
  const auto mailbox = makeMailbox<int>(0);
  CHECK_FALSE(mailbox->post(1));
  CHECK_FALSE(isReadable(mailbox->fd()));
}

TEST_CASE("no message of many senders is lost, doubled or out of its sender's order") {
  constexpr std::size_t kSenderCount = 4;
  constexpr int kMessageCount = 5'000;
  struct Letter {
    std::size_t sender = 0;
    int number = 0;
  };
  const auto mailbox = makeMailbox<Letter>(64);
  std::vector<std::jthread> senders;
  senders.reserve(kSenderCount);
  for (std::size_t sender = 0; sender < kSenderCount; ++sender) {
    senders.push_back(startThread("sender", [&mailbox, sender] {
      for (int number = 0; number < kMessageCount;) {
        // A full box is back-pressure: the same message again.
        if (mailbox->post({.sender = sender, .number = number})) {
          ++number;
        } else {
          std::this_thread::yield();
        }
      }
    }));
  }

  std::array<int, kSenderCount> nextOf{};
  std::vector<Letter> taken;
  std::size_t count = 0;
  const test::Deadline deadline;
  while (count < kSenderCount * kMessageCount && !deadline.isOver()) {
    pollfd watch{.fd = mailbox->fd(), .events = POLLIN, .revents = 0};
    ::poll(&watch, 1, 100);
    mailbox->take(taken);
    CHECK(taken.size() <= 64);
    for (const Letter& letter : taken) {
      REQUIRE(letter.number == nextOf.at(letter.sender)++);
    }
    count += taken.size();
  }

  CHECK(count == kSenderCount * kMessageCount);
}

} // namespace argon
