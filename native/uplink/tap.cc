// SPDX-License-Identifier: Apache-2.0
#include "uplink/tap.h"

#include "base/check.h"
#include "base/cpu.h"
#include "base/error.h"
#include "base/result.h"
#include "base/text.h"
#include "base/unique_fd.h"
#include "network/config.h"
#include "packet/address.h"
#include "virtio/spec/net.h"

#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/ipv6.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace argon::uplink {

namespace {

using packet::IpAddress;

// It becomes a part of a path below.
bool isName(std::string_view name) {
  const auto isLetter = [](char sign) { return sign >= 'a' && sign <= 'z'; };
  return !name.empty() && name.size() <= kTapNameBytesMax && isLetter(name.front()) &&
         std::ranges::all_of(name, [&](char sign) {
           return isLetter(sign) || (sign >= '0' && sign <= '9') || sign == '-';
         });
}

IpAddress maskOf(unsigned bits) { return IpAddress::v4(bits == 0 ? 0 : UINT32_MAX << (32 - bits)); }

sockaddr addressOf(IpAddress address) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(address.v4Number());
  sockaddr generic{};
  static_assert(sizeof to == sizeof generic);
  std::memcpy(&generic, &to, sizeof generic);
  return generic;
}

ifreq requestFor(const std::string& name) {
  ifreq request{};
  const std::span<char> place(request.ifr_name);
  name.copy(place.data(), place.size() - 1);
  return request;
}

template <typename Request>
Result<void> control(int fd, unsigned long code, Request& request, std::string_view action) {
  if (::ioctl(fd, code, &request) != 0) {
    return Error::fromErrno(errno, action);
  }
  return {};
}

Result<UniqueFd> createTap(const std::string& name) {
  UniqueFd tap(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!tap) {
    return Error::fromErrno(errno, "open /dev/net/tun");
  }
  ifreq request = requestFor(name);
  // Only a new one: another's would stay behind, with its addresses.
  constexpr unsigned kFlags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_TUN_EXCL;
  request.ifr_flags = static_cast<short>(kFlags);
  if (::ioctl(tap.get(), TUNSETIFF, &request) != 0) {
    if (errno == EBUSY) {
      return Error(ErrorKind::AlreadyExists, concat("there is a device ", name, " already"));
    }
    return Error::fromErrno(errno, concat("make the TAP device ", name));
  }
  int headerBytes = sizeof(virtio::spec::net::Header);
  ARGON_TRY(control(tap.get(), TUNSETVNETHDRSZ, headerBytes, "set the headers of a TAP device"));
  int isLittle = 1;
  ARGON_TRY(control(tap.get(), TUNSETVNETLE, isLittle, "set the headers of a TAP device"));
  constexpr unsigned long kOffloads = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
  if (::ioctl(tap.get(), TUNSETOFFLOAD, kOffloads) != 0) {
    return Error::fromErrno(errno, "set the offloads of a TAP device");
  }
  return tap;
}

Result<void> writeSetting(const std::string& path, std::string_view value) {
  const UniqueFd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file ||
      ::write(file.get(), value.data(), value.size()) != static_cast<ssize_t>(value.size())) {
    return Error::fromErrno(errno, concat("write ", path));
  }
  return {};
}

// Before it is up. Forwarding is a matter of where a packet comes in.
Result<void> closeWaysOut(const std::string& name, bool hasV6) {
  ARGON_TRY(writeSetting(concat("/proc/sys/net/ipv4/conf/", name, "/forwarding"), "0"));
  const std::string ipv6 = concat("/proc/sys/net/ipv6/conf/", name, "/");
  if (::access(concat(ipv6, "disable_ipv6").c_str(), F_OK) != 0) {
    return hasV6 ? Result<void>(Error(ErrorKind::Unsupported, "this kernel has no IPv6"))
                 : Result<void>();
  }
  if (!hasV6) {
    return writeSetting(concat(ipv6, "disable_ipv6"), "1");
  }
  // Without duplicate address detection the address is there at once: the card is the only other.
  for (const char* setting : {"accept_ra", "accept_redirects", "autoconf", "accept_dad"}) {
    ARGON_TRY(writeSetting(concat(ipv6, setting), "0"));
  }
  return writeSetting(concat(ipv6, "disable_ipv6"), "0");
}

Result<void> setUp(int fd, const TapOptions& options) {
  ifreq request = requestFor(options.name);
  request.ifr_hwaddr.sa_family = ARPHRD_ETHER;
  std::memcpy(std::span(request.ifr_hwaddr.sa_data).data(), options.mac.bytes.data(),
              options.mac.bytes.size());
  ARGON_TRY(control(fd, SIOCSIFHWADDR, request, "give a TAP device its MAC address"));
  request = requestFor(options.name);
  request.ifr_mtu = network::kMtuMax;
  ARGON_TRY(control(fd, SIOCSIFMTU, request, "set the MTU of a TAP device"));
  request = requestFor(options.name);
  request.ifr_addr = addressOf(options.v4.address);
  ARGON_TRY(control(fd, SIOCSIFADDR, request, "give a TAP device an address"));
  request.ifr_netmask = addressOf(maskOf(options.v4.bits));
  ARGON_TRY(control(fd, SIOCSIFNETMASK, request, "give a TAP device a mask"));
  request = requestFor(options.name);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  return control(fd, SIOCSIFFLAGS, request, "set a TAP device up");
}

Result<void> addRouteV4(int fd, const TapOptions& options, const Block& block) {
  std::string device = options.name;
  rtentry route{};
  route.rt_dst = addressOf(block.network);
  route.rt_genmask = addressOf(maskOf(block.bits));
  route.rt_gateway = addressOf(options.v4.gateway);
  route.rt_flags = RTF_UP | RTF_GATEWAY;
  route.rt_dev = device.data();
  return control(fd, SIOCADDRT, route, "add a route to a VPC");
}

in6_addr addressV6(IpAddress address) {
  in6_addr wide{};
  address.writeV6(std::as_writable_bytes(std::span(wide.s6_addr)), 0);
  return wide;
}

// Once it is up: before that a route leads nowhere.
Result<void> addV6(const std::string& name, const TapLink& link) {
  const UniqueFd socket(::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) {
    return Error::fromErrno(errno, "make a socket of IPv6");
  }
  ifreq request = requestFor(name);
  ARGON_TRY(control(socket.get(), SIOCGIFINDEX, request, "find a TAP device"));
  in6_ifreq own{.ifr6_addr = addressV6(link.address),
                .ifr6_prefixlen = link.bits,
                .ifr6_ifindex = request.ifr_ifindex};
  ARGON_TRY(control(socket.get(), SIOCSIFADDR, own, "give a TAP device an address of IPv6"));
  for (const Block& block : link.routes) {
    in6_rtmsg route{};
    route.rtmsg_dst = addressV6(block.network);
    route.rtmsg_gateway = addressV6(link.gateway);
    route.rtmsg_dst_len = static_cast<std::uint16_t>(block.bits);
    route.rtmsg_metric = 1;
    route.rtmsg_flags = RTF_UP | RTF_GATEWAY;
    route.rtmsg_ifindex = request.ifr_ifindex;
    ARGON_TRY(control(socket.get(), SIOCADDRT, route, "add a route of IPv6 to a VPC"));
  }
  return {};
}

// On a thread that ends after it.
Result<UniqueFd> make(const TapOptions& options) {
  if (!options.namespacePath.empty()) {
    // Whatever a user named: a pipe would wait for a writer.
    constexpr int kFlags = O_RDONLY | O_NONBLOCK | O_CLOEXEC;
    const UniqueFd place(::open(options.namespacePath.c_str(), kFlags));
    if (!place || ::setns(place.get(), CLONE_NEWNET) != 0) {
      return Error::fromErrno(errno, concat("enter the network namespace ", options.namespacePath));
    }
  }
  ARGON_TRY_ASSIGN(UniqueFd tap, createTap(options.name));
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) {
    return Error::fromErrno(errno, "make a socket");
  }
  ARGON_TRY(closeWaysOut(options.name, options.v6.has_value()));
  ARGON_TRY(setUp(socket.get(), options));
  for (const Block& block : options.v4.routes) {
    ARGON_TRY(addRouteV4(socket.get(), options, block));
  }
  if (options.v6) {
    ARGON_TRY(addV6(options.name, *options.v6));
  }
  return tap;
}

} // namespace

Result<UniqueFd> openTap(const TapOptions& options) {
  if (!isName(options.name)) {
    return Error(ErrorKind::InvalidArgument, concat("\"", options.name, "\" names no device"));
  }
  std::optional<Result<UniqueFd>> made;
  startThread("argon-tap", [&made, &options] { made.emplace(make(options)); }).join();
  ARGON_CHECK(made.has_value());
  return *std::move(made);
}

} // namespace argon::uplink
