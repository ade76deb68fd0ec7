// SPDX-License-Identifier: Apache-2.0
#include "vpc/fragment_table.h"

#include "packet/address.h"
#include "packet/headers.h"
#include "support/test.h"

#include <cstdint>

namespace argon::vpc {

namespace {

packet::Headers fragment(std::uint32_t id, std::uint8_t protocol = 17) {
  packet::Headers headers;
  headers.network = packet::Headers::Network::Ipv4;
  headers.tuple.source = packet::IpAddress::v4(10, 0, 0, 1);
  headers.tuple.destination = packet::IpAddress::v4(10, 0, 0, 2);
  headers.tuple.protocol = protocol;
  headers.fragmentId = id;
  return headers;
}

} // namespace

TEST_CASE("fragments of one packet are found by addresses, protocol and identification") {
  FragmentTable table;
  table.add(fragment(7), 3, 0);

  CHECK(table.find(fragment(7), 0).isThere);
  CHECK(table.find(fragment(7), 0).target == 3);
  CHECK(!table.find(fragment(8), 0).isThere);
  CHECK(!table.find(fragment(7, 6), 0).isThere);
  packet::Headers other = fragment(7);
  other.tuple.source = packet::IpAddress::v4(10, 0, 0, 3);
  CHECK(!table.find(other, 0).isThere);
  other = fragment(7);
  other.tuple.destination = packet::IpAddress::v4(10, 0, 0, 3);
  CHECK(!table.find(other, 0).isThere);
}

TEST_CASE("IPv6's later fragments need not say their protocol") {
  FragmentTable table;
  packet::Headers first = fragment(7, 17);
  first.network = packet::Headers::Network::Ipv6;
  table.add(first, 3, 0);
  packet::Headers later = first;
  later.tuple.protocol = 60;

  CHECK(table.find(later, 0).isThere);
}

TEST_CASE("a first fragment is known for two seconds") {
  FragmentTable table;
  table.add(fragment(7), 3, 100);

  CHECK(table.find(fragment(7), 100 + FragmentTable::kLifetimeNs - 1).isThere);
  CHECK(!table.find(fragment(7), 100 + FragmentTable::kLifetimeNs).isThere);
}

TEST_CASE("the newest packet of an identification counts, and the oldest make room") {
  FragmentTable table;
  table.add(fragment(7), 3, 0);
  table.add(fragment(7), 4, 1);
  CHECK(table.find(fragment(7), 2).target == 4);
  for (std::uint32_t id = 100; id < 100 + FragmentTable::kEntryCount; ++id) {
    table.add(fragment(id), 5, 3);
  }
  CHECK(!table.find(fragment(7), 4).isThere);
  CHECK(table.find(fragment(100), 4).isThere);
  table.clear();
  CHECK(!table.find(fragment(100), 4).isThere);
}

} // namespace argon::vpc
