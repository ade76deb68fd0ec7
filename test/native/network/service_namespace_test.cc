// SPDX-License-Identifier: Apache-2.0
#include "network/service_namespace.h"

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "network/peer_addresses.h"
#include "packet/address.h"
#include "packet/headers.h"
#include "packet/spec/protocols.h"
#include "support/deadline.h"
#include "support/packet_maker.h"
#include "support/test.h"

#include <net/if.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace argon::network {

namespace {

using packet::Headers;
using packet::IpAddress;
using test::Bytes;
using test::OwnedFrame;
using test::PacketText;

// The next TCP segment that the kernel has sent; it also looks for routers by IPv6.
std::optional<Headers> takeSegment(int tun) {
  for (;;) {
    Bytes bytes(14 + 2048);
    const ssize_t count = ::read(tun, bytes.data() + 14, 2048);
    if (count <= 0) {
      return std::nullopt;
    }
    bytes.resize(14 + static_cast<std::size_t>(count));
    const bool isV4 = std::to_integer<unsigned>(bytes[14]) >> 4 == 4;
    bytes[12] = isV4 ? std::byte{0x08} : std::byte{0x86};
    bytes[13] = isV4 ? std::byte{0x00} : std::byte{0xdd};
    const Headers headers = packet::parse(OwnedFrame(bytes).frame());
    if (headers.fault == packet::ParseFault::None && headers.tuple.protocol == 6) {
      CHECK(test::wrongIn(bytes) == "");
      return headers;
    }
  }
}

bool isReadable(int fd) {
  pollfd watch{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&watch, 1, 0) == 1;
}

// A first segment from a peer is answered with the second of the three.
void checkListens(const ServiceNamespace& made, int socket, IpAddress peer, IpAddress service,
                  std::uint16_t port) {
  const Bytes frame = test::makeFrame(PacketText{.source = peer,
                                                 .destination = service,
                                                 .sourcePort = 40'000,
                                                 .destinationPort = port,
                                                 .tcpFlags = packet::spec::TCP_SYN});
  const auto packet = std::span(frame).subspan(14);
  // Again until it is answered: an IPv6 address takes a moment to be there.
  std::optional<Headers> answer;
  REQUIRE(test::waitUntil([&] {
    REQUIRE(::write(made.tun.get(), packet.data(), packet.size()) ==
            static_cast<ssize_t>(packet.size()));
    do {
      answer = takeSegment(made.tun.get());
    } while (answer && answer->tuple.source != service);
    return answer.has_value();
  }));
  CHECK(answer->tcpFlags == (packet::spec::TCP_SYN | packet::spec::TCP_ACK));
  CHECK(answer->tuple.destination == peer);
  CHECK_FALSE(isReadable(socket)); // Nobody is connected yet.
}

} // namespace

TEST_CASE("a namespace listens at the services' addresses for peers, or says who may make one") {
  const Result<ServiceNamespace> made = ServiceNamespace::create();
  if (::geteuid() != 0) {
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().kind() == ErrorKind::PermissionDenied);
    return;
  }
  REQUIRE_OK(made);

  const StreamSockets& sockets = made->sockets;
  const IpAddress v4 = IpAddress::v4(kPeersV4.v4Number() | 77);
  checkListens(*made, sockets.metadataV4.get(), v4, kMetadataV4, 80);
  checkListens(*made, sockets.resolverV4.get(), v4, kResolverV4, 53);
  if (sockets.metadataV6) {
    const IpAddress v6 = {.high = kPeersV6.high, .low = 77};
    checkListens(*made, sockets.metadataV6.get(), v6, kMetadataV6, 80);
    checkListens(*made, sockets.resolverV6.get(), v6, kResolverV6, 53);
  }
  // It is not this process's namespace.
  CHECK(::if_nametoindex("argon0") == 0);
}

} // namespace argon::network
