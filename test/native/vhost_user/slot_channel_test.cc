// SPDX-License-Identifier: Apache-2.0
#include "vhost_user/slot_channel.h"

#include "base/check.h"
#include "base/error.h"
#include "base/fd_socket.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "support/memfd.h"
#include "support/process.h"
#include "support/socket_pair.h"
#include "support/test.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

namespace argon::vhost_user {

namespace {

struct Ends {
  UniqueFd backplane;
  UniqueFd card;
};

Ends makeEnds() {
  std::array<int, 2> fds{};
  ARGON_CHECK(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds.data()) == 0);
  return {.backplane = UniqueFd(fds[0]), .card = UniqueFd(fds[1])};
}

// True if a byte written to one comes out of the other.
bool areConnected(int from, int to) {
  const char byte = 'x';
  char got = 0;
  return ::write(from, &byte, 1) == 1 && ::read(to, &got, 1) == 1 && got == byte;
}

ErrorKind kindOfOffer(const Ends& ends) {
  const Result<std::optional<SlotOffer>> offer = receiveSlotOffer(ends.card.get());
  REQUIRE(!offer.has_value());
  return offer.error().kind();
}

ErrorKind kindOfEnded(const Ends& ends) {
  const Result<std::optional<SlotEnded>> ended = receiveSlotEnded(ends.backplane.get());
  REQUIRE(!ended.has_value());
  return ended.error().kind();
}

void sendPacket(int channel, const SlotPacket& packet, std::span<const int> fds = {}) {
  REQUIRE_OK(sendWithFds(channel, std::as_bytes(std::span(&packet, 1)), fds));
}

constexpr SlotPacket kServe{.magic = kSlotPacketMagic,
                            .kind = kSlotServe,
                            .slot = 1,
                            .reason = 0,
                            .session = 1,
                            .mapBytes = 0};
constexpr SlotPacket kEnded{.magic = kSlotPacketMagic,
                            .kind = kSlotEnded,
                            .slot = 1,
                            .reason = 0,
                            .session = 1,
                            .mapBytes = 0};

} // namespace

TEST_CASE("a card gets a slot's socket and its map") {
  const Ends ends = makeEnds();
  test::SocketPair session = test::makeSocketPair();
  const SlotOffer offer{.slot = 7,
                        .session = 1ULL << 40,
                        .socket = std::move(session.backend),
                        .map = test::makeMemfd(8192, test::Sealed::Yes),
                        .mapBytes = 8192};

  REQUIRE_OK(sendSlotOffer(ends.backplane.get(), offer));
  Result<std::optional<SlotOffer>> got = receiveSlotOffer(ends.card.get());

  REQUIRE_OK(got);
  REQUIRE(got->has_value());
  CHECK((*got)->slot == 7);
  CHECK((*got)->session == 1ULL << 40);
  CHECK((*got)->mapBytes == 8192);
  CHECK(areConnected(session.frontend.get(), (*got)->socket.get()));
  const char byte = 'm';
  char seen = 0;
  REQUIRE(::pwrite((*got)->map.get(), &byte, 1, 8191) == 1);
  REQUIRE(::pread(offer.map.get(), &seen, 1, 8191) == 1);
  CHECK(seen == 'm');
}

TEST_CASE("a slot without a map comes with its socket alone") {
  const Ends ends = makeEnds();
  test::SocketPair session = test::makeSocketPair();

  REQUIRE_OK(
      sendSlotOffer(ends.backplane.get(), {.slot = 0, .socket = std::move(session.backend)}));
  Result<std::optional<SlotOffer>> got = receiveSlotOffer(ends.card.get());

  REQUIRE_OK(got);
  REQUIRE(got->has_value());
  CHECK((*got)->mapBytes == 0);
  CHECK(!(*got)->map.isOpen());
  CHECK(areConnected(session.frontend.get(), (*got)->socket.get()));
}

TEST_CASE("a backplane learns which session ended and why") {
  const Ends ends = makeEnds();
  for (const SlotEnd reason :
       {SlotEnd::PeerClosed, SlotEnd::FrontEndFault, SlotEnd::DeviceRemoved}) {
    REQUIRE_OK(sendSlotEnded(ends.card.get(), {.slot = 3, .session = 9, .reason = reason}));
    const Result<std::optional<SlotEnded>> got = receiveSlotEnded(ends.backplane.get());
    REQUIRE_OK(got);
    REQUIRE(got->has_value());
    CHECK((*got)->slot == 3);
    CHECK((*got)->session == 9);
    CHECK((*got)->reason == reason);
    CHECK(!slotEndName(reason).empty());
  }
}

TEST_CASE("nothing on a slot channel is no error, and a closed end is one") {
  Ends ends = makeEnds();
  const Result<std::optional<SlotOffer>> offer = receiveSlotOffer(ends.card.get());
  const Result<std::optional<SlotEnded>> ended = receiveSlotEnded(ends.backplane.get());
  REQUIRE_OK(offer);
  REQUIRE_OK(ended);
  CHECK(!offer->has_value());
  CHECK(!ended->has_value());

  ends.backplane.reset();
  CHECK(kindOfOffer(ends) == ErrorKind::Closed);
}

TEST_CASE("a packet that does not belong on a slot channel is an error, its descriptors closed") {
  const std::size_t before = test::openFdCount();
  {
    const Ends ends = makeEnds();
    const std::array<int, 3> fds = {ends.card.get(), ends.card.get(), ends.card.get()};
    const int toCard = ends.backplane.get();
    const int toBackplane = ends.card.get();

    SlotPacket packet = kServe;
    packet.magic += 1;
    sendPacket(toCard, packet, std::span(fds).first(1));
    CHECK(kindOfOffer(ends) == ErrorKind::Protocol);
    sendPacket(toCard, kServe);
    CHECK(kindOfOffer(ends) == ErrorKind::Protocol);
    sendPacket(toCard, kServe, std::span(fds).first(2));
    CHECK(kindOfOffer(ends) == ErrorKind::Protocol);
    packet = kServe;
    packet.mapBytes = 4096;
    sendPacket(toCard, packet, std::span(fds).first(1));
    CHECK(kindOfOffer(ends) == ErrorKind::Protocol);
    sendPacket(toCard, kEnded);
    CHECK(kindOfOffer(ends) == ErrorKind::Protocol);
    REQUIRE_OK(sendWithFds(toCard, std::as_bytes(std::span(&kServe, 1)).first(31), {}));
    CHECK(kindOfOffer(ends) == ErrorKind::Protocol);
    const std::array<SlotPacket, 2> both = {kServe, kServe};
    REQUIRE_OK(sendWithFds(toCard, std::as_bytes(std::span(both)), std::span(fds).first(1)));
    CHECK(kindOfOffer(ends) == ErrorKind::Protocol);

    packet = kEnded;
    packet.reason = 3;
    sendPacket(toBackplane, packet);
    CHECK(kindOfEnded(ends) == ErrorKind::Protocol);
    sendPacket(toBackplane, kEnded, std::span(fds).first(1));
    CHECK(kindOfEnded(ends) == ErrorKind::Protocol);
    sendPacket(toBackplane, kServe, std::span(fds).first(1));
    CHECK(kindOfEnded(ends) == ErrorKind::Protocol);
  }
  CHECK(test::openFdCount() == before);
}

TEST_CASE("a card that does not read gets nothing more, and what it got is whole") {
  const Ends ends = makeEnds();
  const test::SocketPair session = test::makeSocketPair();
  std::uint32_t sentCount = 0;
  for (;;) {
    SlotOffer offer{.slot = sentCount, .session = sentCount};
    Result<UniqueFd> socket = session.backend.duplicate();
    REQUIRE_OK(socket);
    offer.socket = *std::move(socket);
    const Result<void> sent = sendSlotOffer(ends.backplane.get(), offer);
    if (!sent) {
      CHECK(sent.error().kind() == ErrorKind::Exhausted);
      break;
    }
    ++sentCount;
    REQUIRE(sentCount < 1'000'000);
  }
  for (std::uint32_t index = 0; index < sentCount; ++index) {
    const Result<std::optional<SlotOffer>> got = receiveSlotOffer(ends.card.get());
    REQUIRE_OK(got);
    REQUIRE(got->has_value());
    CHECK((*got)->slot == index);
  }
}

} // namespace argon::vhost_user
