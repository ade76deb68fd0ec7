// SPDX-License-Identifier: Apache-2.0
#include "network/service_namespace.h"

#include "base/check.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "network/peer_addresses.h"
#include "packet/address.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/ipv6.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace argon::network {

namespace {

using packet::IpAddress;

constexpr std::string_view kLink = "argon0";
constexpr std::uint16_t kMetadataPort = 80;
constexpr std::uint16_t kResolverPort = 53;
// Connections that the kernel has made and nobody has taken yet; arbitrary, Node's own is 511.
constexpr int kBacklog = 128;

sockaddr_in addressV4(IpAddress address, std::uint16_t port = 0) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(address.v4Number());
  return to;
}

in6_addr addressV6(IpAddress address) {
  in6_addr to{};
  std::array<std::byte, sizeof to> bytes{};
  address.writeV6(bytes, 0);
  std::memcpy(&to, bytes.data(), sizeof to);
  return to;
}

template <typename Request>
Result<void> control(int fd, unsigned long code, Request& request, std::string_view action) {
  if (::ioctl(fd, code, &request) != 0) {
    return Error::fromErrno(errno, action);
  }
  return {};
}

ifreq requestFor(const std::string& name) {
  ifreq request{};
  const std::span<char> place(request.ifr_name);
  name.copy(place.data(), place.size() - 1);
  return request;
}

Result<UniqueFd> createTun() {
  UniqueFd tun(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!tun) {
    return Error::fromErrno(errno, "open /dev/net/tun");
  }
  ifreq request = requestFor(std::string(kLink));
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  ARGON_TRY(control(tun.get(), TUNSETIFF, request, "make a TUN device"));
  return tun;
}

Result<void> setUp(int fd) {
  ifreq request = requestFor(std::string(kLink));
  request.ifr_mtu = kStreamMtuBytes;
  ARGON_TRY(control(fd, SIOCSIFMTU, request, "set the MTU of a TUN device"));
  request = requestFor(std::string(kLink));
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  return control(fd, SIOCSIFFLAGS, request, "set a TUN device up");
}

template <typename Address>
sockaddr genericOf(const Address& address) {
  sockaddr generic{};
  static_assert(sizeof address == sizeof generic);
  std::memcpy(&generic, &address, sizeof generic);
  return generic;
}

// `label`: the link's name, or with a colon and a number for an address beside the first.
Result<void> addAddressV4(int fd, const std::string& label, IpAddress address) {
  ifreq request = requestFor(label);
  request.ifr_addr = genericOf(addressV4(address));
  ARGON_TRY(control(fd, SIOCSIFADDR, request, "give a TUN device an address"));
  request.ifr_netmask = genericOf(addressV4(IpAddress::v4(0xFFFF'FFFF)));
  return control(fd, SIOCSIFNETMASK, request, "give a TUN device a mask");
}

Result<void> addRouteV4(int fd) {
  std::string device(kLink);
  rtentry route{};
  route.rt_dst = genericOf(addressV4(kPeersV4));
  route.rt_genmask = genericOf(addressV4(IpAddress::v4(0xFFFF'FFFFU << (32 - kPeersV4Bits))));
  route.rt_flags = RTF_UP;
  route.rt_dev = device.data();
  return control(fd, SIOCADDRT, route, "add a route to the peers");
}

Result<void> addAddressV6(int fd, int link, IpAddress address) {
  in6_ifreq request{};
  request.ifr6_addr = addressV6(address);
  request.ifr6_prefixlen = 128;
  request.ifr6_ifindex = link;
  return control(fd, SIOCSIFADDR, request, "give a TUN device an IPv6 address");
}

Result<void> addRouteV6(int fd, int link) {
  in6_rtmsg route{};
  route.rtmsg_dst = addressV6(kPeersV6);
  route.rtmsg_dst_len = kPeersV6Bits;
  route.rtmsg_metric = 1;
  route.rtmsg_flags = RTF_UP;
  route.rtmsg_ifindex = link;
  return control(fd, SIOCADDRT, route, "add an IPv6 route to the peers");
}

template <typename Address>
Result<UniqueFd> listenAt(const Address& address, int family) {
  UniqueFd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) {
    return Error::fromErrno(errno, "make a socket of a service");
  }
  // An IPv6 address is there a moment after it was given: the kernel checks it first.
  const int isFree = 1;
  if (::setsockopt(socket.get(), IPPROTO_IP, IP_FREEBIND, &isFree, sizeof isFree) != 0) {
    return Error::fromErrno(errno, "prepare a socket of a service");
  }
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(socket.get(), kBacklog) != 0) {
    return Error::fromErrno(errno, "listen at the address of a service");
  }
  return socket;
}

Result<UniqueFd> listenV6(IpAddress address, std::uint16_t port) {
  sockaddr_in6 to{};
  to.sin6_family = AF_INET6;
  to.sin6_port = htons(port);
  to.sin6_addr = addressV6(address);
  return listenAt(to, AF_INET6);
}

// On a thread that ends after it.
Result<ServiceNamespace> make() {
  if (::unshare(CLONE_NEWNET) != 0) {
    return Error::fromErrno(errno, "make a network namespace");
  }
  ServiceNamespace made;
  ARGON_TRY_ASSIGN(made.tun, createTun());
  const UniqueFd v4(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!v4) {
    return Error::fromErrno(errno, "make a socket");
  }
  ARGON_TRY(addAddressV4(v4.get(), std::string(kLink), kMetadataV4));
  ARGON_TRY(addAddressV4(v4.get(), concat(kLink, ":1"), kResolverV4));
  ARGON_TRY(setUp(v4.get()));
  ARGON_TRY(addRouteV4(v4.get()));
  ARGON_TRY_ASSIGN(made.sockets.metadataV4,
                   listenAt(addressV4(kMetadataV4, kMetadataPort), AF_INET));
  ARGON_TRY_ASSIGN(made.sockets.resolverV4,
                   listenAt(addressV4(kResolverV4, kResolverPort), AF_INET));

  const UniqueFd v6(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!v6) {
    return made; // A kernel without IPv6.
  }
  const auto link = static_cast<int>(::if_nametoindex(std::string(kLink).c_str()));
  ARGON_TRY(addAddressV6(v6.get(), link, kMetadataV6));
  ARGON_TRY(addAddressV6(v6.get(), link, kResolverV6));
  ARGON_TRY(addRouteV6(v6.get(), link));
  ARGON_TRY_ASSIGN(made.sockets.metadataV6, listenV6(kMetadataV6, kMetadataPort));
  ARGON_TRY_ASSIGN(made.sockets.resolverV6, listenV6(kResolverV6, kResolverPort));
  return made;
}

} // namespace

Result<ServiceNamespace> ServiceNamespace::create() {
  std::optional<Result<ServiceNamespace>> made;
  startThread("argon-netns", [&made] { made.emplace(make()); }).join();
  ARGON_CHECK(made.has_value());
  return *std::move(made);
}

} // namespace argon::network
