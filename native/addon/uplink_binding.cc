// SPDX-License-Identifier: Apache-2.0
#include "addon/uplink_binding.h"

#include "addon/napi_support.h"
#include "base/check.h"
#include "packet/address.h"
#include "uplink/tap.h"

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace argon::addon {

namespace {

enum class Family : std::uint8_t { V4, V6 };

packet::IpAddress addressOf(const Napi::Object& options, const char* name, Family family) {
  const std::vector<std::byte> bytes = bytesOf(options, name);
  ARGON_CHECK(bytes.size() == (family == Family::V4 ? 4U : 16U));
  return family == Family::V4 ? packet::IpAddress::readV4(bytes, 0)
                              : packet::IpAddress::readV6(bytes, 0);
}

unsigned prefixLengthOf(const Napi::Object& options, Family family) {
  const std::uint32_t bits = u32Of(options, "prefixLength");
  ARGON_CHECK(bits <= (family == Family::V4 ? 32U : 128U));
  return bits;
}

uplink::TapLink linkOf(const Napi::Object& options, Family family) {
  uplink::TapLink link{.address = addressOf(options, "address", family),
                       .gateway = addressOf(options, "gateway", family),
                       .bits = prefixLengthOf(options, family),
                       .routes = {}};
  const auto routes = options.Get("routes").As<Napi::Array>();
  for (std::uint32_t index = 0; index < routes.Length(); ++index) {
    const auto route = routes.Get(index).As<Napi::Object>();
    link.routes.push_back(
        {.network = addressOf(route, "network", family), .bits = prefixLengthOf(route, family)});
  }
  return link;
}

} // namespace

uplink::TapOptions tapOptionsOf(const Napi::Object& options) {
  const std::vector<std::byte> mac = bytesOf(options, "mac");
  uplink::TapOptions tap{.name = stringOf(options, "tap"),
                         .namespacePath = stringOf(options, "namespacePath"),
                         .mac = {},
                         .v4 = linkOf(objectOf(options, "ipv4"), Family::V4),
                         .v6 = {}};
  ARGON_CHECK(mac.size() == tap.mac.bytes.size());
  tap.mac = packet::MacAddress::read(mac, 0);
  if (options.Has("ipv6")) {
    tap.v6 = linkOf(objectOf(options, "ipv6"), Family::V6);
  }
  return tap;
}

} // namespace argon::addon
