// SPDX-License-Identifier: Apache-2.0
#include "vpc/services.h"

#include "packet/headers.h"
#include "support/policy_maker.h"
#include "support/test.h"
#include "vpc/snapshot.h"
#include "vpc/snapshot_format.h"

#include <cstdint>

namespace argon::vpc {

using test::ip;

TEST_CASE("the ranges of services end where they end") {
  CHECK(!isServiceRange(ip("169.254.167.255")));
  CHECK(isServiceRange(ip("169.254.168.0")));
  CHECK(isServiceRange(ip("169.254.171.255")));
  CHECK(!isServiceRange(ip("169.254.172.0")));
  CHECK(isServiceRange(ip("fd00:ec2::")));
  CHECK(isServiceRange(ip("fd00:ec2:ffff:ffff:ffff:ffff:ffff:ffff")));
  CHECK(!isServiceRange(ip("fd00:ec3::")));
}

TEST_CASE("a router has its subnet's addresses, not those of others") {
  const auto snapshot = test::makeSnapshot(test::twoSubnets());
  const format::Subnet& subnet = snapshot->subnetOf(*snapshot->interfaceAt(InterfaceIndex(0)));

  CHECK(isRouter(subnet, ip("10.0.0.1")));
  CHECK(isRouter(subnet, ip("fe80::1:0")));
  CHECK(isRouter(subnet, ip("fe80:ec2::1")));
  CHECK(!isRouter(subnet, ip("10.0.1.1")));
  CHECK(!isRouter(subnet, ip("fe80::1:1")));
}

TEST_CASE("a fragment is for no service") {
  const auto snapshot = test::makeSnapshot(test::twoSubnets());
  const format::Subnet& subnet = snapshot->subnetOf(*snapshot->interfaceAt(InterfaceIndex(0)));
  packet::Headers headers;
  headers.tuple = {.destination = ip("10.0.0.2"), .destinationPort = 53, .protocol = 17};

  CHECK(serviceOf(*snapshot, subnet, headers) == Service::Dns);
  headers.isFragment = true;
  CHECK(serviceOf(*snapshot, subnet, headers) == Service::None);
}

TEST_CASE("over TCP there is metadata, and the resolver") {
  const auto snapshot = test::makeSnapshot(test::twoSubnets());
  const format::Subnet& subnet = snapshot->subnetOf(*snapshot->interfaceAt(InterfaceIndex(0)));
  const auto overTcp = [&](const char* address, std::uint16_t port) {
    packet::Headers headers;
    headers.tuple = {.destination = ip(address), .destinationPort = port, .protocol = 6};
    return serviceOf(*snapshot, subnet, headers);
  };

  for (const char* resolver : {"10.0.0.2", "169.254.169.253", "fd00:ec2::253"}) {
    CHECK(overTcp(resolver, 53) == Service::DnsOverTcp);
    CHECK(overTcp(resolver, 80) == Service::None);
  }
  for (const char* metadata : {"169.254.169.254", "fd00:ec2::254"}) {
    CHECK(overTcp(metadata, 80) == Service::Metadata);
    CHECK(overTcp(metadata, 53) == Service::None);
  }
  CHECK(overTcp("10.0.1.2", 53) == Service::None);
}

} // namespace argon::vpc
