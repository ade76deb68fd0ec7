// SPDX-License-Identifier: Apache-2.0
#include "uplink/tap.h"

#include "base/error.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "packet/address.h"
#include "support/packet_maker.h"
#include "support/policy_maker.h"
#include "support/temp_dir.h"
#include "support/test.h"
#include "uplink/network_namespace.h"

#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <span>
#include <string>

namespace argon::uplink {

namespace {

using packet::IpAddress;
using test::NetworkNamespace;

TapOptions optionsIn(const NetworkNamespace& place) {
  return {.name = "outside0",
          .namespacePath = place.path(),
          .mac = test::macOf(0x14),
          .v4 = {.address = IpAddress::v4(198, 51, 100, 2),
                 .gateway = IpAddress::v4(198, 51, 100, 1),
                 .bits = 30,
                 .routes = {{.network = IpAddress::v4(10, 0, 0, 0), .bits = 16}}},
          .v6 = {}};
}

std::string lineOf(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string linesWith(const std::string& path, const std::string& word) {
  std::ifstream file(path);
  std::string found;
  for (std::string line; std::getline(file, line);) {
    if (line.find(word) != std::string::npos) found += line + "\n";
  }
  return found;
}

// What the kernel says of the device, in its own namespace.
ifreq ask(unsigned long code, const std::string& name) {
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  name.copy(std::span(request.ifr_name).data(), IFNAMSIZ - 1);
  REQUIRE(::ioctl(socket.get(), code, &request) == 0);
  return request;
}

} // namespace

TEST_CASE("a TAP device is as it was asked for, leads nowhere else and goes with its descriptor") {
  if (::geteuid() != 0) return; // The case below says what others get.
  const NetworkNamespace place;
  {
    const Result<UniqueFd> tap = openTap(optionsIn(place));
    REQUIRE_OK(tap);
    CHECK(::if_nametoindex("outside0") == 0); // It is not in this namespace.
    place.run([] {
      const unsigned flags = static_cast<std::uint16_t>(ask(SIOCGIFFLAGS, "outside0").ifr_flags);
      CHECK((flags & IFF_UP) != 0);
      const ifreq mac = ask(SIOCGIFHWADDR, "outside0");
      CHECK(std::memcmp(&mac.ifr_hwaddr.sa_data, test::macOf(0x14).bytes.data(), 6) == 0);
      CHECK(ask(SIOCGIFMTU, "outside0").ifr_mtu == 9001);
      sockaddr_in address{};
      const ifreq answer = ask(SIOCGIFADDR, "outside0");
      std::memcpy(&address, &answer.ifr_addr, sizeof address);
      CHECK(ntohl(address.sin_addr.s_addr) == 0xC633'6402);
      CHECK(lineOf("/proc/sys/net/ipv4/conf/outside0/forwarding") == "0");
      CHECK(lineOf("/proc/sys/net/ipv6/conf/outside0/disable_ipv6") == "1");
      // Its link, and the VPC behind it; no default route, whose destination would be 00000000.
      std::ifstream routes("/proc/thread-self/net/route");
      std::string all;
      for (std::string line; std::getline(routes, line);) {
        all += line.substr(0, line.find('\t', line.find('\t') + 1)) + "\n";
      }
      CHECK(all == "Iface\tDestination\noutside0\t0000000A\noutside0\t006433C6\n");
    });
  }
  CHECK_FALSE(place.hasDevice("outside0"));
}

TEST_CASE(
    "a TAP device has IPv6 as it was asked for, and takes no other from whoever speaks to it") {
  if (::geteuid() != 0) return;
  const NetworkNamespace place;
  TapOptions options = optionsIn(place);
  options.v6 = {.address = test::ip("fd00:ffff::2"),
                .gateway = test::ip("fe80:ec2::1"),
                .bits = 64,
                .routes = {{.network = test::ip("fd00:1::"), .bits = 56}}};
  // As in a namespace whose new devices have none.
  place.run([] { std::ofstream("/proc/sys/net/ipv6/conf/default/disable_ipv6") << "1"; });

  const Result<UniqueFd> tap = openTap(options);
  REQUIRE_OK(tap);

  place.run([] {
    const std::string settings = "/proc/sys/net/ipv6/conf/outside0/";
    CHECK(lineOf(settings + "disable_ipv6") == "0");
    for (const char* name : {"accept_ra", "accept_redirects", "autoconf", "forwarding"}) {
      CHECK(lineOf(settings + name) == "0");
    }
    // Its link and the VPC; no default route. The address is not a tentative one: its flags are
    // 80, permanent.
    const std::string routes = linesWith("/proc/thread-self/net/ipv6_route", "outside0");
    CHECK(routes.find("fd000001000000000000000000000000 38 ") != std::string::npos);
    CHECK(routes.find(" fe800ec2000000000000000000000001 ") != std::string::npos);
    CHECK(routes.find("fd00ffff000000000000000000000000 40 ") != std::string::npos);
    CHECK(("\n" + routes).find("\n00000000000000000000000000000000 00 ") == std::string::npos);
    const std::string addresses = linesWith("/proc/thread-self/net/if_inet6", "outside0");
    CHECK(addresses.find("fd00ffff000000000000000000000002 ") != std::string::npos);
    CHECK(addresses.find(" 40 00 80 outside0") != std::string::npos);
  });
}

TEST_CASE("a TAP device needs a name that is free, a namespace that is there, and root") {
  if (::geteuid() != 0) {
    CHECK(openTap({.name = "outside0"}).error().kind() == ErrorKind::PermissionDenied);
    return;
  }
  const NetworkNamespace place;
  const Result<UniqueFd> first = openTap(optionsIn(place));
  REQUIRE_OK(first);

  CHECK(openTap(optionsIn(place)).error().kind() == ErrorKind::AlreadyExists);
  TapOptions options = optionsIn(place);
  options.namespacePath = "/proc/self/fd/none";
  CHECK(openTap(options).error().kind() == ErrorKind::NotFound);
  const test::TempDir dir;
  options.namespacePath = dir.path("pipe"); // Nobody writes to it, and nobody waits for that.
  REQUIRE(::mkfifo(options.namespacePath.c_str(), 0600) == 0);
  CHECK_FALSE(openTap(options));
  for (const char* name : {"", "0tap", "Tap", "a/b", "..", "tap%d", "a234567890123456"}) {
    options.name = name;
    CHECK(openTap(options).error().kind() == ErrorKind::InvalidArgument);
  }
  // What was begun is gone: a route to where nobody is makes the last step fail.
  options = optionsIn(place);
  options.name = "outside1";
  options.v4.gateway = IpAddress::v4(192, 0, 2, 1);
  CHECK_FALSE(openTap(options).has_value());
  CHECK_FALSE(place.hasDevice("outside1"));
}

} // namespace argon::uplink
