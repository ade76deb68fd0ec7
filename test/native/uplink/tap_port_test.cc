// SPDX-License-Identifier: Apache-2.0

// A card with a guest and an uplink, both of them the kernel's stack: each has a TAP device in a
// network namespace of its own, and a TapPort carries its frames.

#include "uplink/tap_port.h"

#include "base/event_loop.h"
#include "base/log.h"
#include "base/poll_window.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "network/card.h"
#include "network/counters.h"
#include "network/device.h"
#include "network/interface.h"
#include "packet/address.h"
#include "support/deadline.h"
#include "support/fake_device.h"
#include "support/loop_thread.h"
#include "support/packet_maker.h"
#include "support/policy_maker.h"
#include "support/recording_log.h"
#include "support/test.h"
#include "uplink/network_namespace.h"
#include "uplink/tap.h"
#include "vpc/drop_reason.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <future>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace argon::uplink {

namespace {

using packet::IpAddress;
using test::Bytes;
using test::NetworkNamespace;

constexpr std::uint32_t kGuest = 0;
constexpr std::uint32_t kUplink = 4;
constexpr IpAddress kGuestAddress = IpAddress::v4(10, 0, 0, 10);
constexpr IpAddress kHostAddress = IpAddress::v4(198, 51, 100, 2);
constexpr IpAddress kGuestAddressV6 = {.high = 0xFD00'0001'0000'0000, .low = 0x10};
constexpr IpAddress kHostAddressV6 = {.high = 0xFD00'FFFF'0000'0000, .low = 2};
constexpr IpAddress kRouterV6 = {.high = 0xFE80'0EC2'0000'0000, .low = 1};
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint8_t kIcmp = 1;

sockaddr_in socketAddress(IpAddress address, std::uint16_t port) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(address.v4Number());
  return to;
}

const sockaddr* generic(const sockaddr_in& address) {
  return std::bit_cast<const sockaddr*>(&address);
}

// Of either family, with its length.
struct AnyAddress {
  AnyAddress(IpAddress address, std::uint16_t port) {
    if (address.isV4()) {
      const sockaddr_in v4 = socketAddress(address, port);
      std::memcpy(&storage, &v4, sizeof v4);
      bytes = sizeof v4;
      return;
    }
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    address.writeV6(std::as_writable_bytes(std::span(v6.sin6_addr.s6_addr)), 0);
    std::memcpy(&storage, &v6, sizeof v6);
    bytes = sizeof v6;
  }
  [[nodiscard]] const sockaddr* generic() const { return std::bit_cast<const sockaddr*>(&storage); }

  sockaddr_storage storage{};
  socklen_t bytes = 0;
};

bool isReadable(int fd, int timeoutMs) {
  pollfd watch{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&watch, 1, timeoutMs) == 1;
}

// A socket of a namespace, which keeps it wherever it is used.
UniqueFd socketIn(const NetworkNamespace& place, int family, int type, int protocol) {
  UniqueFd made;
  place.run([&] { made.reset(::socket(family, type | SOCK_CLOEXEC, protocol)); });
  REQUIRE(made.isOpen());
  return made;
}

struct Scene {
  explicit Scene(std::vector<test::RuleText> rulesIn) {
    policy.interfaces.at(kGuest).rulesIn = std::move(rulesIn);
    Result<std::unique_ptr<network::NetworkCard>> started = network::NetworkCard::start(
        {.pollMode = PollMode::Off, .cpus = {}, .flowCountMax = 4096}, log);
    REQUIRE_OK(started);
    card = *std::move(started);
    apply();
    add(kGuest, {.name = "guest0",
                 .namespacePath = guest.path(),
                 .mac = policy.interfaces.at(kGuest).mac,
                 .v4 = {.address = kGuestAddress,
                        .gateway = IpAddress::v4(10, 0, 0, 1),
                        .bits = 24,
                        .routes = {{.network = IpAddress::v4(0), .bits = 0}}},
                 .v6 = TapLink{.address = kGuestAddressV6,
                               .gateway = kRouterV6,
                               .bits = 64,
                               .routes = {{.network = IpAddress{}, .bits = 0}}}});
    add(kUplink, {.name = "outside0",
                  .namespacePath = outside.path(),
                  .mac = policy.interfaces.at(kUplink).mac,
                  .v4 = {.address = kHostAddress,
                         .gateway = IpAddress::v4(198, 51, 100, 1),
                         .bits = 30,
                         .routes = {{.network = IpAddress::v4(10, 0, 0, 0), .bits = 16}}},
                  .v6 = TapLink{.address = kHostAddressV6,
                                .gateway = kRouterV6,
                                .bits = 64,
                                .routes = {{.network = test::ip("fd00:1::"), .bits = 56}}}});
  }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;
  ~Scene() {
    for (const std::uint32_t index : {kGuest, kUplink}) {
      std::promise<void> removed;
      card->removeInterface(network::InterfaceIndex(index), [&removed] { removed.set_value(); });
      removed.get_future().wait();
    }
    card->stop();
  }

  void apply() { REQUIRE_OK(card->setPolicy(test::makeSnapshot(policy))); }

  void add(std::uint32_t index, const TapOptions& options) {
    Result<UniqueFd> tap = openTap(options);
    REQUIRE_OK(tap);
    const auto way = std::make_shared<UniqueFd>(*std::move(tap));
    REQUIRE_OK(card->addInterfaceAt(
        {.name = options.name, .index = network::InterfaceIndex(index)},
        [this, way](EventLoop& loop, network::NetworkDevice& device, const Log& of) {
          return std::make_unique<TapPort>(std::move(*way), loop, device, of,
                                           [this] { ++failureCount; });
        }));
  }

  network::InterfaceSnapshot counted(std::uint32_t index) {
    Result<network::InterfaceSnapshot> taken = card->snapshot(network::InterfaceIndex(index));
    REQUIRE_OK(taken);
    return *taken;
  }
  std::uint64_t drops(std::uint32_t index, vpc::DropReason reason) {
    return counted(index).policy.drops.at(static_cast<std::size_t>(reason));
  }
  // Does something until it has had an effect.
  void until(const std::function<void()>& step, const std::function<bool()>& isReached) {
    REQUIRE(test::waitUntil([&] {
      step();
      return isReached();
    }));
  }

  test::RecordingLog log;
  std::atomic<unsigned> failureCount = 0;
  NetworkNamespace guest;
  NetworkNamespace outside;
  test::PolicyText policy = test::withUplink();
  std::unique_ptr<network::NetworkCard> card;
};

// Both ends of a connection. Connecting takes as many attempts as the kernels make.
struct Connection {
  Connection(const NetworkNamespace& from, const NetworkNamespace& to, IpAddress address,
             std::uint16_t port)
      : listener(socketIn(to, address.isV4() ? AF_INET : AF_INET6, SOCK_STREAM, 0)),
        client(socketIn(from, address.isV4() ? AF_INET : AF_INET6, SOCK_STREAM, 0)) {
    const AnyAddress at(address, port);
    REQUIRE(::bind(listener.get(), at.generic(), at.bytes) == 0);
    REQUIRE(::listen(listener.get(), 1) == 0);
    REQUIRE(::connect(client.get(), at.generic(), at.bytes) == 0);
    server.reset(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    REQUIRE(server.isOpen());
  }

  UniqueFd listener;
  UniqueFd client;
  UniqueFd server;
};

// Writes and reads at once, whatever the sockets' buffers hold.
void transfer(int from, int to, const Bytes& bytes) {
  Bytes got;
  std::size_t sent = 0;
  std::array<std::byte, 65536> chunk{};
  const test::Deadline deadline;
  while (got.size() < bytes.size()) {
    REQUIRE_FALSE(deadline.isOver());
    const ssize_t written = ::send(from, bytes.data() + sent, bytes.size() - sent, MSG_DONTWAIT);
    sent += written > 0 ? static_cast<std::size_t>(written) : 0;
    if (!isReadable(to, 10)) continue;
    const ssize_t count = ::recv(to, chunk.data(), chunk.size(), 0);
    REQUIRE(count > 0);
    got.insert(got.end(), chunk.begin(), chunk.begin() + count);
  }
  CHECK(got == bytes);
}

// An echo request and its answer, by a raw socket.
bool isAnswered(int socket, IpAddress to, std::uint16_t sequence) {
  std::array<std::uint8_t, 8> request{8,    0,    0, 0,
                                      0x12, 0x34, 0, static_cast<std::uint8_t>(sequence)};
  const std::uint16_t sum = test::slowChecksum(std::as_bytes(std::span(request)));
  request[2] = static_cast<std::uint8_t>(sum >> 8U);
  request[3] = static_cast<std::uint8_t>(sum & 0xFFU);
  const sockaddr_in address = socketAddress(to, 0);
  REQUIRE(::sendto(socket, request.data(), request.size(), 0, generic(address), sizeof address) ==
          request.size());
  std::array<std::uint8_t, 128> answer{};
  // IPv4's header without options, then type 0 with what was asked.
  return isReadable(socket, 100) && ::recv(socket, answer.data(), answer.size(), 0) >= 28 &&
         answer[20] == 0 && answer[24] == 0x12;
}

bool isRoot() { return ::geteuid() == 0; }

} // namespace

TEST_CASE("connections pass both ways in full, where rules let their first packet") {
  if (!isRoot()) return; // Namespaces and TAP devices are root's.
  Scene scene(
      {{.peer = test::net("198.51.100.0/30"), .protocol = kTcp, .portFirst = 80, .portLast = 80}});
  const Bytes bytes = test::pattern(std::size_t{3} << 20);

  const Connection in(scene.outside, scene.guest, kGuestAddress, 80);
  transfer(in.client.get(), in.server.get(), bytes);
  transfer(in.server.get(), in.client.get(), bytes);
  // The guest began it: no rule lets the answers in but that.
  const Connection out(scene.guest, scene.outside, kHostAddress, 9000);
  transfer(out.client.get(), out.server.get(), bytes);
  transfer(out.server.get(), out.client.get(), bytes);

  const network::InterfaceSnapshot counted = scene.counted(kUplink);
  CHECK(counted.txMalformed == 0);
  CHECK(counted.rxUnfit == 0);
}

TEST_CASE("connections of IPv6 pass as those of IPv4 do, and only where rules let them") {
  if (!isRoot()) return;
  Scene scene(
      {{.peer = test::net("fd00:ffff::/64"), .protocol = kTcp, .portFirst = 80, .portLast = 80}});
  const Bytes bytes = test::pattern(std::size_t{3} << 20);

  const Connection in(scene.outside, scene.guest, kGuestAddressV6, 80);
  transfer(in.client.get(), in.server.get(), bytes);
  transfer(in.server.get(), in.client.get(), bytes);
  const Connection out(scene.guest, scene.outside, kHostAddressV6, 9000);
  transfer(out.client.get(), out.server.get(), bytes);
  transfer(out.server.get(), out.client.get(), bytes);

  const UniqueFd socket = socketIn(scene.outside, AF_INET6, SOCK_DGRAM, 0);
  const AnyAddress to(kGuestAddressV6, 53);
  scene.until([&] { REQUIRE(::sendto(socket.get(), "?", 1, 0, to.generic(), to.bytes) == 1); },
              [&] { return scene.drops(kGuest, vpc::DropReason::SecurityGroupIn) > 0; });
  CHECK(scene.counted(kUplink).txMalformed == 0);
}

TEST_CASE("what rules do not let in is dropped at the guest, whoever sends it") {
  if (!isRoot()) return;
  Scene scene({{.protocol = kTcp, .portFirst = 80, .portLast = 80}});
  const UniqueFd socket = socketIn(scene.outside, AF_INET, SOCK_DGRAM, 0);
  const sockaddr_in to = socketAddress(kGuestAddress, 53);
  const auto send = [&] {
    REQUIRE(::sendto(socket.get(), "?", 1, 0, generic(to), sizeof to) == 1);
  };

  scene.until(send, [&] { return scene.drops(kGuest, vpc::DropReason::SecurityGroupIn) > 0; });
  CHECK(scene.counted(kGuest).rxFrames == 0);

  scene.policy.interfaces.at(kGuest).rulesIn = {
      {.protocol = kUdp, .portFirst = 53, .portLast = 53}};
  scene.apply();
  scene.until(send, [&] { return scene.counted(kGuest).rxFrames > 0; });

  scene.policy.subnets.at(0).aclIn = {{.peer = test::net("198.51.100.0/24"), .denies = true}, {}};
  scene.apply();
  scene.until(send, [&] { return scene.drops(kGuest, vpc::DropReason::AclIn) > 0; });
}

TEST_CASE("pings are answered by the router, and by a guest whose rules let them in") {
  if (!isRoot()) return;
  Scene scene({{.protocol = kIcmp, .portFirst = 8, .portLast = 0xFFFF}});
  const UniqueFd socket = socketIn(scene.outside, AF_INET, SOCK_RAW, IPPROTO_ICMP);
  for (const IpAddress to : {IpAddress::v4(198, 51, 100, 1), kGuestAddress}) {
    CHECK(test::waitUntil([&] { return isAnswered(socket.get(), to, 1); }));
  }

  scene.policy.interfaces.at(kGuest).rulesIn = {};
  scene.apply();
  // A ping that is known goes on for as long as its flow (CT-4); this one is another.
  const UniqueFd other = socketIn(scene.outside, AF_INET, SOCK_DGRAM, 0);
  const sockaddr_in to = socketAddress(kGuestAddress, 9);
  scene.until([&] { REQUIRE(::sendto(other.get(), "?", 1, 0, generic(to), sizeof to) == 1); },
              [&] { return scene.drops(kGuest, vpc::DropReason::SecurityGroupIn) > 0; });
}

TEST_CASE("from outside nobody speaks for the VPC, and no frame is too odd") {
  if (!isRoot()) return;
  Scene scene(std::vector<test::RuleText>(1));
  const UniqueFd socket = socketIn(scene.outside, AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
  sockaddr_ll link{};
  link.sll_family = AF_PACKET;
  scene.outside.run([&] {
    link.sll_ifindex = static_cast<int>(::if_nametoindex("outside0"));
    ifreq request{};
    std::string("outside0").copy(std::span(request.ifr_name).data(), IFNAMSIZ - 1);
    request.ifr_mtu = 65'521;
    REQUIRE(::ioctl(socket.get(), SIOCSIFMTU, &request) == 0);
  });
  const auto send = [&](const Bytes& frame) {
    REQUIRE(::sendto(socket.get(), frame.data(), frame.size(), 0,
                     std::bit_cast<const sockaddr*>(&link),
                     sizeof link) == static_cast<ssize_t>(frame.size()));
  };
  test::PacketText text = test::packetBetween(scene.policy, kUplink, kGuest);
  text.protocol = kUdp;

  text.source = IpAddress::v4(10, 0, 0, 11);
  send(test::makeFrame(text));
  scene.until([] {}, [&] { return scene.drops(kUplink, vpc::DropReason::SpoofedSource) == 1; });

  text.source = kHostAddress;
  for (const std::size_t bytes : {14U, 15U, 60U, 9'015U}) {
    text.payload = test::pattern(9'000);
    Bytes frame = test::makeFrame(text);
    frame.resize(bytes);
    send(frame);
  }
  for (const std::size_t bytes : {9'016U, 60'000U, 65'535U}) {
    Bytes frame = test::makeFrame(text);
    frame.resize(bytes);
    send(frame);
  }
  scene.until([] {}, [&] { return scene.counted(kUplink).txMalformed == 3; });
  text.payload = test::pattern(10);
  send(test::makeFrame(text));
  scene.until([] {}, [&] { return scene.counted(kGuest).rxFrames > 0; });
}

TEST_CASE("what nobody takes waits in the device, and what it has no room for it counts") {
  if (!isRoot()) return;
  const NetworkNamespace place;
  test::LoopThread loop;
  test::FakeDevice device(loop.loop());
  Result<UniqueFd> tap = openTap({.name = "outside0",
                                  .namespacePath = place.path(),
                                  .mac = test::macOf(0x14),
                                  .v4 = {.address = kHostAddress,
                                         .gateway = IpAddress::v4(198, 51, 100, 1),
                                         .bits = 30,
                                         .routes = {}},
                                  .v6 = {}});
  REQUIRE_OK(tap);
  TapPort port(*std::move(tap), loop.loop(), device, Log(silentLogSink(), "outside0"), [] {});
  loop.run([&] { REQUIRE_OK(port.start()); });
  REQUIRE(test::waitUntil([&] { return device.isStarted(0) && device.isStarted(1); }));
  const UniqueFd socket = socketIn(place, AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
  sockaddr_ll link{};
  link.sll_family = AF_PACKET;
  place.run([&] { link.sll_ifindex = static_cast<int>(::if_nametoindex("outside0")); });

  const Bytes frame(60);
  REQUIRE(test::waitUntil([&] {
    for (unsigned count = 0; count < 1000; ++count) {
      // The socket has no room for it either, or the queue has not: both are as good.
      [[maybe_unused]] const ssize_t sent =
          ::sendto(socket.get(), frame.data(), frame.size(), MSG_DONTWAIT,
                   std::bit_cast<const sockaddr*>(&link), sizeof link);
    }
    return place.counterOf("outside0", 11) > 0;
  }));

  std::promise<void> stopped;
  loop.run([&] { port.stop([&stopped] { stopped.set_value(); }); });
  stopped.get_future().wait();
  CHECK_FALSE(place.hasDevice("outside0"));
}

TEST_CASE("an uplink whose device is deleted says so once, and harms nobody") {
  if (!isRoot()) return;
  Scene scene(std::vector<test::RuleText>(1));
  scene.outside.deleteDevice("outside0");

  REQUIRE(test::waitUntil([&] { return scene.log.contains("the TAP device"); }));
  const UniqueFd socket = socketIn(scene.guest, AF_INET, SOCK_DGRAM, 0);
  const sockaddr_in to = socketAddress(kHostAddress, 53);
  scene.until([&] { REQUIRE(::sendto(socket.get(), "?", 1, 0, generic(to), sizeof to) == 1); },
              [&] { return scene.counted(kUplink).rxOverruns > 0; });
  CHECK(scene.log.countOf("nothing goes by the uplink any more") == 1);
  CHECK(test::waitUntil([&] { return scene.failureCount > 0; }));
  CHECK(scene.failureCount == 1);
}

} // namespace argon::uplink
