// SPDX-License-Identifier: Apache-2.0
#include "vpc/drop_reason.h"

#include <array>
#include <cstddef>
#include <string_view>

namespace argon::vpc {

namespace {

constexpr std::array<std::string_view, kDropReasonCount> kNames = {
    "none",
    "no-policy",
    "malformed",
    "spoofed-mac",
    "spoofed-source",
    "spoofed-arp",
    "not-own-destination",
    "unanswered",
    "multicast",
    "link-local",
    "router-address",
    "link-local-allowance",
    "fragment-allowance",
    "bandwidth-in-allowance",
    "packet-allowance",
    "conntrack-allowance",
    "security-group-out",
    "security-group-in",
    "acl-out",
    "acl-in",
    "no-route",
    "blackhole",
    "no-mapping",
    "too-big",
    "fragment-without-first",
};

} // namespace

std::string_view dropReasonName(DropReason reason) {
  return kNames[static_cast<std::size_t>(reason)];
}

} // namespace argon::vpc
